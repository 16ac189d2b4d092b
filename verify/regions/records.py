"""The table of other regions' packs and its queries."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import LargeBinary, String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.schema import UTCDateTime
from verify.schema import Base


class RegionRow(Base):
    """One pack that somebody brought, and what became of it. `state`: waiting, trusted, replaced, rejected, revoked."""

    __tablename__ = "verify_region"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    issuer: Mapped[str] = mapped_column(String(255), index=True)
    name: Mapped[str] = mapped_column(String(100))
    provenance: Mapped[str] = mapped_column(String(500))
    state: Mapped[str] = mapped_column(String(16), index=True)
    pack: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[str] = mapped_column(String(64))
    signer: Mapped[str] = mapped_column(String(64))
    issued_at: Mapped[datetime] = mapped_column(UTCDateTime)
    proposed_by: Mapped[str] = mapped_column(String(255))
    proposed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    decided_by: Mapped[str] = mapped_column(String(255), default="")
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime, nullable=True)
    reason: Mapped[str] = mapped_column(String(500), default="")


async def all_regions(session: AsyncSession) -> Sequence[RegionRow]:
    """Every pack, the newest first."""
    return (await session.scalars(select(RegionRow).order_by(RegionRow.proposed_at.desc(), RegionRow.id.desc()))).all()


async def trusted_regions(session: AsyncSession) -> Sequence[RegionRow]:
    """What is believed now, by address."""
    statement = select(RegionRow).where(RegionRow.state == "trusted").order_by(RegionRow.issuer)
    return (await session.scalars(statement)).all()


async def find_region(session: AsyncSession, region_id: str) -> RegionRow | None:
    """One pack, locked."""
    return await session.get(RegionRow, region_id, with_for_update=True, populate_existing=True)


async def trusted_region(session: AsyncSession, issuer: str) -> RegionRow | None:
    """What is believed of this address, locked."""
    statement = select(RegionRow).where(RegionRow.issuer == issuer, RegionRow.state == "trusted").with_for_update()
    return (await session.scalars(statement)).first()
