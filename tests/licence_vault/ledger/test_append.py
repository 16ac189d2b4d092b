"""Adding to the log: with what it speaks of or not at all, each leaf in the next place, whoever writes beside."""

import asyncio
import hashlib

import pytest
from sqlalchemy import event, func, select, text, update
from sqlalchemy.util import await_only

from kernel.audit.chain import AuditEvent, AuditTrail
from kernel.clock import system_clock
from kernel.crypto.envelope import Envelope
from kernel.database.engine import Database
from kernel.errors import ConfigurationError, IntegrityError
from licence_vault.ledger.entries import LedgerEntry, Opening
from licence_vault.ledger.records import LedgerHeadRow, LedgerLeafRow, LedgerNodeRow
from licence_vault.ledger.service import Ledger
from tests.licence_vault.ledger.conftest import create_tables
from tests.licence_vault.ledger.world import LogKey, digest_of, entry, grow, make_ledger


async def count_leaves(database: Database) -> int:
    async with database.reading() as session:
        return await session.scalar(select(func.count()).select_from(LedgerLeafRow)) or 0


async def test_leaves_take_the_places_0_1_2(database: Database, ledger: Ledger) -> None:
    assert await grow(database, ledger, range(5)) == [0, 1, 2, 3, 4]


async def test_a_place_is_known_only_when_the_transaction_has_ended(database: Database, ledger: Ledger) -> None:
    async with database.transaction() as session:
        pending = await ledger.append(session, entry(1))
        assert pending.index is None
    assert pending.index == 0


async def test_a_transaction_may_bring_many_leaves(database: Database, ledger: Ledger) -> None:
    await grow(database, ledger, range(3))
    async with database.transaction() as session:
        pending = [await ledger.append(session, entry(number)) for number in range(3, 40)]
    assert [leaf.index for leaf in pending] == list(range(3, 40))
    assert (await ledger.check()).holds


async def test_a_transaction_that_failed_leaves_no_leaf(database: Database, ledger: Ledger) -> None:
    await grow(database, ledger, range(2))
    with pytest.raises(RuntimeError):
        async with database.transaction() as session:
            pending = await ledger.append(session, entry(2))
            raise RuntimeError
    assert pending.index is None
    assert await count_leaves(database) == 2
    assert await grow(database, ledger, [3]) == [2]
    assert (await ledger.check()).holds


async def test_a_transaction_that_fails_at_its_very_end_leaves_no_leaf(database: Database, ledger: Ledger) -> None:
    """The place was given, the commit does not come: the next one takes the place."""

    async def fail_last() -> None:
        async with database.transaction() as session:
            await ledger.append(session, entry(1))
            # A second row for a place that is taken fails when the log's own rows are written.
            await session.execute(text("INSERT INTO vault_ledger_node (level, \"index\", hash) VALUES (1, 0, 'x')"))

    await grow(database, ledger, [0])
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        await fail_last()
    assert await grow(database, ledger, [2]) == [1]
    assert (await ledger.check()).holds


async def test_the_end_of_a_savepoint_writes_nothing_yet(database: Database, ledger: Ledger) -> None:
    async with database.transaction() as session:
        async with session.begin_nested():
            pending = await ledger.append(session, entry(1))
        assert pending.index is None
    assert pending.index == 0


async def test_writers_at_the_same_time_get_places_without_gaps(database: Database, ledger: Ledger) -> None:
    """From the very first leaf on, when even the head is not there yet."""
    groups = [range(at, at + 5) for at in range(0, 40, 5)]
    indices = await asyncio.gather(*(grow(database, ledger, group) for group in groups))
    assert sorted(index for taken in indices for index in taken) == list(range(40))
    verdict = await ledger.check()
    assert (verdict.holds, verdict.size) == (True, 40)


async def test_who_finds_no_head_and_is_overtaken_writes_behind_the_other(postgresql_url: str, key: LogKey) -> None:
    """Two first writers: between one's look for the head and its making one, the other commits the first leaf."""
    slow, quick = Database(postgresql_url), Database(postgresql_url)
    await create_tables(slow)
    overtaken: list[int] = []

    def overtake(*event_arguments: object) -> None:
        if not overtaken and "FOR UPDATE" in str(event_arguments[2]):
            overtaken.append(0)
            overtaken[:] = await_only(grow(quick, make_ledger(quick, key), [1]))

    event.listen(slow.engine.sync_engine, "after_cursor_execute", overtake)
    ledger = make_ledger(slow, key)
    assert await grow(slow, ledger, [2]) == [1]
    assert overtaken == [0]
    assert (await ledger.check()).size == 2
    await slow.dispose()
    await quick.dispose()


async def test_two_processes_write_one_log(database: Database, ledger: Ledger, key: LogKey) -> None:
    other_database = Database(database.url)
    other = make_ledger(other_database, key)
    await asyncio.gather(grow(database, ledger, range(10)), grow(other_database, other, range(10, 20)))
    assert await other.checkpoint() == await ledger.checkpoint()
    assert (await ledger.check()).size == 20
    await other_database.dispose()


async def test_log_and_audit_trail_never_wait_for_each_other(database: Database, ledger: Ledger) -> None:
    """Use cases name the two in either order; the locks are taken in one order all the same."""
    audit = AuditTrail(system_clock, bytes(32))

    async def write(number: int) -> None:
        async with database.transaction() as session:
            if number % 2:
                await audit.record(session, AuditEvent("licence.issue"))
                await ledger.append(session, entry(number))
            else:
                await ledger.append(session, entry(number))
                await audit.record(session, AuditEvent("licence.issue"))

    for _round in range(4):
        await asyncio.gather(*(write(number) for number in range(10)))
    assert (await ledger.check()).size == 40


async def test_equal_entries_give_unrelated_leaves_that_say_nothing(database: Database, ledger: Ledger) -> None:
    await grow(database, ledger, [7, 7])
    async with database.reading() as session:
        first, second = await session.scalars(select(LedgerLeafRow).order_by(LedgerLeafRow.index))
    assert first.commitment != second.commitment
    assert first.commitment != hashlib.sha256(b"sealed" + digest_of("file 7")).digest()


async def test_the_salt_is_not_readable_in_the_database(database: Database, ledger: Ledger) -> None:
    await grow(database, ledger, [1])
    proof = await ledger.proof("licence-1")
    async with database.reading() as session:
        stored = (await session.scalars(select(LedgerLeafRow.salt))).one()
    assert proof.opening is not None
    assert stored is not None
    assert proof.opening.salt not in stored


async def test_an_erased_subject_cannot_be_opened_and_its_proof_stays(database: Database, ledger: Ledger) -> None:
    await grow(database, ledger, range(4))
    async with database.transaction() as session:
        await ledger.erase(session, "licence-2")
    proof = await ledger.proof("licence-2")
    assert proof.opening is None
    verdict = await ledger.check()
    assert (verdict.holds, verdict.erased) == (True, 1)


async def test_nothing_is_added_to_a_log_whose_head_somebody_moved(database: Database, ledger: Ledger) -> None:
    await grow(database, ledger, range(4))
    async with database.transaction() as session:
        await session.execute(update(LedgerHeadRow).values(size=3))
    with pytest.raises(IntegrityError):
        await grow(database, ledger, [4])
    assert await count_leaves(database) == 4


async def test_nothing_is_added_to_a_log_that_lost_its_head(database: Database, ledger: Ledger) -> None:
    await grow(database, ledger, range(4))
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM vault_ledger_head"))
    with pytest.raises(IntegrityError):
        await grow(database, ledger, [4])
    assert await count_leaves(database) == 4


async def test_an_append_writes_two_rows_whatever_the_size(sqlite: Database, key: LogKey) -> None:
    await grow(sqlite, make_ledger(sqlite, key), range(64))
    async with sqlite.reading() as session:
        assert await session.scalar(select(func.count()).select_from(LedgerNodeRow)) == 63


@pytest.mark.parametrize("content", [b"", b"short", bytes(33), bytes(32 * 9)])
def test_an_entry_speaks_of_one_to_eight_digests(content: bytes) -> None:
    with pytest.raises(ValueError):
        LedgerEntry("sealed", "licence-1", content)


def test_an_entry_has_a_known_kind_and_a_subject() -> None:
    with pytest.raises(ValueError):
        LedgerEntry("rumour", "licence-1", bytes(32))  # type: ignore[arg-type]
    with pytest.raises(ValueError):
        LedgerEntry("sealed", "", bytes(32))


def test_a_commitment_is_the_hash_of_salt_kind_and_content() -> None:
    opening = Opening(b"s" * 32, "issued", b"d" * 64)
    assert opening.commitment == hashlib.sha256(b"s" * 32 + b"issued" + b"d" * 64).digest()
    assert opening.digests == [b"d" * 32, b"d" * 32]


def test_a_log_needs_a_name(key: LogKey) -> None:
    with pytest.raises(ConfigurationError):
        Ledger(Database("sqlite+aiosqlite://"), key, system_clock, "not an origin", envelope=Envelope(bytes(32)))
