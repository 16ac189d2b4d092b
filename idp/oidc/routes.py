"""The well-known addresses, `/oauth2/jwks` and `/oauth2/userinfo`."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from idp.oauth2.errors import OAuthError, invalid_request
from idp.oauth2.rendering import no_store
from idp.oidc.userinfo import UserinfoService
from kernel.web.forms import read_form

PUBLIC_SECONDS = 300

Document = Callable[[], Awaitable[Mapping[str, Any]]]


def discovery_routes(metadata: Document, jwks: Document) -> list[BaseRoute]:
    """What anybody may read and keep for five minutes, from any origin."""
    return [
        _public("/.well-known/openid-configuration", metadata),
        _public("/.well-known/oauth-authorization-server", metadata),
        _public("/oauth2/jwks", jwks),
    ]


def _public(path: str, document: Document) -> Route:
    async def show(request: Request) -> Response:
        body = json.dumps(await document()).encode()
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = {
            "ETag": tag,
            "Cache-Control": f"public, max-age={PUBLIC_SECONDS}",
            "Access-Control-Allow-Origin": "*",
            "Cross-Origin-Resource-Policy": "cross-origin",
        }
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="application/json", headers=headers)

    return Route(path, show, methods=["GET"])


def userinfo_routes(service: UserinfoService) -> list[BaseRoute]:
    """Userinfo by GET and POST (OpenID Connect Core 1.0 §5.3.1)."""

    async def userinfo(request: Request) -> Response:
        try:
            return no_store(await service.claims(await _bearer_token(request)))
        except OAuthError as error:
            return _bearer_error(error)

    return [Route("/oauth2/userinfo", userinfo, methods=["GET", "POST"])]


class NoToken(OAuthError):
    """Nothing was sent to judge: the challenge names no error (RFC 6750 §3.1)."""

    def __init__(self) -> None:
        super().__init__("invalid_token", "Send an access token.", status=401)


async def _bearer_token(request: Request) -> str:
    """The token of the header, or of a form body; never of the query (RFC 6750 §2). Raises `OAuthError`."""
    found = []
    scheme, _space, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        found.append(token.strip())
    if request.method == "POST":
        found += (await read_form(request)).all("access_token")
    if len(found) > 1:
        raise invalid_request("The access token was sent more than once.")
    if not found:
        raise NoToken
    return found[0]


def _bearer_error(error: OAuthError) -> Response:
    response = no_store(error.to_json(), error.status)
    challenge = 'Bearer realm="xinyin"'
    if not isinstance(error, NoToken):
        challenge += f', error="{error.error}", error_description="{error.description}"'
    response.headers["WWW-Authenticate"] = challenge
    return response
