"""Exactly once: an intent before the key is touched, one holder, one outcome; whatever was signed is explained."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from kernel.audit.records import AuditEventRow
from kernel.crypto.signatures import SigningKey
from kernel.errors import Conflict, IntegrityError, Unavailable
from seal.client import DocumentToSeal
from seal.documents.positions import StampPosition
from seal.seals.records import SealUseRow
from seal.signing.intents.journal import LEASE, Intent, IntentJournal
from seal.signing.intents.records import SealIntentRow
from seal.signing.pressing.here import PressHere
from seal.signing.pressing.order import PressLost, PressOrder
from seal.signing.raising import LevelRaiser
from seal.signing.service import SealOrder, SigningParts, SigningService
from tests.seal.pdf_samples import minimal_pdf
from tests.seal.world import SealWorld

PLACE = StampPosition(1, 120, 200, 42, 42)


class EndOfProcess(BaseException):
    """Stands for a process that ends at once: no handler of ours runs."""


class Press:
    """The real press, with something happening at the key."""

    def __init__(self, world: SealWorld, *events: Any) -> None:
        self._press = PressHere(world.foundations.keystore)
        self._events = list(events)
        self.times = 0

    async def press(self, order: PressOrder) -> list[bytes]:
        sealed = await self._press.press(order)
        self.times += 1
        event = self._events.pop(0) if self._events else None
        if isinstance(event, BaseException):
            raise event
        if event is not None:
            await event()
        return sealed

    def open_service_key(self, purpose: str) -> SigningKey:
        return self._press.open_service_key(purpose)


def signing(world: SealWorld, press: Press) -> SigningService:
    """The service with another press."""
    parts = world.foundations
    return SigningService(
        SigningParts(
            press=press,
            database=parts.database,
            audit=parts.audit,
            clock=parts.clock,
            authority=world.services.authority,
            publication=world.services.publication,
            journal=world.services.intents,
            raiser=LevelRaiser(world.services.timestamps, parts.clock),
        )
    )


async def intents(world: SealWorld) -> list[SealIntentRow]:
    async with world.database.reading() as session:
        return list((await session.scalars(select(SealIntentRow).order_by(SealIntentRow.id))).all())


async def uses(world: SealWorld) -> list[str]:
    async with world.database.reading() as session:
        return [row.digest for row in (await session.scalars(select(SealUseRow).order_by(SealUseRow.id))).all()]


async def test_each_file_has_an_intent_that_names_what_came_of_it(any_world: SealWorld, ofd: bytes) -> None:
    world = any_world
    seal = await world.active_seal()
    documents = [DocumentToSeal("ofd", ofd, [PLACE]), DocumentToSeal("pdf", minimal_pdf(), [PLACE])]

    sealed = await world.services.signing.seal_together(documents, seal["id"], purpose="licence:1")

    rows = await intents(world)
    assert [(row.state, row.fence, row.format, row.purpose) for row in rows] == [
        ("done", 1, "ofd", "licence:1"),
        ("done", 1, "pdf", "licence:1"),
    ]
    assert [row.input_digest for row in rows] == [hashlib.sha256(each.data).hexdigest() for each in documents]
    assert [row.output_digest for row in rows] == [hashlib.sha256(each).hexdigest() for each in sealed]
    assert await uses(world) == [row.output_digest for row in rows]


async def test_the_intent_is_in_the_database_before_the_key_is_touched(world: SealWorld, ofd: bytes) -> None:
    seal = await world.active_seal()
    seen: list[SealIntentRow] = []

    async def look() -> None:
        seen.extend(await intents(world))

    await signing(world, Press(world, look)).seal(ofd, "ofd", SealOrder(seal["id"], [PLACE]))

    assert [(row.state, row.input_digest) for row in seen] == [("open", hashlib.sha256(ofd).hexdigest())]


async def test_a_refused_document_ends_its_intent_with_the_reason(world: SealWorld, ofd: bytes) -> None:
    seal = await world.active_seal()

    with pytest.raises(Exception, match="no page 9"):
        await world.services.signing.seal_ofd(ofd, seal["id"], [StampPosition(9, 0, 0, 42, 42)])

    assert [(row.state, row.reason) for row in await intents(world)] == [("failed", "invalid-input")]
    assert await uses(world) == []


async def test_all_or_none(world: SealWorld, ofd: bytes) -> None:
    seal = await world.active_seal()
    documents = [DocumentToSeal("ofd", ofd, [PLACE]), DocumentToSeal("pdf", b"%PDF-1.7 broken", [PLACE])]

    with pytest.raises(Exception, match="PDF"):
        await world.services.signing.seal_together(documents, seal["id"])

    assert {row.state for row in await intents(world)} == {"failed"}
    assert await uses(world) == []


async def test_a_seal_suspended_while_the_key_is_touched_lets_nothing_out(world: SealWorld, ofd: bytes) -> None:
    seal = await world.active_seal()

    async def suspend() -> None:
        await world.client.post(f"/api/v1/seals/{seal['id']}/suspend", headers=world.approver)

    with pytest.raises(Conflict, match="suspended"):
        await signing(world, Press(world, suspend)).seal(ofd, "ofd", SealOrder(seal["id"], [PLACE]))

    assert [(row.state, row.reason) for row in await intents(world)] == [("failed", "conflict")]
    assert await uses(world) == []


async def test_work_lost_half_way_is_done_again_under_a_new_fence(world: SealWorld, ofd: bytes) -> None:
    seal = await world.active_seal()
    press = Press(world, PressLost())

    await signing(world, press).seal(ofd, "ofd", SealOrder(seal["id"], [PLACE]))

    (row,) = await intents(world)
    assert (row.state, row.fence, press.times, len(await uses(world))) == ("done", 2, 2, 1)


async def test_work_lost_twice_is_said_to_be_lost(world: SealWorld, ofd: bytes) -> None:
    seal = await world.active_seal()

    with pytest.raises(Unavailable):
        await signing(world, Press(world, PressLost(), PressLost())).seal(ofd, "ofd", SealOrder(seal["id"], [PLACE]))

    (row,) = await intents(world)
    # The key may have been touched twice, and nothing came of either.
    assert (row.state, row.reason, row.fence) == ("failed", "unavailable", 2)
    assert await uses(world) == []


async def test_what_nobody_came_back_for_is_abandoned_and_audited(any_world: SealWorld, ofd: bytes) -> None:
    world = any_world
    seal = await world.active_seal()
    # The end of the process: nothing that comes after the key is done.
    with pytest.raises(EndOfProcess):
        await signing(world, Press(world, EndOfProcess())).seal(ofd, "ofd", SealOrder(seal["id"], [PLACE]))
    assert await world.services.intents.abandon_expired() == 0, "its lease still runs"

    world.clock.advance(seconds=LEASE.total_seconds() + 1)
    await world.services.start()

    assert [(row.state, row.reason, row.output_digest) for row in await intents(world)] == [
        ("abandoned", "lease-expired", None)
    ]
    async with world.database.reading() as session:
        statement = select(AuditEventRow).where(AuditEventRow.action == "seal.abandon")
        (event,) = (await session.scalars(statement)).all()
    assert (event.subject_ref, event.outcome) == (seal["id"], "failure")
    assert event.detail == {"digest": hashlib.sha256(ofd).hexdigest(), "format": "ofd", "fence": 1}


async def test_who_stalled_past_the_lease_publishes_nothing(world: SealWorld, ofd: bytes) -> None:
    seal = await world.active_seal()

    async def stall() -> None:
        world.clock.advance(seconds=LEASE.total_seconds() + 1)
        await world.services.intents.abandon_expired()

    with pytest.raises(Unavailable, match="given up"):
        await signing(world, Press(world, stall)).seal(ofd, "ofd", SealOrder(seal["id"], [PLACE]))

    assert [row.state for row in await intents(world)] == ["abandoned"]
    assert await uses(world) == []


async def test_only_one_takes_over_and_the_one_before_is_fenced_off(any_world: SealWorld, ofd: bytes) -> None:
    world = any_world
    seal = await world.active_seal()
    journal: IntentJournal = world.services.intents
    taken: list[Intent | None] = []

    async def taken_over() -> None:
        world.clock.advance(seconds=LEASE.total_seconds() + 1)
        (row,) = await intents(world)
        for _ in range(2):
            async with world.database.transaction() as session:
                taken.append(await journal.take_over(session, row.id))

    with pytest.raises(Unavailable):
        await signing(world, Press(world, taken_over)).seal(ofd, "ofd", SealOrder(seal["id"], [PLACE]))

    (row,) = await intents(world)
    assert taken == [Intent(row.id, 2), None]
    assert (row.state, row.fence, row.lease_until - world.clock()) == ("open", 2, timedelta(minutes=3))
    async with world.database.transaction() as session:
        await journal.finish(session, [(Intent(row.id, 2), "0" * 64)])
    with pytest.raises(Unavailable):
        async with world.database.transaction() as session:
            await journal.finish(session, [(Intent(row.id, 2), "1" * 64)])
    assert [row.output_digest for row in await intents(world)] == ["0" * 64]


async def test_a_result_that_does_not_hold_is_no_use(world: SealWorld, ofd: bytes) -> None:
    seal = await world.active_seal()

    with pytest.raises(IntegrityError):
        await signing(world, Press(world, IntegrityError("x"))).seal(ofd, "ofd", SealOrder(seal["id"], [PLACE]))

    assert [(row.state, row.reason) for row in await intents(world)] == [("failed", "integrity")]
