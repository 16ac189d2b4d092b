"""What a request says about its client, in one way only (RFC 6749 §2.3)."""

import base64
import binascii
from dataclasses import dataclass
from urllib.parse import unquote_plus

from idp.oauth2.endpoint_request import EndpointRequest
from idp.oauth2.errors import InvalidClient, invalid_request
from kernel.crypto.jose import InvalidToken, unverified_payload

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True)
class Credentials:
    """The client that is named, nothing proven yet. `method`: how it wants to prove itself; a certificate shows only
    with the registration, so it arrives as `none`."""

    client_id: str
    method: str
    secret: str | None = None
    unverified_assertion: str | None = None


def read_credentials(request: EndpointRequest) -> Credentials:
    """The credentials of a request. Raises `OAuthError` when there are none, or several."""
    parameters = request.parameters
    ways = [bool(request.authorization), parameters.get("client_secret") is not None]
    ways.append(parameters.get("client_assertion") is not None or parameters.get("client_assertion_type") is not None)
    if sum(ways) > 1:
        raise invalid_request("Authenticate in one way only: in the header or in the body.")
    if ways[0]:
        found = _read_basic(request.authorization or "")
    elif ways[2]:
        found = _read_assertion(request)
    else:
        found = _read_body(request)
    if parameters.get("client_id") not in {None, found.client_id}:
        raise invalid_request("The credentials and the body name different clients.")
    return found


def _read_body(request: EndpointRequest) -> Credentials:
    client_id, secret = request.parameters.get("client_id"), request.parameters.get("client_secret")
    if client_id is None:
        raise InvalidClient("The request does not say which client it comes from.")
    return Credentials(client_id, "none" if secret is None else "client_secret_post", secret)


def _read_assertion(request: EndpointRequest) -> Credentials:
    """RFC 7523 §2.2: the client is the assertion's `sub`."""
    assertion = request.parameters.require("client_assertion")
    if request.parameters.get("client_assertion_type") != ASSERTION_TYPE:
        raise invalid_request(f"The client_assertion_type is {ASSERTION_TYPE}.")
    try:
        subject = unverified_payload(assertion).get("sub")
    except InvalidToken as error:
        raise InvalidClient("The client_assertion cannot be read.", detail=error.reason) from error
    if not isinstance(subject, str) or not subject:
        raise InvalidClient("The client_assertion does not say which client it is about.")
    return Credentials(subject, "private_key_jwt", unverified_assertion=assertion)


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
    return Credentials(unquote_plus(client_id), "client_secret_basic", unquote_plus(secret))
