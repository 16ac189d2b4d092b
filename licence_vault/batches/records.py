"""Rows of batches. What a row of a file says is encrypted, and forgotten as soon as its licence is issued."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Boolean, Index, Integer, LargeBinary, String, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.schema import UTCDateTime, sealed
from licence_vault.batches.states import RowState
from licence_vault.schema import Base


class BatchRow(Base):
    """One file."""

    __tablename__ = "vault_batch"
    __table_args__ = (Index("ix_vault_batch_issuer_uscc", "issuer_uscc", "id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    type_code: Mapped[str] = mapped_column(String(21))
    issuer_uscc: Mapped[str] = mapped_column(String(18))
    issuer_name: Mapped[str] = mapped_column(String(200))
    actor_kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[str] = mapped_column(String(128))
    request_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    content_digest: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16), index=True)
    starts_itself: Mapped[bool] = mapped_column(Boolean)
    skips_wrong: Mapped[bool] = mapped_column(Boolean)
    reason: Mapped[str] = mapped_column(String(400), default="")
    total: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)


class BatchItemRow(Base):
    """One row of a file; `number` as a spreadsheet counts, the heads being row 1."""

    __tablename__ = "vault_batch_item"
    __table_args__ = (
        Index("ix_vault_batch_item_state", "batch_id", "state", "number"),
        Index("ix_vault_batch_item_row_key", "batch_id", "row_key"),
    )

    batch_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(String(8))
    row_key: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes | None] = mapped_column(LargeBinary, info=sealed("batch:{batch_id}:{number}"))
    errors: Mapped[bytes | None] = mapped_column(LargeBinary, info=sealed("batch:{batch_id}:{number}:errors"))
    licence_id: Mapped[str | None] = mapped_column(String(32))
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    leased_until: Mapped[datetime | None] = mapped_column(UTCDateTime)


async def counts_of(session: AsyncSession, batch_id: str) -> dict[str, int]:
    """How many rows of a batch are in each state."""
    statement = select(BatchItemRow.state, func.count()).where(BatchItemRow.batch_id == batch_id)
    return {row[0]: row[1] for row in await session.execute(statement.group_by(BatchItemRow.state))}


async def batches_of(session: AsyncSession, uscc: str, limit: int) -> Sequence[BatchRow]:
    """An authority's batches, newest first."""
    statement = select(BatchRow).where(BatchRow.issuer_uscc == uscc).order_by(BatchRow.id.desc()).limit(limit)
    return (await session.scalars(statement)).all()


async def batch_for_update(session: AsyncSession, batch_id: str) -> BatchRow | None:
    """A batch, locked until the transaction ends."""
    return (await session.scalars(select(BatchRow).where(BatchRow.id == batch_id).with_for_update())).one_or_none()


async def leasable(
    session: AsyncSession, batch_id: str, state: RowState, now: datetime, limit: int
) -> Sequence[BatchItemRow]:
    """Rows that nobody works on, locked; rows that another worker is locking are passed over."""
    free = (BatchItemRow.leased_until.is_(None)) | (BatchItemRow.leased_until < now)
    statement = (
        select(BatchItemRow)
        .where(BatchItemRow.batch_id == batch_id, BatchItemRow.state == state, BatchItemRow.content.is_not(None), free)
        .order_by(BatchItemRow.number)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return (await session.scalars(statement)).all()


async def rows_for_update(session: AsyncSession, batch_id: str, numbers: Sequence[int]) -> dict[int, BatchItemRow]:
    """These rows of a batch by their numbers, locked until the transaction ends."""
    statement = (
        select(BatchItemRow)
        .where(BatchItemRow.batch_id == batch_id, BatchItemRow.number.in_(numbers))
        .order_by(BatchItemRow.number)
        .with_for_update()
    )
    return {row.number: row for row in await session.scalars(statement)}


async def rows_in(
    session: AsyncSession, batch_id: str, states: Sequence[str], after: int, limit: int
) -> Sequence[BatchItemRow]:
    """Rows in any of `states` with a number above `after`, in order."""
    statement = (
        select(BatchItemRow)
        .where(BatchItemRow.batch_id == batch_id, BatchItemRow.state.in_(states), BatchItemRow.number > after)
        .order_by(BatchItemRow.number)
        .limit(limit)
    )
    return (await session.scalars(statement)).all()
