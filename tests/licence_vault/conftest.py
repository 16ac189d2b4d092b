"""Houses for the vault's tests: on SQLite, where a test asks for it on PostgreSQL too, and one behind HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from idp.clients.client import ClientRegistration
from tests.houses import AGENCY, OTHER_AGENCY, TestHouse, make_seal, opened
from tests.licence_vault.api import ALL, Service
from xinyin.app import create_app


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[TestHouse]:
    async with opened(tmp_path) as house:
        yield house


@pytest.fixture
async def any_world(tmp_path: Path, any_database_url: str) -> AsyncIterator[TestHouse]:
    async with opened(tmp_path, any_database_url) as house:
        yield house


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """One house for all these tests: each makes its own licences."""
    folder: Path = tmp_path_factory.mktemp("house")
    async with opened(folder) as world:
        await make_seal(world.house, OTHER_AGENCY)
        transport = httpx.ASGITransport(create_app(world.house))
        base = world.house.settings.public_url

        def client(**headers: str) -> httpx.AsyncClient:
            return httpx.AsyncClient(transport=transport, base_url=base, headers=headers)

        async with client() as anyone:

            async def program(scopes: tuple[str, ...], uscc: str | None, name: str | None) -> httpx.AsyncClient:
                registration = ClientRegistration(
                    name="业务系统",
                    role="agency",
                    scopes=scopes,
                    grant_types=("client_credentials",),
                    organisation_uscc=uscc,
                    organisation_name=name,
                )
                made, secret = await world.house.idp.clients.create(registration)
                form = {"grant_type": "client_credentials", "scope": " ".join(scopes)}
                answer = await anyone.post("/oauth2/token", data=form, auth=(made.client_id, secret or ""))
                assert answer.status_code == 200, answer.text
                return client(authorization=f"Bearer {answer.json()['access_token']}")

            yield Service(
                world,
                anyone,
                agency=await program(ALL, AGENCY.uscc, AGENCY.name),
                other=await program(ALL, OTHER_AGENCY.uscc, OTHER_AGENCY.name),
                reader=await program(("licence:read",), AGENCY.uscc, AGENCY.name),
                private=await program(ALL, None, None),
            )
