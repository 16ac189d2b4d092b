"""One door for every format."""

import hashlib
import logging
from datetime import datetime
from typing import Literal

from seal.validation.ofd import validate_ofd
from seal.validation.pdf import validate_pdf
from seal.validation.report import DocumentSummary, SubIndication, ValidationReport, undecided
from seal.validation.trust import TrustStore

FORMAT = "Format"

_log = logging.getLogger(__name__)


def validate_document(data: bytes, trust: TrustStore, *, at: datetime) -> ValidationReport:
    """Judge a PDF or OFD as of `at` (UTC-aware). Never raises: what cannot be read is a verdict.

    CPU-bound (milliseconds to tens of them): call it through `asyncio.to_thread` from a loop.
    """
    summary = DocumentSummary(sniff(data), f"sha256:{hashlib.sha256(data).hexdigest()}")
    try:
        if summary.format == "ofd":
            return validate_ofd(data, summary, trust, at)
        if summary.format == "pdf":
            return validate_pdf(data, summary, trust, at)
    except Exception as fault:  # noqa: BLE001 - hostile files reach four parsers; whatever they raise is this verdict
        _log.warning("document could not be read: %s", type(fault).__name__)
        detail = "The file is damaged or built in a way that cannot be read."
        return ValidationReport(summary, (undecided(FORMAT, SubIndication.FORMAT_FAILURE, detail),))
    detail = "The file is neither a PDF nor an OFD."
    return ValidationReport(summary, (undecided(FORMAT, SubIndication.FORMAT_FAILURE, detail),))


def sniff(data: bytes) -> Literal["ofd", "pdf", "unknown"]:
    """ "ofd", "pdf" or "unknown" by the first bytes; PDF allows up to 1024 bytes before its header."""
    if data.startswith(b"PK"):
        return "ofd"
    return "pdf" if b"%PDF-" in data[:1029] else "unknown"
