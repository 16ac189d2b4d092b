"""Licences that were converted from older ones: where they come from. Pure.

A converted copy says on its face and in its data that it is one, of which class, by whom and when; see
docs/decisions/0030-legacy-licences.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class ScanPage:
    """One side of the original: a JPEG or PNG, and its true size in millimetres."""

    width: float
    height: float
    picture: bytes = field(repr=False)


@dataclass(frozen=True)
class Origin:
    """What a licence was converted from. `digest`: SHA-256 of the original's files, empty when there were none."""

    collection_id: str
    number: int
    credibility: str
    wording: str
    source: str
    issued_on: date | None = None
    digest: str = ""
    pages: tuple[ScanPage, ...] = field(default=(), repr=False)

    def plain(self) -> dict[str, str]:
        """What tells one conversion from another, for the digest of the request."""
        return {"collection": self.collection_id, "row": str(self.number), "class": self.credibility, "of": self.digest}

    def metadata(self, converted_on: date, agency: str) -> Mapping[str, str]:
        """What both files say about it beside the words of GB/T 36903, which has none for this."""
        said = {
            "ConversionStatement": "本文件由既有证照转换而成，不是原件",
            "ConversionClass": self.credibility,
            "ConversionAgency": agency,
            "ConversionDate": converted_on.isoformat(),
            "OriginalIssuedOn": self.issued_on.isoformat() if self.issued_on else "",
            "OriginalDigest": f"sha256:{self.digest}" if self.digest else "",
        }
        return {name: value for name, value in said.items() if value}
