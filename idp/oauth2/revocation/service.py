"""Taking tokens back."""

from idp.clients.service import ClientService
from idp.oauth2.client_authentication import authenticate
from idp.oauth2.errors import OAuthError
from idp.oauth2.parameters import Parameters
from idp.tokens.service import TokenService


class RevocationService:
    """Ends tokens at the wish of the client that holds them."""

    def __init__(self, clients: ClientService, tokens: TokenService) -> None:
        self._clients = clients
        self._tokens = tokens

    async def revoke(self, authorization: str | None, parameters: Parameters) -> None:
        """End a token; a token that does not count is no error (§2.2). A refresh token ends with its whole family.

        Raises `OAuthError`, also when the token is another client's (§2.1).
        """
        client = await authenticate(self._clients, authorization, parameters, allow_public=True)
        token = parameters.require("token")
        refresh = await self._tokens.find_refresh_token(token)
        if refresh is not None:
            _check_owner(refresh[0].client_id, client.client_id)
            await self._tokens.revoke_grant(refresh[0].id, "revoked by the client")
            return
        claims = await self._tokens.find_access_token(token)
        if claims is not None:
            _check_owner(claims["client_id"], client.client_id)
            await self._tokens.revoke_access_token(claims)


def _check_owner(owner: str, client_id: str) -> None:
    if owner != client_id:
        raise OAuthError("invalid_request", "This token belongs to another client.")
