"""Rows: sessions."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from idp.schema import Base
from kernel.database.schema import JSONDocument, UTCDateTime


class SessionRow(Base):
    """One browser in which one person is signed in. `id` is the `sid` of ID tokens; it opens nothing."""

    __tablename__ = "idp_session"
    __table_args__ = (
        Index("ix_idp_session_person_id", "person_id"),
        Index("ix_idp_session_mandate_id", "mandate_id"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    person_id: Mapped[str] = mapped_column(String(40))
    auth_time: Mapped[datetime] = mapped_column(UTCDateTime)
    amr: Mapped[list[str]] = mapped_column(JSONDocument)
    browser: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    mandate_id: Mapped[str | None] = mapped_column(String(40))
    """The mandate that the person acts under here; None: for themselves. A session keeps it for life."""


async def find_by_token_hash(session: AsyncSession, token_hash: bytes) -> SessionRow | None:
    """The session whose cookie has this hash."""
    found: SessionRow | None = await session.scalar(select(SessionRow).where(SessionRow.token_hash == token_hash))
    return found


async def list_open(session: AsyncSession, person_id: str, now: datetime) -> list[SessionRow]:
    """A person's sessions that have not ended, the last seen first."""
    statement = (
        select(SessionRow)
        .where(SessionRow.person_id == person_id, SessionRow.ended_at.is_(None), SessionRow.expires_at > now)
        .order_by(SessionRow.seen_at.desc())
    )
    return list(await session.scalars(statement))


async def list_of_mandate(session: AsyncSession, mandate_id: str) -> list[SessionRow]:
    """Sessions under a mandate that nobody ended."""
    statement = select(SessionRow).where(SessionRow.mandate_id == mandate_id, SessionRow.ended_at.is_(None))
    return list(await session.scalars(statement))


async def delete_ended(session: AsyncSession, before: datetime) -> int:
    """Delete the sessions that ended before this moment; gives their number."""
    statement = delete(SessionRow).where(SessionRow.expires_at < before).returning(SessionRow.id)
    return len((await session.execute(statement)).all())
