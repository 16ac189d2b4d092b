"""What was found in a file, and who finds it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from seal.validation.report import ValidationReport
from seal.validation.trust import TrustStore


@dataclass(frozen=True)
class Findings:
    """The seals' verdict; the licence that the file names, and where it says that its status stands (hints only)."""

    validation: ValidationReport
    named: str | None
    status_place: str | None = None


class Judges(Protocol):
    """Blocking: call through a thread."""

    def judge(self, data: bytes, trust: TrustStore, at: datetime) -> Findings:
        """Judge a PDF or OFD as of `at`. Whatever the file does, there is a verdict. Raises `Unavailable`."""
        ...

    def read_qr(self, data: bytes) -> str:
        """The text of the one QR code in a picture. Raises `InvalidInput`, `Unavailable`."""
        ...

    def start(self) -> None:
        """Have judges ready before the first file comes."""
        ...

    def close(self) -> None:
        """End them."""
        ...
