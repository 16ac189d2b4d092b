"""The relying party's half of OpenID Connect: discovery, authorization request, code exchange, refresh, logout address.

OpenID Connect Core 1.0 §3.1 and Discovery 1.0, PKCE S256 (RFC 7636), issuer in the answer (RFC 9207), RP-initiated
logout. Any certified provider will do; nothing here knows the provider is ours.
"""

import asyncio
import hmac
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx
from authlib.deprecate import AuthlibDeprecationWarning

with warnings.catch_warnings():
    # authlib warns that it prefers a successor of httpx, which we do not run; its filter is set by its own import.
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.integrations.base_client import OAuthError
    from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from kernel.clock import Clock, system_clock
from kernel.errors import Unavailable
from kernel.principal import Claims
from kernel.web.bearer import InvalidToken, Jwks, JwksSource, TokenRules, TokenVerifier

SIGN_IN_AWAY = "Sign-in is not available just now. Try again in a few minutes."
METADATA_KEEP_SECONDS = 600


@dataclass(frozen=True)
class ClientRegistration:
    """How the issuer knows this client. Without a secret it is a public client (PKCE alone)."""

    issuer: str
    client_id: str
    redirect_uri: str
    post_logout_redirect_uri: str
    client_secret: str | None = field(default=None, repr=False)
    scopes: Sequence[str] = ("openid", "profile", "offline_access")


@dataclass(frozen=True)
class Attempt:
    """One sign-in under way: the values that tie the provider's answer to the browser that asked."""

    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True)
class Tokens:
    """What the token endpoint gave. `expires_at`: seconds since the epoch."""

    access_token: str = field(repr=False)
    expires_at: float
    refresh_token: str | None = field(default=None, repr=False)
    id_token: str | None = field(default=None, repr=False)


class SignInRefused(InvalidToken):
    """The provider, or what it answered, does not let this sign-in pass."""


class OidcClient:
    """Speaks to one issuer as one client."""

    def __init__(
        self,
        registration: ClientRegistration,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock = system_clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.registration = registration
        self._transport = transport
        self._clock = clock
        self._monotonic = monotonic
        self._metadata: Mapping[str, Any] | None = None
        self._metadata_at = 0.0
        self._lock = asyncio.Lock()
        self.jwks = JwksSource(self._fetch_jwks, monotonic=monotonic)
        rules = TokenRules(registration.issuer, frozenset({registration.client_id}), types=None)
        self._id_tokens = TokenVerifier(self.jwks, rules, clock)

    async def metadata(self) -> Mapping[str, Any]:
        """The issuer's discovery document, kept for ten minutes. Raises Unavailable."""
        async with self._lock:
            if self._metadata is None or self._monotonic() - self._metadata_at > METADATA_KEEP_SECONDS:
                self._metadata = await self._discover(self._metadata)
                self._metadata_at = self._monotonic()
            return self._metadata

    async def userinfo_endpoint(self) -> str:
        """Where userinfo is asked. Raises Unavailable."""
        return str((await self.metadata())["userinfo_endpoint"])

    async def authorization_url(self, attempt: Attempt, extra: Mapping[str, str]) -> str:
        """Where the browser goes to sign in; `extra`: acr_values, prompt, ui_locales, max_age. Raises Unavailable."""
        metadata = await self.metadata()
        query = {
            "response_type": "code",
            "client_id": self.registration.client_id,
            "redirect_uri": self.registration.redirect_uri,
            "scope": " ".join(self.registration.scopes),
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": create_s256_code_challenge(attempt.verifier),
            "code_challenge_method": "S256",
            **extra,
        }
        return _with_query(str(metadata["authorization_endpoint"]), query)

    async def exchange(self, code: str, attempt: Attempt, answered_issuer: str | None) -> tuple[Tokens, Claims]:
        """Tokens for an authorization code, and the verified claims of the ID token.

        Raises SignInRefused, InvalidToken, Unavailable.
        """
        metadata = await self.metadata()
        promised = metadata.get("authorization_response_iss_parameter_supported", False)
        if (promised or answered_issuer) and answered_issuer != self.registration.issuer:
            raise SignInRefused("The sign-in did not come back from the right place.", reason="iss mismatch (RFC 9207)")
        tokens = await self._ask_for_tokens(
            "authorization_code",
            code=code,
            code_verifier=attempt.verifier,
            redirect_uri=self.registration.redirect_uri,
        )
        if tokens.id_token is None:
            raise SignInRefused("The sign-in could not be completed. Start again.", reason="no ID token")
        claims = await self._id_tokens.verify(tokens.id_token)
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), attempt.nonce.encode()):
            raise SignInRefused("The sign-in could not be completed. Start again.", reason="wrong nonce")
        if claims.get("azp", self.registration.client_id) != self.registration.client_id:
            raise SignInRefused("The sign-in could not be completed. Start again.", reason="wrong azp")
        return tokens, claims

    async def refresh(self, tokens: Tokens) -> Tokens:
        """New tokens for the refresh token. Raises SignInRefused when it is over, Unavailable."""
        if tokens.refresh_token is None:
            raise SignInRefused("Your session has ended. Sign in again.", reason="no refresh token")
        fresh = await self._ask_for_tokens("refresh_token", refresh_token=tokens.refresh_token)
        return Tokens(
            fresh.access_token,
            fresh.expires_at,
            fresh.refresh_token or tokens.refresh_token,
            fresh.id_token or tokens.id_token,
        )

    async def logout_url(self, id_token: str | None) -> str:
        """Where the browser goes to sign out at the issuer too (RP-Initiated Logout 1.0 §2)."""
        home = self.registration.post_logout_redirect_uri
        endpoint = (await self.metadata()).get("end_session_endpoint")
        if not endpoint:
            return home
        query = {"client_id": self.registration.client_id, "post_logout_redirect_uri": home}
        return _with_query(str(endpoint), query | ({"id_token_hint": id_token} if id_token else {}))

    async def _ask_for_tokens(self, grant_type: str, **parameters: str) -> Tokens:
        endpoint = str((await self.metadata())["token_endpoint"])
        method = "client_secret_basic" if self.registration.client_secret else "none"
        try:
            async with AsyncOAuth2Client(
                self.registration.client_id,
                self.registration.client_secret,
                token_endpoint_auth_method=method,
                transport=self._transport,
                timeout=10,
            ) as client:
                answer: Mapping[str, Any] = await client.fetch_token(endpoint, grant_type=grant_type, **parameters)
        except OAuthError as error:
            message = "The sign-in could not be completed. Start again."
            raise SignInRefused(message, reason=f"token endpoint: {error.error}") from None
        except (httpx.HTTPError, ValueError) as error:
            raise Unavailable(SIGN_IN_AWAY, reason=f"token endpoint: {type(error).__name__}") from None
        return self._tokens(answer)

    def _tokens(self, answer: Mapping[str, Any]) -> Tokens:
        if not answer.get("access_token") or str(answer.get("token_type", "")).lower() != "bearer":
            raise SignInRefused("The sign-in could not be completed. Start again.", reason="no bearer token")
        expires_at = self._clock().timestamp() + float(answer.get("expires_in") or 300)
        return Tokens(answer["access_token"], expires_at, answer.get("refresh_token"), answer.get("id_token"))

    async def _discover(self, known: Mapping[str, Any] | None) -> Mapping[str, Any]:
        issuer = self.registration.issuer
        try:
            document = await self._get(issuer.rstrip("/") + "/.well-known/openid-configuration")
        except (httpx.HTTPError, ValueError) as error:
            if known is not None:
                return known
            raise Unavailable(SIGN_IN_AWAY, reason=f"discovery: {type(error).__name__}") from None
        if document.get("issuer") != issuer:
            raise Unavailable(SIGN_IN_AWAY, reason="discovery names another issuer")
        return document

    async def _fetch_jwks(self) -> Jwks:
        return await self._get(str((await self.metadata())["jwks_uri"]))

    async def _get(self, url: str) -> Mapping[str, Any]:
        async with httpx.AsyncClient(transport=self._transport, timeout=10) as client:
            response = await client.get(url, headers={"Accept": "application/json"})
            response.raise_for_status()
            document: Mapping[str, Any] = response.json()
            return document


def _with_query(endpoint: str, query: Mapping[str, str]) -> str:
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"
