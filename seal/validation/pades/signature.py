"""One signature of a PDF, step by step (ISO 32000-1 §12.8, EN 319 142-1).

1 container  2 document digest and signature value  3 coverage and later changes  4 seal  5 certificate  6 time

Signatures made here have one form and are held to it byte for byte; others are read by pyHanko.
"""

import asyncio
import re
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, TypeVar

from asn1crypto import x509
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.general import find_unique_cms_attribute
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.status import PdfSignatureStatus
from pyhanko_certvalidator import ValidationContext

from kernel.crypto.certificates import Certificate, CertificateUnreadable
from kernel.crypto.signatures import InvalidSignature
from kernel.crypto.timestamps.digests import digest
from seal.documents.provider import PROVIDER
from seal.structures.cades import CadesSignature, load_cades_signature, signed_attributes
from seal.structures.fields import MalformedStructure
from seal.validation.certificates import (
    CertificateQuestion,
    judge_certificate,
    load_certificate,
    readable_certificates,
    signer_name,
)
from seal.validation.pades.changes import changed_since
from seal.validation.pades.container import Container, read_container
from seal.validation.pades.evidence import DocumentStamp, earliest_proof
from seal.validation.report import (
    Check,
    SealSummary,
    SignatureReport,
    SignatureTime,
    SubIndication,
    failed,
    passed,
    undecided,
    warning,
)
from seal.validation.seal_checks import judge_status
from seal.validation.signing_time import judge_time
from seal.validation.standing.names import readable_name
from seal.validation.time_stamps import Stamped, judge_stamp
from seal.validation.trust import TrustStore

CONTAINER = "Signature data"
INTEGRITY = "Document unchanged"
SIGNATURE = "Signature value"
COVERAGE = "Coverage of the document"
CERTIFICATE = "Signer's certificate"
REVOCATION = "Revocation of the signer's certificate"
COMPANIONS = "Certificates in the signature"

_SEAL_CODE = re.compile(r"\d{14}")
T = TypeVar("T")


@dataclass(frozen=True)
class PdfQuestion:
    """What all signatures of one file are judged by."""

    data: bytes
    trust: TrustStore
    asked_at: datetime
    covered_to_the_end: bool
    stamps: Sequence[DocumentStamp] = ()


@dataclass(frozen=True)
class _Judged:
    """What step 2 found: the signer's certificate first; `time_source` "signer" or "timestamp"."""

    certificates: tuple[bytes, ...]
    signed_at: datetime | None
    time_source: str
    checks: tuple[Check, ...]


def judge_pdf_signature(embedded: Any, question: PdfQuestion) -> SignatureReport:
    """Steps 1 to 6 for one of pyHanko's embedded signatures. Raises what pyHanko raises on files it cannot read."""
    container = read_container(embedded, question.data)
    is_own = _provider(embedded) == PROVIDER
    judged = (_judge_own if is_own else _judge_foreign)(embedded, container, question)
    judged = _dated(judged, earliest_proof(question.stamps, container.end))
    used_at = judged.signed_at or question.asked_at
    seal, status = _judge_seal(embedded, judged, question, used_at)
    companions = readable_certificates(judged.certificates[1:])
    certificate = CertificateQuestion(
        judged.certificates[0],
        used_at,
        question.asked_at,
        CERTIFICATE,
        REVOCATION,
        companions,
        time_is_proven=judged.time_source == "timestamp",
    )
    whole, coverage = _judge_coverage(embedded, container, question)
    return SignatureReport(
        kind="PAdES" if embedded.sig_object.get("/SubFilter") == "/ETSI.CAdES.detached" else "CMS",
        signer=signer_name(judged.certificates[0]),
        seal=seal,
        time=SignatureTime(judged.signed_at, judged.time_source if judged.signed_at else "none"),
        covers_whole_document=whole,
        checks=(
            _judge_container(container),
            *judged.checks,
            coverage,
            *status,
            *judge_certificate(certificate, question.trust),
            judge_time(judged.signed_at, question.asked_at, judged.time_source),
        ),
        certificate=judged.certificates[0],
    )


def _judge_container(container: Container) -> Check:
    """Step 1: the one gap in what is signed holds the signature and nothing else."""
    if not container.is_sound:
        return failed(CONTAINER, SubIndication.FORMAT_FAILURE, "The signature leaves a part of the file unprotected.")
    return passed(CONTAINER, "The signature leaves nothing of the file unprotected.")


def _dated(judged: _Judged, proven_at: datetime | None) -> _Judged:
    """Without a stamp of its own, a signature is as old as the first document time stamp over it proves."""
    if judged.time_source == "timestamp" or proven_at is None:
        return judged
    return replace(judged, signed_at=proven_at, time_source="timestamp")


def _provider(embedded: Any) -> str:
    properties = embedded.sig_object.get("/Prop_Build", {})
    return str(properties.get("/App", {}).get("/Name", "")).removeprefix("/")


def _judge_own(embedded: Any, container: Container, question: PdfQuestion) -> _Judged:
    """Step 2 for a signature made here."""
    signed_at = embedded.self_reported_timestamp
    try:
        signature = load_cades_signature(container.content)
    except MalformedStructure:
        check = failed(CONTAINER, SubIndication.FORMAT_FAILURE, "The signature was changed after sealing.")
        certificate: bytes = embedded.signer_cert.dump()
        return _Judged((certificate,), signed_at, "signer", (check,))
    covered = digest(signature.suite.digest_name, b"".join(container.covered))
    unchanged = signature.attributes == signed_attributes(covered, signature.certificates[0], signature.suite)
    stamping, proven_at = _judge_timestamp(signature, container, signed_at, question)
    checks = (
        _judge_digest(unchanged),
        _judge_value(signature),
        *_judge_companions(signature, question.trust),
        *stamping,
    )
    return _Judged(signature.certificates, proven_at or signed_at, "timestamp" if proven_at else "signer", checks)


def _judge_timestamp(
    signature: CadesSignature, container: Container, signed_at: datetime | None, question: PdfQuestion
) -> tuple[list[Check], datetime | None]:
    """The stamp on the signature value, judged as of the first document time stamp after it."""
    if not signature.timestamp:
        return [], None
    return _judge_token(Stamped(signature.timestamp, (signature.signature,), signed_at), container, question)


def _judge_token(stamped: Stamped, container: Container, question: PdfQuestion) -> tuple[list[Check], datetime | None]:
    at = earliest_proof(question.stamps, container.end) or question.asked_at
    return judge_stamp(stamped, question.trust, at)


def _judge_digest(unchanged: bool) -> Check:
    if unchanged:
        return passed(INTEGRITY, "What was signed is unchanged.")
    return failed(INTEGRITY, SubIndication.HASH_FAILURE, "The document was changed after sealing.")


def _judge_value(signature: CadesSignature) -> Check:
    try:
        load_certificate(signature.certificates[0]).public_key().verify(signature.signature, signature.attributes)
    except CertificateUnreadable:
        return undecided(SIGNATURE, SubIndication.NO_SIGNING_CERTIFICATE_FOUND, "The certificate cannot be read.")
    except InvalidSignature:
        return failed(SIGNATURE, SubIndication.SIG_CRYPTO_FAILURE, "The signature value does not hold.")
    return passed(SIGNATURE, "The signature value holds.")


def _judge_companions(signature: CadesSignature, trust: TrustStore) -> list[Check]:
    """Issuers sent along are not signed: each must have issued the one before it, one known here the last."""
    try:
        chain = [load_certificate(certificate) for certificate in signature.certificates]
        known = [each for each in (*trust.anchors, *trust.intermediates) if chain[-1].issuer.matches(each.subject)]
        for certificate, issuer in pairwise(chain):
            certificate.verify_issued_by(issuer)
        if known and not any(_is_issued_by(chain[-1], each) for each in known):
            raise InvalidSignature
    except (CertificateUnreadable, InvalidSignature):
        why = SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE
        return [failed(COMPANIONS, why, "A certificate in the signature was changed or does not belong there.")]
    if not known:
        why, subject = SubIndication.NO_CERTIFICATE_CHAIN_FOUND, readable_name(chain[-1])
        detail = "The issuer of the certificate of {subject} is not trusted here."
        return [undecided(COMPANIONS, why, detail, subject=subject)]
    return []


def _is_issued_by(certificate: Certificate, issuer: Certificate) -> bool:
    """Several authorities may have one name: an outside one's, or ours before its key was renewed."""
    try:
        certificate.verify_issued_by(issuer)
    except (CertificateUnreadable, InvalidSignature):
        return False
    return True


def _judge_foreign(embedded: Any, container: Container, question: PdfQuestion) -> _Judged:
    """Step 2 for signatures of other makers."""
    context = ValidationContext(trust_roots=_international(question.trust.for_timestamps()), allow_fetching=False)
    try:
        status: PdfSignatureStatus = _run(
            async_validate_pdf_signature(embedded, context, ts_validation_context=context, skip_diff=True)
        )
    except SignatureValidationError:
        check = failed(CONTAINER, SubIndication.FORMAT_FAILURE, "The signature cannot be read.")
        return _Judged((embedded.signer_cert.dump(),), None, "none", (check,))
    stamping, proven_at = _judge_foreign_timestamp(embedded, status, container, question)
    signed_at = proven_at or embedded.self_reported_timestamp
    value = (
        passed(SIGNATURE, "The signature value holds.")
        if status.valid
        else failed(SIGNATURE, SubIndication.SIG_CRYPTO_FAILURE, "The signature value does not hold.")
    )
    others = tuple(certificate.dump() for certificate in embedded.other_embedded_certs)
    return _Judged(
        (embedded.signer_cert.dump(), *others),
        signed_at.astimezone(UTC) if signed_at else None,
        "timestamp" if proven_at else "signer",
        (_judge_digest(bool(status.intact)), value, *stamping),
    )


def _judge_foreign_timestamp(
    embedded: Any, status: PdfSignatureStatus, container: Container, question: PdfQuestion
) -> tuple[list[Check], datetime | None]:
    """A stamp that pyHanko finds good is judged like any other: pyHanko is not told what was revoked."""
    found = status.timestamp_validity
    if found is None or not (found.valid and found.intact and found.trusted):
        return [], None
    information = embedded.signer_info
    token = find_unique_cms_attribute(information["unsigned_attrs"], "signature_time_stamp_token")
    return _judge_token(Stamped(token.dump(), (information["signature"].native,), None), container, question)


def _international(trust: TrustStore) -> list[x509.Certificate]:
    """The anchors that pyHanko can use; it only asks them about time stamps."""
    usable = []
    for anchor in trust.anchors:
        try:
            if anchor.public_key().algorithm != "SM2-SM3":
                usable.append(x509.Certificate.load(anchor.der))
        except CertificateUnreadable:
            continue
    return usable


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Drive pyHanko's coroutine, which does no I/O here, also when this thread has a loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def _judge_coverage(embedded: Any, container: Container, question: PdfQuestion) -> tuple[bool, Check]:
    """Step 3: what came after the signature may only be what it allows, and must be signed by somebody in turn.

    Whether the signature covers all that the document shows, and the check: evidence and time stamps show nothing.
    """
    if container.end == len(question.data):
        return True, passed(COVERAGE, "The signature covers the whole document.")
    level = changed_since(embedded, is_own=_provider(embedded) == PROVIDER)
    if level == ModificationLevel.OTHER:
        detail = "The document was changed after this signature in ways that it does not allow."
        return False, failed(COVERAGE, SubIndication.HASH_FAILURE, detail)
    if level == ModificationLevel.LTA_UPDATES:
        return True, warning(COVERAGE, "Only data for checking the signature later was added after it.")
    if not question.covered_to_the_end:
        why = SubIndication.SIG_CONSTRAINTS_FAILURE
        return False, undecided(COVERAGE, why, "The end of the document is covered by no signature.")
    return False, warning(COVERAGE, "Signatures or form entries were added after this signature.")


def is_signed_to_the_end(data: bytes, signatures: Sequence[Any]) -> bool:
    """Whether one of several signatures leaves nothing after it but evidence and time stamps.

    A time stamp over a change is nobody's signature: anybody can have one made.
    """
    ends = [int(each.byte_range[2]) + int(each.byte_range[3]) for each in signatures]
    if len(data) in ends:
        return True
    # Of a single signature, its own step 3 asks the same.
    last = signatures[ends.index(max(ends))]
    if len(signatures) == 1:
        return False
    return changed_since(last, is_own=_provider(last) == PROVIDER) == ModificationLevel.LTA_UPDATES


def _judge_seal(
    embedded: Any, judged: _Judged, question: PdfQuestion, used_at: datetime
) -> tuple[SealSummary | None, list[Check]]:
    """Step 4: seal certificates carry the seal's code as their common name."""
    try:
        certificate = load_certificate(judged.certificates[0])
    except CertificateUnreadable:
        return None, []
    code = certificate.subject_value("CN") or ""
    if not _SEAL_CODE.fullmatch(code):
        return None, []
    status = question.trust.seal_status(code) if question.trust.seal_status else None
    name = str(embedded.sig_object.get("/Name", "")) or certificate.subject_value("O") or ""
    is_known = status is None or status.knows_signer(judged.certificates[0])
    state = status.state if status and is_known else "unknown"
    return SealSummary(code, name, state), [judge_status(status, used_at, is_known=is_known)]
