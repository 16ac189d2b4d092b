"""Rows: which address is whose, found by its keyed hash."""

from datetime import datetime

from sqlalchemy import Index, String, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from idp.schema import Base
from kernel.database.schema import UTCDateTime


class ContactRow(Base):
    """An address that somebody proved to hold. The address itself stands sealed with the person."""

    __tablename__ = "idp_contact"
    __table_args__ = (Index("ix_idp_contact_person_id", "person_id"),)

    address_index: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(40))
    channel: Mapped[str] = mapped_column(String(8))
    verified_at: Mapped[datetime] = mapped_column(UTCDateTime)


async def holder_of(session: AsyncSession, address_index: str) -> str | None:
    """Whose address this is."""
    found: str | None = await session.scalar(
        select(ContactRow.person_id).where(ContactRow.address_index == address_index)
    )
    return found


async def forget_channel(session: AsyncSession, person_id: str, channel: str) -> None:
    """Let a person be found by no address of this kind."""
    await session.execute(delete(ContactRow).where(ContactRow.person_id == person_id, ContactRow.channel == channel))
