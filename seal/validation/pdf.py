"""A PDF as a whole: find its signatures and see that nothing of the file escapes them."""

import logging
from datetime import datetime
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import ValueErrorWithMessage

from seal.validation.pades.evidence import judge_document_stamps, with_evidence
from seal.validation.pades.signature import PdfQuestion, is_signed_to_the_end, judge_pdf_signature
from seal.validation.report import DocumentSummary, SubIndication, ValidationReport, passed, undecided
from seal.validation.trust import TrustStore

# pyHanko logs what it stumbles over, which is the contents of strangers' files.
logging.getLogger("pyhanko").setLevel(logging.CRITICAL)

FILE = "File"
SIGNED = "Signed"

MOST_SIGNATURES = 64
MOST_SIGNATURE_BYTES = 256 * 1024
MOST_SECTIONS = 1024
"""Signatures in great numbers or of great size must not buy endless work, nor must a file of countless revisions."""

_UNREADABLE = (
    PdfError, ValueErrorWithMessage, ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError,
    RecursionError, NotImplementedError, ArithmeticError, MemoryError,
)  # fmt: skip


def validate_pdf(data: bytes, summary: DocumentSummary, trust: TrustStore, at: datetime) -> ValidationReport:
    """Judge a PDF as of `at`. Document time stamps count as changes that are allowed, not as seals."""
    if data.count(b"trailer") + data.count(b"/XRef") > MOST_SECTIONS:
        return _unreadable(summary, "The PDF is damaged or its signature cannot be read.")
    try:
        reader: Any = PdfFileReader(BytesIO(data), strict=True)
        if reader.encrypted:
            return _unreadable(summary, "The PDF is encrypted.")
        embedded = list(reader.embedded_regular_signatures)
    except _UNREADABLE:
        return _unreadable(summary, "The PDF is damaged or its signature cannot be read.")
    if len(embedded) + len(reader.embedded_timestamp_signatures) > MOST_SIGNATURES:
        return _unreadable(summary, "The document carries more than {limit} signatures.", limit=MOST_SIGNATURES)
    if any(len(each.pkcs7_content) > MOST_SIGNATURE_BYTES for each in reader.embedded_signatures):
        return _unreadable(summary, "The PDF is damaged or its signature cannot be read.")
    readable = passed(FILE, "The PDF is readable.")
    if not embedded and b"/ByteRange" in data:
        return _unreadable(summary, "The PDF is damaged or its signature cannot be read.")
    if not embedded:
        check = undecided(SIGNED, SubIndication.NO_SIGNATURE, "The document carries no signature.")
        return ValidationReport(summary, (readable, check))
    try:
        trust = with_evidence(reader, trust)
        stamps = judge_document_stamps(reader, data, trust, at)
        question = PdfQuestion(data, trust, at, is_signed_to_the_end(data, embedded), stamps)
        signatures = tuple(judge_pdf_signature(each, question) for each in embedded)
    except _UNREADABLE:
        return _unreadable(summary, "The PDF is damaged or its signature cannot be read.")
    return ValidationReport(summary, (readable, *(check for stamp in stamps for check in stamp.checks)), signatures)


def _unreadable(summary: DocumentSummary, detail: str, **params: object) -> ValidationReport:
    return ValidationReport(summary, (undecided(FILE, SubIndication.FORMAT_FAILURE, detail, **params),))
