"""From a token request to its grant. The shared steps stand here so that no grant can forget one."""

from collections.abc import Sequence
from typing import Any

from idp.oauth2.binding import SenderBinding
from idp.oauth2.client_authentication.service import ClientAuthenticator
from idp.oauth2.endpoint_request import EndpointRequest
from idp.oauth2.errors import OAuthError
from idp.oauth2.grants.base import Grant, TokenRequest
from idp.tokens.service import IssuedTokens


class TokenEndpoint:
    """Exchanges what a client holds for tokens."""

    def __init__(self, authenticator: ClientAuthenticator, binding: SenderBinding, grants: Sequence[Grant]) -> None:
        self._authenticator = authenticator
        self._binding = binding
        self._grants = {grant.grant_type: grant for grant in grants}

    @property
    def grant_types(self) -> list[str]:
        """The grants on offer."""
        return list(self._grants)

    async def exchange(self, request: EndpointRequest) -> dict[str, Any]:
        """The answer of RFC 6749 §5.1. Raises `OAuthError`."""
        grant_type = request.parameters.require("grant_type")
        client = await self._authenticator.authenticate(request, allow_public=True)
        grant = self._grants.get(grant_type)
        if grant is None:
            raise OAuthError("unsupported_grant_type", "This grant_type is not supported.")
        if grant_type not in client.grant_types:
            raise OAuthError("unauthorized_client", "This client may not use this grant_type.")
        binding = await self._binding.read(client, request)
        return _answer(await grant.exchange(TokenRequest(client, request.parameters, binding)))


def _answer(issued: IssuedTokens) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "access_token": issued.access_token,
        "token_type": issued.token_type,
        "expires_in": issued.expires_in,
        "scope": " ".join(issued.scopes),
    }
    if issued.refresh_token is not None:
        answer["refresh_token"] = issued.refresh_token
    if issued.id_token is not None:
        answer["id_token"] = issued.id_token
    if issued.issued_token_type is not None:
        answer["issued_token_type"] = issued.issued_token_type
    return answer
