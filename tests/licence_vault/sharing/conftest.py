"""A house behind HTTP: two agencies' programs that may share, and people who sign in with their browsers."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio
from starlette.types import ASGIApp

from idp.clients.client import ClientRegistration
from idp.persons.person import RealName
from kernel.audit.search import AuditQuery, search_events
from tests.houses import AGENCY, CITIZEN_NAME, CITIZEN_NUMBER, OTHER_AGENCY, TestHouse, food_order, make_seal, opened
from xinyin.app import create_app

PASSWORD = "a long enough Pass-phrase 1"
OTHER_NUMBER, OTHER_NAME = "110101200002290018", "周知远"
MATTER = {"name": "食品经营许可延续", "code": "11370100-XK-012", "number": "SL-2026-000017"}
LEGAL = {"kind": "legal", "reference": "《食品安全法》第三十五条"}
GRANT = {"kind": "grant"}
PURPOSE = "办理食品经营许可延续"


def call(basis: dict[str, str] = LEGAL, **more: Any) -> dict[str, Any]:
    """A call that states everything."""
    return {"purpose": PURPOSE, "basis": basis, "matter": MATTER, "officer": "王明远", **more}


@dataclass(frozen=True)
class Sharers:
    """The house, the issuing agency, the asking agency, another asking one, a program without the scope, people."""

    world: TestHouse
    app: ASGIApp
    issuer: httpx.AsyncClient
    asker: httpx.AsyncClient
    third: httpx.AsyncClient
    scopeless: httpx.AsyncClient
    homeless: httpx.AsyncClient
    holder: httpx.AsyncClient
    stranger: httpx.AsyncClient

    async def issue(self, **changes: Any) -> dict[str, Any]:
        """A licence of the holder's."""
        answer = await self.issuer.post("/api/v1/licences", json=food_order(**changes))
        assert answer.status_code == 201, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def grant(self, licence: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """The holder lets the asking agency have something."""
        answer = await self.holder.post("/api/v1/me/grants", json=self.grant_order(licence, **changes))
        assert answer.status_code == 201, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def grant_order(self, licence: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """A right body of `POST /api/v1/me/grants`."""
        until = self.world.clock().replace(microsecond=0)
        until = until.replace(year=until.year + 1) if (until.month, until.day) != (2, 29) else until.replace(month=12)
        order = {
            "licence": licence["id"],
            "grantee": {"uscc": OTHER_AGENCY.uscc},
            "purpose": PURPOSE,
            "fields": ["premises", "business_form"],
            "until": until.isoformat(),
        }
        return order | changes

    async def audit(self, action: str) -> list[Any]:
        """The trail's events of an action, newest first."""
        async with self.world.house.foundation.database.reading() as session:
            return list(await search_events(session, AuditQuery(action=action)))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sharers(tmp_path_factory: Any) -> AsyncIterator[Sharers]:
    """One house for a file of tests: each makes its own licences."""
    folder: Path = tmp_path_factory.mktemp("house")
    async with opened(folder) as world:
        await make_seal(world.house, OTHER_AGENCY)
        app = create_app(world.house)
        yield Sharers(
            world,
            app,
            issuer=await program(world, app, "licence:read licence:issue licence:manage", AGENCY.uscc, AGENCY.name),
            asker=await program(world, app, "licence:share", OTHER_AGENCY.uscc, OTHER_AGENCY.name),
            third=await program(world, app, "licence:share", AGENCY.uscc, AGENCY.name),
            scopeless=await program(world, app, "licence:read", OTHER_AGENCY.uscc, OTHER_AGENCY.name),
            homeless=await program(world, app, "licence:share", None, None),
            holder=await person(world, app, "holder", CITIZEN_NUMBER, CITIZEN_NAME),
            stranger=await person(world, app, "stranger", OTHER_NUMBER, OTHER_NAME),
        )


def browser(world: TestHouse, app: ASGIApp, **headers: str) -> httpx.AsyncClient:
    base = world.house.settings.public_url
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base, headers=headers)


async def program(world: TestHouse, app: ASGIApp, scopes: str, uscc: str | None, name: str | None) -> Any:
    """A program of an agency, with a token from the token endpoint."""
    registration = ClientRegistration(
        name="业务系统",
        role="agency",
        scopes=tuple(scopes.split()),
        grant_types=("client_credentials",),
        organisation_uscc=uscc,
        organisation_name=name,
    )
    made, secret = await world.house.idp.clients.create(registration)
    async with browser(world, app) as anyone:
        form = {"grant_type": "client_credentials", "scope": scopes}
        answer = await anyone.post("/oauth2/token", data=form, auth=(made.client_id, secret or ""))
    assert answer.status_code == 200, answer.text
    return browser(world, app, authorization=f"Bearer {answer.json()['access_token']}")


async def person(world: TestHouse, app: ASGIApp, username: str, number: str, name: str) -> httpx.AsyncClient:
    """Somebody whose name and number are confirmed, signed in with a browser of their own."""
    persons = world.house.idp.persons
    made = await persons.create(username, PASSWORD, name)
    await persons.bind_real_name(made.id, RealName("111", number, name), 3)
    client = browser(world, app, origin=world.house.settings.public_url, accept="text/html")
    client.headers["accept-language"] = "en"
    page = await client.get("/session/start", params={"next": "/me/licences"}, follow_redirects=True)
    form = dict(re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page.text))
    form |= dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*type="hidden"[^>]*value="([^"]*)"', page.text))
    form |= {"username": username, "password": PASSWORD}
    landed = await client.post(page.url, data=form, follow_redirects=True)
    assert landed.url.path == "/me/licences", landed.text
    client.headers["accept"] = "application/json"
    return client
