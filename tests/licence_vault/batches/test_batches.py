"""A batch is checked whole, then issued whole; once, by however many workers; and stopped when somebody says so."""

import asyncio
from typing import Any

import pytest

from kernel.errors import Conflict, InvalidInput, NotFound, Unavailable
from licence_vault.batches.runner import ISSUED_TOGETHER, BatchRunner
from licence_vault.batches.service import Batch, FileOrder
from licence_vault.batches.states import BatchState, RowState
from seal.seals.service import Officer
from tests.houses import AGENCY, CITIZEN_NUMBER, FOOD, OTHER_AGENCY, TestHouse
from tests.licence_vault.batches.files import cells, csv_file
from tests.licence_vault.issuing.test_issuing import count


async def hand_in(world: TestHouse, rows: list[dict[str, str]], key: str = "", **options: Any) -> Batch:
    order = FileOrder(FOOD, csv_file(rows), **options)
    return await world.house.licence_vault.batches.create(order, world.requester(key))


async def worked(world: TestHouse, batch: Batch) -> Batch:
    """The batch when there is nothing more to do for it."""
    while await world.house.licence_vault.batch_runner.step(batch.id):
        pass
    return await world.house.licence_vault.batches.load(batch.id, AGENCY.uscc)


def rows(count_: int, start: int = 0) -> list[dict[str, str]]:
    return [cells(number) for number in range(start, start + count_)]


async def test_right_rows_are_checked_then_wait_then_are_issued(any_world: TestHouse) -> None:
    batches = any_world.house.licence_vault.batches
    batch = await hand_in(any_world, rows(5))
    assert (batch.state, batch.total) == (BatchState.CHECKING, 5)
    checked = await worked(any_world, batch)
    assert (checked.state, checked.counts) == (BatchState.CHECKED, {RowState.READY: 5})
    assert await count(any_world) == 0
    await batches.start(batch.id, any_world.requester())
    done = await worked(any_world, batch)
    assert (done.state, done.counts) == (BatchState.DONE, {RowState.ISSUED: 5})
    issued = [each async for each in batches.issued_rows(batch.id, AGENCY.uscc)]
    assert [number for number, _id in issued] == [2, 3, 4, 5, 6]
    licence = await any_world.house.licence_vault.lookup.find_by_id(issued[3][1])
    assert licence is not None
    assert licence.content.fields["licence_number"] == "JY00000000000003"


async def test_nothing_is_issued_while_a_row_is_wrong_unless_asked(world: TestHouse) -> None:
    batches = world.house.licence_vault.batches
    wrong = [cells(1, 签发人=""), cells(2, 持证主体代码="110101199003070012"), cells(3)]
    batch = await worked(world, await hand_in(world, wrong, starts_itself=True))
    assert (batch.state, batch.counts) == (BatchState.CHECKED, {RowState.WRONG: 2, RowState.READY: 1})
    with pytest.raises(Conflict, match="2 rows"):
        await batches.start(batch.id, world.requester())
    told = [each async for each in batches.wrong_rows(batch.id, AGENCY.uscc)]
    assert [(each.number, [error.column for error in each.errors]) for each in told] == [
        (2, ["签发人"]),
        (3, ["持证主体代码"]),
    ]
    assert CITIZEN_NUMBER[:17] not in str(told)
    await batches.start(batch.id, world.requester(), skips_wrong=True)
    assert (await worked(world, batch)).counts == {RowState.WRONG: 2, RowState.ISSUED: 1}
    assert await count(world) == 1


async def test_a_row_that_says_the_same_as_another_is_wrong(world: TestHouse) -> None:
    batch = await worked(world, await hand_in(world, [cells(1), cells(2), cells(1)]))
    (told,) = [each async for each in world.house.licence_vault.batches.wrong_rows(batch.id, AGENCY.uscc)]
    assert (told.number, told.errors[0].params) == (4, {"number": 2})


async def test_the_same_file_again_makes_no_second_licence(world: TestHouse) -> None:
    for _ in range(2):
        done = await worked(world, await hand_in(world, rows(3), starts_itself=True))
        assert (done.state, done.counts) == (BatchState.DONE, {RowState.ISSUED: 3})
    assert await count(world) == 3


async def test_a_key_leads_to_one_batch_and_not_to_another_file(world: TestHouse) -> None:
    first = await hand_in(world, rows(2), key="k")
    assert (await hand_in(world, rows(2), key="k")).id == first.id
    with pytest.raises(Conflict):
        await hand_in(world, rows(3), key="k")


async def test_a_file_that_is_wrong_leaves_nothing(world: TestHouse) -> None:
    broken = csv_file(rows(3)) + b"one cell\r\n"
    with pytest.raises(InvalidInput):
        await world.house.licence_vault.batches.create(FileOrder(FOOD, broken), world.requester())
    assert await world.house.licence_vault.batches.list_batches(AGENCY.uscc) == []


async def test_what_is_cancelled_stops_and_is_forgotten(any_world: TestHouse) -> None:
    batches, runner = any_world.house.licence_vault.batches, any_world.house.licence_vault.batch_runner
    batch = await hand_in(any_world, rows(ISSUED_TOGETHER + 8), starts_itself=True)
    while (await batches.load(batch.id, AGENCY.uscc)).count(RowState.ISSUED) == 0:
        assert await runner.step(batch.id)
    issued = await count(any_world)
    cancelled = await batches.cancel(batch.id, any_world.requester())
    assert cancelled.state is BatchState.CANCELLED
    assert not await runner.step(batch.id)
    assert 0 < issued == await count(any_world) == ISSUED_TOGETHER
    with pytest.raises(Conflict):
        await batches.start(batch.id, any_world.requester())


async def test_several_workers_share_a_batch_and_issue_each_row_once(any_world: TestHouse) -> None:
    vault, many = any_world.house.licence_vault, 2 * ISSUED_TOGETHER + 8
    parts = vault.batch_runner._parts
    workers = [BatchRunner(parts) for _ in range(3)]
    batch = await hand_in(any_world, rows(many), starts_itself=True)

    async def work(runner: BatchRunner) -> int:
        steps = 0
        while not (await vault.batches.load(batch.id, AGENCY.uscc)).finished:
            steps += await runner.step()
            await asyncio.sleep(0.01)
        return steps

    steps = await asyncio.gather(*map(work, workers))
    assert (await vault.batches.load(batch.id, AGENCY.uscc)).counts == {RowState.ISSUED: many}
    assert await count(any_world) == many
    assert sum(each > 0 for each in steps) >= 2


async def test_rows_of_a_worker_that_died_are_taken_by_another_when_its_lease_ends(world: TestHouse) -> None:
    vault = world.house.licence_vault
    batch = await worked(world, await hand_in(world, rows(3)))
    await vault.batches.start(batch.id, world.requester())
    started = asyncio.create_task(vault.batch_runner.step(batch.id))
    await asyncio.sleep(0.05)
    started.cancel()
    with pytest.raises(asyncio.CancelledError):
        await started
    assert not await vault.batch_runner.step(batch.id)
    world.clock.advance(seconds=61)
    assert (await worked(world, batch)).counts == {RowState.ISSUED: 3}
    assert await count(world) == 3


async def test_a_seal_that_is_away_halts_the_batch_until_it_is_back(world: TestHouse) -> None:
    vault, register = world.house.licence_vault, world.house.seal.register
    batch = await worked(world, await hand_in(world, rows(3)))
    await vault.batches.start(batch.id, world.requester())
    (seal,) = await register.seals(owner_uscc=AGENCY.uscc)
    officer = Officer(world.requester().actor, AGENCY.uscc)
    await register.suspend(officer, seal.id)
    halted = await worked(world, batch)
    assert (halted.state, halted.counts) == (BatchState.HALTED, {RowState.READY: 3})
    assert halted.reason
    await register.resume(officer, seal.id)
    await vault.batches.start(batch.id, world.requester())
    assert (await worked(world, batch)).counts == {RowState.ISSUED: 3}


async def test_others_see_nothing_of_it(world: TestHouse) -> None:
    batches = world.house.licence_vault.batches
    batch = await hand_in(world, rows(1))
    other = world.requester(issuer=OTHER_AGENCY)
    with pytest.raises(NotFound):
        await batches.load(batch.id, OTHER_AGENCY.uscc)
    for act in (batches.start, batches.cancel):
        with pytest.raises((NotFound, Conflict)):
            await act(batch.id, other)
    assert await batches.list_batches(OTHER_AGENCY.uscc) == []


async def test_a_machine_that_is_away_is_waited_for(world: TestHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = world.house.licence_vault
    batch = await worked(world, await hand_in(world, rows(2)))
    await vault.batches.start(batch.id, world.requester())

    async def away(*_a: Any, **_k: Any) -> bytes:
        raise Unavailable("The store of files is away.")

    with monkeypatch.context() as patch:
        patch.setattr(world.house.foundation.blobs, "put_all", away)
        with pytest.raises(Unavailable):
            await vault.batch_runner.step(batch.id)
    assert (await worked(world, batch)).counts == {RowState.ISSUED: 2}
