"""Runs of the built-in authority, and stamps still to be fetched."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, String, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.schema import UTCDateTime
from seal.schema import Base


class StampRunRow(Base):
    """One run of the authority in one process: its number begins every serial number that the run gives out.

    `tokens` and `last_token_at` are written every few seconds while stamps are made; `told`: how many of the tokens
    the audit trail knows of.
    """

    __tablename__ = "seal_tsa_run"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_token_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    tokens: Mapped[int] = mapped_column(BigInteger, default=0)
    told: Mapped[int] = mapped_column(BigInteger, default=0)


class PendingTimestampRow(Base):
    """A signature that waits for its time stamp.

    `digest` (hex) is what is to be stamped; `document_ref` how the owner of the document finds it again; `since` when
    it was sealed. `token` is set once it was fetched, until the owner has taken it.
    """

    __tablename__ = "seal_pending_timestamp"
    __table_args__ = (Index("ix_seal_pending_timestamp_since", "since"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    digest_name: Mapped[str] = mapped_column(String(8))
    digest: Mapped[str] = mapped_column(String(128))
    document_ref: Mapped[str] = mapped_column(String(128))
    since: Mapped[datetime] = mapped_column(UTCDateTime)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    last_attempt_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    token: Mapped[bytes | None] = mapped_column(LargeBinary)
    stamped_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


async def last_token_time(session: AsyncSession) -> datetime | None:
    """When the newest token that was written down was made."""
    return (await session.execute(select(func.max(StampRunRow.last_token_at)))).scalar()


async def forget_idle_runs(session: AsyncSession, before: datetime) -> None:
    """Runs that stamped nothing, one a command at a terminal. The newest stays, so that no number returns."""
    newest = select(func.max(StampRunRow.id)).scalar_subquery()
    idle = (StampRunRow.tokens == 0, StampRunRow.started_at < before, StampRunRow.id < newest)
    await session.execute(delete(StampRunRow).where(*idle))


async def waiting(session: AsyncSession, limit: int) -> Sequence[PendingTimestampRow]:
    """Those without a token, oldest first."""
    statement = (
        select(PendingTimestampRow)
        .where(PendingTimestampRow.token.is_(None))
        .order_by(PendingTimestampRow.since, PendingTimestampRow.id)
        .limit(limit)
    )
    return (await session.scalars(statement)).all()


async def fetched(session: AsyncSession, limit: int, owner: str) -> Sequence[PendingTimestampRow]:
    """Those with a token that their owner has not taken yet, oldest first; `owner`: how `document_ref` begins."""
    mine = PendingTimestampRow.document_ref.startswith(owner, autoescape=True)
    statement = (
        select(PendingTimestampRow)
        .where(PendingTimestampRow.token.is_not(None), mine)
        .order_by(PendingTimestampRow.since, PendingTimestampRow.id)
        .limit(limit)
    )
    return (await session.scalars(statement)).all()


async def waiting_since(session: AsyncSession) -> datetime | None:
    """Since when the oldest one without a token waits."""
    statement = select(func.min(PendingTimestampRow.since)).where(PendingTimestampRow.token.is_(None))
    return (await session.execute(statement)).scalar()
