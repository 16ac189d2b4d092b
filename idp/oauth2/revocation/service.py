"""Taking tokens back."""

from idp.oauth2.client_authentication.service import ClientAuthenticator
from idp.oauth2.endpoint_request import EndpointRequest
from idp.oauth2.errors import OAuthError
from idp.tokens.service import TokenService


class RevocationService:
    """Ends tokens at the wish of the client that holds them."""

    def __init__(self, authenticator: ClientAuthenticator, tokens: TokenService) -> None:
        self._authenticator = authenticator
        self._tokens = tokens

    async def revoke(self, request: EndpointRequest) -> None:
        """End a token; a token that does not count is no error (§2.2). A refresh token ends with its whole family.

        Raises `OAuthError`, also when the token is another client's (§2.1).
        """
        client = await self._authenticator.authenticate(request, allow_public=True)
        token = request.parameters.require("token")
        refresh = await self._tokens.find_refresh_token(token)
        if refresh is not None:
            _check_owner(refresh[0].client_id, client.client_id)
            await self._tokens.revoke_grant(refresh[0].id, "revoked by the client")
            return
        live = await self._tokens.find_access_token(token)
        if live is not None:
            _check_owner(live.claims["client_id"], client.client_id)
            await self._tokens.revoke_access_token(live.claims)


def _check_owner(owner: str, client_id: str) -> None:
    if owner != client_id:
        raise OAuthError("invalid_request", "This token belongs to another client.")
