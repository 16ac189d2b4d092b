"""Rows: notices, wishes, and messages on their way."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Index, Integer, LargeBinary, String, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.schema import JSONDocument, UTCDateTime, sealed
from licence_vault.schema import Base


class NoticeRow(Base):
    """News for a holder. `cause_key` is what it is about: the same news is told once. `about` is encrypted."""

    __tablename__ = "vault_notice"
    __table_args__ = (Index("ix_vault_notice_holder_index", "holder_index", "id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    cause_key: Mapped[str] = mapped_column(String(120), unique=True)
    holder_index: Mapped[str] = mapped_column(String(64))
    licence_id: Mapped[str] = mapped_column(String(32))
    type_name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(16))
    about: Mapped[bytes | None] = mapped_column(LargeBinary, info=sealed("notice:{id}"))
    at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    read_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class NoticeWishesRow(Base):
    """What one person wants to hear outside about one holder: themselves or an organisation they act for."""

    __tablename__ = "vault_notice_wishes"

    holder_index: Mapped[str] = mapped_column(String(64), primary_key=True)
    person: Mapped[str] = mapped_column(String(64), primary_key=True)
    channels: Mapped[dict[str, Any]] = mapped_column(JSONDocument)
    quiet_from: Mapped[int | None] = mapped_column(Integer)
    quiet_to: Mapped[int | None] = mapped_column(Integer)
    names_type: Mapped[bool] = mapped_column(Boolean)
    locale: Mapped[str] = mapped_column(String(8))


class NoticeMessageRow(Base):
    """A message to one person by one channel. Open while `due_at` is set."""

    __tablename__ = "vault_notice_message"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    notice_id: Mapped[str] = mapped_column(String(32), index=True)
    person: Mapped[str] = mapped_column(String(64))
    channel: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)
    attempts: Mapped[int] = mapped_column(Integer)
    last_outcome: Mapped[str] = mapped_column(String(40))


async def add_notice(session: AsyncSession, row: dict[str, Any]) -> bool:
    """Write a notice; False when the same news was told already."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(NoticeRow).values(row).on_conflict_do_nothing(index_elements=["cause_key"])
    return (await session.execute(statement.returning(NoticeRow.id))).first() is not None


async def notices_of(
    session: AsyncSession, holder_indexes: Collection[str], before: str | None, most: int
) -> Sequence[NoticeRow]:
    """News for these holders, newest first; `before` is the last id of the page before."""
    statement = select(NoticeRow).where(NoticeRow.holder_index.in_(sorted(holder_indexes)))
    if before:
        statement = statement.where(NoticeRow.id < before)
    return (await session.scalars(statement.order_by(NoticeRow.id.desc()).limit(most))).all()


async def unread_of(session: AsyncSession, holder_indexes: Collection[str], most: int) -> int:
    """How many are unread, counted up to `most`."""
    unread = (
        select(NoticeRow.id)
        .where(NoticeRow.holder_index.in_(sorted(holder_indexes)), NoticeRow.read_at.is_(None))
        .limit(most)
    )
    return (await session.execute(select(func.count()).select_from(unread.subquery()))).scalar_one()


async def mark_read(
    session: AsyncSession, holder_indexes: Collection[str], now: datetime, notice_id: str | None
) -> int:
    """Mark one notice or all of them; gives how many were unread."""
    statement = update(NoticeRow).where(NoticeRow.holder_index.in_(sorted(holder_indexes)), NoticeRow.read_at.is_(None))
    if notice_id is not None:
        statement = statement.where(NoticeRow.id == notice_id)
    return len((await session.execute(statement.values(read_at=now).returning(NoticeRow.id))).all())


async def wishes_about(session: AsyncSession, holder_index: str) -> Sequence[NoticeWishesRow]:
    """Whoever wants to hear of this holder."""
    return (await session.scalars(select(NoticeWishesRow).where(NoticeWishesRow.holder_index == holder_index))).all()


async def due_messages(session: AsyncSession, now: datetime, most: int) -> Sequence[NoticeMessageRow]:
    """Messages whose time has come, the oldest first."""
    statement = select(NoticeMessageRow).where(NoticeMessageRow.due_at <= now).order_by(NoticeMessageRow.due_at)
    return (await session.scalars(statement.limit(most))).all()


async def claim_message(session: AsyncSession, message: NoticeMessageRow, until: datetime) -> bool:
    """Take a message to send it; of several processes one is told True. It comes back at `until` if we fall over."""
    statement = (
        update(NoticeMessageRow)
        .where(NoticeMessageRow.id == message.id, NoticeMessageRow.due_at == message.due_at)
        .values(due_at=until, attempts=NoticeMessageRow.attempts + 1)
    )
    return (await session.execute(statement.returning(NoticeMessageRow.id))).first() is not None


async def delete_old(session: AsyncSession, read_before: datetime, told_before: datetime, most: int) -> int:
    """Delete notices read or told before these moments, with their messages, at most so many; gives how many."""
    over = or_(NoticeRow.read_at < read_before, NoticeRow.at < told_before)
    ids = (await session.scalars(select(NoticeRow.id).where(over).limit(most))).all()
    if ids:
        await session.execute(delete(NoticeMessageRow).where(NoticeMessageRow.notice_id.in_(ids)))
        await session.execute(delete(NoticeRow).where(NoticeRow.id.in_(ids)))
    return len(ids)
