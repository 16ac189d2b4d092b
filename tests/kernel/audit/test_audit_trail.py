"""The audit trail: written with what it records, and every kind of tampering shows."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import delete, select, text, update

from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.audit.records import AuditChainRow, AuditEventRow, Base
from kernel.audit.verification import verify_chains
from kernel.clock import system_clock
from kernel.database.engine import Database

KEY = bytes(range(32))


@pytest.fixture
async def database(any_database: Database) -> AsyncIterator[Database]:
    async with any_database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    return any_database


@pytest.fixture
def trail() -> AuditTrail:
    return AuditTrail(system_clock, KEY)


async def write(database: Database, trail: AuditTrail, count: int) -> None:
    for number in range(count):
        async with database.transaction() as session:
            await trail.record(session, AuditEvent("licence.issue", Actor("user", "u1"), f"licence:{number}"))


async def verdicts(database: Database) -> list[str | None]:
    async with database.reading() as session:
        return [verdict.reason for verdict in await verify_chains(session, KEY)]


async def test_an_untouched_chain_holds(database: Database, trail: AuditTrail) -> None:
    await write(database, trail, 5)
    async with database.reading() as session:
        (verdict,) = await verify_chains(session, KEY)
    assert verdict.holds
    assert verdict.events == 5


async def test_an_event_of_a_transaction_that_failed_is_not_written(database: Database, trail: AuditTrail) -> None:
    with pytest.raises(RuntimeError):
        async with database.transaction() as session:
            await trail.record(session, AuditEvent("licence.issue"))
            raise RuntimeError
    assert await verdicts(database) == []


async def test_concurrent_writers_make_one_unbroken_chain(database: Database, trail: AuditTrail) -> None:
    await asyncio.gather(*(write(database, trail, 5) for _ in range(6)))
    async with database.reading() as session:
        (verdict,) = await verify_chains(session, KEY)
    assert verdict.holds
    assert verdict.events == 30


async def test_an_edited_event_shows(database: Database, trail: AuditTrail) -> None:
    await write(database, trail, 3)
    async with database.transaction() as session:
        await session.execute(update(AuditEventRow).where(AuditEventRow.sequence == 2).values(actor_id="somebody else"))
    assert await verdicts(database) == ["its content was changed"]


async def test_a_removed_event_shows(database: Database, trail: AuditTrail) -> None:
    await write(database, trail, 3)
    async with database.transaction() as session:
        await session.execute(delete(AuditEventRow).where(AuditEventRow.sequence == 2))
    assert await verdicts(database) == ["an event before this one is missing"]


async def test_a_chain_cut_short_shows(database: Database, trail: AuditTrail) -> None:
    await write(database, trail, 3)
    async with database.transaction() as session:
        await session.execute(delete(AuditEventRow).where(AuditEventRow.sequence == 3))
    assert await verdicts(database) == ["events after this one are missing"]


async def test_a_chain_cut_short_with_its_head_moved_back_shows(database: Database, trail: AuditTrail) -> None:
    await write(database, trail, 3)
    async with database.transaction() as session:
        last = (await session.scalars(select(AuditEventRow).where(AuditEventRow.sequence == 2))).one()
        await session.execute(update(AuditChainRow).values(sequence=2, hash=last.hash))
        await session.execute(delete(AuditEventRow).where(AuditEventRow.sequence == 3))
    assert await verdicts(database) == ["the head was not sealed by this system"]


async def test_a_chain_without_its_head_shows(database: Database, trail: AuditTrail) -> None:
    await write(database, trail, 1)
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM audit_chain"))
    assert await verdicts(database) == ["the chain's head is missing"]
