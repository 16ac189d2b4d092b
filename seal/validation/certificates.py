"""Was a certificate good at a moment: chain, periods, key usage, revocation (GB/T 38540-2020 §7.3 c, d)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import pairwise

from kernel.crypto.certificates import Certificate, CertificateUnreadable, ChainError, ChainErrorKind, verify_chain
from kernel.crypto.revocation.crl import Crl
from kernel.crypto.signatures import InvalidSignature
from seal.validation.report import Check, SubIndication, failed, passed, undecided, warning
from seal.validation.trust import TrustStore

_KEY_COMPROMISE, _CA_COMPROMISE = 1, 2
_FAULTS = {
    ChainErrorKind.EXPIRED: SubIndication.EXPIRED,
    ChainErrorKind.NOT_YET_VALID: SubIndication.NOT_YET_VALID,
    ChainErrorKind.BAD_SIGNATURE: SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE,
    ChainErrorKind.NOT_A_CA: SubIndication.CHAIN_CONSTRAINTS_FAILURE,
    ChainErrorKind.KEY_USAGE: SubIndication.CHAIN_CONSTRAINTS_FAILURE,
    ChainErrorKind.PATH_LENGTH: SubIndication.CHAIN_CONSTRAINTS_FAILURE,
    ChainErrorKind.UNKNOWN_EXTENSION: SubIndication.CHAIN_CONSTRAINTS_FAILURE,
}


load_certificate = lru_cache(maxsize=512)(Certificate.load)
"""As `Certificate.load`: the same few certificates sign most documents, and reading one costs as much as a check."""


@dataclass(frozen=True)
class CertificateQuestion:
    """A certificate (DER), the moment it was used at, the moment of asking, and others that came with it.

    `name` and `revocation_name` are what the two checks are called.
    """

    certificate: bytes
    used_at: datetime
    asked_at: datetime
    name: str
    revocation_name: str
    companions: Sequence[Certificate] = ()


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
        )
    except CertificateUnreadable:
        return [undecided(name, SubIndication.NO_SIGNING_CERTIFICATE_FOUND, "The certificate cannot be read.")]
    except ChainError as fault:
        return [_chain_fault(name, fault)]
    anchor = readable_name(path[-1])
    return [
        passed(name, "Issued under {anchor}, valid at the time of signing.", anchor=anchor),
        _judge_revocation(question, path, trust.crls),
    ]


def _chain_fault(name: str, fault: ChainError) -> Check:
    subject = readable_name(fault.certificate)
    if fault.kind is ChainErrorKind.UNTRUSTED:
        why = SubIndication.NO_CERTIFICATE_CHAIN_FOUND
        return undecided(name, why, "The issuer of the certificate of {subject} is not trusted here.", subject=subject)
    return failed(name, _FAULTS[fault.kind], fault.message, subject=subject)


def _judge_revocation(question: CertificateQuestion, path: Sequence[Certificate], crls: Iterable[Crl]) -> Check:
    name = question.revocation_name
    known = list(crls)
    unknown: list[str] = []
    stale: datetime | None = None
    for certificate, issuer in pairwise(path):
        crl = _newest(known, issuer)
        if crl is None:
            unknown.append(readable_name(issuer))
            continue
        if certificate.serial in crl.entries:
            return _revoked(question, certificate, crl)
        if crl.next_update and crl.next_update < question.asked_at:
            stale = crl.next_update
    if unknown:
        return warning(name, "No revocation list of {issuer} is at hand.", issuer=unknown[0])
    if stale:
        return warning(name, "Not revoked by a list that should have been renewed on {day}.", day=f"{stale:%Y-%m-%d}")
    return passed(name, "Not revoked.")


def _newest(crls: Iterable[Crl], issuer: Certificate) -> Crl | None:
    """The newest list that `issuer` signed."""
    best: Crl | None = None
    for crl in crls:
        if not crl.issuer.matches(issuer.subject) or (best and best.this_update >= crl.this_update):
            continue
        try:
            crl.verify(issuer)
        except (InvalidSignature, CertificateUnreadable):
            continue
        best = crl
    return best


def _revoked(question: CertificateQuestion, certificate: Certificate, crl: Crl) -> Check:
    """Revoked before use is fatal; after use it is not (§7.3 d), unless the key may have been in other hands."""
    entry = crl.entries[certificate.serial]
    params = {"subject": readable_name(certificate), "day": f"{entry.revoked_at:%Y-%m-%d}"}
    name = question.revocation_name
    if entry.revoked_at <= question.used_at:
        detail = "The certificate of {subject} was revoked on {day}, before this signature."
        return failed(name, SubIndication.REVOKED, detail, **params)
    if entry.reason in (_KEY_COMPROMISE, _CA_COMPROMISE):
        detail = "The key of {subject} was reported compromised on {day}; nothing proves that this signature is older."
        return undecided(name, SubIndication.REVOKED_NO_POE, detail, **params)
    return warning(name, "The certificate of {subject} was revoked on {day}, after this signature.", **params)


def readable_name(certificate: Certificate) -> str:
    """Whom a certificate speaks of, for people: organisation and common name, or what else it has."""
    organisation, common = certificate.subject_value("O"), certificate.subject_value("CN")
    if organisation and common and organisation != common:
        return f"{organisation} ({common})"
    return organisation or common or str(certificate.subject)


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
