"""Showing a licence: two minutes, no more than the holder chose, every scan in the access log."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from kernel.errors import Gone, InvalidInput, NotFound
from licence_vault.licences.records import accesses_of
from licence_vault.pages.looks import told
from licence_vault.presentations.service import Showing
from tests.houses import AGENCY, TestHouse, food_order


async def test_a_fresh_code_shows_the_licence_and_the_holder_sees_the_scan(world: TestHouse) -> None:
    vault = world.house.licence_vault
    licence = await vault.issuing.issue(food_order(), world.requester())
    made = await vault.presentations.present(licence, "citizen", Showing(["holder_name"]))
    shown = await vault.presentations.open(made.code)
    assert (shown.licence.id, shown.shows) == (licence.id, ("holder_name",))
    assert [access.way for access in await vault.lookup.accesses(licence)] == ["presentation"]


async def test_a_code_lapses_after_two_minutes(world: TestHouse) -> None:
    vault = world.house.licence_vault
    licence = await vault.issuing.issue(food_order(), world.requester())
    made = await vault.presentations.present(licence, "citizen")
    world.clock.advance(seconds=121)
    with pytest.raises(Gone):
        await vault.presentations.open(made.code)
    assert await vault.lookup.accesses(licence) == []


async def test_a_guessed_code_is_unknown(world: TestHouse) -> None:
    with pytest.raises(NotFound):
        await world.house.licence_vault.presentations.open("A" * 32)


async def test_codes_are_long_and_never_the_same(world: TestHouse) -> None:
    vault = world.house.licence_vault
    licence = await vault.issuing.issue(food_order(), world.requester())
    codes = {(await vault.presentations.present(licence, "citizen")).code for _ in range(20)}
    assert len(codes) == 20
    assert all(len(code) >= 22 for code in codes)  # 128 bits in base64url


@pytest.mark.parametrize(
    "wrong",
    [
        {"shows": ["everything"]},
        {"shows": ["fields.nothing"]},
        {"seconds": 5},
        {"seconds": 3600},
        {"scans": 0},
        {"scans": 101},
        {"purpose": "x" * 61},
        {"purpose": "two\nlines"},
    ],
)
async def test_only_what_can_be_shown_for_as_long_as_it_may(world: TestHouse, wrong: dict[str, object]) -> None:
    vault = world.house.licence_vault
    licence = await vault.issuing.issue(food_order(), world.requester())
    with pytest.raises(InvalidInput):
        await vault.presentations.present(licence, "citizen", Showing(**wrong))  # type: ignore[arg-type]


async def test_a_revoked_licence_cannot_be_shown(world: TestHouse) -> None:
    vault = world.house.licence_vault
    licence = await vault.issuing.issue(food_order(), world.requester())
    revoked = await vault.changes.apply("revoke", licence.id, AGENCY.uscc, "查处", world.requester().actor)
    with pytest.raises(Gone):
        await vault.presentations.present(revoked, "citizen")


async def test_a_code_lapses_on_the_second(world: TestHouse) -> None:
    vault = world.house.licence_vault
    licence = await vault.issuing.issue(food_order(), world.requester())
    made = await vault.presentations.present(licence, "citizen", Showing(seconds=30))
    now = made.expires_at - datetime.now(UTC)
    world.clock.offset = now - timedelta(seconds=1)
    assert (await vault.presentations.open(made.code)).expires_at == made.expires_at.replace(tzinfo=UTC)
    world.clock.offset = now
    with pytest.raises(Gone):
        await vault.presentations.open(made.code)


async def test_of_many_who_scan_a_code_for_one_scan_only_one_sees_anything(world: TestHouse) -> None:
    vault = world.house.licence_vault
    licence = await vault.issuing.issue(food_order(), world.requester())
    made = await vault.presentations.present(licence, "citizen", Showing(scans=1))
    seen = await asyncio.gather(*(vault.presentations.open(made.code) for _ in range(5)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in seen) == ["Gone"] * 4 + ["Shown"]
    assert len(await vault.lookup.accesses(licence)) == 1


async def test_the_holder_reads_what_a_scan_showed_and_what_for_and_nobody_else_does(world: TestHouse) -> None:
    vault = world.house.licence_vault
    licence = await vault.issuing.issue(food_order(), world.requester())
    shows = ["holder_name", "fields.business_form"]
    made = await vault.presentations.present(licence, "citizen", Showing(shows, purpose="租赁店面"))
    await vault.presentations.open(made.code)
    (look,) = await vault.lookup.accesses(licence)
    assert look.about == {"purpose": "租赁店面", "fields": shows}
    assert told(look, {"business_form": "经营形式"})["detail"].count("经营形式") == 1
    async with world.house.foundation.database.reading() as session:
        (stored,) = await accesses_of(session, licence.id, None)
    assert "租赁" not in repr(stored.about)
    assert "business_form" not in repr(stored.about)
