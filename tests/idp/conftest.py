"""The identity provider behind a test client, with a clock that tests turn."""

import ipaddress
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from idp import app as idp_app
from idp.app import Foundations, IdpServices, build_services, page_routes
from idp.federation.base import CallbackConnector
from idp.keys import TokenKeys
from idp.schema import Base
from idp.settings import IdpSettings
from kernel.audit.chain import AuditTrail
from kernel.audit.records import Base as AuditBase
from kernel.crypto.custody.files import FileKeyStore
from kernel.crypto.envelope import Envelope
from kernel.database.engine import Database
from kernel.ephemeral.memory import InProcessStore
from kernel.ephemeral.store import EphemeralStore
from kernel.messages.message import Channels, MessageSender
from kernel.outbound.fetch import GuardedFetcher
from kernel.outbound.policy import Address, OutboundPolicy
from kernel.web import problems
from kernel.web.locale import LocaleMiddleware
from kernel.web.request_id import RequestIdMiddleware
from kernel.web.security_headers import SecurityHeadersMiddleware
from kernel.web.templates import Pages
from tests.idp.browser import Browser

ISSUER = "https://idp.test"
MASTER_KEY = bytes(range(32))


class HandClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 2, 0, 7, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


class RegisterOfOne:
    """A population register that knows one person."""

    async def matches(self, name: str, id_number: str) -> bool:
        return (name, id_number) == ("张小明", "990101199003078033")


@dataclass
class Provider:
    """A running identity provider, and how to visit it."""

    services: IdpServices
    app: Starlette
    clock: HandClock
    database: Database

    def browser(self, address: str = "127.0.0.1", language: str = "en") -> Browser:
        transport = httpx.ASGITransport(self.app, client=(address, 50000))
        headers = {"Accept": "text/html", "Accept-Language": language}
        return Browser(httpx.AsyncClient(transport=transport, base_url=ISSUER, headers=headers))


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def provider(tmp_path: Path, clock: HandClock) -> AsyncIterator[Provider]:
    """A fresh provider on an empty database, with cheap password hashing."""
    async for built in run_provider(tmp_path, clock):
        yield built


PUBLIC, PRIVATE = ipaddress.ip_address("93.184.216.34"), ipaddress.ip_address("10.1.2.3")


def outside_world(transport: httpx.AsyncBaseTransport) -> GuardedFetcher:
    """Calls of ours end at this transport; names that begin with `inside` lead into our own network."""

    async def resolve(host: str, port: int) -> list[Address]:
        return [PRIVATE if host.startswith("inside") else PUBLIC]

    return GuardedFetcher(OutboundPolicy(), transport=transport, resolver=resolve)


async def run_provider(
    tmp_path: Path,
    clock: HandClock,
    change: Callable[[dict[str, object]], None] = lambda values: None,
    database_url: str = "",
    store: EphemeralStore | None = None,
    connectors: Mapping[str, CallbackConnector] | None = None,
    outside: httpx.AsyncBaseTransport | None = None,
    messages: MessageSender | None = None,
) -> AsyncIterator[Provider]:
    values: dict[str, object] = {
        "issuer": ISSUER,
        "password_hash_memory_kib": 8,
        "password_hash_passes": 1,
    }
    change(values)
    database = Database(database_url or f"sqlite+aiosqlite:///{tmp_path / 'idp.db'}")
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        await connection.run_sync(AuditBase.metadata.create_all)
    services = build_services(
        Foundations(
            settings=IdpSettings(**values),
            database=database,
            ephemeral=store or InProcessStore(clock),
            audit=AuditTrail(clock, b"k" * 32),
            envelope=Envelope(MASTER_KEY),
            keys=TokenKeys(FileKeyStore(tmp_path / "keys", MASTER_KEY)),
            clock=clock,
            register=RegisterOfOne(),
            connectors=connectors,
            fetcher=outside_world(outside) if outside else None,
            messages=messages or Channels(),
        )
    )
    await services.start()
    app = Starlette(routes=page_routes(services))
    problems.install(app)
    for middleware in (LocaleMiddleware, SecurityHeadersMiddleware, RequestIdMiddleware):
        app.add_middleware(middleware)
    app.state.pages = Pages([idp_app.ROOT])
    app.routes.extend(app.state.pages.static.routes())
    yield Provider(services, app, clock, database)
    await services.stop()
    await database.dispose()
