"""Rows: logout notices to deliver."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Index, Integer, String, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from idp.schema import Base
from kernel.database.schema import JSONDocument, UTCDateTime


class LogoutNoticeRow(Base):
    """One application to be told about one ended session. Open while neither delivered nor given up."""

    __tablename__ = "idp_logout_notice"
    __table_args__ = (Index("ix_idp_logout_notice_due_at", "due_at"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    client_id: Mapped[str] = mapped_column(String(64))
    session_id: Mapped[str] = mapped_column(String(40))
    sub: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(2000))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """When to try next; None when it is over."""
    attempts: Mapped[int] = mapped_column(Integer)
    delivered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_outcome: Mapped[str] = mapped_column(String(80))
    form: Mapped[dict[str, str] | None] = mapped_column(JSONDocument)
    """What to post, where a protocol writes it beforehand; None for a logout token, which is made for each try."""


async def find_due(session: AsyncSession, now: datetime, most: int) -> Sequence[LogoutNoticeRow]:
    """Notices whose time has come, the oldest first."""
    statement = select(LogoutNoticeRow).where(LogoutNoticeRow.due_at <= now).order_by(LogoutNoticeRow.due_at)
    return list(await session.scalars(statement.limit(most)))


async def claim_notice(session: AsyncSession, notice: LogoutNoticeRow, until: datetime) -> bool:
    """Take a notice for delivery; of several processes one is told True. It comes back at `until` if we fall over."""
    claimed = await session.execute(
        update(LogoutNoticeRow)
        .where(LogoutNoticeRow.id == notice.id, LogoutNoticeRow.due_at == notice.due_at)
        .values(due_at=until, attempts=LogoutNoticeRow.attempts + 1)
        .returning(LogoutNoticeRow.id)
    )
    return claimed.first() is not None


async def list_notices(session: AsyncSession, before: str | None, most: int) -> Sequence[LogoutNoticeRow]:
    """Notices, the latest first, by keyset: those with smaller ids than `before`."""
    statement = select(LogoutNoticeRow).order_by(LogoutNoticeRow.id.desc()).limit(most)
    if before is not None:
        statement = statement.where(LogoutNoticeRow.id < before)
    return list(await session.scalars(statement))


async def delete_old(session: AsyncSession, before: datetime) -> int:
    """Delete notices that are over since before this moment; gives their number."""
    ended = or_(LogoutNoticeRow.due_at.is_(None), LogoutNoticeRow.created_at < before)
    statement = delete(LogoutNoticeRow).where(ended, LogoutNoticeRow.created_at < before)
    return len((await session.execute(statement.returning(LogoutNoticeRow.id))).all())
