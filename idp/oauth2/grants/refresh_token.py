"""New tokens for a refresh token (RFC 6749 §6). Every use gives a new one; a used one ends its family."""

from sqlalchemy.ext.asyncio import AsyncSession

from idp.oauth2.errors import OAuthError, invalid_grant
from idp.oauth2.grants.base import GrantParts, TokenRequest
from idp.oauth2.parameters import split_scope
from idp.tokens.service import Bound, IssuedTokens, RefreshOutcome, TokenGrant
from idp.tokens.subject import find_subject
from kernel.audit.chain import Actor, AuditEvent


class RefreshTokenGrant:
    """`grant_type=refresh_token`."""

    grant_type = "refresh_token"

    def __init__(self, parts: GrantParts) -> None:
        self._parts = parts

    async def exchange(self, request: TokenRequest) -> IssuedTokens:
        """See `Grant.exchange`."""
        token = request.parameters.require("refresh_token")
        issued = None
        async with self._parts.database.transaction() as session:
            outcome, grant = await self._parts.tokens.use_refresh_token(session, token, request.client.client_id)
            if outcome is RefreshOutcome.ACCEPTED and grant is not None:
                issued = await self._issue(session, request, grant)
        # A reuse must be noted for good before it is answered: the refusal waits for the commit.
        if issued is None:
            raise invalid_grant()
        return issued

    async def _issue(self, session: AsyncSession, request: TokenRequest, grant: TokenGrant) -> IssuedTokens:
        tokens = self._parts.tokens
        subject = await find_subject(session, grant.person_id)
        if subject is None or not subject.person.stands_by(grant.sign_in.auth_time):
            raise invalid_grant()
        asked = split_scope(request.parameters.get("scope")) or grant.scopes
        if not set(asked) <= set(grant.scopes):
            raise OAuthError("invalid_scope", "A refresh cannot widen the scope.")
        scopes = tuple(
            scope for scope in asked if scope in subject.permitted_scopes and scope in request.client.allowed_scopes
        )
        access_token = tokens.write_for_person(grant, subject, scopes)
        refresh_token = await tokens.add_refresh_token(session, grant)
        event = AuditEvent(
            "idp.token.issue",
            Actor("client", grant.client_id),
            f"grant:{grant.id}",
            detail={"grant_type": self.grant_type, "person": grant.person_id, "scopes": list(scopes)},
        )
        await self._parts.audit.record(session, event)
        id_token = None
        if "openid" in scopes:
            id_token = tokens.write_id_token(grant, subject.person, scopes, Bound(access_token))
        return IssuedTokens(access_token, tokens.access_token_seconds, scopes, refresh_token, id_token)
