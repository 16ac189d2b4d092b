"""`GET /forward-auth/{nginx,traefik,caddy,envoy}`: 200 with identity headers, 401 with where to sign in, 403."""

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kernel.web.sign_in import signed_in
from sso_proxy.gateway.headers import header_text

PROXIES = ("nginx", "traefik", "caddy", "envoy")
ORIGINAL_URI = ("x-original-uri", "x-forwarded-uri", "x-envoy-original-path")
NO_STORE = {"Cache-Control": "no-store"}


def routes(public_url: str) -> list[BaseRoute]:
    """One route a proxy; Envoy appends the path it asks for."""
    # Our own sign-in, which ends on our own pages: no address is taken from the request, its Host included.
    sign_in_url = f"{public_url.rstrip('/')}/session/start?next={quote('/me/apps', safe='')}"

    async def decide(request: Request) -> Response:
        return await _decide(request, sign_in_url)

    plain: list[BaseRoute] = [Route(f"/forward-auth/{name}", decide, methods=["GET"]) for name in PROXIES]
    return [*plain, Route("/forward-auth/envoy/{path:path}", decide, methods=["GET"])]


async def _decide(request: Request, sign_in_url: str) -> Response:
    if _is_ambiguous(_original_uri(request)):
        return Response(status_code=403, headers=NO_STORE)
    principal = await signed_in(request)
    if principal is None:
        return Response(status_code=401, headers={**NO_STORE, "Location": sign_in_url})
    headers = {"X-Xinyin-User": header_text(principal.subject), "X-Xinyin-Name": header_text(principal.name or "")}
    return Response(status_code=200, headers=NO_STORE | headers)


def _original_uri(request: Request) -> str:
    return next((request.headers[name] for name in ORIGINAL_URI if name in request.headers), "/")


def _is_ambiguous(uri: str) -> bool:
    """A path that the proxy and the application might read differently is let through to nobody."""
    path = uri.split("?", 1)[0].lower()
    return any(each in path for each in ("%00", "%2e%2e", "/../", "\\", "%5c")) or path.endswith("/..")
