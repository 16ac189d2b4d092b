"""Was a certificate good at a moment: chain, periods, key usage, revocation (GB/T 38540-2020 §7.3 c, d)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from kernel.crypto.certificates import Certificate, CertificateUnreadable, ChainError, ChainErrorKind, verify_chain
from seal.validation.report import Check, SubIndication, failed, passed, undecided
from seal.validation.standing.names import readable_name
from seal.validation.standing.revocation import Use, judge_revocation
from seal.validation.trust import TrustStore

_FAULTS = {
    ChainErrorKind.EXPIRED: SubIndication.EXPIRED,
    ChainErrorKind.NOT_YET_VALID: SubIndication.NOT_YET_VALID,
    ChainErrorKind.BAD_SIGNATURE: SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE,
    ChainErrorKind.NOT_A_CA: SubIndication.CHAIN_CONSTRAINTS_FAILURE,
    ChainErrorKind.KEY_USAGE: SubIndication.CHAIN_CONSTRAINTS_FAILURE,
    ChainErrorKind.PATH_LENGTH: SubIndication.CHAIN_CONSTRAINTS_FAILURE,
    ChainErrorKind.NAME_CONSTRAINTS: SubIndication.CHAIN_CONSTRAINTS_FAILURE,
    ChainErrorKind.UNKNOWN_EXTENSION: SubIndication.CHAIN_CONSTRAINTS_FAILURE,
}

_PURPOSES = "1.3.6.1.5.5.7.3."
_NOT_FOR_DOCUMENTS = frozenset(_PURPOSES + number for number in ("1", "3", "5", "6", "7", "8", "9", "13", "14", "17"))
"""TLS servers, code, the three of IPsec, time stamps, OCSP, EAP over PPP and over LAN, IKE."""

load_certificate = lru_cache(maxsize=512)(Certificate.load)
"""As `Certificate.load`: the same few certificates sign most documents, and reading one costs as much as a check."""


@dataclass(frozen=True)
class CertificateQuestion:
    """A certificate (DER), the moment it was used at, the moment of asking, and others that came with it.

    `name` and `revocation_name` are what the two checks are called. `time_is_proven`: `used_at` is not only claimed.
    `is_stamp`: it made a time stamp.
    """

    certificate: bytes
    used_at: datetime
    asked_at: datetime
    name: str
    revocation_name: str
    companions: Sequence[Certificate] = ()
    time_is_proven: bool = False
    is_stamp: bool = False


def judge_certificate(question: CertificateQuestion, trust: TrustStore) -> list[Check]:
    """The chain's check and, when there is a chain, that of revocation."""
    name = question.name
    try:
        leaf = load_certificate(question.certificate)
        path = verify_chain(
            leaf,
            [*question.companions, *trust.intermediates],
            trust.anchors,
            question.used_at,
            usages=("digital_signature", "non_repudiation"),
            empty_id_anchors=trust.empty_id_anchors,
        )
    except CertificateUnreadable:
        return [undecided(name, SubIndication.NO_SIGNING_CERTIFICATE_FOUND, "The certificate cannot be read.")]
    except ChainError as fault:
        return [_chain_fault(name, fault)]
    if not question.is_stamp and is_for_something_else(leaf):
        why = SubIndication.CHAIN_CONSTRAINTS_FAILURE
        detail = "The certificate of {subject} is not for signing documents."
        return [failed(name, why, detail, subject=readable_name(leaf))]
    anchor = readable_name(path[-1])
    use = Use(
        question.revocation_name,
        question.used_at,
        question.asked_at,
        time_is_proven=question.time_is_proven,
        is_stamp=question.is_stamp,
    )
    return [
        passed(name, "Issued under {anchor}, valid at the time of signing.", anchor=anchor),
        judge_revocation(use, path, trust),
    ]


def is_for_something_else(certificate: Certificate) -> bool:
    """Whether every extended key usage is one that signs no documents (RFC 5280 §4.2.1.12).

    Certificates without any, with one for documents, e-mail or logging in, or with one that is not known here are let
    through: authorities that issue to seals and officers write all of these.
    """
    purposes = frozenset(certificate.extended_key_usage)
    return bool(purposes) and purposes <= _NOT_FOR_DOCUMENTS


def _chain_fault(name: str, fault: ChainError) -> Check:
    subject = readable_name(fault.certificate)
    if fault.kind is ChainErrorKind.UNTRUSTED:
        why = SubIndication.NO_CERTIFICATE_CHAIN_FOUND
        return undecided(name, why, "The issuer of the certificate of {subject} is not trusted here.", subject=subject)
    return failed(name, _FAULTS[fault.kind], fault.message, subject=subject)


def signer_name(certificate: bytes) -> str:
    """As `readable_name`, empty for what is no certificate."""
    try:
        return readable_name(load_certificate(certificate))
    except CertificateUnreadable:
        return ""


def readable_certificates(certificates: Iterable[bytes]) -> list[Certificate]:
    """Those that can be read."""
    loaded = []
    for certificate in certificates:
        try:
            loaded.append(load_certificate(certificate))
        except CertificateUnreadable:
            continue
    return loaded
