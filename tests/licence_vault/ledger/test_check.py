"""Checking the whole log finds every kind of tampering, and nothing where there is none."""

import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.crypto.envelope import Envelope
from kernel.database.engine import Database
from licence_vault.ledger import checking
from licence_vault.ledger.entries import Opening
from licence_vault.ledger.merkle import Edge, hash_leaf
from licence_vault.ledger.records import LedgerCheckpointRow, LedgerHeadRow, LedgerLeafRow, LedgerNodeRow
from licence_vault.ledger.sealing import LedgerSeal
from licence_vault.ledger.service import Ledger
from tests.licence_vault.ledger.world import LogKey, digest_of, grow, make_ledger

SIZE = 21
Tampering = Callable[[AsyncSession], Awaitable[None]]


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the seams between batches are tested too."""
    monkeypatch.setattr(checking, "BATCH", 4)


@pytest.fixture
async def grown(database: Database, ledger: Ledger) -> Ledger:
    """A log of 21 leaves, signed at 0, 5, 9 and 21; on both databases."""
    return await grow_and_sign(database, ledger)


@pytest.fixture
async def embedded(sqlite: Database, key: LogKey) -> Ledger:
    """The same where one database is as good as the other."""
    return await grow_and_sign(sqlite, make_ledger(sqlite, key))


async def grow_and_sign(database: Database, ledger: Ledger) -> Ledger:
    await ledger.checkpoint()
    done = 0
    for size in (5, 9, SIZE):
        await grow(database, ledger, range(done, size))
        await ledger.checkpoint()
        done = size
    return ledger


async def test_an_untouched_log_holds(grown: Ledger) -> None:
    verdict = await grown.check()
    assert verdict.holds
    assert (verdict.size, verdict.checkpoints, verdict.erased) == (SIZE, 4, 0)


async def test_a_log_holds_at_every_size(database: Database, ledger: Ledger) -> None:
    assert (await ledger.check()).holds
    for number in range(10):
        await grow(database, ledger, [number])
        await ledger.checkpoint()
        assert (await ledger.check()).holds


LEAF_7 = LedgerLeafRow.index == 7


async def edit_commitment(session: AsyncSession) -> None:
    await session.execute(update(LedgerLeafRow).where(LEAF_7).values(commitment=bytes(32)))


async def edit_leaf_and_hash(session: AsyncSession) -> None:
    """A leaf rewritten whole, its opening with it, as only somebody with the master key could."""
    row = (await session.scalars(select(LedgerLeafRow).where(LEAF_7))).one()
    opening = Opening(secrets.token_bytes(32), "sealed", digest_of("another file"))
    seal = LedgerSeal(Envelope(bytes(range(32))))
    row.content, row.commitment, row.leaf_hash = opening.content, opening.commitment, hash_leaf(opening.commitment)
    row.salt = seal.seal_salt(opening, row.subject_ref, row.at)
    await session.flush()


async def edit_content(session: AsyncSession) -> None:
    await session.execute(update(LedgerLeafRow).where(LEAF_7).values(content=digest_of("another file")))


async def edit_kind(session: AsyncSession) -> None:
    await session.execute(update(LedgerLeafRow).where(LEAF_7).values(kind="status"))


async def edit_kind_to_nonsense(session: AsyncSession) -> None:
    await session.execute(update(LedgerLeafRow).where(LEAF_7).values(kind="rumour"))


async def edit_subject(session: AsyncSession) -> None:
    await session.execute(update(LedgerLeafRow).where(LEAF_7).values(subject_ref="licence-8"))


async def edit_time(session: AsyncSession) -> None:
    row = (await session.scalars(select(LedgerLeafRow).where(LEAF_7))).one()
    row.at -= timedelta(seconds=1)
    await session.flush()


async def edit_salt(session: AsyncSession) -> None:
    await session.execute(update(LedgerLeafRow).where(LEAF_7).values(salt=bytes(100)))


async def delete_one(session: AsyncSession) -> None:
    await session.execute(delete(LedgerLeafRow).where(LEAF_7))


async def delete_the_first(session: AsyncSession) -> None:
    await session.execute(delete(LedgerLeafRow).where(LedgerLeafRow.index == 0))


async def delete_and_close_the_gap(session: AsyncSession) -> None:
    await session.execute(delete(LedgerLeafRow).where(LEAF_7))
    for index in range(8, SIZE):
        await session.execute(update(LedgerLeafRow).where(LedgerLeafRow.index == index).values(index=index - 1))


async def insert_behind_the_last(session: AsyncSession) -> None:
    await copy_leaf(session, SIZE)


async def insert_before_the_first(session: AsyncSession) -> None:
    await copy_leaf(session, -1)


async def insert_between(session: AsyncSession) -> None:
    for index in reversed(range(8, SIZE)):
        await session.execute(update(LedgerLeafRow).where(LedgerLeafRow.index == index).values(index=index + 1))
    await copy_leaf(session, 8)


async def copy_leaf(session: AsyncSession, index: int) -> None:
    row = (await session.scalars(select(LedgerLeafRow).where(LEAF_7))).one()
    values = {column.key: getattr(row, column.key) for column in LedgerLeafRow.__table__.columns}
    await session.execute(insert(LedgerLeafRow).values(values | {"index": index}))


async def swap_two(session: AsyncSession) -> None:
    for was, becomes in ((7, 1000), (8, 7), (1000, 8)):
        await session.execute(update(LedgerLeafRow).where(LedgerLeafRow.index == was).values(index=becomes))


async def swap_whose_they_are(session: AsyncSession) -> None:
    for index, subject in ((7, "licence-8"), (8, "licence-7")):
        await session.execute(update(LedgerLeafRow).where(LedgerLeafRow.index == index).values(subject_ref=subject))


async def cut_leaves(session: AsyncSession) -> None:
    await session.execute(delete(LedgerLeafRow).where(LedgerLeafRow.index >= 18))


async def cut_all(session: AsyncSession) -> None:
    await session.execute(delete(LedgerLeafRow))


async def cut_everything_and_move_the_head(session: AsyncSession) -> None:
    """Leaves, nodes and checkpoints cut to 16, the head's size set back: its edge gives it away."""
    await session.execute(delete(LedgerLeafRow).where(LedgerLeafRow.index >= 16))
    for level in range(1, 5):
        await session.execute(
            delete(LedgerNodeRow).where(LedgerNodeRow.level == level, LedgerNodeRow.index >= 16 >> level)
        )
    await session.execute(delete(LedgerCheckpointRow).where(LedgerCheckpointRow.size > 16))
    await session.execute(update(LedgerHeadRow).values(size=16))


async def cut_with_the_master_key(session: AsyncSession) -> None:
    """As above, with an edge that fits; the signed checkpoint of 21 leaves is left over."""
    leaves = await session.scalars(select(LedgerLeafRow.leaf_hash).order_by(LedgerLeafRow.index).limit(16))
    edge = Edge()
    for leaf in leaves:
        edge.append(leaf)
    kept = (await session.scalars(select(LedgerCheckpointRow).where(LedgerCheckpointRow.size == SIZE))).one()
    await cut_everything_and_move_the_head(session)
    await session.execute(update(LedgerHeadRow).values(edge=LedgerSeal(Envelope(bytes(range(32)))).seal_edge(edge)))
    await session.execute(insert(LedgerCheckpointRow).values(size=SIZE, root=kept.root, note=kept.note, at=kept.at))


async def drop_the_head(session: AsyncSession) -> None:
    await session.execute(delete(LedgerHeadRow))


async def edit_node(session: AsyncSession) -> None:
    await session.execute(update(LedgerNodeRow).where(LedgerNodeRow.level == 3).values(hash=bytes(32)))


async def drop_node(session: AsyncSession) -> None:
    await session.execute(delete(LedgerNodeRow).where(LedgerNodeRow.level == 4))


async def invent_node(session: AsyncSession) -> None:
    await session.execute(insert(LedgerNodeRow).values(level=9, index=0, hash=bytes(32)))


async def edit_root(session: AsyncSession) -> None:
    await session.execute(update(LedgerCheckpointRow).where(LedgerCheckpointRow.size == 9).values(root=bytes(32)))


async def exchange_notes(session: AsyncSession) -> None:
    other = (await session.scalars(select(LedgerCheckpointRow.note).where(LedgerCheckpointRow.size == 5))).one()
    await session.execute(update(LedgerCheckpointRow).where(LedgerCheckpointRow.size == 9).values(note=other))


async def garble_note(session: AsyncSession) -> None:
    await session.execute(
        update(LedgerCheckpointRow).where(LedgerCheckpointRow.size == 9).values(note="signed, I swear")
    )


CHANGED, MISSING = "The leaf was changed.", "A leaf before this one is missing, or this one was inserted."
VAULT = "What the vault says of this leaf was changed."
NODE, END = "An inner node is not what its leaves give.", "Leaves after this one are missing."


@pytest.mark.parametrize(
    ("tamper", "problem", "at"),
    [
        (edit_commitment, CHANGED, 7),
        (edit_leaf_and_hash, NODE, 6),
        (edit_content, VAULT, 7),
        (edit_kind, VAULT, 7),
        (edit_kind_to_nonsense, VAULT, 7),
        (edit_subject, VAULT, 7),
        (edit_time, VAULT, 7),
        (edit_salt, VAULT, 7),
        (delete_one, MISSING, 8),
        (delete_the_first, MISSING, 1),
        (delete_and_close_the_gap, NODE, 6),
        (insert_behind_the_last, NODE, SIZE - 1),
        (insert_before_the_first, MISSING, -1),
        (insert_between, NODE, 8),
        (swap_two, NODE, 6),
        (swap_whose_they_are, VAULT, 7),
        (cut_leaves, END, 18),
        (cut_all, END, 0),
        (cut_everything_and_move_the_head, "The head was not set by this system.", 16),
        (cut_with_the_master_key, "The log is shorter than a checkpoint that was signed.", 16),
        (drop_the_head, "The head is not where the leaves end.", SIZE),
        (edit_node, NODE, 0),
        (drop_node, NODE, 0),
        (invent_node, "There are inner nodes that belong to no leaf.", SIZE),
        (edit_root, "A signed checkpoint is not the root over its leaves.", 9),
        (exchange_notes, "A signed checkpoint is not the root over its leaves.", 9),
        (garble_note, "A stored checkpoint is not signed by this log.", 9),
    ],
)
async def test_tampering_is_found_and_named(
    sqlite: Database, embedded: Ledger, tamper: Tampering, problem: str, at: int
) -> None:
    async with sqlite.transaction() as session:
        await tamper(session)
    verdict = await embedded.check()
    assert (verdict.problem, verdict.at) == (problem, at)
    assert not verdict.holds


async def test_a_checkpoint_kept_elsewhere_shows_a_database_put_back_whole(database: Database, grown: Ledger) -> None:
    """Everything of the log is set back together: from the inside it holds, from the outside it does not."""
    async with database.reading() as session:
        before = {table: (await session.execute(text(f"SELECT * FROM {table}"))).mappings().all() for table in TABLES}
    await grow(database, grown, range(SIZE, SIZE + 3))
    witnessed = await grown.checkpoint()
    assert (await grown.check(known_checkpoints=[witnessed])).holds
    async with database.transaction() as session:
        for table, rows in before.items():
            await session.execute(text(f"DELETE FROM {table}"))
            for row in rows:
                columns = ", ".join(f'"{name}"' for name in row)
                places = ", ".join(f":{name}" for name in row)
                await session.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({places})"), dict(row))
    assert (await grown.check()).holds
    verdict = await grown.check(known_checkpoints=[witnessed])
    assert verdict.problem == "The log is shorter than the checkpoint that you know."


TABLES = ("vault_ledger_leaf", "vault_ledger_node", "vault_ledger_head", "vault_ledger_checkpoint")


async def test_a_fork_is_shown_by_a_checkpoint_of_the_other_branch(
    database: Database, embedded: Ledger, key: LogKey
) -> None:
    other = make_ledger(database, key)
    await grow(database, other, range(6))
    verdict = await embedded.check(known_checkpoints=[await other.checkpoint()])
    assert (verdict.problem, verdict.at) == ("The log is not the one of the checkpoint that you know.", 6)


async def test_checking_while_others_write_sees_one_moment(database: Database, grown: Ledger, key: LogKey) -> None:
    """On PostgreSQL too, where every statement would otherwise see what was committed since."""
    writer_database = Database(database.url)
    writer = make_ledger(writer_database, key)
    original = checking.records.load_head

    async def append_first(session: AsyncSession) -> LedgerHeadRow | None:
        await grow(writer_database, writer, [100])
        return await original(session)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checking.records, "load_head", append_first)
        verdict = await grown.check()
    await writer_database.dispose()
    assert (verdict.holds, verdict.size) == (True, SIZE)
