"""The PIN of a seal: hard to guess, and slower to try the more often it was wrong."""

import asyncio

import pytest

from kernel.audit.chain import Actor
from kernel.errors import InvalidInput, RateLimited
from seal.seals.pins import SealPins, WrongPin, check_pin
from seal.seals.records import SealPinRow
from seal.seals.use_policy import PinRequired
from tests.seal.world import SealWorld

PIN = "839201"
LI = Actor("user", "li")


@pytest.fixture
async def pins(world: SealWorld) -> SealPins:
    pins = SealPins(world.database, world.foundations.audit, world.clock)
    async with world.database.transaction() as session:
        session.add(SealPinRow(seal_id="s1", hash=await pins.hash(PIN), failures=0))
    return pins


async def wrong(pins: SealPins, times: int) -> None:
    for _ in range(times):
        with pytest.raises(WrongPin):
            await pins.prove("s1", LI, "000001")


async def test_the_right_pin_passes_and_a_wrong_one_is_written_down(pins: SealPins, world: SealWorld) -> None:
    await pins.prove("s1", LI, PIN)
    await wrong(pins, 1)

    assert (await world.events())[-1] == ("seal.pin", "refused")


async def test_after_three_wrong_ones_even_the_right_one_waits_longer_and_longer(
    pins: SealPins, world: SealWorld
) -> None:
    await wrong(pins, 3)
    with pytest.raises(RateLimited) as waiting:
        await pins.prove("s1", LI, PIN)
    assert waiting.value.retry_after_seconds == 61

    world.clock.advance(seconds=61)
    await wrong(pins, 1)
    world.clock.advance(seconds=61)
    with pytest.raises(RateLimited):
        await pins.prove("s1", LI, PIN)
    world.clock.advance(seconds=60)
    await pins.prove("s1", LI, PIN)
    await wrong(pins, 2)
    await pins.prove("s1", LI, PIN)


async def test_the_wait_never_exceeds_an_hour(pins: SealPins, world: SealWorld) -> None:
    await wrong(pins, 2)
    for _ in range(12):
        await wrong(pins, 1)
        world.clock.advance(hours=1, seconds=1)
    await pins.prove("s1", LI, PIN)


async def test_many_guesses_at_once_count_one_by_one(pins: SealPins) -> None:
    guesses = [pins.prove("s1", LI, f"00000{digit}") for digit in range(9)]
    answers = await asyncio.gather(*guesses, return_exceptions=True)

    assert sum(isinstance(answer, WrongPin) for answer in answers) == 3
    assert sum(isinstance(answer, RateLimited) for answer in answers) == 6


async def test_a_pin_that_is_missing_is_asked_for(pins: SealPins) -> None:
    for seal_id, pin in (("s1", ""), ("s2", PIN)):
        with pytest.raises(PinRequired):
            await pins.prove(seal_id, LI, pin)


@pytest.mark.parametrize("pin", ["", "12345", "123456", "987654", "111111", "x" * 33, "密码密码密码"])
def test_pins_that_anybody_would_guess_are_refused(pin: str) -> None:
    with pytest.raises(InvalidInput):
        check_pin(pin)
