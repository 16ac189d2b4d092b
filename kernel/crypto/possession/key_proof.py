"""The proof that a wallet holds the key a credential is to be bound to (OpenID4VCI 1.0, Appendix F.1, `jwt`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kernel.crypto.jose import InvalidToken, load_claims, unverified_header, verify_jws
from kernel.crypto.sd_jwt.key_binding import ALGORITHMS, holder_keys

TYP = "openid4vci-proof+jwt"
PAST_SECONDS, FUTURE_SECONDS = 300, 60


@dataclass(frozen=True)
class KeyProof:
    """A proof that holds: the key as it came, and the nonce that it answers, which is the caller's to check."""

    jwk: Mapping[str, Any]
    nonce: str


def check_key_proof(unverified_proof: str, audience: str, now: datetime) -> KeyProof:
    """The proof, if the key in it signed it for this issuer just now. Raises InvalidToken."""
    header = unverified_header(unverified_proof)
    if header.get("typ") != TYP:
        raise InvalidToken("key proof: wrong type")
    jwk = header.get("jwk")
    if not isinstance(jwk, dict) or "kid" in header or "x5c" in header:
        raise InvalidToken("key proof: the key must come by value")
    _header, payload = verify_jws(unverified_proof, holder_keys({"jwk": jwk}), ALGORITHMS)
    claims = load_claims(payload)
    if claims.get("aud") != audience:
        raise InvalidToken("key proof: for another issuer")
    issued_at, nonce = claims.get("iat"), claims.get("nonce")
    if isinstance(issued_at, bool) or not isinstance(issued_at, int | float):
        raise InvalidToken("key proof: iat is not a time")
    if not -FUTURE_SECONDS <= now.timestamp() - issued_at <= PAST_SECONDS:
        raise InvalidToken("key proof: not made just now")
    if not isinstance(nonce, str):
        raise InvalidToken("key proof: no nonce")
    return KeyProof(jwk, nonce)
