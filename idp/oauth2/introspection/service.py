"""Answering about tokens."""

from typing import Any

from idp.clients.client import Client, ClientRole
from idp.oauth2.client_authentication.service import ClientAuthenticator
from idp.oauth2.endpoint_request import EndpointRequest
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
    "cnf",
    "act",
)


class IntrospectionService:
    """Says whether a token counts, to clients that may know."""

    def __init__(self, authenticator: ClientAuthenticator, tokens: TokenService, settings: IdpSettings) -> None:
        self._authenticator = authenticator
        self._tokens = tokens
        self._issuer = settings.issuer

    async def introspect(self, request: EndpointRequest) -> dict[str, Any]:
        """The answer of RFC 7662 §2.2; `{"active": false}` for everything that does not count. Raises `OAuthError`."""
        client = await self._authenticator.authenticate(request, allow_public=False)
        token = request.parameters.require("token")
        live = await self._tokens.find_access_token(token)
        if live is not None and _may_know(client, live.claims["client_id"]):
            shown = {name: live.claims[name] for name in SHOWN_CLAIMS if name in live.claims}
            kind = "DPoP" if "jkt" in live.confirmation else "Bearer"
            return {"active": True, "token_type": kind, **shown}
        refresh = await self._tokens.find_refresh_token(token) if "." not in token else None
        if refresh is None or refresh[0].client_id != client.client_id:
            return INACTIVE
        grant, expires_at = refresh
        return {
            "active": True,
            "iss": self._issuer,
            "sub": grant.subject,
            "client_id": grant.client_id,
            "scope": " ".join(grant.scopes),
            "exp": int(expires_at.timestamp()),
        }


def _may_know(client: Client, owner: str) -> bool:
    """Resource servers (agencies, verifiers, machines, our own) may ask about any token, others about their own."""
    return client.client_id == owner or client.first_party or client.role is not ClientRole.WEB
