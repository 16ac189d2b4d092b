"""From the credentials of a request to its client."""

import hmac

from idp.clients.client import Client
from idp.clients.keys import ClientKeys
from idp.clients.metadata import AUTH_METHODS, CERTIFICATE_METHODS, PUBLIC_METHOD, SECRET_METHODS
from idp.clients.service import ClientService
from idp.oauth2.client_authentication.assertions import FAILED, ClientAssertions
from idp.oauth2.client_authentication.certificates import check_certificate
from idp.oauth2.client_authentication.credentials import Credentials, read_credentials
from idp.oauth2.endpoint_request import EndpointRequest
from idp.oauth2.errors import InvalidClient
from idp.sessions.service import hash_token

METHODS = AUTH_METHODS
CONFIDENTIAL_METHODS = tuple(method for method in AUTH_METHODS if method != PUBLIC_METHOD)


class ClientAuthenticator:
    """Says which client sent a request, once it has proven it."""

    def __init__(self, clients: ClientService, keys: ClientKeys, assertions: ClientAssertions) -> None:
        self._clients = clients
        self._keys = keys
        self._assertions = assertions

    async def authenticate(self, request: EndpointRequest, *, allow_public: bool) -> Client:
        """The client that sent this request. Raises `OAuthError`."""
        credentials = read_credentials(request)
        client = await self._clients.find(credentials.client_id)
        if client is None:
            raise InvalidClient(FAILED, detail="unknown client")
        if credentials.method in SECRET_METHODS:
            _check_secret(client, credentials)
        elif credentials.unverified_assertion is not None:
            if client.auth_methods != ("private_key_jwt",):
                raise InvalidClient(FAILED, detail="an assertion where another method is registered")
            await self._assertions.check(client, credentials.unverified_assertion, request.url)
        elif client.auth_methods[0] in CERTIFICATE_METHODS:
            await check_certificate(client, request.certificate, self._keys)
        elif not client.is_public or not allow_public:
            raise InvalidClient(FAILED, detail="no credentials")
        return client


def _check_secret(client: Client, credentials: Credentials) -> None:
    presented = hash_token(credentials.secret or "")
    if client.secret_hash is None or credentials.method not in client.auth_methods:
        raise InvalidClient(FAILED, detail="a secret where another method is registered")
    if not hmac.compare_digest(presented, client.secret_hash):
        raise InvalidClient(FAILED, detail="wrong client secret")
