"""Rows of collections. What a register says is encrypted; its rows keep it as the record of the conversion."""

from collections.abc import AsyncIterator, Sequence
from collections.abc import Collection as Group
from datetime import datetime

from sqlalchemy import Boolean, Index, Integer, LargeBinary, String, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.schema import UTCDateTime, sealed
from licence_vault.collection.states import LIVING, WAITING, ItemState
from licence_vault.licences.records import OriginRow
from licence_vault.schema import Base


class CollectionRow(Base):
    """One register that was handed in. `columns` are its heads and what they mean, encrypted: heads may be data."""

    __tablename__ = "vault_collection"
    __table_args__ = (Index("ix_vault_collection_issuer_uscc", "issuer_uscc", "id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    type_code: Mapped[str] = mapped_column(String(21))
    credibility: Mapped[str] = mapped_column(String(1))
    source: Mapped[str] = mapped_column(String(60))
    issuer_uscc: Mapped[str] = mapped_column(String(18))
    issuer_name: Mapped[str] = mapped_column(String(200))
    actor_kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[str] = mapped_column(String(128))
    request_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    content_digest: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16), index=True)
    reason: Mapped[str] = mapped_column(String(400), default="")
    total: Mapped[int] = mapped_column(Integer)
    columns: Mapped[bytes] = mapped_column(LargeBinary, info=sealed("collection:{id}:columns"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)


class CollectedRow(Base):
    """One row of a register, `number` as a spreadsheet counts; `content` is a `collected.Collected`, encrypted, and
    forgotten when the collection is cancelled before the row was converted.

    `twin_key` is the same for rows that are about the same licence. `claimed_*` is whoever reviews it now, `first_*`
    who accepted it first, `second_*` who accepted it last; `leased_until` belongs to the worker.
    """

    __tablename__ = "vault_collected"
    __table_args__ = (
        Index("ix_vault_collected_state", "collection_id", "state", "number"),
        Index("ix_vault_collected_twin_key", "collection_id", "twin_key"),
    )

    collection_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(String(10))
    twin_key: Mapped[str | None] = mapped_column(String(64))
    content: Mapped[bytes | None] = mapped_column(LargeBinary, info=sealed("collection:{collection_id}:{number}"))
    changes: Mapped[int] = mapped_column(Integer, default=0)
    questions: Mapped[int] = mapped_column(Integer, default=0)
    needs_second: Mapped[bool] = mapped_column(Boolean, default=False)
    claimed_by: Mapped[str | None] = mapped_column(String(160))
    claimed_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    first_by: Mapped[str | None] = mapped_column(String(160))
    first_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    second_by: Mapped[str | None] = mapped_column(String(160))
    second_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    licence_id: Mapped[str | None] = mapped_column(String(32))
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    leased_until: Mapped[datetime | None] = mapped_column(UTCDateTime)


class CollectionSourceRow(Base):
    """What the columns of a source meant last time, by licence type."""

    __tablename__ = "vault_collection_source"

    issuer_uscc: Mapped[str] = mapped_column(String(18), primary_key=True)
    type_code: Mapped[str] = mapped_column(String(21), primary_key=True)
    source: Mapped[str] = mapped_column(String(60), primary_key=True)
    mapping: Mapped[bytes] = mapped_column(
        LargeBinary, info=sealed("collection source:{issuer_uscc}:{type_code}:{source}")
    )
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)


async def counts_of(session: AsyncSession, collection_id: str) -> dict[str, int]:
    """How many rows of a collection are in each state."""
    statement = select(CollectedRow.state, func.count()).where(CollectedRow.collection_id == collection_id)
    return {row[0]: row[1] for row in await session.execute(statement.group_by(CollectedRow.state))}


async def unquestioned(session: AsyncSession, collection_id: str) -> int:
    """How many rows wait for review without any question: those that may be accepted together."""
    statement = select(func.count()).where(
        CollectedRow.collection_id == collection_id, CollectedRow.state == ItemState.OPEN, CollectedRow.questions == 0
    )
    return await session.scalar(statement) or 0


async def collections_of(session: AsyncSession, uscc: str, limit: int) -> Sequence[CollectionRow]:
    """An authority's collections, newest first."""
    statement = select(CollectionRow).where(CollectionRow.issuer_uscc == uscc)
    return (await session.scalars(statement.order_by(CollectionRow.id.desc()).limit(limit))).all()


async def collection_for_update(session: AsyncSession, collection_id: str) -> CollectionRow | None:
    """A collection, locked until the transaction ends."""
    statement = select(CollectionRow).where(CollectionRow.id == collection_id).with_for_update()
    return (await session.scalars(statement)).one_or_none()


async def working(session: AsyncSession, collection_id: str | None) -> Sequence[CollectionRow]:
    """Collections that a worker may have something to do for, oldest first."""
    statement = select(CollectionRow).where(CollectionRow.state.in_(LIVING)).order_by(CollectionRow.id)
    if collection_id is not None:
        statement = statement.where(CollectionRow.id == collection_id)
    return (await session.scalars(statement)).all()


async def leasable(
    session: AsyncSession, collection_id: str, state: ItemState, now: datetime, limit: int
) -> Sequence[CollectedRow]:
    """Rows that no worker has, locked; those that another worker is locking are passed over."""
    free = or_(CollectedRow.leased_until.is_(None), CollectedRow.leased_until < now)
    statement = (
        select(CollectedRow)
        .where(CollectedRow.collection_id == collection_id, CollectedRow.state == state, free)
        .order_by(CollectedRow.number)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return (await session.scalars(statement)).all()


async def claimable(session: AsyncSession, collection_id: str, reviewer: str, now: datetime) -> CollectedRow | None:
    """The next row for a reviewer, locked: the one they have already, else the first that nobody has.

    A second acceptance is not for whoever gave the first.
    """
    mine = and_(CollectedRow.claimed_by == reviewer, CollectedRow.claimed_until >= now)
    free = or_(CollectedRow.claimed_until.is_(None), CollectedRow.claimed_until < now)
    waits = or_(
        CollectedRow.state == ItemState.OPEN,
        and_(CollectedRow.state == ItemState.SECOND, CollectedRow.first_by != reviewer),
    )
    statement = select(CollectedRow).where(CollectedRow.collection_id == collection_id, waits)
    for condition in (mine, free):
        found = statement.where(condition).order_by(CollectedRow.number).limit(1).with_for_update(skip_locked=True)
        if row := (await session.scalars(found)).first():
            return row
    return None


async def item_for_update(session: AsyncSession, collection_id: str, number: int) -> CollectedRow | None:
    """A row, locked until the transaction ends."""
    return await session.get(CollectedRow, (collection_id, number), with_for_update=True)


async def items_in(
    session: AsyncSession, collection_id: str, states: Group[str], after: int, limit: int, *, lock: bool = False
) -> Sequence[CollectedRow]:
    """Rows in any of `states` with a number above `after`, in order; locked if asked."""
    statement = (
        select(CollectedRow)
        .where(CollectedRow.collection_id == collection_id, CollectedRow.state.in_(states), CollectedRow.number > after)
        .order_by(CollectedRow.number)
        .limit(limit)
    )
    return (await session.scalars(statement.with_for_update() if lock else statement)).all()


async def twins_of(session: AsyncSession, collection_id: str, keys: Group[str]) -> dict[str, int]:
    """The first row with each of these keys."""
    statement = (
        select(CollectedRow.twin_key, func.min(CollectedRow.number))
        .where(
            CollectedRow.collection_id == collection_id,
            CollectedRow.twin_key.in_(keys),
            CollectedRow.state != ItemState.REJECTED,
        )
        .group_by(CollectedRow.twin_key)
    )
    return {str(row[0]): row[1] for row in await session.execute(statement)}


async def settle_cancelled(session: AsyncSession, collection_id: str, now: datetime) -> None:
    """End the rows of a cancelled collection that no worker has: converted if they are, else rejected and forgotten.

    A worker may have died between issuing a licence and saying so; the licence's origin tells.
    """
    statement = select(OriginRow.number, OriginRow.licence_id).where(OriginRow.collection_id == collection_id)
    made = {row[0]: row[1] for row in await session.execute(statement)}
    free = or_(CollectedRow.leased_until.is_(None), CollectedRow.leased_until < now)
    mine = and_(CollectedRow.collection_id == collection_id, CollectedRow.state.in_(WAITING), free)
    begun = await session.scalars(select(CollectedRow).where(mine, CollectedRow.leased_until.is_not(None)))
    for row in begun.all():
        if row.number in made:
            row.state, row.licence_id, row.leased_until = ItemState.CONVERTED, made[row.number], None
    await session.flush()
    await session.execute(update(CollectedRow).where(mine).values(state=ItemState.REJECTED, content=None))


async def twins_in(session: AsyncSession, collection_id: str) -> AsyncIterator[tuple[CollectedRow, int]]:
    """Every row that is about the same licence as an earlier one, with the number of the first."""
    here = CollectedRow.collection_id == collection_id
    groups = select(CollectedRow.twin_key, func.min(CollectedRow.number)).where(
        here, CollectedRow.twin_key.is_not(None)
    )
    found = (await session.execute(groups.group_by(CollectedRow.twin_key).having(func.count() > 1))).all()
    for key, first in found:
        later = select(CollectedRow).where(here, CollectedRow.twin_key == key, CollectedRow.number > first)
        for row in (await session.scalars(later)).all():
            yield row, first
