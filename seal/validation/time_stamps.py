"""Time stamps on seals and seal signatures (GB/T 38540-2020 §7.3, GM/T 0031-2025; tokens are those of RFC 3161)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kernel.crypto.certificates import CertificateUnreadable, ChainError
from kernel.crypto.signatures import InvalidSignature
from kernel.crypto.timestamps.digests import digest
from kernel.crypto.timestamps.messages import TimestampUnreadable
from kernel.crypto.timestamps.token import TimestampToken
from kernel.crypto.timestamps.verification import verify_timestamp
from seal.validation.certificates import CertificateQuestion, judge_certificate
from seal.validation.report import Check, CheckResult, SubIndication, failed, passed, warning
from seal.validation.signing_time import CLOCK_SKEW
from seal.validation.trust import TrustStore

STAMP = "Time stamp"
STAMP_REVOCATION = "Revocation of the stamping certificate"


@dataclass(frozen=True)
class Stamped:
    """A token (DER) and over what it may have been made.

    `over`: the value of the signature first. A stamp over that alone shows when the signature existed; one over what
    was to be signed could be had long before, by anybody.
    """

    token: bytes
    over: Sequence[bytes]
    stated: datetime | None
    """The signer's own statement of the time."""


def judge_stamp(
    stamped: Stamped, trust: TrustStore, asked_at: datetime, name: str = STAMP
) -> tuple[list[Check], datetime | None]:
    """The checks, and the time when it is proven."""
    try:
        token = TimestampToken.load(stamped.token)
        digests = [digest(token.digest_name, data) for data in stamped.over]
        found = digests.index(token.imprint) if token.imprint in digests else 0
        stamping = trust.for_timestamps()
        path = verify_timestamp(token, digests[found], stamping, asked_at)
    except TimestampUnreadable:
        return [failed(name, SubIndication.FORMAT_FAILURE, "The time stamp cannot be read.")], None
    except (InvalidSignature, CertificateUnreadable):
        detail = "The time stamp does not hold, or was made for something else."
        return [failed(name, SubIndication.SIG_CRYPTO_FAILURE, detail)], None
    except ChainError:
        detail = "The time-stamping authority {authority} is not trusted here; its time {time} proves nothing."
        return [warning(name, detail, authority=token.authority_name or "?", time=f"{token.time:%Y-%m-%d %H:%M}")], None
    if stamped.stated and token.time < stamped.stated - CLOCK_SKEW:
        detail = "The time stamp is older than the signature that it is on."
        return [failed(name, SubIndication.SIG_CONSTRAINTS_FAILURE, detail)], None
    question = CertificateQuestion(
        path[0].der, token.time, asked_at, name, STAMP_REVOCATION, token.certificates, is_stamp=True
    )
    chain, *revocation = judge_certificate(question, stamping)
    told = {"authority": token.authority_name, "time": f"{token.time:%Y-%m-%d %H:%M:%S}"}
    if found:
        detail = "Stamped by {authority} at {time} (UTC), before it was signed: this does not prove when it was signed."
        return [warning(name, detail, **told), *revocation], None
    checks = [passed(name, "Stamped by {authority} at {time} (UTC).", **told), *revocation]
    proven = all(check.result in (CheckResult.PASSED, CheckResult.WARNING) for check in (chain, *revocation))
    return checks, token.time if proven else None


def time_in(token: bytes | None) -> datetime | None:
    """What a token (DER) says, believed or not; None for what is no token."""
    try:
        return TimestampToken.load(token).time if token else None
    except TimestampUnreadable:
        return None
