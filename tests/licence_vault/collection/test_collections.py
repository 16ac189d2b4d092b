"""From an old register to licences that say what they are: cleaned, looked at by people, converted once."""

import asyncio

import pytest
from sqlalchemy import func, select, text

from kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from licence_vault.collection.states import CollectionState, ItemState
from licence_vault.licences.records import LicenceRow, OriginRow
from tests.houses import AGENCY, CITIZEN_NAME, CITIZEN_NUMBER, OTHER_AGENCY, TestHouse
from tests.licence_vault.collection.registers import (
    WRONG_NUMBER,
    accept_all,
    collected,
    item,
    old_cells,
    register,
    reviewer,
    worked,
)
from tests.licence_vault.issuing.test_issuing import count


async def test_a_register_becomes_licences_that_say_what_they_are(any_world: TestHouse) -> None:
    vault = any_world.house.licence_vault
    dirty = old_cells(2, 姓名=" 林　小满 ", 有效期自="二〇二一年五月一日", 有效期至="２０２６．４．３０")
    found = await collected(any_world, [old_cells(1), dirty])
    assert (found.state, found.counts, found.unquestioned) == (CollectionState.REVIEWING, {ItemState.OPEN: 2}, 2)
    assert await vault.review.accept_unquestioned(found.id, reviewer()) == 2
    done = await worked(any_world, found)
    assert (done.state, done.counts) == (CollectionState.DONE, {ItemState.CONVERTED: 2})
    converted = await item(any_world, done, 3)
    licence = await vault.lookup.find_by_id(converted.licence_id or "")
    assert licence is not None
    assert licence.content.holder.name == "林小满"
    assert (licence.valid_from.isoformat(), str(licence.valid_to)) == ("2021-05-01", "2026-04-30")
    async with any_world.house.foundation.database.reading() as session:
        origin = await session.get(OriginRow, licence.id)
    assert origin is not None
    assert (origin.collection_id, origin.number, origin.credibility) == (found.id, 3, "A")


async def test_every_change_is_told_with_its_rule_and_what_was_there_before(world: TestHouse) -> None:
    found = await collected(world, [old_cells(1, 姓名="林 小满", 有效期至="二〇二六年四月三十日")])
    content = (await item(world, found, 2)).content
    assert content is not None
    assert [(each.place, each.rule, each.before, each.after) for each in content.changes] == [
        ("holder.name", "name-spaces", "林 小满", "林小满"),
        ("fields.business_form", "choice", "餐饮服务经营者", "catering"),
        ("valid_to", "day", "二〇二六年四月三十日", "2026-04-30"),
    ]
    assert content.cells["姓名"] == "林 小满"


async def test_a_wrong_number_is_not_repaired_by_itself_and_its_repair_needs_two_people(world: TestHouse) -> None:
    review = world.house.licence_vault.review
    found = await collected(world, [old_cells(1, 身份证号码=WRONG_NUMBER)])
    assert found.unquestioned == 0
    claimed = await review.claim(found.id, reviewer("one"))
    assert claimed is not None
    assert claimed.content is not None
    assert claimed.content.values["holder.number"] == WRONG_NUMBER
    assert CITIZEN_NUMBER in [each.value for each in claimed.content.proposals]
    with pytest.raises(InvalidInput):
        await review.accept(found.id, 2, reviewer("one"))
    mended = await review.correct(found.id, 2, {"holder.number": CITIZEN_NUMBER}, reviewer("one"), proposed=True)
    assert mended.content is not None
    assert mended.content.faults == ()
    assert await review.accept(found.id, 2, reviewer("one")) is ItemState.SECOND
    assert await review.claim(found.id, reviewer("one")) is None
    assert await accept_all(world, found, "two") == [ItemState.ACCEPTED]
    assert (await worked(world, found)).counts == {ItemState.CONVERTED: 1}


async def test_a_row_is_one_reviewers_until_their_time_is_over(world: TestHouse) -> None:
    review = world.house.licence_vault.review
    found = await collected(world, [old_cells(1), old_cells(2)])
    first = await review.claim(found.id, reviewer("one"))
    second = await review.claim(found.id, reviewer("two"))
    assert first is not None
    assert second is not None
    assert (first.number, second.number) == (2, 3)
    assert await review.claim(found.id, reviewer("three")) is None
    with pytest.raises(Conflict):
        await review.accept(found.id, 2, reviewer("two"))
    assert await review.accept_unquestioned(found.id, reviewer("three")) == 0
    world.clock.advance(minutes=16)
    with pytest.raises(Conflict):
        await review.accept(found.id, 2, reviewer("one"))
    taken = await review.claim(found.id, reviewer("three"))
    assert taken is not None
    assert taken.number == 2


@pytest.mark.parametrize("credibility", ["C", "D"])
async def test_the_lower_classes_are_looked_at_one_by_one_and_by_two(world: TestHouse, credibility: str) -> None:
    found = await collected(world, [old_cells(1)], credibility)
    with pytest.raises(Conflict, match="one by one"):
        await world.house.licence_vault.review.accept_unquestioned(found.id, reviewer())
    assert await accept_all(world, found, "one") == [ItemState.SECOND]
    assert await accept_all(world, found, "two") == [ItemState.ACCEPTED]


async def test_what_the_vault_or_the_register_has_already_is_asked_about(world: TestHouse) -> None:
    first = await collected(world, [old_cells(1)])
    await accept_all(world, first)
    await worked(world, first)
    again = [old_cells(1), old_cells(2, 姓名="另一人"), old_cells(3), old_cells(3)]
    found = await collected(world, again)
    asked = []
    for number in (2, 3, 4, 5):
        content = (await item(world, found, number)).content
        assert content is not None
        asked.append([each.code for each in content.questions])
    assert asked == [["in-vault"], ["other-name"], [], ["twin"]]
    assert found.unquestioned == 1
    assert await accept_all(world, found) == [ItemState.SECOND, ItemState.SECOND, ItemState.ACCEPTED, ItemState.SECOND]


async def test_a_rejected_row_is_not_converted_and_says_why(world: TestHouse) -> None:
    review = world.house.licence_vault.review
    found = await collected(world, [old_cells(1)])
    await review.claim(found.id, reviewer())
    with pytest.raises(InvalidInput):
        await review.reject(found.id, 2, "  ", reviewer())
    await review.reject(found.id, 2, "原件已注销", reviewer())
    done = await worked(world, found)
    assert (done.state, done.counts) == (CollectionState.DONE, {ItemState.REJECTED: 1})
    rejected = (await item(world, done, 2)).content
    assert rejected is not None
    assert rejected.remark == "原件已注销"
    assert await count(world) == 0


async def test_unknown_columns_wait_for_somebody_and_are_known_the_next_time(world: TestHouse) -> None:
    collections = world.house.licence_vault.collections
    odd = [{("字段一" if head == "姓名" else head): text for head, text in old_cells(each).items()} for each in (1, 2)]
    found = await collected(world, odd[:1])
    assert found.state is CollectionState.MAPPING
    proposed = await collections.proposed_columns(found)
    assert proposed["字段一"] == ""
    assert proposed["身份证号码"] == "holder.number"
    with pytest.raises(InvalidInput, match="missing"):
        await collections.say_columns(found.id, proposed, world.requester())
    await collections.say_columns(found.id, proposed | {"字段一": "holder.name"}, world.requester())
    assert (await worked(world, found)).state is CollectionState.REVIEWING
    assert (await collected(world, odd[1:])).state is CollectionState.REVIEWING


async def test_a_cancelled_collection_converts_nothing_more_and_forgets(world: TestHouse) -> None:
    vault = world.house.licence_vault
    found = await collected(world, [old_cells(number) for number in range(8)])
    await vault.review.accept_unquestioned(found.id, reviewer())
    assert await vault.collector.step(found.id)
    await vault.collections.cancel(found.id, world.requester())
    done = await worked(world, found)
    assert done.state is CollectionState.CANCELLED
    assert done.counts == {ItemState.CONVERTED: 6, ItemState.REJECTED: 2}
    assert (await item(world, done, 9)).content is None
    assert await count(world) == 6


async def test_a_worker_that_dies_in_the_middle_makes_no_second_licence(world: TestHouse) -> None:
    vault = world.house.licence_vault
    found = await collected(world, [old_cells(number) for number in range(4)])
    await vault.review.accept_unquestioned(found.id, reviewer())
    dying = asyncio.create_task(vault.collector.another(60).step(found.id))
    while not await count(world):
        await asyncio.sleep(0.01)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    world.clock.advance(minutes=5)
    done = await worked(world, found)
    assert (done.state, done.counts) == (CollectionState.DONE, {ItemState.CONVERTED: 4})
    async with world.house.foundation.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(LicenceRow)) == 4
        assert await session.scalar(select(func.count()).select_from(OriginRow)) == 4


async def test_several_workers_on_postgresql_convert_each_row_once(any_world: TestHouse) -> None:
    vault = any_world.house.licence_vault
    found = await collected(any_world, [old_cells(number) for number in range(9)])
    await vault.review.accept_unquestioned(found.id, reviewer())
    workers = [vault.collector.another(600) for _ in range(3)]

    async def work(index: int) -> None:
        while await workers[index].step(found.id):
            pass

    await asyncio.gather(*(work(index) for index in range(3)))
    assert (await worked(any_world, found)).counts == {ItemState.CONVERTED: 9}
    assert await count(any_world) == 9


async def test_another_authority_sees_nothing_of_it(world: TestHouse) -> None:
    vault = world.house.licence_vault
    found = await collected(world, [old_cells(1)])
    with pytest.raises(NotFound):
        await vault.collections.load(found.id, OTHER_AGENCY.uscc)
    stranger = world.requester(issuer=OTHER_AGENCY)
    for attempt in (
        vault.review.claim(found.id, stranger),
        vault.review.accept(found.id, 2, stranger),
        vault.collections.cancel(found.id, stranger),
        vault.review.items(found.id, OTHER_AGENCY.uscc, (ItemState.OPEN,)),
    ):
        with pytest.raises((NotFound, Forbidden)):
            await attempt


async def test_a_key_leads_to_one_collection(world: TestHouse) -> None:
    collections = world.house.licence_vault.collections
    order = register([old_cells(1)])
    first = await collections.create(order, world.requester("k"))
    assert (await collections.create(order, world.requester("k"))).id == first.id
    with pytest.raises(Conflict):
        await collections.create(register([old_cells(2)]), world.requester("k"))


@pytest.mark.parametrize(("credibility", "source"), [("E", "旧"), ("A", ""), ("A", "旧" * 61)])
async def test_a_register_says_its_class_and_where_it_comes_from(
    world: TestHouse, credibility: str, source: str
) -> None:
    order = register([old_cells(1)], credibility)
    with pytest.raises(InvalidInput):
        await world.house.licence_vault.collections.create(
            type(order)(order.type_code, credibility, source, order.data), world.requester()
        )


async def test_nothing_of_a_register_stands_in_plain_in_the_database(world: TestHouse) -> None:
    await collected(world, [old_cells(1)])
    async with world.house.foundation.database.reading() as session:
        rows = [
            row
            for table in ("vault_collected", "vault_collection", "vault_collection_source")
            for row in (await session.execute(text(f"SELECT * FROM {table}"))).all()
        ]
    assert len(rows) == 3
    data = repr(rows).encode("unicode_escape")
    assert CITIZEN_NAME.encode("unicode_escape") not in data
    assert CITIZEN_NUMBER.encode() not in data


async def test_a_correction_after_the_first_acceptance_takes_it_back(world: TestHouse) -> None:
    review = world.house.licence_vault.review
    found = await collected(world, [old_cells(1)], "C")
    await accept_all(world, found, "one")
    claimed = await review.claim(found.id, reviewer("two"))
    assert claimed is not None
    corrected = await review.correct(found.id, 2, {"fields.residence": "虚构市新路 1 号"}, reviewer("two"))
    assert (corrected.state, corrected.first_by) == (ItemState.OPEN, None)
    assert await review.accept(found.id, 2, reviewer("two")) is ItemState.SECOND
    assert await accept_all(world, found, "one") == [ItemState.ACCEPTED]
    assert found.issuer_uscc == AGENCY.uscc
