"""Tokens for an authorization code (RFC 6749 §4.1.3). A code counts once; a second use ends what the first one got."""

from idp.mandates.records import Acting
from idp.oauth2.authorize.codes import CodeStore, IssuedCode
from idp.oauth2.binding import JKT, check_bound
from idp.oauth2.errors import invalid_grant
from idp.oauth2.grants.base import GrantParts, Issue, PersonTokens, TokenRequest, may_refresh
from idp.oauth2.pkce import proves
from idp.oauth2.resources import narrow_resources
from idp.tokens.service import AccessShape, IssuedTokens
from idp.tokens.subject import find_subject


class AuthorizationCodeGrant:
    """`grant_type=authorization_code`."""

    grant_type = "authorization_code"

    def __init__(self, parts: GrantParts, codes: CodeStore) -> None:
        self._parts = parts
        self._codes = codes
        self._tokens = PersonTokens(parts)

    async def exchange(self, request: TokenRequest) -> IssuedTokens:
        """See `Grant.exchange`."""
        code = request.parameters.require("code")
        issued = await self._codes.peek(code)
        if issued is None:
            await self._punish_reuse(code, request.client.client_id)
            raise invalid_grant()
        if issued.grant.client_id != request.client.client_id:
            raise invalid_grant()
        if not await self._codes.claim(code, issued):
            await self._punish_reuse(code, request.client.client_id)
            raise invalid_grant()
        _check_redirect_uri(issued, request)
        _check_verifier(issued, request)
        check_bound({JKT: issued.dpop_jkt} if issued.dpop_jkt else None, request.binding)
        return await self._issue(request, issued)

    async def _punish_reuse(self, code: str, client_id: str) -> None:
        family = await self._codes.find_family(code)
        if family is not None:
            await self._parts.tokens.revoke_grant(family, "authorization code used twice", client_id=client_id)

    async def _issue(self, request: TokenRequest, issued: IssuedCode) -> IssuedTokens:
        grant, tokens = issued.grant, self._parts.tokens
        resources = narrow_resources(request.parameters.resources, grant.resources)
        async with self._parts.database.transaction() as session:
            subject = await find_subject(session, grant.person_id, Acting(grant.mandate_id, self._parts.clock()))
            if subject is None or not subject.person.stands_by(grant.sign_in.auth_time):
                raise invalid_grant()
            if not await tokens.is_open(session, grant.id):
                raise invalid_grant()
            scopes = tuple(scope for scope in grant.scopes if scope in subject.permitted_scopes)
            shape = AccessShape(request.client, scopes, request.binding.confirmation, resources)
            issue = Issue(self.grant_type, grant, subject, shape, issued.nonce)
            return await self._tokens.issue(session, issue, refresh=may_refresh(request.client, scopes))


def _check_redirect_uri(issued: IssuedCode, request: TokenRequest) -> None:
    if request.parameters.get("redirect_uri") != issued.redirect_uri:
        raise invalid_grant("The redirect_uri is not the one of the authorization request.")


def _check_verifier(issued: IssuedCode, request: TokenRequest) -> None:
    """RFC 7636 §4.6; a verifier without a challenge is an attempt to go round it (RFC 9700 §4.8.2)."""
    verifier = request.parameters.get("code_verifier")
    if issued.code_challenge is None and verifier is None:
        return
    if issued.code_challenge is None or verifier is None or not proves(verifier, issued.code_challenge):
        raise invalid_grant("The code_verifier does not fit the code_challenge.")
