"""The service's own keys since the first rotation of their purpose; a purpose without rows has one key, its first."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import LargeBinary, String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.schema import UTCDateTime
from seal.schema import Base


class ServiceKeyRow(Base):
    """`name`: the purpose, then the purpose with a number. `public_key`: DER SubjectPublicKeyInfo, kept for good."""

    __tablename__ = "seal_service_key"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(32))
    algorithm: Mapped[str] = mapped_column(String(16))
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    signs_from: Mapped[datetime] = mapped_column(UTCDateTime)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


async def service_keys(session: AsyncSession) -> Sequence[ServiceKeyRow]:
    """All of them, the one that signs last first."""
    newest = select(ServiceKeyRow).order_by(ServiceKeyRow.purpose, ServiceKeyRow.signs_from.desc())
    return (await session.scalars(newest)).all()
