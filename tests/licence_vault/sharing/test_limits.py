"""How often an agency may ask, and what a grant for once does when several ask at the same time."""

import asyncio
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from kernel.ephemeral.memory import InProcessStore
from kernel.errors import RateLimited
from licence_vault.grants.service import GrantOrder
from licence_vault.sharing.throttle import CALLS, CALLS_SECONDS, MISSES, MISSES_SECONDS, SharingThrottle
from tests.houses import OTHER_AGENCY, TestClock, food_order, make_seal, opened
from tests.licence_vault.sharing.conftest import GRANT, OTHER_NUMBER, PURPOSE, call, program
from xinyin.app import create_app


async def test_a_client_that_asks_too_often_waits_and_others_do_not() -> None:
    clock = TestClock()
    throttle = SharingThrottle(InProcessStore(clock))
    for _turn in range(CALLS):
        await throttle.check("busy")
    with pytest.raises(RateLimited):
        await throttle.check("busy")
    await throttle.check("calm")
    clock.advance(seconds=CALLS_SECONDS + 1)
    await throttle.check("busy")


async def test_a_client_that_keeps_finding_nothing_waits_longer() -> None:
    clock = TestClock()
    throttle = SharingThrottle(InProcessStore(clock))
    for _turn in range(MISSES):
        await throttle.note_miss("prober")
    with pytest.raises(RateLimited) as refusal:
        await throttle.check("prober")
    assert refusal.value.retry_after_seconds == MISSES_SECONDS
    clock.advance(seconds=MISSES_SECONDS + 1)
    await throttle.check("prober")


async def test_trying_out_numbers_ends_with_429_and_a_grant_for_once_serves_one(
    tmp_path: Path, any_database_url: str
) -> None:
    async with opened(tmp_path, any_database_url) as world:
        await make_seal(world.house, OTHER_AGENCY)
        asker: httpx.AsyncClient = await program(
            world, create_app(world.house), "licence:share", OTHER_AGENCY.uscc, OTHER_AGENCY.name
        )
        vault = world.house.licence_vault
        licence = await vault.issuing.issue(food_order(), world.requester())
        licence_type = await vault.catalogue.load(licence.type_code)
        until = world.clock() + timedelta(hours=1)
        order = GrantOrder(OTHER_AGENCY.uscc, PURPOSE, ("premises",), until, single_use=True)
        index = vault.lookup.holder_index(licence)
        await vault.grants.give(licence, licence_type, order, holder_index=index, giver="citizen")
        body = call(GRANT, identifier=licence.identifier, fields=["premises"])
        answers = await asyncio.gather(*(asker.post("/api/v1/sharing/fetch", json=body) for _turn in range(5)))
        assert sorted(each.status_code for each in answers) == [200, 404, 404, 404, 404]
        looks = await vault.lookup.accesses(licence)
        assert [each.way for each in looks] == ["sharing_fetch"]

        guess = call(type=licence.type_code, holder={"id_type": "111", "number": OTHER_NUMBER})
        for _turn in range(MISSES - 4):
            assert (await asker.post("/api/v1/sharing/query", json=guess)).json()["code"] == 3
        refused = await asker.post("/api/v1/sharing/query", json=guess)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, str(MISSES_SECONDS))
