"""What ties a seal to its code: digests of every seal made under it, their makers, and the certificates that sign.

A code alone proves nothing: whoever can make seals can write any code into one. Earlier seals stay listed, since what
they sealed stays sealed. Fingerprints and digests are SHA-256 over DER, in lowercase hex.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from seal.structures.gbt38540 import load_seal


@dataclass(frozen=True)
class Bindings:
    """Digests of the seals, fingerprints of their makers' and their signers' certificates; the oldest first."""

    seals: tuple[str, ...] = ()
    makers: tuple[str, ...] = ()
    signers: tuple[str, ...] = ()

    @classmethod
    def read(cls, kept: Mapping[str, Iterable[str]] | None) -> "Bindings":
        """As a row keeps them."""
        told = kept or {}
        return cls(*(tuple(told.get(name, ())) for name in ("seals", "makers", "signers")))

    def with_seal(self, esl: bytes, *signers: bytes) -> "Bindings":
        """The same and a seal (DER SESeal) with the certificates (DER) of its signers. Raises MalformedStructure."""
        maker = load_seal(esl).maker_certificate
        return Bindings(_with(self.seals, esl), _with(self.makers, maker), _with(self.signers, *signers))

    def with_signers(self, *certificates: bytes) -> "Bindings":
        """The same and further signers' certificates (DER)."""
        return Bindings(self.seals, self.makers, _with(self.signers, *certificates))

    def joined(self, other: "Bindings") -> "Bindings":
        """Those of two seals that had one code after another."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Bindings(*(tuple(dict.fromkeys((*ours, *theirs))) for ours, theirs in pairs))

    def to_dict(self) -> dict[str, list[str]]:
        """As a row keeps and a status publishes them."""
        return {name: list(each) for name, each in vars(self).items()}


def _with(known: tuple[str, ...], *ders: bytes) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*known, *(hashlib.sha256(der).hexdigest() for der in ders))))
