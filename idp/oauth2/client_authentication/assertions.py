"""Signed assertions of clients (RFC 7523 §3, OpenID Connect Core §9 `private_key_jwt`)."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from idp.clients.client import Client
from idp.clients.keys import ClientKeys
from idp.oauth2.errors import InvalidClient
from kernel.clock import Clock
from kernel.crypto.jose import InvalidToken, load_claims, unverified_header, verify_jws
from kernel.ephemeral.store import EphemeralStore

FAILED = "The client could not be authenticated."
AHEAD_SECONDS = 30
"""How far the client's clock may be ahead of ours (FAPI 2.0 §5.3.2.1: 10 at least, 60 at most)."""
LONGEST_SECONDS = 3600
"""How long an assertion may count, and so how long its `jti` is remembered."""


@dataclass(frozen=True)
class Audiences:
    """Whom an assertion may name. FAPI 2.0: the issuer alone, and not in a list."""

    issuer: str
    endpoints: tuple[str, ...]

    def accept(self, audience: Any, *, is_strict: bool) -> bool:
        """Whether the assertion is meant for us."""
        if is_strict:
            return isinstance(audience, str) and audience == self.issuer
        named = audience if isinstance(audience, list) else [audience]
        return any(isinstance(each, str) and each in {self.issuer, *self.endpoints} for each in named)


class ClientAssertions:
    """Checks assertions; each counts once."""

    def __init__(self, keys: ClientKeys, ephemeral: EphemeralStore, clock: Clock, issuer: str) -> None:
        self._keys = keys
        self._ephemeral = ephemeral
        self._clock = clock
        self._issuer = issuer

    async def check(self, client: Client, assertion: str, url: str) -> None:
        """Raises `InvalidClient` unless the assertion is this client's, for us, and new. `url`: the endpoint."""
        try:
            claims = await self._verified(client, assertion)
            audiences = Audiences(self._issuer, (url, f"{self._issuer}/oauth2/token"))
            if claims.get("iss") != client.client_id or claims.get("sub") != client.client_id:
                raise InvalidToken("another client's assertion")
            if not audiences.accept(claims.get("aud"), is_strict=client.metadata.is_fapi2):
                raise InvalidToken("assertion for somebody else")
            expires_at = self._check_times(claims)
            await self._claim(client, claims.get("jti"), expires_at)
        except InvalidToken as error:
            raise InvalidClient(FAILED, detail=error.reason) from error

    async def _verified(self, client: Client, assertion: str) -> dict[str, Any]:
        key_id = unverified_header(assertion).get("kid")
        algorithms = _algorithms(client)
        keys = await self._keys.find(client, key_id if isinstance(key_id, str) else None)
        _header, payload = verify_jws(assertion, keys, algorithms)
        return load_claims(payload)

    def _check_times(self, claims: dict[str, Any]) -> float:
        now = self._clock().timestamp()
        times = {name: claims[name] for name in ("exp", "nbf", "iat") if name in claims}
        if "exp" not in times or not all(_is_time(each) for each in times.values()):
            raise InvalidToken("assertion without times")
        if now >= times["exp"] + AHEAD_SECONDS:
            raise InvalidToken("assertion expired")
        if times["exp"] > now + LONGEST_SECONDS + AHEAD_SECONDS:
            raise InvalidToken("assertion counts too long")
        if max(times.get("nbf", 0), times.get("iat", 0)) > now + AHEAD_SECONDS:
            raise InvalidToken("assertion not yet valid")
        return float(times["exp"])

    async def _claim(self, client: Client, jti: Any, expires_at: float) -> None:
        if not isinstance(jti, str) or not 1 <= len(jti) <= 512:
            raise InvalidToken("assertion without jti")
        name = hashlib.sha256(f"{client.client_id} {jti}".encode()).hexdigest()
        seconds = int(expires_at - self._clock().timestamp()) + 2 * AHEAD_SECONDS
        if not await self._ephemeral.add(f"assertion:{name}", b"1", max(seconds, 1)):
            raise InvalidToken("assertion used before")


def _algorithms(client: Client) -> Collection[Any]:
    chosen = client.metadata.token_endpoint_auth_signing_alg
    names = (chosen,) if chosen else client.metadata.accepted_algorithms
    return (*names, "Ed25519") if "EdDSA" in names else names


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 253_402_300_800
