"""Judging in this process."""

from datetime import datetime

from seal.validation.service import validate_document
from seal.validation.trust import TrustStore
from verify.upload.identifier import read_identifier, read_status_place
from verify.upload.images import read_qr_in_image
from verify.upload.judging.findings import Findings


class JudgesHere:
    """Nothing is bounded here but what the parsers bound themselves."""

    def judge(self, data: bytes, trust: TrustStore, at: datetime) -> Findings:
        """See `Judges`."""
        return Findings(validate_document(data, trust, at=at), read_identifier(data), read_status_place(data))

    def read_qr(self, data: bytes) -> str:
        """See `Judges`."""
        return read_qr_in_image(data)

    def start(self) -> None:
        """Nothing to be started."""

    def close(self) -> None:
        """Nothing to be ended."""
