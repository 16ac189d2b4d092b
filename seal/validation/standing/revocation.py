"""Was a certificate revoked, as far as lists and responders at hand say (RFC 5280 §5, RFC 6960; GB/T 38540 §7.3 d)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from kernel.crypto.certificates import Certificate, CertificateUnreadable
from kernel.crypto.revocation.crl import Crl, Revocation
from kernel.crypto.revocation.ocsp import OcspResponse
from kernel.crypto.signatures import InvalidSignature
from kernel.crypto.sm2 import DEFAULT_ID, EMPTY_ID
from seal.validation.report import Check, SubIndication, failed, passed, undecided, warning
from seal.validation.standing.names import readable_name
from seal.validation.trust import TrustStore

_KEY_COMPROMISE, _CA_COMPROMISE, _REMOVE_FROM_CRL, _AA_COMPROMISE = 1, 2, 8, 10


@dataclass(frozen=True)
class Use:
    """When certificates were used and when that is asked; `name` is what the check is called.

    `time_is_proven`: `used_at` is not only claimed by who signed. `is_stamp`: it is the time stated in a time stamp.
    """

    name: str
    used_at: datetime
    asked_at: datetime
    time_is_proven: bool = False
    is_stamp: bool = False


@dataclass(frozen=True)
class _Evidence:
    """The newest that its issuer, or a responder for it, says about one certificate."""

    this_update: datetime
    next_update: datetime | None
    revocation: Revocation | None


def judge_revocation(use: Use, path: Sequence[Certificate], trust: TrustStore) -> Check:
    """The check over a whole path, leaf first. The worst that any link shows is what counts."""
    unknown: list[str] = []
    stale: datetime | None = None
    for certificate, issuer in pairwise(path):
        sm2_ids = (DEFAULT_ID, EMPTY_ID) if path[-1] in trust.empty_id_anchors else (DEFAULT_ID,)
        evidence = [each for each in (_by_list(certificate, issuer, trust.crls, sm2_ids),) if each]
        evidence += [each for each in (_by_responder(certificate, issuer, trust.ocsp_responses),) if each]
        revoked = [each.revocation for each in evidence if each.revocation]
        if revoked:
            return _revoked(use, certificate, min(revoked, key=lambda each: each.revoked_at))
        if not evidence:
            unknown.append(readable_name(issuer))
            continue
        ends = [each.next_update for each in evidence]
        if all(end is not None and end < use.asked_at for end in ends):
            stale = max(end for end in ends if end is not None)
    if unknown:
        return warning(use.name, "No revocation list of {issuer} is at hand.", issuer=unknown[0])
    if stale:
        return warning(
            use.name, "Not revoked by a list that should have been renewed on {day}.", day=f"{stale:%Y-%m-%d}"
        )
    return passed(use.name, "Not revoked.")


def _by_list(
    certificate: Certificate, issuer: Certificate, crls: Iterable[Crl], sm2_ids: Sequence[bytes]
) -> _Evidence | None:
    """The newest list of the issuer; where it may have left the certificate out as expired, the newest that has it.

    An issuer may drop what has expired from its lists (RFC 5280 §3.3): an entry then stands in older ones alone, and
    goes on counting. A list from before the expiry, or one that keeps expired certificates (`expiredCertsOnCRL`),
    leaves out only what is not revoked.
    """
    newest, entry = None, None
    for crl in sorted((each for each in crls if each.issuer.matches(issuer.subject)), key=_age):
        entry = crl.entries.get(certificate.serial)
        if newest is not None and entry is None and _may_drop(crl, certificate):
            continue
        try:
            crl.verify(issuer, sm2_ids=sm2_ids)
        except (InvalidSignature, CertificateUnreadable):
            entry = None
            continue
        newest = newest or crl
        if entry is not None or not _may_drop(crl, certificate):
            break
    if newest is None:
        return None
    if entry is not None and entry.reason == _REMOVE_FROM_CRL:
        entry = None
    return _Evidence(newest.this_update, newest.next_update, entry)


def _age(crl: Crl) -> float:
    return -crl.this_update.timestamp()


def _may_drop(crl: Crl, certificate: Certificate) -> bool:
    """Whether the list's silence about a certificate may only mean that it has expired (ETSI EN 319 102-1 §5.2.5)."""
    if crl.this_update <= certificate.not_after:
        return False
    return crl.keeps_expired_since is None or certificate.not_after < crl.keeps_expired_since


def _by_responder(certificate: Certificate, issuer: Certificate, responses: Iterable[OcspResponse]) -> _Evidence | None:
    """The newest answer; one that does not know the certificate says nothing."""
    best: _Evidence | None = None
    for response in responses:
        status = response.status_of(certificate, issuer)
        if status is None or status.standing == "unknown" or (best and best.this_update >= status.this_update):
            continue
        try:
            response.verify(issuer)
        except (InvalidSignature, CertificateUnreadable):
            continue
        best = _Evidence(status.this_update, status.next_update, status.revocation)
    return best


def _revoked(use: Use, certificate: Certificate, entry: Revocation) -> Check:
    """Revoked before use is fatal; after use it is not (§7.3 d), unless the key may have been in other hands."""
    params = {"subject": readable_name(certificate), "day": f"{entry.revoked_at:%Y-%m-%d}"}
    if entry.revoked_at <= use.used_at:
        detail = "The certificate of {subject} was revoked on {day}, before this signature."
        return failed(use.name, SubIndication.REVOKED, detail, **params)
    # RFC 3161 §4: when a stamping certificate was revoked and nobody says why, its key counts as compromised.
    silent = use.is_stamp and entry.reason is None
    compromised = silent or entry.reason in (_KEY_COMPROMISE, _CA_COMPROMISE, _AA_COMPROMISE)
    if compromised and not use.time_is_proven:
        detail = "The key of {subject} was reported compromised on {day}; nothing proves that this signature is older."
        return undecided(use.name, SubIndication.REVOKED_NO_POE, detail, **params)
    return warning(use.name, "The certificate of {subject} was revoked on {day}, after this signature.", **params)
