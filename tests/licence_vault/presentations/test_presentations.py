"""Showing a licence: two minutes, no more than the holder chose, every scan in the access log."""

import pytest

from kernel.errors import Gone, InvalidInput, NotFound
from tests.houses import AGENCY, TestHouse, food_order


async def test_a_fresh_code_shows_the_licence_and_the_holder_sees_the_scan(world: TestHouse) -> None:
    vault = world.house.licence_vault
    licence = await vault.issuing.issue(food_order(), world.requester())
    made = await vault.presentations.present(licence, "citizen", shows=["holder_name"])
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


@pytest.mark.parametrize("wrong", [{"shows": ["everything"]}, {"seconds": 5}, {"seconds": 3600}])
async def test_only_what_can_be_shown_for_as_long_as_it_may(world: TestHouse, wrong: dict[str, object]) -> None:
    vault = world.house.licence_vault
    licence = await vault.issuing.issue(food_order(), world.requester())
    with pytest.raises(InvalidInput):
        await vault.presentations.present(licence, "citizen", **wrong)  # type: ignore[arg-type]


async def test_a_revoked_licence_cannot_be_shown(world: TestHouse) -> None:
    vault = world.house.licence_vault
    licence = await vault.issuing.issue(food_order(), world.requester())
    revoked = await vault.changes.apply("revoke", licence.id, AGENCY.uscc, "查处", world.requester().actor)
    with pytest.raises(Gone):
        await vault.presentations.present(revoked, "citizen")
