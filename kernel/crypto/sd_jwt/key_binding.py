"""The proof that the holder's wallet showed an SD-JWT itself: the Key Binding JWT (RFC 9901 §4.3, §7.3)."""

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from kernel.crypto.jose import InvalidToken, JwkSet, JwsAlgorithm, load_claims, unverified_header, verify_jws
from kernel.crypto.sd_jwt.disclosures import HASHES, USUAL_HASH
from kernel.crypto.sd_jwt.presentation import SdJwt
from kernel.errors import InvalidInput

TYP = "kb+jwt"
ALGORITHMS: tuple[JwsAlgorithm, ...] = ("ES256", "ES384", "EdDSA", "Ed25519")
CLOCKS_DIFFER = timedelta(seconds=60)
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


@dataclass(frozen=True)
class KeyBinding:
    """Whom the wallet showed the credential to, answering which challenge, and when."""

    audience: str
    nonce: str
    made_at: datetime


def holder_keys(cnf: object, kid: object = None) -> JwkSet:
    """The holder's key as the issuer confirmed it (RFC 7800 `jwk`). Raises InvalidToken."""
    jwk = cnf.get("jwk") if isinstance(cnf, Mapping) else None
    if not isinstance(jwk, Mapping) or _PRIVATE_MEMBERS & set(jwk):
        raise InvalidToken("key binding: no public key")
    bare = {name: value for name, value in jwk.items() if name not in {"use", "key_ops", "kid"}}
    if isinstance(kid, str):
        bare["kid"] = kid  # the issuer signed the key itself: what the wallet calls it says nothing
    try:
        return JwkSet.load({"keys": [bare]})
    except InvalidInput as error:
        raise InvalidToken("key binding: no public key") from error


def check_key_binding(sd_jwt: SdJwt, payload: Mapping[str, Any], now: datetime) -> KeyBinding:
    """The key binding of a presentation whose issuer's signature over `payload` holds. Raises InvalidToken.

    Whether audience and nonce are the expected ones is the caller's to judge.
    """
    unverified = sd_jwt.key_binding
    if unverified is None:
        raise InvalidToken("key binding: missing")
    header = unverified_header(unverified)
    if str(header.get("typ", "")).lower().removeprefix("application/") != TYP:
        raise InvalidToken("key binding: wrong type")
    _header, data = verify_jws(unverified, holder_keys(payload.get("cnf"), header.get("kid")), ALGORITHMS)
    claims = load_claims(data)
    hashed = HASHES[str(payload.get("_sd_alg", USUAL_HASH))](sd_jwt.shown.encode()).digest()
    expected = base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
    found = claims.get("sd_hash")
    if not isinstance(found, str) or not found.isascii() or not hmac.compare_digest(found, expected):
        raise InvalidToken("key binding: for another presentation")
    audience, nonce, issued = claims.get("aud"), claims.get("nonce"), claims.get("iat")
    if not isinstance(audience, str) or not isinstance(nonce, str):
        raise InvalidToken("key binding: aud or nonce is missing")
    if isinstance(issued, bool) or not isinstance(issued, int | float) or not 0 <= issued < 253_402_300_800:
        raise InvalidToken("key binding: iat is not a time")
    made_at = datetime.fromtimestamp(issued, UTC)
    if made_at > now + CLOCKS_DIFFER:
        raise InvalidToken("key binding: from the future")
    return KeyBinding(audience, nonce, made_at)
