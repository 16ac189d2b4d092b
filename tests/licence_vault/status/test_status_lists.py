"""A vault's lists say how each licence stands, now and at any moment before, and nothing about whose it is."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from kernel.crypto.jose import JwkSet, verify_jws
from kernel.errors import NotFound
from licence_vault.licences.licence import Licence
from licence_vault.status.encoding import StatusArray, StatusType
from licence_vault.status.service import StatusLists
from tests.houses import AGENCY, TestHouse, food_order, opened
from xinyin.app import create_app


async def issue(world: TestHouse) -> Licence:
    return await world.house.licence_vault.issuing.issue(food_order(), world.requester())


async def change(world: TestHouse, action: str, licence: Licence) -> None:
    actor = world.requester().actor
    await world.house.licence_vault.changes.apply(action, licence.id, AGENCY.uscc, "测试", actor)


async def read(world: TestHouse, token: str) -> tuple[dict[str, Any], StatusArray]:
    keys = [key.spki for key in await world.house.seal.signing.public_keys() if key.purpose == "status"]
    header, payload = verify_jws(token, JwkSet.of(keys), ["ES256"], max_bytes=1 << 20)
    assert header["typ"] == "statuslist+jwt"
    claims = json.loads(payload)
    return claims, StatusArray.load(claims["status_list"]["lst"], claims["status_list"]["bits"])


async def status(world: TestHouse, licence: Licence, at: datetime | None = None) -> int:
    lists = world.house.licence_vault.statuses
    number, index = await place(world, licence)
    token = await (lists.token(number) if at is None else lists.token_at(number, at))
    return (await read(world, token))[1][index]


async def place(world: TestHouse, licence: Licence) -> tuple[int, int]:
    async with world.house.foundation.database.reading() as session:
        found = await world.house.licence_vault.statuses.place_of(session, licence.id)
    assert found
    return found


async def test_every_change_shows_within_a_minute_and_the_past_stays(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        licence = await issue(world)
        moments: list[tuple[datetime, int]] = []

        async def settle(expected: StatusType) -> None:
            world.clock.advance(seconds=61)
            assert await status(world, licence) == expected
            moments.append((world.clock(), expected))
            world.clock.advance(seconds=5)

        await settle(StatusType.VALID)
        for action, expected in [
            ("suspend", StatusType.SUSPENDED),
            ("resume", StatusType.VALID),
            ("revoke", StatusType.REVOKED),
        ]:
            await change(world, action, licence)
            await settle(expected)
        for moment, expected in moments:
            assert await status(world, licence, moment.replace(microsecond=0)) == expected


async def test_a_newer_version_marks_the_one_before(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        first = await issue(world)
        second = await world.house.licence_vault.issuing.reissue(first.id, {}, world.requester())
        world.clock.advance(seconds=61)
        assert await status(world, first) == StatusType.SUPERSEDED
        assert await status(world, second) == StatusType.VALID


async def test_a_list_names_itself_its_times_and_the_others(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        await issue(world)
        base = world.house.settings.public_url
        transport = httpx.ASGITransport(create_app(world.house))
        async with httpx.AsyncClient(transport=transport, base_url=base) as anyone:
            (address,) = (await anyone.get("/api/v1/status")).json()["status_lists"]
            answer = await anyone.get(address)
            assert answer.headers["content-type"] == "application/statuslist+jwt"
            assert answer.headers["access-control-allow-origin"] == "*"
            claims, statuses = await read(world, answer.text)
            assert (claims["iss"], claims["sub"], claims["ttl"]) == (base, address, 60)
            assert claims["status_list"]["aggregation_uri"] == f"{base}/api/v1/status"
            assert claims["exp"] - claims["iat"] == 24 * 3600
            assert len(statuses) >= 1 << 17
            assert len(answer.content) < 16_384
            past = await anyone.get(address, params={"time": str(claims["iat"])})
            assert past.status_code in (200, 404)  # the list may have been made in that very second


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/v1/status/99", 404),
        ("/api/v1/status/0", 400),
        ("/api/v1/status/x", 400),
        ("/api/v1/status/1?time=yesterday", 400),
        ("/api/v1/status/1?time=99999999999999999999999", 400),
        ("/api/v1/status/1?time=0", 404),
        ("/api/v1/status/1?time=32503680000", 404),
    ],
)
async def test_what_there_is_not_is_refused_in_words(world: TestHouse, path: str, expected: int) -> None:
    await issue(world)
    transport = httpx.ASGITransport(create_app(world.house), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=world.house.settings.public_url) as anyone:
        answer = await anyone.get(path)
    assert answer.status_code == expected
    assert answer.headers["content-type"].startswith("application/problem+json")


async def test_two_processes_never_give_one_place_twice(any_world: TestHouse) -> None:
    foundation = any_world.house.foundation
    several = [
        StatusLists(
            foundation.database,
            any_world.house.seal.signing,
            foundation.envelope,
            foundation.clock,
            "https://licences.example",
        )
        for _ in range(4)
    ]
    places = await asyncio.gather(*[each.reserve() for each in several for _ in range(40)])
    assert len({(each.list_number, each.index) for each in places}) == 160


async def test_before_a_list_was_made_it_says_nothing(world: TestHouse) -> None:
    await issue(world)
    with pytest.raises(NotFound):
        await world.house.licence_vault.statuses.token_at(1, datetime(2020, 1, 1, tzinfo=UTC))
