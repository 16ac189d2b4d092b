"""Claims of ID tokens (OpenID Connect Core 1.0 §2, §3.1.3.6)."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from idp.tokens.access_token import SignInFacts

TYP = "JWT"


@dataclass(frozen=True)
class IdTokenFrame:
    """What every ID token of this service has in common."""

    issuer: str
    lifetime: timedelta


@dataclass(frozen=True)
class IdTokenFacts:
    """What one ID token says. `nonce` is the client's, given back unchanged; `name` is the display name, or None."""

    client_id: str
    sub: str
    sid: str | None
    sign_in: SignInFacts
    nonce: str | None
    access_token: str
    algorithm: str = "ES256"
    name: str | None = None
    acting: Mapping[str, Any] = field(default_factory=dict)
    """What there is to say of the mandate that the person acts under."""


def id_token_claims(frame: IdTokenFrame, now: datetime, facts: IdTokenFacts) -> dict[str, Any]:
    """The claims; personal ones are left to userinfo."""
    issued_at = int(now.timestamp())
    claims: dict[str, Any] = {
        "iss": frame.issuer,
        "sub": facts.sub,
        "aud": facts.client_id,
        "iat": issued_at,
        "exp": issued_at + int(frame.lifetime.total_seconds()),
        "auth_time": int(facts.sign_in.auth_time.timestamp()),
        "acr": facts.sign_in.acr,
        "amr": list(facts.sign_in.amr),
        **facts.acting,
        "at_hash": half_hash(facts.access_token, facts.algorithm),
    }
    if facts.nonce is not None:
        claims["nonce"] = facts.nonce
    if facts.name is not None:
        claims["name"] = facts.name
    if facts.sid is not None:
        claims["sid"] = facts.sid
    return claims


def half_hash(token: str, algorithm: str = "ES256") -> str:
    """`at_hash`: the left half of the hash that the signature uses, base64url (§3.1.3.6); Ed25519's is SHA-512."""
    digest = hashlib.new("sha512" if algorithm == "EdDSA" else "sha256", token.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
