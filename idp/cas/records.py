"""Rows of CAS: applications, proxy-granting tickets, and which application was entered in which session."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Boolean, LargeBinary, String, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from idp.schema import Base
from kernel.database.schema import JSONDocument, UTCDateTime


class CasApplicationRow(Base):
    """An application: every address at or below `address` is its own."""

    __tablename__ = "idp_cas_application"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(128))
    address: Mapped[str] = mapped_column(String(2000), unique=True)
    user: Mapped[str] = mapped_column(String(16))
    attributes: Mapped[list[str]] = mapped_column(JSONDocument)
    may_proxy: Mapped[bool] = mapped_column(Boolean)
    wants_logout: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class ProxyGrantingTicketRow(Base):
    """A proxy-granting ticket, by its hash; it lives no longer than its session. `proxies`: nearest first."""

    __tablename__ = "idp_cas_proxy_granting_ticket"

    ticket_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    application_id: Mapped[str] = mapped_column(String(40))
    session_id: Mapped[str] = mapped_column(String(40), index=True)
    proxies: Mapped[list[str]] = mapped_column(JSONDocument)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class CasEntryRow(Base):
    """A ticket that was redeemed: whom to tell, and by which name, when the session ends. It opens nothing any more."""

    __tablename__ = "idp_cas_entry"

    ticket: Mapped[str] = mapped_column(String(80), primary_key=True)
    application_id: Mapped[str] = mapped_column(String(40))
    session_id: Mapped[str] = mapped_column(String(40), index=True)
    address: Mapped[str] = mapped_column(String(2000))
    user: Mapped[str] = mapped_column(String(128))
    at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


async def list_applications(session: AsyncSession) -> Sequence[CasApplicationRow]:
    """All of them, by name."""
    return (await session.scalars(select(CasApplicationRow).order_by(CasApplicationRow.name))).all()


async def entries_of(session: AsyncSession, session_id: str) -> Sequence[CasEntryRow]:
    """What was entered in a session, in order."""
    statement = select(CasEntryRow).where(CasEntryRow.session_id == session_id).order_by(CasEntryRow.at)
    return (await session.scalars(statement)).all()


async def forget_session(session: AsyncSession, session_id: str) -> None:
    """Delete the entries and the proxy-granting tickets of a session that ended."""
    await session.execute(delete(CasEntryRow).where(CasEntryRow.session_id == session_id))
    await session.execute(delete(ProxyGrantingTicketRow).where(ProxyGrantingTicketRow.session_id == session_id))


async def delete_old(session: AsyncSession, before: datetime) -> int:
    """Delete what ended before this moment; gives its number."""
    entries = await session.execute(delete(CasEntryRow).where(CasEntryRow.at < before).returning(CasEntryRow.ticket))
    expired = delete(ProxyGrantingTicketRow).where(ProxyGrantingTicketRow.expires_at < before)
    tickets = await session.execute(expired.returning(ProxyGrantingTicketRow.ticket_hash))
    return len(entries.all()) + len(tickets.all())
