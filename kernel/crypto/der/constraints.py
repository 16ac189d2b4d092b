"""Name constraints (RFC 5280 §4.2.1.10): which names an authority may certify. Readers raise ValueError alone."""

from dataclasses import dataclass

from kernel.crypto.der import reader
from kernel.crypto.der.names import OIDS, Name

_DIRECTORY, _EMAIL = reader.context(4), reader.context(1, constructed=False)


@dataclass(frozen=True)
class NameConstraints:
    """Subtrees of directory names; `other_forms` are the tags of all other forms of names that are constrained."""

    permitted: tuple[Name, ...]
    excluded: tuple[Name, ...]
    other_forms: frozenset[int]

    @classmethod
    def read(cls, value: bytes) -> "NameConstraints":
        """From the extension's value."""
        found: dict[int, list[Name]] = {0: [], 1: []}
        others: set[int] = set()
        parts = reader.read_element(value).children(reader.SEQUENCE)
        if not parts:
            raise ValueError("empty name constraints")
        for part in parts:
            side = 0 if reader.expect(part, reader.context(0), reader.context(1)).tag == reader.context(0) else 1
            for subtree in part.children():
                base = subtree.children(reader.SEQUENCE)[0]
                if base.tag == _DIRECTORY:
                    found[side].append(Name.read(reader.read_element(base.content)))
                else:
                    others.add(base.tag)
        return cls(tuple(found[0]), tuple(found[1]), frozenset(others))

    def complaint(self, subject: Name, alternative_forms: frozenset[int]) -> str | None:
        """Why a certificate with this subject and these forms of alternative names may not be, or None when it may.

        Constraints on forms other than directory names are not worked out: a certificate with such names is refused.
        """
        if self.other_forms & alternative_forms or (_EMAIL in self.other_forms and subject.value(OIDS["emailAddress"])):
            return "constraints on this form of name are not supported"
        if not subject.attributes:
            return None
        if any(_is_below(subject, base) for base in self.excluded):
            return "the name is excluded"
        if self.permitted and not any(_is_below(subject, base) for base in self.permitted):
            return "the name is not among those permitted"
        return None


def alternative_forms(value: bytes | None) -> frozenset[int]:
    """The tags of the forms of names in a subject alternative name extension."""
    return (
        frozenset(part.tag for part in reader.read_element(value).children(reader.SEQUENCE)) if value else frozenset()
    )


def _is_below(subject: Name, base: Name) -> bool:
    return subject.folded[: len(base.attributes)] == base.folded
