"""New tokens for a refresh token (RFC 6749 §6). Every use gives a new one; a used one ends its family."""

from sqlalchemy.ext.asyncio import AsyncSession

from idp.mandates.records import Acting
from idp.oauth2.binding import check_bound
from idp.oauth2.errors import OAuthError, invalid_grant
from idp.oauth2.grants.base import GrantParts, Issue, PersonTokens, TokenRequest
from idp.oauth2.parameters import split_scope
from idp.oauth2.resources import narrow_resources
from idp.tokens.service import AccessShape, IssuedTokens, RefreshOutcome, TokenGrant
from idp.tokens.subject import find_subject


class RefreshTokenGrant:
    """`grant_type=refresh_token`."""

    grant_type = "refresh_token"

    def __init__(self, parts: GrantParts) -> None:
        self._parts = parts
        self._tokens = PersonTokens(parts)

    async def exchange(self, request: TokenRequest) -> IssuedTokens:
        """See `Grant.exchange`."""
        token = request.parameters.require("refresh_token")
        rotates = not request.client.metadata.is_fapi2
        issued = None
        async with self._parts.database.transaction() as session:
            await self._check_key(session, token, request)
            outcome, grant = await self._parts.tokens.use_refresh_token(
                session, token, request.client.client_id, rotates=rotates
            )
            if outcome is RefreshOutcome.ACCEPTED and grant is not None:
                issued = await self._issue(session, request, grant, True if rotates else token)
        # A reuse must be noted for good before it is answered: the refusal waits for the commit.
        if issued is None:
            raise invalid_grant()
        return issued

    async def _check_key(self, session: AsyncSession, token: str, request: TokenRequest) -> None:
        """A thief without the key gets nothing, and uses nothing up (RFC 9449 §5)."""
        confirmation = await self._parts.tokens.find_confirmation(session, token)
        check_bound(confirmation, request.binding)

    async def _issue(
        self, session: AsyncSession, request: TokenRequest, grant: TokenGrant, refresh: str | bool
    ) -> IssuedTokens:
        subject = await find_subject(session, grant.person_id, Acting(grant.mandate_id, self._parts.clock()))
        if subject is None or not subject.person.stands_by(grant.sign_in.auth_time):
            raise invalid_grant()
        asked = split_scope(request.parameters.get("scope")) or grant.scopes
        if not set(asked) <= set(grant.scopes):
            raise OAuthError("invalid_scope", "A refresh cannot widen the scope.")
        scopes = tuple(
            scope for scope in asked if scope in subject.permitted_scopes and scope in request.client.allowed_scopes
        )
        resources = narrow_resources(request.parameters.resources, grant.resources)
        shape = AccessShape(request.client, scopes, request.binding.confirmation, resources)
        return await self._tokens.issue(session, Issue(self.grant_type, grant, subject, shape), refresh=refresh)
