"""The gateway on a real port, a real identity provider behind it, and browsers that visit applications."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest

import sso_proxy.credentials.records
import sso_proxy.sites.records  # noqa: F401
from idp.clients.client import ClientRegistration
from kernel.audit.chain import AuditTrail
from kernel.audit.records import Base as AuditBase
from kernel.crypto.envelope import Envelope
from kernel.database.engine import Database
from kernel.ephemeral.memory import InProcessStore
from kernel.web.templates import Pages
from sso_proxy.app import GatewayServices, GatewaySettings, Parts, build_services, start_gateway
from sso_proxy.schema import Base
from sso_proxy.sites.site import Site
from tests.idp.browser import hidden_fields
from tests.idp.conftest import ISSUER, MASTER_KEY, HandClock, Provider, run_provider
from tests.idp.people import PASSWORD, enter_person
from tests.servers import spare_port
from xinyin.legacy_app.application import LegacyApplication

ROOT = Path(__file__).parents[2]


class RunningClock(HandClock):
    """The time of day, which tests move ahead."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def advance(self, **span: float) -> None:
        self.ahead += timedelta(**span)


class Network(httpx.AsyncBaseTransport):
    """Name resolution: the provider's name leads to the provider, every other one to this machine."""

    def __init__(self, provider: Provider) -> None:
        self._provider = httpx.ASGITransport(provider.app)
        self._local = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "idp.test":
            return await self._provider.handle_async_request(request)
        here = httpx.Request(
            request.method,
            request.url.copy_with(host="127.0.0.1"),
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions,
        )
        return await self._local.handle_async_request(here)

    async def aclose(self) -> None:
        await self._local.aclose()


@dataclass
class Visitor:
    """One person's browser."""

    client: httpx.AsyncClient
    trail: list[httpx.Response] = field(default_factory=list)

    async def get(self, url: str, **arguments: object) -> httpx.Response:
        """Open an address and follow every redirect."""
        return await self._follow(await self.client.get(url, **arguments))  # type: ignore[arg-type]

    async def submit(self, page: httpx.Response, **fields: str) -> httpx.Response:
        """Fill in the page's last form and send it, as a browser would."""
        form = page.text[page.text.rindex("<form") :]
        action = form.split('action="', 1)[1].split('"', 1)[0]
        url = urljoin(str(page.url), action)
        origin = f"{page.url.scheme}://{page.url.netloc.decode()}"
        return await self._follow(
            await self.client.post(url, data={**hidden_fields(form), **fields}, headers={"Origin": origin})
        )

    async def open(self, url: str) -> httpx.Response:
        """Open an application, signing in at the provider on the way."""
        page = await self.get(url)
        return await self.submit(page, username="ming", password=PASSWORD)

    async def _follow(self, response: httpx.Response) -> httpx.Response:
        self.trail.append(response)
        for _step in range(20):
            location = response.headers.get("location")
            if not response.is_redirect or not location:
                return response
            response = await self.client.get(urljoin(str(response.url), location))
            self.trail.append(response)
        raise AssertionError([str(each.url) for each in self.trail[-6:]])


@dataclass
class World:
    """The gateway and all around it."""

    provider: Provider
    services: GatewayServices
    database: Database
    store: InProcessStore
    envelope: Envelope
    clock: RunningClock
    port: int
    subject: str

    def visitor(self, language: str = "en") -> Visitor:
        headers = {"Accept": "text/html", "Accept-Language": language, "User-Agent": "Mozilla/5.0 (test)"}
        return Visitor(httpx.AsyncClient(transport=Network(self.provider), headers=headers, timeout=60))

    async def add(self, slug: str, upstream_url: str, **changes: object) -> str:
        """Put an application behind the gateway; gives its public address."""
        values = {"name": slug.title(), "login_path": "/login", "logout_path": "/logout", **changes}
        await self.services.sites.add(Site(slug, upstream_url=upstream_url, **values))  # type: ignore[arg-type]
        return f"http://{slug}.localhost:{self.port}"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    clock, port = RunningClock(), spare_port()
    async for provider in run_provider(tmp_path, clock):
        subject = await enter_person(provider)
        gateway_url = f"http://localhost:{port}"
        await provider.services.clients.create(
            ClientRegistration(
                name="gateway",
                client_id="xinyin-gateway",
                redirect_uris=(f"{gateway_url}/.xinyin/callback",),
                scopes=("openid", "profile"),
                grant_types=("authorization_code",),
                first_party=True,
            ),
            secret="gateway-secret-for-the-tests-0001",
        )
        database = Database(f"sqlite+aiosqlite:///{tmp_path / 'proxy.db'}")
        async with database.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
            await connection.run_sync(AuditBase.metadata.create_all)
        store, envelope = InProcessStore(clock), Envelope(MASTER_KEY)
        services = build_services(
            Parts(
                settings=GatewaySettings(ISSUER, gateway_url, "xinyin-gateway", "gateway-secret-for-the-tests-0001"),
                database=database,
                ephemeral=store,
                envelope=envelope,
                audit=AuditTrail(clock, b"k" * 32),
                clock=clock,
                pages=Pages([ROOT / "sso_proxy"]),
                issuer_transport=httpx.ASGITransport(provider.app),
                has_ended=provider.services.sessions.has_ended,
            )
        )
        server = await start_gateway(services, "127.0.0.1", port)
        yield World(provider, services, database, store, envelope, clock, port, subject)
        server.close()
        await services.close()
        await database.dispose()


@pytest.fixture(scope="session")
def legacy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LegacyApplication]:
    """The legacy system as installed from PyPI; an installation of the demo is copied where there is one."""
    directory = tmp_path_factory.mktemp("legacy")
    installed = Path(os.environ.get("XINYIN_TEST_LEGACY_VENV", ROOT / "var" / "legacy"))
    if (installed / "installed").exists():
        (directory / "venv").symlink_to(installed / "venv")
        shutil.copy(installed / "installed", directory / "installed")
    application = LegacyApplication(directory)
    application.install()
    application.create_account("wang", "Wang!2026pass")
    yield application
    application.stop()


@pytest.fixture(scope="session")
def calibre(legacy: LegacyApplication) -> str:
    """Its address."""
    return legacy.start(spare_port())
