"""The checks of a credential, each by its name. Pure: keys and the moment are given, nobody is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from kernel.crypto.jose import InvalidToken, JwkSet, load_claims, unverified_header, verify_jws
from kernel.crypto.sd_jwt.key_binding import KeyBinding, check_key_binding
from kernel.crypto.sd_jwt.presentation import MAX_BYTES, SdJwt, unpack
from kernel.i18n import DISPLAY_ZONE
from licence_vault.forms.claims import JSON_TYP, OPEN_CLAIMS, OWN_OPEN_CLAIMS, SD_JWT_TYP, recomputed_digest
from licence_vault.forms.type_metadata import PATH
from seal.validation.report import (
    Check,
    SignatureReport,
    SignatureTime,
    SubIndication,
    ValidationReport,
    failed,
    passed,
    undecided,
    warning,
)
from verify.credentials.reading import SD_JWT, SentCredential
from verify.standing import LicenceState
from verify.status.judging import StatusReference
from verify.trust_list.document import QrKey

SIGNATURE = "Signature"
VALIDITY = "Validity"
DISCLOSURES = "Disclosures"
WALLET = "Holder's wallet"
CONTENT = "Content"
KINDS = {SD_JWT: "SD-JWT VC"}
JUST_NOW = timedelta(minutes=10)
NOT_TRUSTED = "The credential is signed with a key that is not on the trust list."
NOT_GENUINE = "The credential's signature is not genuine."
NOT_OURS = "What is signed here is not a licence."
OTHER_ISSUER = "The credential names another issuer than the one whose key signed it."
HIDDEN_WRONG = "What is shown does not fit what the issuer signed."
NOT_BOUND = "The credential is not bound to a wallet: whoever has a copy can show it."
NOT_SHOWN_BY_WALLET = "Not shown by the holder's wallet itself: this may be a copy."
BINDING_WRONG = "The wallet's signature does not hold: this was not shown by its holder, or not as it is."
OTHER_CHALLENGE = "The wallet answered somebody else, or another question than the one that was asked."
OTHER_CONTENT = "The content does not give the digest that stands beside it."
LONG_AGO = "The holder's wallet showed this to {audience} at {time}. That is long ago: it may have been passed on."
NOT_BEGUN = "The validity signed in the credential has not begun."
_TECHNICAL = frozenset({"iss", "iat", "nbf", "exp", "cnf", "vct", "vct#integrity", "status", "salt", "files"})


@dataclass(frozen=True)
class Challenge:
    """What a verifier asked the wallet to sign; then a key binding is required, and must answer this."""

    nonce: str
    audience: str


@dataclass(frozen=True)
class JudgedCredential:
    """What a credential proves by itself. The rest is for a credential whose signature holds alone."""

    validation: ValidationReport
    identifier: str | None = None
    content_digest: str | None = None
    status: StatusReference | None = None
    issued_at: datetime | None = None
    """When the licence was issued; a credential of it may be younger."""
    validity: Check | None = None
    state: LicenceState | None = None
    """What the signed dates say; the issuer's record, where it can be asked, says it better."""
    shown: Mapping[str, Any] | None = field(default=None, repr=False)


class _Refused(Exception):
    def __init__(self, check: Check) -> None:
        super().__init__(check.detail)
        self.check = check


def judge_credential(
    sent: SentCredential, keys: Sequence[QrKey], at: datetime, challenge: Challenge | None = None
) -> JudgedCredential:
    """Signature, disclosures, validity and key binding as of `at`."""
    signer, checks = "", []
    try:
        signed = sent.text.partition("~")[0]
        signer, claims = _verified(signed, sent.format, keys)
        checks.append(passed(SIGNATURE, "The credential was signed with the key of {issuer}.", issuer=signer))
        if sent.format == SD_JWT:
            claims, shown_checks = _presented(sent.text, claims, at, challenge)
            checks += shown_checks
        else:
            checks.append(_content(claims))
        state, validity = _validity(claims, at)
    except _Refused as refusal:
        signature = _report(sent, signer, None, (*checks, refusal.check))
        return JudgedCredential(ValidationReport(sent.document, (), (signature,)))
    issued_at = _time(claims.get("iat"))
    return JudgedCredential(
        ValidationReport(sent.document, (), (_report(sent, signer, issued_at, tuple(checks)),)),
        identifier=claims["identifier"],
        content_digest=claims["content_digest"],
        status=_status(claims),
        issued_at=_moment(claims.get("issued_at")) or issued_at,
        validity=validity,
        state=state,
        shown={name: value for name, value in claims.items() if name not in _TECHNICAL},
    )


def _verified(signed: str, format: str, keys: Sequence[QrKey]) -> tuple[str, dict[str, Any]]:
    """The issuer whose key holds, and the claims that it signed as a licence of its own."""
    issuers = dict.fromkeys(key.issuer for key in keys)
    sets = {issuer: JwkSet.of([key.spki for key in keys if key.issuer == issuer]) for issuer in issuers}
    try:
        kid = unverified_header(signed, max_bytes=MAX_BYTES).get("kid")
    except InvalidToken as failure:
        raise _Refused(failed(SIGNATURE, SubIndication.FORMAT_FAILURE, NOT_GENUINE)) from failure
    known = [name for name, own in sets.items() if isinstance(kid, str) and own.candidates(kid, "ES256")]
    if not known:
        raise _Refused(undecided(SIGNATURE, SubIndication.NO_SIGNING_CERTIFICATE_FOUND, NOT_TRUSTED))
    for issuer in known:
        try:
            header, payload = verify_jws(signed, sets[issuer], ["ES256"], max_bytes=MAX_BYTES)
            claims = load_claims(payload)
        except InvalidToken:
            continue
        _check_is_licence(header, claims, format, issuer)
        return issuer, claims
    raise _Refused(failed(SIGNATURE, SubIndication.SIG_CRYPTO_FAILURE, NOT_GENUINE))


def _check_is_licence(header: Mapping[str, Any], claims: Mapping[str, Any], format: str, issuer: str) -> None:
    """The same issuer signs one thing only for one use (RFC 8725 §3.11): the type in the header decides."""
    typ = SD_JWT_TYP if format == SD_JWT else JSON_TYP
    if str(header.get("typ", "")).lower().removeprefix("application/") != typ:
        raise _Refused(failed(SIGNATURE, SubIndication.SIG_CONSTRAINTS_FAILURE, NOT_OURS))
    if claims.get("iss") != issuer:
        raise _Refused(failed(SIGNATURE, SubIndication.SIG_CONSTRAINTS_FAILURE, OTHER_ISSUER))
    named = isinstance(claims.get("identifier"), str) and isinstance(claims.get("content_digest"), str)
    is_type = format != SD_JWT or str(claims.get("vct")).startswith(f"{issuer}{PATH}/")
    if not named or not is_type:
        raise _Refused(failed(SIGNATURE, SubIndication.SIG_CONSTRAINTS_FAILURE, NOT_OURS))


def _presented(
    text: str, payload: dict[str, Any], at: datetime, challenge: Challenge | None
) -> tuple[dict[str, Any], list[Check]]:
    try:
        sd_jwt = SdJwt.parse(text)
        claims = unpack(payload, sd_jwt.disclosures, open_claims=OPEN_CLAIMS | OWN_OPEN_CLAIMS)
    except InvalidToken as failure:
        raise _Refused(failed(DISCLOSURES, SubIndication.HASH_FAILURE, HIDDEN_WRONG)) from failure
    shown = passed(
        DISCLOSURES, "Each of the {count} values shown is one that the issuer signed.", count=len(sd_jwt.disclosures)
    )
    return claims, [shown, _wallet(sd_jwt, payload, at, challenge)]


def _wallet(sd_jwt: SdJwt, payload: Mapping[str, Any], at: datetime, challenge: Challenge | None) -> Check:
    """Whether a binding is needed is never decided by whether there is one (RFC 9901 §7.3)."""
    if sd_jwt.key_binding is None:
        if challenge is not None:
            raise _Refused(failed(WALLET, SubIndication.SIG_CONSTRAINTS_FAILURE, NOT_SHOWN_BY_WALLET))
        return warning(WALLET, NOT_SHOWN_BY_WALLET if "cnf" in payload else NOT_BOUND)
    try:
        binding = check_key_binding(sd_jwt, payload, at)
    except InvalidToken as failure:
        raise _Refused(failed(WALLET, SubIndication.SIG_CRYPTO_FAILURE, BINDING_WRONG)) from failure
    if challenge is not None and (binding.nonce, binding.audience) != (challenge.nonce, challenge.audience):
        raise _Refused(failed(WALLET, SubIndication.SIG_CONSTRAINTS_FAILURE, OTHER_CHALLENGE))
    return _fresh(binding, at, challenge)


def _fresh(binding: KeyBinding, at: datetime, challenge: Challenge | None) -> Check:
    params = {
        "audience": binding.audience[:200],
        "time": f"{binding.made_at.astimezone(DISPLAY_ZONE):%Y-%m-%d %H:%M:%S}",
    }
    if at - binding.made_at > JUST_NOW:
        if challenge is not None:
            raise _Refused(failed(WALLET, SubIndication.EXPIRED, LONG_AGO, **params))
        return warning(WALLET, LONG_AGO, **params)
    return passed(WALLET, "The holder's wallet showed this to {audience} at {time}.", **params)


def _content(claims: Mapping[str, Any]) -> Check:
    """The digest is worked out again from what the JSON says."""
    if recomputed_digest(claims) != claims["content_digest"]:
        raise _Refused(failed(CONTENT, SubIndication.HASH_FAILURE, OTHER_CONTENT))
    return passed(CONTENT, "The content gives the digest that the issuer published.")


def _validity(claims: Mapping[str, Any], at: datetime) -> tuple[LicenceState | None, Check]:
    begins, ends = _time(claims.get("nbf")), _time(claims.get("exp"))
    if begins is None or ("exp" in claims and ends is None):
        raise _Refused(failed(VALIDITY, SubIndication.FORMAT_FAILURE, NOT_OURS))
    if at < begins:
        return LicenceState.NOT_YET_VALID, undecided(VALIDITY, SubIndication.NOT_YET_VALID, NOT_BEGUN)
    if ends is not None and at >= ends:
        detail = "The validity signed in the credential has run out."
        return LicenceState.EXPIRED, failed(VALIDITY, SubIndication.EXPIRED, detail)
    return None, passed(VALIDITY, "Within the validity signed in the credential.")


def _status(claims: Mapping[str, Any]) -> StatusReference | None:
    match claims.get("status"):
        case {"status_list": {"uri": str(uri), "idx": int(index)}} if not isinstance(index, bool):
            return StatusReference.parse(f"{uri}#{index}")
    return None


def _time(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 253_402_300_800:
        return None
    return datetime.fromtimestamp(value, UTC)


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def _report(sent: SentCredential, signer: str, at: datetime | None, checks: tuple[Check, ...]) -> SignatureReport:
    time = SignatureTime(at, "signer" if at else "none")
    return SignatureReport(KINDS.get(sent.format, "JWS"), signer, None, time, True, checks)
