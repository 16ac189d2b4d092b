"""Home, and the applications behind the gateway."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kernel.web.sign_in import require_sign_in, signed_in
from kernel.web.templates import NavLink, Navigation, Pages
from sso_proxy.app import GatewayServices

STAFF_SCOPES = frozenset(
    {"licence:issue", "licence:manage", "seal:apply", "seal:approve", "admin:users", "admin:security", "admin:audit"}
)

NAVIGATION_SITE = (
    NavLink("My licences", "/me/licences"),
    NavLink("My applications", "/me/apps"),
    NavLink("Verify a licence", "/verify"),
    NavLink("Console", "/console", scopes=STAFF_SCOPES),
)
NAVIGATION_ACCOUNT = (NavLink("My account", "/account"),)


def navigation(console: tuple[NavLink, ...]) -> Navigation:
    """Where the header, the account menu and the console's rail lead."""
    return Navigation(site=NAVIGATION_SITE, console=console, account=NAVIGATION_ACCOUNT)


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
