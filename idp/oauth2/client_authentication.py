"""Who the client is at our endpoints: `client_secret_basic`, `client_secret_post`, or `none` for public clients
(RFC 6749 §2.3). Exactly one of them."""

import base64
import binascii
import hmac
from dataclasses import dataclass
from urllib.parse import unquote_plus

from idp.clients.client import Client
from idp.clients.service import ClientService
from idp.oauth2.errors import InvalidClient, invalid_request
from idp.oauth2.parameters import Parameters
from idp.sessions.service import hash_token

METHODS = ("client_secret_basic", "client_secret_post", "none")
CONFIDENTIAL_METHODS = ("client_secret_basic", "client_secret_post")
FAILED = "The client could not be authenticated."


@dataclass(frozen=True)
class Credentials:
    """What a request says about its client."""

    client_id: str
    secret: str | None


async def authenticate(
    clients: ClientService, authorization: str | None, parameters: Parameters, *, allow_public: bool
) -> Client:
    """The client that sent this request. `authorization` is the HTTP header. Raises `OAuthError`."""
    credentials = read_credentials(authorization, parameters)
    client = await clients.find(credentials.client_id)
    if client is None:
        raise InvalidClient(FAILED, detail="unknown client")
    if client.secret_hash is None:
        if credentials.secret is not None or not allow_public:
            raise InvalidClient(FAILED, detail="a public client where a secret is needed, or with one")
        return client
    presented = hash_token(credentials.secret or "")
    if credentials.secret is None or not hmac.compare_digest(presented, client.secret_hash):
        raise InvalidClient(FAILED, detail="wrong client secret")
    return client


def read_credentials(authorization: str | None, parameters: Parameters) -> Credentials:
    """The credentials in the header or the body. Raises `OAuthError` when there are none, or both."""
    if authorization:
        if parameters.get("client_secret"):
            raise invalid_request("Authenticate in one way only: in the header or in the body.")
        credentials = _read_basic(authorization)
        if parameters.get("client_id") not in {None, credentials.client_id}:
            raise invalid_request("The header and the body name different clients.")
        return credentials
    client_id = parameters.get("client_id")
    if client_id is None:
        raise InvalidClient("The request does not say which client it comes from.")
    return Credentials(client_id, parameters.get("client_secret"))


def _read_basic(authorization: str) -> Credentials:
    """RFC 7617, with both halves form-encoded (RFC 6749 §2.3.1)."""
    scheme, _space, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise InvalidClient("Use the Basic scheme in the Authorization header.")
    try:
        client_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise InvalidClient("The Authorization header cannot be read.") from error
    if not colon or not client_id:
        raise InvalidClient("The Authorization header cannot be read.")
    return Credentials(unquote_plus(client_id), unquote_plus(secret))
