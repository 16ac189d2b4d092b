"""A token for a client itself (RFC 6749 §4.4)."""

from idp.oauth2.errors import OAuthError
from idp.oauth2.grants.base import GrantParts, TokenRequest
from idp.oauth2.parameters import split_scope
from idp.oauth2.resources import check_resources
from idp.roles.scopes import ADMINISTRATION_SCOPES, IDENTITY_SCOPES
from idp.tokens.service import AccessShape, IssuedTokens
from kernel.audit.chain import Actor, AuditEvent


class ClientCredentialsGrant:
    """`grant_type=client_credentials`."""

    grant_type = "client_credentials"

    def __init__(self, parts: GrantParts) -> None:
        self._parts = parts

    async def exchange(self, request: TokenRequest) -> IssuedTokens:
        """See `Grant.exchange`."""
        client = request.client
        if client.is_public:
            raise OAuthError("unauthorized_client", "A client without a secret cannot act for itself.")
        # Scopes about a person mean nothing where nobody is signed in; administrators are persons, kept apart by role.
        allowed = client.allowed_scopes - IDENTITY_SCOPES - ADMINISTRATION_SCOPES
        asked = split_scope(request.parameters.get("scope"))
        scopes = tuple(scope for scope in (asked or sorted(allowed)) if scope in allowed)
        if asked and not scopes:
            raise OAuthError("invalid_scope", "None of the requested scopes may be given to this client.")
        resources = check_resources(request.parameters.resources, client, self._parts.audience)
        shape = AccessShape(client, scopes, request.binding.confirmation, resources)
        event = AuditEvent(
            "idp.token.issue",
            Actor("client", client.client_id),
            f"client:{client.client_id}",
            detail={"grant_type": self.grant_type, "scopes": list(scopes)},
        )
        tokens = self._parts.tokens
        async with self._parts.database.transaction() as session:
            access_token = await tokens.write_for_client(session, shape)
            await self._parts.audit.record(session, event)
        kind = request.binding.token_type
        return IssuedTokens(access_token, tokens.access_token_seconds, scopes, token_type=kind)
