"""Federation as it runs: our connectors against the sandbox on a real port, real databases, real persons."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

import idp
from idp.assignments.service import held_later
from idp.federation.accounts import ExternalAccounts
from idp.federation.alipay import AlipayConfiguration, AlipayConnector
from idp.federation.base import CallbackConnector
from idp.federation.pending import PendingSignIns
from idp.federation.qq import QQConfiguration, QQConnector
from idp.federation.routes import Doors, federation_routes
from idp.federation.service import FederationService
from idp.federation.wechat import WeChatConfiguration, WeChatConnector
from idp.federation.wire import ProviderHttp
from idp.persons.directory import PersonDirectory
from idp.persons.passwords import PasswordHasher
from idp.persons.protection import PersonalData
from idp.persons.records import end_sign_ins
from idp.persons.service import PersonService
from idp.roles.service import RoleService
from idp.schema import Base
from kernel.audit.chain import AuditTrail
from kernel.audit.records import Base as AuditBase
from kernel.clock import system_clock
from kernel.crypto.envelope import Envelope
from kernel.crypto.public_keys import load_public_key
from kernel.database.engine import Database
from kernel.ephemeral.memory import InProcessStore
from kernel.web.csrf import CsrfGuard
from kernel.web.problems import install
from kernel.web.templates import Pages
from tests.sandbox.serving import (
    ALIPAY_MOVING,
    MP_APP,
    QQ_APP,
    SITE,
    WEB_APP,
    MovableClock,
    SandboxKeys,
    clear_faults,
    make_keys,
    sandbox_settings,
    serve,
)
from xinyin.sandbox.app import create_sandbox_app

MASTER_KEY = bytes(range(32))


@pytest.fixture(scope="session")
def sandbox_keys() -> SandboxKeys:
    """Alipay's key and ours."""
    return make_keys()


@pytest.fixture(scope="session")
def sandbox_clock() -> MovableClock:
    """The sandbox's clock."""
    return MovableClock()


@pytest.fixture(scope="session")
def sandbox_address(sandbox_keys: SandboxKeys, sandbox_clock: MovableClock) -> Iterator[str]:
    """The running sandbox."""
    with serve(create_sandbox_app(sandbox_settings(sandbox_keys, sandbox_clock))) as address:
        yield address


@pytest.fixture
def sandbox(sandbox_address: str, sandbox_clock: MovableClock) -> Iterator[str]:
    """The address of the sandbox; faults are cleared and the clock is set right afterwards."""
    yield sandbox_address
    sandbox_clock.ahead *= 0
    for provider in ("/wechat", "/qq", "/alipay"):
        clear_faults(f"{sandbox_address}{provider}")


@pytest.fixture
async def provider_http() -> AsyncIterator[ProviderHttp]:
    """The connectors' HTTP client, less patient than in earnest."""
    http = ProviderHttp(total_seconds=1.5)
    yield http
    await http.close()


@pytest.fixture
def wechat(sandbox: str, provider_http: ProviderHttp) -> WeChatConnector:
    """WeChat with both pairs of credentials."""
    configuration = WeChatConfiguration(
        app_id=WEB_APP.app_id,
        app_secret=WEB_APP.app_secret,
        mp_app_id=MP_APP.app_id,
        mp_app_secret=MP_APP.app_secret,
        account_scope="our-open-account",
        base_url=f"{sandbox}/wechat",
    )
    return WeChatConnector(configuration, provider_http)


@pytest.fixture
def qq(sandbox: str, provider_http: ProviderHttp) -> QQConnector:
    """QQ with the right to see unionids."""
    configuration = QQConfiguration(QQ_APP.app_id, QQ_APP.app_key, "our-company", f"{sandbox}/qq")
    return QQConnector(configuration, provider_http)


@pytest.fixture
def alipay_for(
    sandbox: str, sandbox_keys: SandboxKeys, provider_http: ProviderHttp
) -> Callable[[str], AlipayConnector]:
    """Alipay for one of the sandbox's applications."""

    def build(app_id: str) -> AlipayConnector:
        provider_key = load_public_key(sandbox_keys.gateway.public_spki)
        configuration = AlipayConfiguration(app_id, sandbox_keys.merchant, provider_key, base_url=f"{sandbox}/alipay")
        return AlipayConnector(configuration, provider_http, system_clock)

    return build


@pytest.fixture
def alipay(alipay_for: Callable[[str], AlipayConnector]) -> AlipayConnector:
    """Alipay for an application that sees open_id and user_id."""
    return alipay_for(ALIPAY_MOVING)


async def create_tables(database: Database) -> None:
    """The tables of `idp` and of the audit trail."""
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        await connection.run_sync(AuditBase.metadata.create_all)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """An empty database with the tables."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}")
    await create_tables(database)
    yield database
    await database.dispose()


@dataclass(frozen=True)
class People:
    """Persons and their external accounts."""

    persons: PersonService
    accounts: ExternalAccounts


@pytest.fixture
def people(database: Database) -> People:
    """Persons and their external accounts in an empty database."""
    audit = AuditTrail(system_clock, MASTER_KEY)
    envelope = Envelope(MASTER_KEY)
    persons = PersonService(
        database,
        audit,
        system_clock,
        PersonalData(envelope),
        PasswordHasher(memory_kib=64, passes=1, threads=1),
        RoleService(database, audit, system_clock, end_sign_ins, held_later),
    )
    accounts = ExternalAccounts(database, audit, system_clock, envelope, PersonDirectory(persons))
    return People(persons, accounts)


@pytest.fixture
def service_clock() -> MovableClock:
    """The clock of our own side."""
    return MovableClock()


@pytest.fixture
def service(
    people: People,
    wechat: WeChatConnector,
    qq: QQConnector,
    alipay: AlipayConnector,
    service_clock: MovableClock,
) -> FederationService:
    """All three providers."""
    connectors: tuple[CallbackConnector, ...] = (wechat, qq, alipay)
    pending = PendingSignIns(InProcessStore(service_clock), service_clock)
    return FederationService(pending, people.accounts, {each.family: each for each in connectors}, SITE)


@pytest.fixture
async def site(service: FederationService) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at a site with federation's routes; a finished sign-in is answered with what it is worth."""

    async def complete_login(request: Request, person_id: str, amr: tuple[str, ...], acr: str) -> Response:
        return_state = request.state.federation_return_state
        return JSONResponse({"person": person_id, "amr": amr, "acr": acr, "return_state": return_state})

    async def freshly_signed_in(request: Request) -> str:
        return request.headers["x-person"]

    async def form(request: Request) -> Response:
        """The token of a form of ours."""
        guard: CsrfGuard = request.app.state.pages.csrf
        response = PlainTextResponse(guard.token(request))
        guard.remember(request, response)
        return response

    doors = Doors(complete_login, freshly_signed_in)
    app = Starlette(routes=[*federation_routes(service, doors), Route("/form", form)])
    app.state.pages = Pages([Path(next(iter(idp.__path__)))])
    install(app)
    headers = {"Accept": "text/html", "Accept-Language": "zh-CN"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=SITE, headers=headers) as browser:
        yield browser
