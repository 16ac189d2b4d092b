"""Rows of scans; names and files are encrypted."""

from collections.abc import Collection as Group
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Index, Integer, LargeBinary, String, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.schema import UTCDateTime, sealed, sealed_file
from licence_vault.schema import Base


class ScanRow(Base):
    """One file. `file_key` and `group_key` are blind indexes of its name, by which rows find it."""

    __tablename__ = "vault_collection_scan"
    __table_args__ = (
        Index("ix_vault_collection_scan_file_key", "collection_id", "file_key"),
        Index("ix_vault_collection_scan_group_key", "collection_id", "group_key"),
        Index("ix_vault_collection_scan_original_blob", "original_blob"),
        Index("ix_vault_collection_scan_pages_blob", "pages_blob"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    collection_id: Mapped[str] = mapped_column(String(32))
    name: Mapped[bytes] = mapped_column(LargeBinary, info=sealed("collection scan:{id}:name"))
    file_key: Mapped[str] = mapped_column(String(64))
    group_key: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(Integer)
    original_blob: Mapped[str] = mapped_column(
        String(64), info=sealed_file("collection scan:{id}:original", "licences")
    )
    pages_blob: Mapped[str | None] = mapped_column(
        String(64), info=sealed_file("collection scan:{id}:pages", "licences")
    )
    at: Mapped[datetime] = mapped_column(UTCDateTime)


async def scans_by_keys(session: AsyncSession, collection_id: str, keys: Group[str]) -> Sequence[ScanRow]:
    """The scans whose own or common name has one of these keys."""
    named = or_(ScanRow.file_key.in_(keys), ScanRow.group_key.in_(keys))
    return (await session.scalars(select(ScanRow).where(ScanRow.collection_id == collection_id, named))).all()


async def scans_by_ids(session: AsyncSession, ids: Group[str]) -> Sequence[ScanRow]:
    """These scans, in no order."""
    return (await session.scalars(select(ScanRow).where(ScanRow.id.in_(ids)))).all()


async def count_of(session: AsyncSession, collection_id: str) -> int:
    """How many scans a collection has."""
    statement = select(func.count()).select_from(ScanRow).where(ScanRow.collection_id == collection_id)
    return await session.scalar(statement) or 0
