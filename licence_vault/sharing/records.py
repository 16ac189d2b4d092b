"""Rows of purpose-bound copies."""

from datetime import datetime

from sqlalchemy import String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.schema import UTCDateTime
from licence_vault.schema import Base


class CopyRow(Base):
    """A copy that was handed out, known by its SHA-256 (hex); the file itself is not kept."""

    __tablename__ = "vault_copy"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    licence_id: Mapped[str] = mapped_column(String(32), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    agency_uscc: Mapped[str] = mapped_column(String(18))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)


async def find_copy(session: AsyncSession, digest: str) -> CopyRow | None:
    """The copy with this digest."""
    return (await session.scalars(select(CopyRow).where(CopyRow.digest == digest))).one_or_none()
