"""The well-known addresses, `/oauth2/jwks` and `/oauth2/userinfo`."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from idp.oauth2.endpoint_reader import EndpointReader
from idp.oauth2.errors import OAuthError, invalid_request
from idp.oauth2.parameters import Parameters
from idp.oauth2.rendering import NO_STORE, no_store
from idp.oidc.userinfo import InvalidToken, UserinfoService
from idp.tokens.service import LiveToken
from kernel.crypto.possession.dpop import ALGORITHMS as DPOP_ALGORITHMS
from kernel.crypto.possession.dpop import ExpectedProof
from kernel.errors import InvalidInput
from kernel.web.forms import read_form
from kernel.web.possession.dpop import DpopGuard, ProofRefused

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


@dataclass(frozen=True)
class BearerDoor:
    """How tokens are presented: who sends a bound one proves its key (RFC 9449 §7, RFC 8705 §3)."""

    guard: DpopGuard
    reader: EndpointReader


def userinfo_routes(service: UserinfoService, door: BearerDoor) -> list[BaseRoute]:
    """Userinfo by GET and POST (OpenID Connect Core 1.0 §5.3.1), also for pages on other sites."""

    async def userinfo(request: Request) -> Response:
        try:
            presented = await _presented_token(request)
            token = await service.find_token(presented.token)
            await _check_key(door, request, presented, token)
            claims = await service.claims(token)
        except OAuthError as error:
            return _bearer_error(error)
        except InvalidInput as error:
            return _bearer_error(invalid_request(error.text))
        if isinstance(claims, str):
            return Response(claims, media_type="application/jwt", headers=NO_STORE)
        return no_store(claims)

    return [Route("/oauth2/userinfo", userinfo, methods=["GET", "POST"])]


class NoToken(OAuthError):
    """Nothing was sent to judge: the challenge names no error (RFC 6750 §3.1)."""

    def __init__(self) -> None:
        super().__init__("invalid_token", "Send an access token.", status=401)


@dataclass(frozen=True)
class Presented:
    """A token as it was sent, and by which scheme."""

    scheme: str
    token: str


async def _presented_token(request: Request) -> Presented:
    """The token of the header, or of a form body; never of the query (RFC 6750 §2). Raises `OAuthError`."""
    found = []
    scheme, _space, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() in {"bearer", "dpop"} and token.strip():
        found.append(Presented(scheme.lower(), token.strip()))
    if request.method == "POST":
        found += [Presented("bearer", each) for each in (await read_form(request)).all("access_token")]
    if len(found) > 1:
        raise invalid_request("The access token was sent more than once.")
    if not found:
        raise NoToken
    return found[0]


async def _check_key(door: BearerDoor, request: Request, presented: Presented, token: LiveToken) -> None:
    sent = door.reader.read_with(request, Parameters({}))
    expected = ExpectedProof(sent.method, sent.url, presented.token)
    try:
        proof = await door.guard.check(sent.proofs, expected) if presented.scheme == "dpop" else None
    except ProofRefused as refusal:
        raise UnboundToken(refusal.error, refusal.reason, refusal.nonce) from refusal
    jkt, certificate = token.confirmation.get("jkt"), token.confirmation.get("x5t#S256")
    if jkt != (proof.jkt if proof is not None else None):
        raise UnboundToken("invalid_token", "bound to another key, or to none")
    if certificate is not None and (sent.certificate is None or sent.certificate.thumbprint != certificate):
        raise InvalidToken("bound to another certificate")


class UnboundToken(OAuthError):
    """A DPoP proof that is missing, wrong, or by another key (RFC 9449 §7.1)."""

    def __init__(self, error: str, detail: str | None, nonce: str | None = None) -> None:
        super().__init__(error, "Send this token with a DPoP proof of its key.", status=401, detail=detail)
        if nonce is not None:
            self.headers = {"DPoP-Nonce": nonce}


def _bearer_error(error: OAuthError) -> Response:
    response = no_store(error.to_json(), error.status)
    response.headers.update(error.headers)
    bearer = 'Bearer realm="xinyin"'
    dpop = f'DPoP algs="{" ".join(DPOP_ALGORITHMS)}"'
    told = f'error="{error.error}", error_description="{error.description}"'
    if isinstance(error, NoToken):
        challenges = [bearer, dpop]
    elif isinstance(error, UnboundToken):
        challenges = [f"{dpop}, {told}"]
    else:
        challenges = [f"{bearer}, {told}"]
    response.headers["WWW-Authenticate"] = ", ".join(challenges)
    return response
