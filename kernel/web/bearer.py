"""Who calls: people and programs known by a signed access token, and by nothing else.

Resource server side of RFC 6750 with JWT access tokens (RFC 9068): signature by a key of the issuer's JWKS, then type,
issuer, audience and time. Any OpenID provider that issues such tokens will do.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import httpx
from starlette.requests import Request

from kernel.clock import Clock, system_clock
from kernel.crypto import jose
from kernel.errors import AuthenticationRequired, InvalidInput, Unavailable
from kernel.principal import Claims, Principal

SIGNATURE_ALGORITHMS: tuple[jose.JwsAlgorithm, ...] = ("ES256", "ES384", "PS256", "RS256", "EdDSA", "Ed25519")
ACCESS_TOKEN_TYPES = frozenset({"at+jwt", "application/at+jwt"})
LEEWAY_SECONDS = 30
LATEST_DATE = 253_402_300_799  # the last second of the year 9999
NOT_ACCEPTED = "Your sign-in is not accepted here or has ended. Sign in again."

Jwks = Mapping[str, Any]


class InvalidToken(AuthenticationRequired):
    """A token was sent and does not hold (RFC 6750 §3.1)."""

    challenge = 'Bearer error="invalid_token"'


@dataclass(frozen=True)
class Presented:
    """A token as it came: `scheme` is `bearer` or `dpop`."""

    scheme: str
    token: str


class SenderKeys(Protocol):
    """Checks that a request proves the key its token is bound to (`kernel.web.possession.sender`)."""

    async def check(self, request: Request, presented: Presented, claims: Claims) -> None:
        """Raises AuthenticationRequired where the proof is missing or wrong."""
        ...


class JwksSource:
    """An issuer's public keys: fetched when first needed, kept, and fetched again when a token names an unknown key."""

    def __init__(
        self,
        fetch: Callable[[], Awaitable[Jwks]],
        *,
        keep_seconds: float = 300,
        pause_seconds: float = 5,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`pause_seconds`: unknown key ids cause at most one fetch in this time, however many tokens name them."""
        self._fetch = fetch
        self._keep = keep_seconds
        self._pause = pause_seconds
        self._monotonic = monotonic
        self._lock = asyncio.Lock()
        self._keys: jose.JwkSet | None = None
        self._key_ids: frozenset[str] = frozenset()
        self._fetched_at = 0.0

    async def keys(self, key_id: str | None) -> jose.JwkSet:
        """The key set, fresh enough and, if the issuer has it, with this key in it. Raises Unavailable."""
        if self._keys is None or not self._is_good(key_id):
            async with self._lock:
                if self._keys is None or not self._is_good(key_id):
                    await self._refresh()
        assert self._keys is not None
        return self._keys

    def _is_good(self, key_id: str | None) -> bool:
        age = self._monotonic() - self._fetched_at
        known = key_id is None or key_id in self._key_ids
        return age < self._keep if known else age < self._pause

    async def _refresh(self) -> None:
        try:
            keys = jose.JwkSet.load(await self._fetch())
            self._key_ids = frozenset(key["kid"] for key in keys.document()["keys"] if "kid" in key)
            self._keys = keys
        except (InvalidInput, Unavailable, httpx.HTTPError, ValueError) as error:
            # With keys at hand an issuer that is away does not sign everybody out.
            if self._keys is None:
                message = "Sign-in is not available just now. Try again in a few minutes."
                raise Unavailable(message, reason=f"JWKS: {type(error).__name__}") from error
        self._fetched_at = self._monotonic()


@dataclass(frozen=True)
class TokenRules:
    """What a token must say: who issued it, for whom it is meant, which `typ` its header has (None: any)."""

    issuer: str
    audiences: frozenset[str]
    types: frozenset[str] | None = ACCESS_TOKEN_TYPES


class TokenVerifier:
    """Checks JWTs of one issuer."""

    def __init__(self, keys: JwksSource, rules: TokenRules, clock: Clock = system_clock) -> None:
        self._keys = keys
        self._rules = rules
        self._clock = clock

    async def verify(self, unverified_jwt: str) -> Claims:
        """The claims of a token that holds. Raises InvalidToken, Unavailable."""
        try:
            header = jose.unverified_header(unverified_jwt)
            kind, key_id = str(header.get("typ", "")).lower(), header.get("kid")
            if self._rules.types is not None and kind not in self._rules.types:
                raise InvalidToken(NOT_ACCEPTED, reason="wrong token type")
            keys = await self._keys.keys(key_id if isinstance(key_id, str) else None)
            _header, payload = jose.verify_jws(unverified_jwt, keys, SIGNATURE_ALGORITHMS)
            claims = json.loads(payload)
        except (jose.InvalidToken, ValueError, RecursionError) as error:
            raise InvalidToken(NOT_ACCEPTED, reason=f"signature: {getattr(error, 'reason', '')}") from None
        if not isinstance(claims, dict):
            raise InvalidToken(NOT_ACCEPTED, reason="no claims")
        self._check_claims(claims)
        return claims

    def _check_claims(self, claims: Claims) -> None:
        now = self._clock().timestamp()
        audience = claims.get("aud")
        named = audience if isinstance(audience, list) else [audience]
        audiences = {each for each in named if isinstance(each, str)}
        if claims.get("iss") != self._rules.issuer:
            raise InvalidToken(NOT_ACCEPTED, reason="wrong issuer")
        if not audiences & self._rules.audiences:
            raise InvalidToken(NOT_ACCEPTED, reason="wrong audience")
        if now >= _numeric_date(claims, "exp") + LEEWAY_SECONDS:
            raise InvalidToken(NOT_ACCEPTED, reason="expired")
        if "nbf" in claims and now < _numeric_date(claims, "nbf") - LEEWAY_SECONDS:
            raise InvalidToken(NOT_ACCEPTED, reason="not yet valid")
        if not isinstance(claims.get("sub"), str) or not claims["sub"]:
            raise InvalidToken(NOT_ACCEPTED, reason="no subject")


def _numeric_date(claims: Claims, name: str) -> float:
    """A NumericDate (RFC 7519 §2). NaN, which Python's JSON reads, would be neither before nor after any time."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LATEST_DATE:
        raise InvalidToken(NOT_ACCEPTED, reason=f"{name} is not a time")
    return value


class BearerAuthenticator:
    """Reads `Authorization: Bearer …` or `DPoP …` and says who it is.

    `is_revoked` may ask, by the token's claims, whether the issuer has taken it back since. `keys` checks tokens that
    are bound to a key of the sender; without it they are refused.
    """

    def __init__(
        self,
        verifier: TokenVerifier,
        *,
        is_revoked: Callable[[Claims], Awaitable[bool]] | None = None,
        keys: SenderKeys | None = None,
    ) -> None:
        self._verifier = verifier
        self._is_revoked = is_revoked
        self._keys = keys

    async def authenticate(self, request: Request) -> Principal:
        """The principal of the request's token. Raises AuthenticationRequired."""
        scheme, _space, token = request.headers.get("authorization", "").partition(" ")
        scheme, token = scheme.lower(), token.strip()
        if scheme not in {"bearer", "dpop"} or not token:
            raise AuthenticationRequired("Send an access token in the Authorization header.")
        claims = await self._claims(token)
        if self._keys is not None:
            await self._keys.check(request, Presented(scheme, token), claims)
        elif scheme == "dpop" or "cnf" in claims:
            raise InvalidToken(NOT_ACCEPTED, reason="bound to a key, which is not checked here")
        return Principal.from_claims(claims, access_token=token)

    async def principal_of(self, access_token: str) -> Principal:
        """The principal of an access token that no request brought. Raises InvalidToken, also for bound ones."""
        claims = await self._claims(access_token)
        if "cnf" in claims:
            raise InvalidToken(NOT_ACCEPTED, reason="bound to a key")
        return Principal.from_claims(claims, access_token=access_token)

    async def _claims(self, access_token: str) -> Claims:
        claims = await self._verifier.verify(access_token)
        if self._is_revoked is not None and await self._is_revoked(claims):
            raise InvalidToken(NOT_ACCEPTED, reason="revoked")
        return claims
