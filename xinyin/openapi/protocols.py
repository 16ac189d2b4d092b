"""What clients call besides the token endpoint: pushed requests, devices, registration."""

from collections.abc import Mapping
from typing import Any

from xinyin.openapi.identity import (
    AUTHORIZATION,
    BY_CLIENT,
    CLIENT_REFUSED,
    CONNECT,
    CREDENTIALS,
    OAUTH_ERROR,
    PAGE,
    PAGES,
    REDIRECT,
    form,
    operation,
)
from xinyin.openapi.shapes import NUMBER, OBJECT, TEXT, json_answer, parameter

JSON = "application/json"
TOKEN_REFUSED = {"$ref": "#/components/responses/ClientRefused"}
_CLIENT_ID = parameter("client_id", "path", "The client that manages itself")
_METADATA = {"required": True, "content": {JSON: {"schema": {**OBJECT, "description": "RFC 7591 §2"}}}}
_PUSHED = {"type": "object", "properties": {"request_uri": TEXT, "expires_in": NUMBER}}
_DEVICE = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("device_code", "user_code", "verification_uri", "verification_uri_complete"), TEXT),
        **dict.fromkeys(("expires_in", "interval"), NUMBER),
    },
}
_REGISTERED = json_answer("Client information (RFC 7591 §3.2.1)", OBJECT)
_USER_CODE = form({"user_code": TEXT, "csrf_token": TEXT}, ["user_code", "csrf_token"])
_ANSWER = form(
    {"user_code": TEXT, "answer": {"enum": ["allow", "refuse"]}, "csrf_token": TEXT}, ["user_code", "answer"]
)

PROTOCOL_PATHS: Mapping[str, dict[str, Any]] = {
    "/oauth2/par": {
        "post": operation(
            CONNECT,
            "Push an authorization request; the browser carries its number (RFC 9126)",
            {"201": json_answer("RFC 9126 §2.2", _PUSHED), "400": OAUTH_ERROR, "401": CLIENT_REFUSED},
            requestBody=form(
                {
                    **{name: schema for name, (_, schema) in AUTHORIZATION.items() if name != "request_uri"},
                    **CREDENTIALS,
                },
                [],
            ),
            security=BY_CLIENT,
        )
    },
    "/oauth2/device_authorization": {
        "post": operation(
            CONNECT,
            "Codes for a device without a keyboard (RFC 8628 §3.1)",
            {"200": json_answer("RFC 8628 §3.2", _DEVICE), "400": OAUTH_ERROR, "401": CLIENT_REFUSED},
            requestBody=form({"scope": TEXT, "resource": TEXT, **CREDENTIALS}, []),
            security=BY_CLIENT,
        )
    },
    "/oauth2/register": {
        "post": operation(
            CONNECT,
            "Register a client with an initial access token (RFC 7591)",
            {"201": _REGISTERED, "400": OAUTH_ERROR, "401": TOKEN_REFUSED},
            requestBody=_METADATA,
        )
    },
    "/oauth2/register/{client_id}": {
        "get": operation(
            CONNECT,
            "Read one's own registration (RFC 7592 §2.1)",
            {"200": _REGISTERED, "401": TOKEN_REFUSED},
            parameters=[_CLIENT_ID],
        ),
        "put": operation(
            CONNECT,
            "Replace it (RFC 7592 §2.2)",
            {"200": _REGISTERED, "400": OAUTH_ERROR, "401": TOKEN_REFUSED},
            parameters=[_CLIENT_ID],
            requestBody=_METADATA,
        ),
        "delete": operation(
            CONNECT,
            "End it (RFC 7592 §2.3)",
            {"204": {"description": "Ended"}, "401": TOKEN_REFUSED},
            parameters=[_CLIENT_ID],
        ),
    },
    "/device": {
        "get": operation(PAGES, "Where a person enters a device's code", {"200": PAGE, "303": REDIRECT}),
        "post": operation(
            PAGES,
            "Names the application that asks",
            {"200": PAGE, "303": REDIRECT, "400": PAGE, "403": PAGE, "429": PAGE},
            requestBody=_USER_CODE,
        ),
    },
    "/device/answer": {
        "post": operation(
            PAGES, "Lets the device in, or not", {"303": REDIRECT, "400": PAGE, "403": PAGE}, requestBody=_ANSWER
        )
    },
}
