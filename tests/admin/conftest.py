"""The console over a real identity provider; who sits at it is chosen by the test."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request

from admin import app as admin_app
from idp.roles.scopes import Role, permitted_scopes
from kernel.principal import Organisation, Principal
from kernel.web import problems
from kernel.web.locale import LocaleMiddleware
from kernel.web.security_headers import SecurityHeadersMiddleware
from kernel.web.templates import Navigation, Pages
from tests.idp.conftest import HandClock, Provider, run_provider
from tests.vault_rooms import AUTHORITY, Rooms, open_rooms

ROOT = Path(__file__).parents[2]
AUDIT_KEY = b"k" * 32


@dataclass
class Seat:
    """Who is signed in at this console, if anybody."""

    principal: Principal | None = None


class SeatSignIn:
    """Stands where sign-in stands: the tests of sign-in itself are elsewhere."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat

    async def principal(self, _request: Request) -> Principal | None:
        return self._seat.principal


@dataclass
class Console:
    """A browser at the console."""

    provider: Provider
    rooms: Rooms
    app: FastAPI
    client: httpx.AsyncClient
    seat: Seat = field(default_factory=Seat)

    def sit(self, *roles: Role, subject: str = "officer-1", name: str = "李工", at_authority: bool = True) -> None:
        """Let somebody with these roles sit down; officers act for the example authority unless told otherwise."""
        self.seat.principal = Principal(
            subject,
            "xinyin-pages",
            permitted_scopes(roles),
            organisation=Organisation(AUTHORITY.uscc, AUTHORITY.name) if at_authority else None,
            roles=frozenset(roles),
            name=name,
        )

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(path)

    async def post(self, form_page: str, path: str, **data: Any) -> httpx.Response:
        """Post a form as it stands on `form_page`; `files` as httpx takes them."""
        files = data.pop("files", None)
        page = (await self.client.get(form_page)).text
        token = page.split('name="csrf_token" value="')[1].split('"')[0]
        return await self.client.post(path, data={"csrf_token": token, **data}, files=files)


def console_app(provider: Provider, rooms: Rooms, seat: Seat) -> FastAPI:
    app = FastAPI()
    problems.install(app)
    app.add_middleware(LocaleMiddleware)
    app.add_middleware(SecurityHeadersMiddleware)
    app.state.pages = Pages([ROOT / "admin", ROOT / "idp"], navigation=Navigation(console=admin_app.NAVIGATION))
    app.state.sign_in = SeatSignIn(seat)
    app.state.admin = admin_app.build_services(
        admin_app.Neighbours(provider.services, rooms.seals, rooms.vault),
        admin_app.AuditParts(provider.database, provider.services.audit, AUDIT_KEY),
    )
    app.router.routes.extend([*app.state.pages.static.routes(), *admin_app.page_routes()])
    return app


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    """A fresh console, nobody signed in, speaking English."""
    async for provider in run_provider(tmp_path, HandClock()):
        seat = Seat()
        rooms = await open_rooms(
            provider.database, provider.services.audit, provider.clock, tmp_path, "https://idp.test"
        )
        app = console_app(provider, rooms, seat)
        headers = {"Accept": "text/html", "Accept-Language": "en"}
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="https://idp.test", headers=headers) as client:
            yield Console(provider, rooms, app, client, seat)
