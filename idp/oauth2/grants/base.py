"""What every grant is."""

from dataclasses import dataclass
from typing import Protocol

from idp.clients.client import Client
from idp.oauth2.parameters import Parameters
from idp.tokens.service import IssuedTokens, TokenService
from kernel.audit.chain import AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database


@dataclass(frozen=True)
class TokenRequest:
    """A request at the token endpoint whose client is known and may use this grant."""

    client: Client
    parameters: Parameters


@dataclass(frozen=True)
class GrantParts:
    """What grants work with."""

    database: Database
    audit: AuditTrail
    clock: Clock
    tokens: TokenService


class Grant(Protocol):
    """One way to get tokens."""

    @property
    def grant_type(self) -> str:
        """Its name in the `grant_type` parameter."""
        ...

    async def exchange(self, request: TokenRequest) -> IssuedTokens:
        """Check what was sent and give tokens for it. Raises `OAuthError`."""
        ...


def may_refresh(client: Client, scopes: tuple[str, ...]) -> bool:
    """Whether a refresh token goes with an access token.

    For `offline_access`, and for first-party clients, whose refresh tokens end with the sign-in session.
    """
    return "refresh_token" in client.grant_types and ("offline_access" in scopes or client.first_party)
