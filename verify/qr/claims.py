"""The signed claims inside a static QR code, judged with nothing but a list of keys.

A CWT (RFC 8392) in COSE_Sign1, base32 without padding. It proves what was issued; how the licence stands today it
cannot know, and the checks say so.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from kernel.crypto.cose import verify_cose
from kernel.crypto.public_keys import load_public_key
from kernel.crypto.signatures import InvalidSignature, PublicKey
from kernel.errors import InvalidInput
from kernel.i18n import DISPLAY_ZONE
from licence_vault.issuing.drafting import (
    CLAIM_CONTENT,
    CLAIM_EXPIRES,
    CLAIM_HOLDER,
    CLAIM_ISSUED_AT,
    CLAIM_ISSUER,
    CLAIM_NOT_BEFORE,
    CLAIM_NUMBER,
    CLAIM_STATUS,
    CLAIM_SUBJECT,
    CLAIM_TYPE_NAME,
)
from seal.validation.report import (
    Check,
    SignatureReport,
    SignatureTime,
    SubIndication,
    failed,
    passed,
    undecided,
)
from verify.status.judging import StatusReference
from verify.trust_list.document import QrKey

KIND = "COSE"
SIGNATURE = "Signature of the code"
VALIDITY = "Validity"


@dataclass(frozen=True)
class SignedClaims:
    """What the issuer signed. `number` and `holder` come masked; `content_digest` is SHA-256 of the licence's data."""

    identifier: str
    issuer: str
    type_name: str
    number: str
    holder: str
    issued_at: datetime | None
    valid_from: date | None
    valid_to: date | None
    content_digest: str | None
    status: StatusReference | None = None


def check_claims(encoded: str, keys: Sequence[QrKey], *, at: datetime) -> tuple[SignedClaims | None, SignatureReport]:
    """The claims, None unless the signature holds, and the signature's part of a report as of `at`."""
    finder = _KeyFinder(keys)
    try:
        raw = verify_cose(_from_base32(encoded), finder)
        claims = _read(raw)
    except InvalidSignature:
        return None, _report(finder.signer, None, (_refusal(finder),))
    checks = (
        passed(SIGNATURE, "The code was signed with the key of {issuer}.", issuer=finder.signer),
        _validity(claims, at),
    )
    return replace(claims, status=_status(raw, finder.issuers)), _report(finder.signer, claims.issued_at, checks)


class _KeyFinder:
    """Gives `verify_cose` the keys of an id and remembers whose they were."""

    def __init__(self, keys: Sequence[QrKey]) -> None:
        self._keys = keys
        self.issuers: list[str] = []
        self.was_asked = False

    @property
    def signer(self) -> str:
        """Whose keys fitted."""
        return ", ".join(self.issuers)

    def __call__(self, kid: bytes) -> Sequence[PublicKey]:
        self.was_asked = True
        found = [key for key in self._keys if key.kid == kid.hex()]
        self.issuers = list(dict.fromkeys(key.issuer for key in found))
        return [key for key in map(_load, found) if key is not None]


def _load(key: QrKey) -> PublicKey | None:
    try:
        return load_public_key(key.spki)
    except InvalidInput:
        return None


def _refusal(finder: _KeyFinder) -> Check:
    if finder.was_asked and not finder.signer:
        detail = "The code is signed with a key that is not on the trust list."
        return undecided(SIGNATURE, SubIndication.NO_SIGNING_CERTIFICATE_FOUND, detail)
    return failed(SIGNATURE, SubIndication.SIG_CRYPTO_FAILURE, "The signature inside the code is not genuine.")


def _validity(claims: SignedClaims, at: datetime) -> Check:
    """By the calendar of China, where a last day is valid to its end."""
    today = at.astimezone(DISPLAY_ZONE).date()
    if claims.valid_from is not None and today < claims.valid_from:
        return undecided(VALIDITY, SubIndication.NOT_YET_VALID, "The validity signed in the code has not begun.")
    if claims.valid_to is not None and today > claims.valid_to:
        return failed(VALIDITY, SubIndication.EXPIRED, "The validity signed in the code has run out.")
    return passed(VALIDITY, "Within the validity signed in the code.")


def _report(signer: str, issued_at: datetime | None, checks: tuple[Check, ...]) -> SignatureReport:
    return SignatureReport(
        kind=KIND,
        signer=signer,
        seal=None,
        time=SignatureTime(issued_at, "signer" if issued_at else "none"),
        covers_whole_document=True,
        checks=checks,
    )


def _from_base32(encoded: str) -> bytes:
    try:
        return base64.b32decode(encoded + "=" * (-len(encoded) % 8))
    except (binascii.Error, ValueError) as failure:
        raise InvalidSignature(reason="not base32") from failure


def _read(claims: dict[int, object]) -> SignedClaims:
    identifier = claims.get(CLAIM_SUBJECT)
    if not isinstance(identifier, str):
        raise InvalidSignature(reason="the claims name no licence")
    return SignedClaims(
        identifier=identifier,
        issuer=_text(claims, CLAIM_ISSUER),
        type_name=_text(claims, CLAIM_TYPE_NAME),
        number=_text(claims, CLAIM_NUMBER),
        holder=_text(claims, CLAIM_HOLDER),
        issued_at=_time(claims, CLAIM_ISSUED_AT),
        valid_from=_day(claims, CLAIM_NOT_BEFORE),
        valid_to=_day(claims, CLAIM_EXPIRES),
        content_digest=_text(claims, CLAIM_CONTENT) or None,
    )


def _status(claims: dict[int, object], issuers: Sequence[str]) -> StatusReference | None:
    """Where the status stands: the claim has the list's number and the index, its address begins with the issuer's."""
    match claims.get(CLAIM_STATUS):
        case [int(number), int(index)] if len(issuers) == 1 and number > 0 and index >= 0:
            return StatusReference(f"{issuers[0]}/api/v1/status/{number}", index)
    return None


def _text(claims: dict[int, object], name: int) -> str:
    value = claims.get(name)
    return value.hex() if isinstance(value, bytes) else value if isinstance(value, str) else ""


def _day(claims: dict[int, object], name: int) -> date | None:
    moment = _time(claims, name)
    return moment.astimezone(DISPLAY_ZONE).date() if moment else None


def _time(claims: dict[int, object], name: int) -> datetime | None:
    value = claims.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 253_402_300_800:
        return None
    return datetime.fromtimestamp(value, UTC)
