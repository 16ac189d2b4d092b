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
from kernel.crypto.keystore import FileKeyStore
from kernel.principal import Principal
from kernel.web import problems
from kernel.web.locale import LocaleMiddleware
from kernel.web.security_headers import SecurityHeadersMiddleware
from kernel.web.templates import Navigation, Pages
from seal import app as seal_app
from seal.app import SealServices
from seal.schema import Base as SealBase
from tests.idp.conftest import HandClock, Provider, run_provider

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
    seals: SealServices
    app: FastAPI
    client: httpx.AsyncClient
    seat: Seat = field(default_factory=Seat)

    def sit(self, *roles: Role, subject: str = "officer-1", name: str = "李工") -> None:
        """Let somebody with these roles sit down."""
        self.seat.principal = Principal(
            subject, "xinyin-pages", permitted_scopes(roles), roles=frozenset(roles), name=name
        )

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(path)

    async def post(self, form_page: str, path: str, **data: Any) -> httpx.Response:
        """Post a form as it stands on `form_page`; `files` as httpx takes them."""
        files = data.pop("files", None)
        page = (await self.client.get(form_page)).text
        token = page.split('name="csrf_token" value="')[1].split('"')[0]
        return await self.client.post(path, data={"csrf_token": token, **data}, files=files)


def console_app(provider: Provider, seals: SealServices, seat: Seat) -> FastAPI:
    app = FastAPI()
    problems.install(app)
    app.add_middleware(LocaleMiddleware)
    app.add_middleware(SecurityHeadersMiddleware)
    app.state.pages = Pages([ROOT / "admin", ROOT / "idp"], navigation=Navigation(console=admin_app.NAVIGATION))
    app.state.sign_in = SeatSignIn(seat)
    app.state.admin = admin_app.build_services(
        provider.services, seals, admin_app.AuditParts(provider.database, provider.services.audit, AUDIT_KEY)
    )
    app.router.routes.extend([*app.state.pages.static.routes(), *admin_app.page_routes()])
    return app


async def seal_services(provider: Provider, folder: Path) -> SealServices:
    """The real register and authority on the same database."""
    async with provider.database.engine.begin() as connection:
        await connection.run_sync(SealBase.metadata.create_all)
    seals = seal_app.build_services(
        seal_app.Foundations(
            keystore=FileKeyStore(folder / "seal-keys", bytes(32)),
            database=provider.database,
            audit=provider.services.audit,
            clock=provider.clock,
            public_url="https://idp.test",
            font=Path("no font: pictures are uploaded"),
        )
    )
    await seals.start()
    return seals


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    """A fresh console, nobody signed in, speaking English."""
    async for provider in run_provider(tmp_path, HandClock()):
        seat = Seat()
        seals = await seal_services(provider, tmp_path)
        app = console_app(provider, seals, seat)
        headers = {"Accept": "text/html", "Accept-Language": "en"}
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="https://idp.test", headers=headers) as client:
            yield Console(provider, seals, app, client, seat)
