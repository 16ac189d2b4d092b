"""The web application: every room's routes in one list, under one set of middlewares."""

import sys
from importlib.metadata import version
from urllib.parse import urlsplit

import httpx
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

import admin.app
import idp.app
import licence_vault.app
import seal.app
import sso_proxy.app
import verify.app
from idp.protocols import build_dpop_guard
from kernel.logs import configure_logs
from kernel.web import problems
from kernel.web.json_body import BodyLimit
from kernel.web.locale import LocaleMiddleware
from kernel.web.possession.front import CertificateFront
from kernel.web.possession.sender import RequestKeys
from kernel.web.request_id import RequestIdMiddleware
from kernel.web.security_headers import SecurityHeadersMiddleware
from xinyin.browser import build_browser
from xinyin.chores import chores_running
from xinyin.house import House, open_house
from xinyin.openapi.document import describe_in
from xinyin.operations.health import operations_routes
from xinyin.operations.methods import MethodsMiddleware
from xinyin.operations.metrics import Metrics
from xinyin.portal.routes import portal_routes
from xinyin.settings import Settings, load_settings


def create_app(house: House) -> ASGIApp:
    """The application of an opened house."""
    app = FastAPI(
        title="Xinyin 信印",
        summary="Identity, single sign-on and electronic licences.",
        description="Errors under `/api/v1/` are `application/problem+json` (RFC 9457); those of OAuth endpoints are "
        "JSON as RFC 6749 §5.2 has it. Times are RFC 3339 in UTC, days by the calendar of China.",
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        version=version("xinyin"),
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    metrics = Metrics()
    _place_services(app, house, httpx.ASGITransport(app=app, raise_app_exceptions=False))
    _mount(app, house, metrics)
    app.add_middleware(BodyLimit)
    problems.install(app)
    settings = house.settings
    describe_in(app, settings.public_url)
    app.add_middleware(MethodsMiddleware, routes=app.router.routes)
    app.add_middleware(LocaleMiddleware)
    app.add_middleware(SecurityHeadersMiddleware, form_action=_form_targets(settings), https=settings.is_https)
    app.add_middleware(RequestIdMiddleware)
    return metrics.middleware(app)


def _place_services(app: FastAPI, house: House, transport: httpx.AsyncBaseTransport) -> None:
    browser = build_browser(house.foundation, house.idp.tokens, _sender_keys(house), transport)
    app.state.house = house
    app.state.pages = house.pages
    app.state.sign_in, app.state.bearer, app.state.holders = browser.sign_in, browser.bearer, browser.holders
    app.state.idp, app.state.seal, app.state.licence_vault = house.idp, house.seal, house.licence_vault
    app.state.verify, app.state.admin, app.state.sso_proxy = house.verify, house.admin, house.sso_proxy


def _sender_keys(house: House) -> RequestKeys:
    """What tokens are bound to is checked here as at the provider itself."""
    identity, foundation = house.idp, house.foundation
    guard = build_dpop_guard(identity.settings, foundation.ephemeral, foundation.clock, foundation.envelope)
    return RequestKeys(guard, CertificateFront(identity.settings.client_certificate_header), identity.settings.issuer)


def _mount(app: FastAPI, house: House, metrics: Metrics) -> None:
    foundation = house.foundation
    checks = {
        "database": foundation.database.ping,
        "sessions": foundation.ephemeral.ping,
        "files": foundation.blobs.ping,
    }
    app.router.routes += [
        *operations_routes(checks, metrics),
        *app.state.pages.static.routes(),
        *app.state.sign_in.routes(),
        *portal_routes(),
        *idp.app.page_routes(house.idp),
        *licence_vault.app.page_routes(),
        *verify.app.page_routes(),
        *admin.app.page_routes(),
        *sso_proxy.app.page_routes(house.settings.public_url),
    ]
    for router in (
        idp.app.api_router(house.idp),
        seal.app.api_router(),
        licence_vault.app.api_router(house.licence_vault),
        verify.app.api_router(),
    ):
        app.include_router(router)


def _form_targets(settings: Settings) -> list[str]:
    """Where a form's answer may lead besides this site: to the gateway and the applications behind it."""
    parts = urlsplit(settings.gateway_url)
    return [settings.gateway_url, f"{parts.scheme}://*.{parts.netloc}"]


class Service:
    """The application that opens its house when the server starts and closes it when the server stops."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            assert self._app is not None
            await self._app(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with open_house(self._settings) as house:
            self._app = create_app(house)
            async with chores_running(house):
                await send({"type": "lifespan.startup.complete"})
                await receive()
        await send({"type": "lifespan.shutdown.complete"})


def from_environment() -> Service:
    """For servers that start several processes, each with logs of its own: `xinyin.app:from_environment`."""
    configure_logs(human=sys.stderr.isatty())
    return Service(load_settings())
