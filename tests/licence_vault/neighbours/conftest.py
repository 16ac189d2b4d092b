"""A city's and a province's house in this process, on SQLite and PostgreSQL, that call each other without a network."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from licence_vault.neighbours.neighbour import Neighbour
from licence_vault.neighbours.peer import Peers
from licence_vault.neighbours.pushing import Pusher
from licence_vault.sharing.relaying import Relay
from tests.houses import AGENCY, OTHER_AGENCY, TestHouse, food_order, opened
from tests.licence_vault.neighbours.vaults import CITY, OPERATOR, PROVINCE, neighbour, program
from xinyin.app import create_app

URL = "http://localhost:8000"


@dataclass(frozen=True)
class Pair:
    """Both houses; `pusher` of the city calls the province; `above` is the province as the city knows it."""

    city: TestHouse
    province: TestHouse
    above: Neighbour
    pusher: Pusher
    secrets: dict[str, str]
    at_city: httpx.ASGITransport
    at_province: httpx.ASGITransport

    async def issue(self, **changes: Any) -> Any:
        return await self.city.house.licence_vault.issuing.issue(food_order(**changes), self.city.requester())

    async def call(self, where: httpx.ASGITransport, name: str, path: str, body: Any) -> httpx.Response:
        """By a program of that name."""
        async with httpx.AsyncClient(transport=where, base_url=URL, headers={"accept-language": "en"}) as client:
            form = {"grant_type": "client_credentials", "scope": "licence:share"}
            told = await client.post("/oauth2/token", data=form, auth=(name, self.secrets[name]))
            bearer = {"authorization": f"Bearer {told.json()['access_token']}"}
            return await client.post(path, json=body, headers=bearer)

    async def calls_above(self, name: str, path: str, body: Any) -> httpx.Response:
        return await self.call(self.at_province, name, path, body)

    async def calls_below(self, name: str, path: str, body: Any) -> httpx.Response:
        return await self.call(self.at_city, name, path, body)


@pytest.fixture
async def pair(tmp_path: Path, postgresql_url: str) -> AsyncIterator[Pair]:
    for name in ("city", "province"):
        (tmp_path / name).mkdir()
    async with opened(tmp_path / "city") as city, opened(tmp_path / "province", postgresql_url) as province:
        below, above = city.house, province.house
        secrets = {
            "city": await program(above, "city", "licence:share", CITY),
            "asker": await program(above, "asker", "licence:share", OTHER_AGENCY),
            "province": await program(below, "province", "licence:share", PROVINCE),
            "local": await program(below, "local", "licence:share", AGENCY),
        }
        known = await below.licence_vault.neighbours.add(neighbour("above", PROVINCE, URL, secrets["city"]), OPERATOR)
        await above.licence_vault.neighbours.add(neighbour("below", CITY, URL, secrets["province"]), OPERATOR)
        at_city, at_province = httpx.ASGITransport(create_app(below)), httpx.ASGITransport(create_app(above))
        pusher = Pusher(
            below.foundation.database,
            below.licence_vault.issuing._parts.data,  # the very one that the house works with
            below.foundation.ephemeral,
            Peers(at_province),
            below.foundation.clock,
        )
        _call_by(above.licence_vault.relay, Peers(at_city))
        yield Pair(city, province, known, pusher, secrets, at_city, at_province)


def _call_by(relay: Relay, peers: Peers) -> None:
    relay._peers = peers  # nobody listens on a port in this test
