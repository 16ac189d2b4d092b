"""Answering about tokens."""

from typing import Any

from idp.clients.client import Client, ClientRole
from idp.clients.service import ClientService
from idp.oauth2.client_authentication import authenticate
from idp.oauth2.parameters import Parameters
from idp.settings import IdpSettings
from idp.tokens.service import TokenService

INACTIVE: dict[str, Any] = {"active": False}
SHOWN_CLAIMS = (
    "iss",
    "sub",
    "aud",
    "client_id",
    "iat",
    "exp",
    "jti",
    "scope",
    "subject_type",
    "auth_time",
    "acr",
    "amr",
    "roles",
    "organisation",
)


class IntrospectionService:
    """Says whether a token counts, to clients that may know."""

    def __init__(self, clients: ClientService, tokens: TokenService, settings: IdpSettings) -> None:
        self._clients = clients
        self._tokens = tokens
        self._issuer = settings.issuer

    async def introspect(self, authorization: str | None, parameters: Parameters) -> dict[str, Any]:
        """The answer of RFC 7662 §2.2; `{"active": false}` for everything that does not count. Raises `OAuthError`."""
        client = await authenticate(self._clients, authorization, parameters, allow_public=False)
        token = parameters.require("token")
        claims = await self._tokens.find_access_token(token)
        if claims is not None and _may_know(client, claims["client_id"]):
            shown = {name: claims[name] for name in SHOWN_CLAIMS if name in claims}
            return {"active": True, "token_type": "Bearer", **shown}
        refresh = await self._tokens.find_refresh_token(token) if "." not in token else None
        if refresh is None or refresh[0].client_id != client.client_id:
            return INACTIVE
        grant, expires_at = refresh
        return {
            "active": True,
            "iss": self._issuer,
            "sub": grant.person_id,
            "client_id": grant.client_id,
            "scope": " ".join(grant.scopes),
            "exp": int(expires_at.timestamp()),
        }


def _may_know(client: Client, owner: str) -> bool:
    """Resource servers (agencies, verifiers, machines, our own) may ask about any token, others about their own."""
    return client.client_id == owner or client.first_party or client.role is not ClientRole.WEB
