"""The hourly chores forget what ended and leave alone what is needed."""

import asyncio
from pathlib import Path

from tests.houses import food_order, opened
from xinyin.chores import chores_running, do_chores


async def test_an_orphan_file_goes_and_a_licences_files_stay(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        blobs = world.house.foundation.blobs
        licence = await world.house.licence_vault.issuing.issue(food_order(), world.requester())
        orphan = await blobs.put(b"left behind")
        world.clock.advance(hours=2)
        await do_chores(world.house)
        assert not await blobs.exists(orphan)
        assert await world.house.licence_vault.lookup.file(licence, "ofd")


async def test_the_chores_are_done_at_once_and_stop_with_the_service(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        orphan = await world.house.foundation.blobs.put(b"left behind")
        world.clock.advance(hours=2)
        async with chores_running(world.house, seconds=0.01):
            async with asyncio.timeout(60):
                while await world.house.foundation.blobs.exists(orphan):
                    await asyncio.sleep(0.01)
