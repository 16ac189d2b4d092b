"""Verification with no server: a file or QR text against a trust directory. What `xinyin verify --trust DIR` runs."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from kernel.clock import Clock
from kernel.errors import InvalidInput
from seal.validation.report import Check, CheckResult, Indication, ValidationReport
from seal.validation.service import validate_document
from seal.validation.trust import TrustStore
from verify.credentials.reading import read_credential
from verify.credentials.service import judge_offline
from verify.qr.claims import check_claims
from verify.qr.reading import read_qr
from verify.qr.service import qr_document
from verify.report.report import VerificationReport
from verify.signed_reports.recheck import RecheckTrust
from verify.standing import LicenceState
from verify.status.judging import StatusReference, judge_status, readable_lists
from verify.trust_list.directory import TrustDirectory
from verify.trust_list.source import store_of
from verify.upload.identifier import read_status_place
from verify.upload.images import is_image, read_qr_in_image


def verify_offline(data_or_qr: bytes | str, trust_dir: Path, clock: Clock) -> VerificationReport:
    """Judge a file's bytes or a QR text with the trust in `trust_dir` alone.

    The file: an OFD, PDF, signed JSON, SD-JWT or picture of a QR code.

    Blocking. Raises `InvalidInput` for a QR text that is none or brings no signed claims, a picture without a QR code,
    and a trust directory that cannot be read. A file that cannot be read is a verdict.
    """
    directory = TrustDirectory.load(trust_dir)
    trust, lists = directory.trust, readable_lists(directory.status_lists, directory.trust.status_keys)
    if isinstance(data_or_qr, bytes) and is_image(data_or_qr):
        data_or_qr = read_qr_in_image(data_or_qr)
    now = clock()
    if (sent := read_credential(data_or_qr)) is not None:
        return judge_offline(sent, trust, lists, now)
    if isinstance(data_or_qr, bytes):
        validation = validate_document(data_or_qr, _store(directory, now), at=now)
        status = judge_status(_sealed_reference(data_or_qr, validation), _sealed_at(validation), lists, now)
        return _with_status(validation, status, now)
    reading = read_qr(data_or_qr)
    if reading.signed_claims is None:
        raise InvalidInput("This code carries no signature, so it can only be checked online.")
    claims, signature = check_claims(reading.signed_claims, trust.qr_keys, at=now)
    validation = ValidationReport(qr_document(data_or_qr), (), (signature,))
    reference, issued_at = (claims.status, claims.issued_at) if claims else (None, None)
    return _with_status(validation, judge_status(reference, issued_at, lists, now), now)


def offline_trust(trust_dir: Path, clock: Clock) -> RecheckTrust:
    """By whom reports are believed, told by the folder alone. Blocking. Raises `InvalidInput`."""
    directory = TrustDirectory.load(trust_dir)
    return RecheckTrust([key.spki for key in directory.trust.receipt_keys], _store(directory, clock()))


def _store(directory: TrustDirectory, now: datetime) -> TrustStore:
    """The trust of the directory, with the standing of seals when a list of them lies there."""
    store, listed = store_of(directory.trust).with_extras(directory.path), directory.seal_status
    return replace(store, seal_status=lambda code: listed.standing_at(code, now)) if listed else store


def _sealed_reference(data: bytes, validation: ValidationReport) -> StatusReference | None:
    """Where the licence stands, if the file says so under a seal that holds; else anybody may have written it."""
    if validation.indication is not Indication.PASSED or not validation.signatures[-1].covers_whole_document:
        return None
    return StatusReference.parse(read_status_place(data) or "")


def _sealed_at(validation: ValidationReport) -> datetime | None:
    return validation.signatures[-1].time.value if validation.signatures else None


def _with_status(
    validation: ValidationReport, judged: tuple[LicenceState | None, Check], now: datetime
) -> VerificationReport:
    """A list that is too old leaves the whole verdict open; it must not pass as silence."""
    state, status = judged
    if status.result is CheckResult.INDETERMINATE and state is None:
        validation = replace(validation, checks=(*validation.checks, status))
        return VerificationReport(validation=validation, checked_at=now)
    return VerificationReport(validation=validation, checked_at=now, checks=(status,), state=state)
