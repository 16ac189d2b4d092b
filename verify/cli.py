"""Verification with no server: a file or QR text against a trust directory. What `xinyin verify --trust DIR` runs."""

from pathlib import Path

from kernel.clock import Clock
from kernel.errors import InvalidInput
from seal.validation.report import ValidationReport, warning
from seal.validation.service import validate_document
from verify.qr.claims import check_claims
from verify.qr.reading import read_qr
from verify.qr.service import qr_document
from verify.report.report import VerificationReport
from verify.trust_list.directory import TrustDirectory
from verify.trust_list.source import store_of
from verify.upload.images import is_image, read_qr_in_image

STATUS = "Licence status"
OFFLINE = "Not checked: that needs the issuer's service. Whether the licence was revoked since is unknown."


def verify_offline(data_or_qr: bytes | str, trust_dir: Path, clock: Clock) -> VerificationReport:
    """Judge the bytes of an OFD, PDF or picture of a QR code, or a QR text, with the trust in `trust_dir` alone.

    Blocking. Raises `InvalidInput` for a QR text that is none or brings no signed claims, a picture without a QR code,
    and a trust directory that cannot be read. A file that cannot be read is a verdict.
    """
    trust = TrustDirectory.load(trust_dir).trust
    if isinstance(data_or_qr, bytes) and is_image(data_or_qr):
        data_or_qr = read_qr_in_image(data_or_qr)
    now = clock()
    not_asked = warning(STATUS, OFFLINE)
    if isinstance(data_or_qr, bytes):
        validation = validate_document(data_or_qr, store_of(trust), at=now)
        return VerificationReport(validation=validation, checked_at=now, checks=(not_asked,))
    reading = read_qr(data_or_qr)
    if reading.signed_claims is None:
        raise InvalidInput("This code carries no signature, so it can only be checked online.")
    _claims, signature = check_claims(reading.signed_claims, trust.qr_keys, at=now)
    validation = ValidationReport(qr_document(data_or_qr), (), (signature,))
    return VerificationReport(validation=validation, checked_at=now, checks=(not_asked,))
