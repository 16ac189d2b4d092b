"""Distinguished names: read whatever is there, write RFC 5280 §4.1.2.4."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from kernel.crypto.der import writer
from kernel.crypto.der.reader import BMP, SEQUENCE, SET, UNIVERSAL, UTF8, Element, oid, read_element

OIDS = {
    "CN": "2.5.4.3",
    "SN": "2.5.4.4",
    "serialNumber": "2.5.4.5",
    "C": "2.5.4.6",
    "L": "2.5.4.7",
    "ST": "2.5.4.8",
    "STREET": "2.5.4.9",
    "O": "2.5.4.10",
    "OU": "2.5.4.11",
    "T": "2.5.4.12",
    "GN": "2.5.4.42",
    "organizationIdentifier": "2.5.4.97",
    "UID": "0.9.2342.19200300.100.1.1",
    "DC": "0.9.2342.19200300.100.1.25",
    "emailAddress": "1.2.840.113549.1.9.1",
}
_LABELS = {dotted: label for label, dotted in OIDS.items()}
_LONGEST = 64  # ub-common-name, ub-organization-name, … (RFC 5280 Appendix A)


@dataclass(frozen=True)
class Name:
    """A name: its bytes, and its attributes as (dotted type, text) in order."""

    der: bytes
    attributes: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, element: Element) -> "Name":
        """From a Name element; raises ValueError when it is no name at all. Text is best effort."""
        attributes = []
        for relative in element.children(SEQUENCE):
            for pair in relative.children(SET):
                kind, value = pair.children(SEQUENCE)
                attributes.append((oid(kind), _text(value)))
        return cls(element.encoded, tuple(attributes))

    @classmethod
    def build(cls, attributes: Mapping[str, str]) -> "Name":
        """From labels (`CN`, `O`, …) to text, in the given order; raises ValueError on unknown or over-long ones."""
        parts = []
        for label, text in attributes.items():
            if label not in OIDS or not text or len(text) > _LONGEST or (label == "C" and len(text) != 2):
                raise ValueError(f"bad name attribute {label}")
            value = _encoded(label, text)
            parts.append(writer.set_of([writer.sequence(writer.oid(OIDS[label]), value)]))
        return cls.read(read_element(writer.sequence(*parts)))

    def value(self, label: str) -> str | None:
        """The first attribute called `label` (`CN`, or a dotted type), or None."""
        wanted = OIDS.get(label, label)
        return next((text for kind, text in self.attributes if kind == wanted), None)

    def matches(self, other: "Name") -> bool:
        """RFC 5280 §7.1 in short: the same bytes, or the same text but for case, spaces and string type."""
        return self.der == other.der or (bool(self.attributes) and self.folded == other.folded)

    @cached_property
    def folded(self) -> tuple[tuple[str, str], ...]:
        """The attributes as they are compared: without regard to case, spaces and kinds of string."""
        return tuple(
            (kind, " ".join(unicodedata.normalize("NFKC", text).casefold().split())) for kind, text in self.attributes
        )

    def __str__(self) -> str:
        return ", ".join(f"{_LABELS.get(kind, kind)}={text}" for kind, text in self.attributes)


def _encoded(label: str, text: str) -> bytes:
    if label in ("C", "serialNumber") and text.isascii():
        return writer.printable(text)
    if label in ("DC", "emailAddress"):
        return writer.ia5(text)
    return writer.utf8(text)


def _text(value: Element) -> str:
    """The text of a directory string; UTF-8 and GB 18030 hide in every string type."""
    encodings = {UTF8: ["utf-8"], BMP: ["utf-16-be"], UNIVERSAL: ["utf-32-be"]}.get(value.tag, [])
    for encoding in [*encodings, "utf-8", "gb18030"]:
        try:
            return value.content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return value.content.decode("latin-1")
