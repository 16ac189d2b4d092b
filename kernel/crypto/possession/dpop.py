"""DPoP proofs (RFC 9449 §4.2, §4.3): a JWT over one request, by a key that the proof brings along."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from kernel.crypto.jose import InvalidToken, JwkSet, JwsAlgorithm, unverified_header, verify_jws
from kernel.errors import InvalidInput

TYP = "dpop+jwt"
ALGORITHMS: tuple[JwsAlgorithm, ...] = ("ES256", "PS256", "EdDSA", "Ed25519")
PAST_SECONDS, FUTURE_SECONDS = 60, 30
"""How old a proof may be, and how far its clock may be ahead."""
_THUMBPRINT_MEMBERS: Mapping[str, tuple[str, ...]] = {
    "EC": ("crv", "kty", "x", "y"),
    "RSA": ("e", "kty", "n"),
    "OKP": ("crv", "kty", "x"),
}
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


@dataclass(frozen=True)
class ExpectedProof:
    """The request that a proof must be for. `access_token`: where one is presented, `ath` must be its hash."""

    method: str
    url: str
    access_token: str | None = None


@dataclass(frozen=True)
class DpopProof:
    """A proof that holds. `jkt`: the key's thumbprint; `jti` and `nonce` are the caller's to check."""

    jkt: str
    jti: str
    issued_at: int
    nonce: str | None


def check_proof(unverified_proof: str, expected: ExpectedProof, now: datetime) -> DpopProof:
    """The proof, if it holds for this request at this time. Raises InvalidToken."""
    header = unverified_header(unverified_proof)
    if header.get("typ") != TYP:
        raise InvalidToken("proof: wrong type")
    jwk = header.get("jwk")
    if not isinstance(jwk, dict) or _PRIVATE_MEMBERS & set(jwk):
        raise InvalidToken("proof: no public key")
    bare = {name: value for name, value in jwk.items() if name not in {"use", "key_ops"}}
    if "kid" in header and "kid" not in bare:
        bare["kid"] = header["kid"]  # the key came by value: its name says nothing
    try:
        keys = JwkSet.load({"keys": [bare]})
    except InvalidInput as error:
        raise InvalidToken("proof: no public key") from error
    _header, payload = verify_jws(unverified_proof, keys, ALGORITHMS)
    try:
        claims = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise InvalidToken("proof: not JSON") from error
    if not isinstance(claims, dict):
        raise InvalidToken("proof: no claims")
    _check_request(claims, expected)
    issued_at = _check_time(claims, now)
    jti, nonce = claims.get("jti"), claims.get("nonce")
    if not isinstance(jti, str) or not 1 <= len(jti) <= 256 or not isinstance(nonce, str | None):
        raise InvalidToken("proof: jti or nonce is not a text")
    return DpopProof(jwk_thumbprint(bare), jti, issued_at, nonce)


def jwk_thumbprint(jwk: Mapping[str, Any]) -> str:
    """RFC 7638 thumbprint, SHA-256, base64url. Raises InvalidToken."""
    members = _THUMBPRINT_MEMBERS.get(str(jwk.get("kty")))
    if members is None or any(not isinstance(jwk.get(name), str) for name in members):
        raise InvalidToken("not a JSON Web Key")
    canonical = json.dumps({name: jwk[name] for name in members}, separators=(",", ":"), sort_keys=True)
    return _base64url(hashlib.sha256(canonical.encode()).digest())


def token_hash(access_token: str) -> str:
    """`ath`: the SHA-256 of an access token, base64url (§4.2)."""
    return _base64url(hashlib.sha256(access_token.encode()).digest())


def _check_request(claims: Mapping[str, Any], expected: ExpectedProof) -> None:
    if claims.get("htm") != expected.method:
        raise InvalidToken("proof: another method")
    htu = claims.get("htu")
    if not isinstance(htu, str) or _comparable(htu) != _comparable(expected.url):
        raise InvalidToken("proof: another address")
    if expected.access_token is None:
        return
    ath = claims.get("ath")
    if not isinstance(ath, str) or not ath.isascii() or not hmac.compare_digest(ath, token_hash(expected.access_token)):
        raise InvalidToken("proof: another access token")


def _comparable(url: str) -> tuple[str, str, int | None, str]:
    """RFC 9449 §4.3: without query and fragment, after the normalisation of RFC 3986 §6.2.2 and §6.2.3."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidToken("proof: not an address") from error
    scheme = parts.scheme.lower()
    usual = {"https": 443, "http": 80}.get(scheme)
    return scheme, (parts.hostname or "").lower(), port or usual, parts.path or "/"


def _check_time(claims: Mapping[str, Any], now: datetime) -> int:
    issued_at = claims.get("iat")
    if isinstance(issued_at, bool) or not isinstance(issued_at, int | float) or not 0 <= issued_at < 253_402_300_800:
        raise InvalidToken("proof: iat is not a time")
    if not -FUTURE_SECONDS <= now.timestamp() - issued_at <= PAST_SECONDS:
        raise InvalidToken("proof: not made just now")
    return int(issued_at)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
