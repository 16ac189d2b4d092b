"""Home, and the applications behind the gateway."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kernel.web.sign_in import require_sign_in, signed_in
from kernel.web.templates import Pages
from sso_proxy.app import GatewayServices
from xinyin.pages import STAFF_SCOPES


def portal_routes() -> list[BaseRoute]:
    """`/` and `/me/apps`."""
    return [Route("/", _home), Route("/me/apps", _applications)]


async def _home(request: Request) -> Response:
    principal = await signed_in(request)
    pages: Pages = request.app.state.pages
    staff = bool(principal and principal.scopes & STAFF_SCOPES)
    return pages.render(request, "xinyin/home.html", staff=staff, demo=request.app.state.house.settings.mode == "demo")


async def _applications(request: Request) -> Response:
    principal = await require_sign_in(request)
    gateway: GatewayServices = request.app.state.sso_proxy
    pages: Pages = request.app.state.pages
    applications = await gateway.applications_for(principal.subject)
    return pages.render(request, "xinyin/applications.html", applications=applications)
