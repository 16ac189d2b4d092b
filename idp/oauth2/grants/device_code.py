"""Tokens for a device that a person let in (RFC 8628 §3.4, §3.5)."""

from idp.clients.client import DEVICE_CODE
from idp.mandates.records import Acting
from idp.oauth2.device.codes import Answer, DeviceCodes
from idp.oauth2.errors import OAuthError, invalid_grant
from idp.oauth2.grants.base import GrantParts, Issue, PersonTokens, TokenRequest, may_refresh
from idp.oauth2.resources import narrow_resources
from idp.tokens.service import AccessShape, IssuedTokens
from idp.tokens.subject import find_subject

ERRORS = {
    Answer.PENDING: ("authorization_pending", "The person has not answered yet."),
    Answer.TOO_FAST: ("slow_down", "Ask less often: five seconds more between two requests."),
    Answer.EXPIRED: ("expired_token", "The device code has ended. Begin again."),
    Answer.DENIED: ("access_denied", "The person said no."),
    Answer.UNKNOWN: ("invalid_grant", "The device code is not valid, or was used before."),
}


class DeviceCodeGrant:
    """`grant_type=urn:ietf:params:oauth:grant-type:device_code`."""

    grant_type = DEVICE_CODE

    def __init__(self, parts: GrantParts, codes: DeviceCodes) -> None:
        self._parts = parts
        self._codes = codes
        self._tokens = PersonTokens(parts)

    async def exchange(self, request: TokenRequest) -> IssuedTokens:
        """See `Grant.exchange`."""
        answer, grant = await self._codes.poll(request.parameters.require("device_code"), request.client.client_id)
        if grant is None:
            raise OAuthError(*ERRORS[answer])
        async with self._parts.database.transaction() as session:
            subject = await find_subject(session, grant.person_id, Acting(grant.mandate_id, self._parts.clock()))
            if subject is None or not subject.person.stands_by(grant.sign_in.auth_time):
                raise invalid_grant()
            if not await self._parts.tokens.is_open(session, grant.id):
                raise invalid_grant()
            scopes = tuple(scope for scope in grant.scopes if scope in subject.permitted_scopes)
            resources = narrow_resources(request.parameters.resources, grant.resources)
            shape = AccessShape(request.client, scopes, request.binding.confirmation, resources)
            issue = Issue(self.grant_type, grant, subject, shape)
            return await self._tokens.issue(session, issue, refresh=may_refresh(request.client, scopes))
