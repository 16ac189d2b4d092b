"""What an access token lets its holder know about the person (OpenID Connect Core 1.0 §5.3, §5.4)."""

from dataclasses import dataclass
from typing import Any

from idp.claims.requested import claims_asked
from idp.claims.service import ClaimsQuestion, PersonClaims
from idp.clients.client import Client
from idp.clients.service import ClientService
from idp.keys import TokenKeys
from idp.mandates.records import Acting
from idp.oauth2.errors import OAuthError
from idp.tokens.service import LiveToken, TokenService
from kernel.clock import Clock
from kernel.database.engine import Database

SIGNED_TYP = "JWT"


class InvalidToken(OAuthError):
    """The access token does not count (RFC 6750 §3.1)."""

    def __init__(self, detail: str | None = None) -> None:
        super().__init__("invalid_token", "The access token is not valid or has ended.", status=401, detail=detail)


@dataclass(frozen=True)
class UserinfoParts:
    """What userinfo works with."""

    database: Database
    tokens: TokenService
    clients: ClientService
    claims: PersonClaims
    keys: TokenKeys
    clock: Clock
    issuer: str


class UserinfoService:
    """Claims about the person behind an access token."""

    def __init__(self, parts: UserinfoParts) -> None:
        self._parts = parts

    async def find_token(self, unverified_token: str) -> LiveToken:
        """The token that asks. Raises `OAuthError` as RFC 6750 §3.1 has it."""
        token = await self._parts.tokens.find_access_token(unverified_token)
        if token is None:
            raise InvalidToken
        if "openid" not in token.scopes:
            raise OAuthError("insufficient_scope", "The access token lacks the scope openid.", status=403)
        return token

    async def claims(self, token: LiveToken) -> dict[str, Any] | str:
        """The claims that the token gives; a signed JWT for clients that want one (§5.3.2). Raises `OAuthError`."""
        parts = self._parts
        client = await parts.clients.find(token.claims["client_id"])
        if client is None or token.person_id is None:
            raise InvalidToken
        async with parts.database.reading() as session:
            grant = await parts.tokens.find_grant(session, token.claims["grant"])
            names = claims_asked(grant.requested_claims if grant else None, "userinfo")
            acting = Acting(token.mandate_id, parts.clock())
            question = ClaimsQuestion(client, token.person_id, token.scopes, names, acting)
            found = await parts.claims.find(session, question)
        if found is None:
            raise InvalidToken
        told = {"act": token.claims["act"]} if token.mandate_id and "act" in token.claims else {}
        return await self._rendered(client, {"sub": token.claims["sub"], **told, **found})

    async def _rendered(self, client: Client, claims: dict[str, Any]) -> dict[str, Any] | str:
        algorithm = client.metadata.userinfo_signed_response_alg
        if algorithm is None:
            return claims
        await self._parts.keys.ensure(algorithm)
        frame = {"iss": self._parts.issuer, "aud": client.client_id, "iat": int(self._parts.clock().timestamp())}
        return self._parts.keys.sign(claims | frame, SIGNED_TYP, algorithm)
