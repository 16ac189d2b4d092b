"""A token for another one (RFC 8693): narrower, for another audience, or naming who acts for the person.

Nothing may be exchanged unless the client's registration says so: `token_exchange_modes` and, for audiences other than
its own resources, `token_exchange_audiences`. The new token belongs to the family of the old one and ends with it.
"""

from collections.abc import Mapping
from typing import Any

from idp.clients.client import TOKEN_EXCHANGE, Client
from idp.mandates.records import Acting
from idp.oauth2.errors import OAuthError, invalid_request
from idp.oauth2.grants.base import GrantParts, TokenRequest
from idp.oauth2.parameters import split_scope
from idp.tokens.service import AccessShape, IssuedTokens, LiveToken, TokenGrant
from idp.tokens.subject import find_subject
from kernel.audit.chain import Actor, AuditEvent

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - a kind, not a token
JWT = "urn:ietf:params:oauth:token-type:jwt"
DEEPEST = 4
"""How many actors may stand behind each other."""


class TokenExchangeGrant:
    """`grant_type=urn:ietf:params:oauth:grant-type:token-exchange`."""

    grant_type = TOKEN_EXCHANGE

    def __init__(self, parts: GrantParts) -> None:
        self._parts = parts

    async def exchange(self, request: TokenRequest) -> IssuedTokens:
        """See `Grant.exchange`."""
        client, parameters = request.client, request.parameters
        if parameters.get("requested_token_type") not in {None, ACCESS_TOKEN, JWT}:
            raise invalid_request("Only access tokens are given in exchange.")
        subject_token = await self._load(request, "subject_token")
        actor_token = await self._load(request, "actor_token") if parameters.get("actor_token") else None
        if actor_token is None and parameters.get("actor_token_type") is not None:
            raise invalid_request("There is an actor_token_type without an actor_token.")
        if actor_token is not None and actor_token.claims["client_id"] != client.client_id:
            raise invalid_request("The actor_token is another client's.")
        _check_policy(client, subject_token, "delegation" if actor_token else "impersonation")
        shape = AccessShape(
            client,
            _scopes(request, subject_token),
            request.binding.confirmation,
            self._audience(request, subject_token),
            _actor(subject_token, actor_token),
            int(subject_token.claims["exp"]),
        )
        return await self._issue(subject_token, shape, request)

    async def _load(self, request: TokenRequest, name: str) -> LiveToken:
        token = request.parameters.require(name)
        if request.parameters.require(f"{name}_type") not in {ACCESS_TOKEN, JWT}:
            raise invalid_request(f"The {name}_type is {ACCESS_TOKEN}.")
        live = await self._parts.tokens.find_access_token(token)
        if live is None:
            raise OAuthError("invalid_request", f"The {name} is not valid or has ended.")
        expected = live.confirmation.get("jkt")
        is_own = live.claims.get("client_id") == request.client.client_id
        if expected is not None and is_own and (request.binding.confirmation or {}).get("jkt") != expected:
            raise OAuthError("invalid_request", f"The {name} is bound to another key.")
        return live

    def _audience(self, request: TokenRequest, token: LiveToken) -> tuple[str, ...]:
        """`audience` and `resource`: within the token's own, or what the registration allows."""
        asked = list(request.parameters.resources)
        if request.parameters.get("audience"):
            asked.append(request.parameters.require("audience"))
        own = token.claims.get("aud")
        held = own if isinstance(own, list) else [own]
        allowed = {*request.client.metadata.token_exchange_audiences, *request.client.metadata.resources}
        if not asked:
            if not set(held) <= {self._parts.audience, *allowed}:
                raise OAuthError("invalid_target", "This client may not ask for tokens for this target.")
            return tuple(str(each) for each in held)
        for each in asked:
            if each not in allowed and each not in held:
                raise OAuthError("invalid_target", "This client may not ask for tokens for this target.")
        return tuple(dict.fromkeys(asked))

    async def _issue(self, subject_token: LiveToken, shape: AccessShape, request: TokenRequest) -> IssuedTokens:
        tokens, now = self._parts.tokens, int(self._parts.clock().timestamp())
        seconds = min(tokens.access_token_seconds, int(subject_token.claims["exp"]) - now)
        async with self._parts.database.transaction() as session:
            grant = await tokens.find_grant(session, subject_token.claims["grant"])
            acting = Acting(subject_token.mandate_id, self._parts.clock())
            subject = await find_subject(session, subject_token.person_id or "", acting)
            if grant is None or subject is None:
                raise OAuthError("invalid_request", "The subject_token is not valid or has ended.")
            access_token = await tokens.write_for_person(session, grant, subject, shape)
            await self._parts.audit.record(session, _event(request.client, grant, shape))
        return IssuedTokens(
            access_token,
            seconds,
            shape.scopes,
            token_type=request.binding.token_type,
            issued_token_type=ACCESS_TOKEN,
        )


def _check_policy(client: Client, subject_token: LiveToken, mode: str) -> None:
    if mode not in client.metadata.token_exchange_modes:
        raise OAuthError("unauthorized_client", f"This client may not exchange tokens for {mode}.")
    if "grant" not in subject_token.claims or subject_token.person_id is None:
        raise invalid_request("Only tokens that act for a person are exchanged.")
    audience = subject_token.claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    is_its_own = subject_token.claims["client_id"] == client.client_id
    is_for_it = bool({client.client_id, *client.metadata.resources} & {each for each in named if each})
    if not is_its_own and not is_for_it:
        raise OAuthError("invalid_request", "The subject_token is neither this client's nor meant for it.")


def _scopes(request: TokenRequest, token: LiveToken) -> tuple[str, ...]:
    """Fewer, never more, than the token has and the client may have."""
    asked = split_scope(request.parameters.get("scope"))
    if not set(asked) <= set(token.scopes):
        raise OAuthError("invalid_scope", "An exchange cannot widen the scope.")
    scopes = tuple(scope for scope in asked or token.scopes if scope in request.client.allowed_scopes)
    if not scopes:
        raise OAuthError("invalid_scope", "None of the token's scopes may be given to this client.")
    return scopes


def _actor(subject_token: LiveToken, actor_token: LiveToken | None) -> Mapping[str, Any] | None:
    """`act` (§4.1): who acts now, and within it who acted before."""
    before = subject_token.claims.get("act")
    if actor_token is None:
        return before if isinstance(before, dict) else None
    actor: dict[str, Any] = {"sub": actor_token.claims["sub"], "client_id": actor_token.claims["client_id"]}
    if isinstance(before, dict):
        actor["act"] = before
    if _depth(actor) > DEEPEST:
        raise invalid_request("Too many act for each other.")
    return actor


def _depth(actor: Any) -> int:
    return 1 + _depth(actor.get("act")) if isinstance(actor, dict) else 0


def _event(client: Client, grant: TokenGrant, shape: AccessShape) -> AuditEvent:
    mode = "delegation" if shape.actor else "impersonation"
    audience = list(shape.resources)
    detail = {"scopes": list(shape.scopes), "person": grant.person_id, "audience": audience, "mode": mode}
    return AuditEvent("idp.token.exchange", Actor("client", client.client_id), f"grant:{grant.id}", detail=detail)
