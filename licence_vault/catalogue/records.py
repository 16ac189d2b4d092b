"""Rows of the catalogue."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, String, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.schema import JSONDocument, UTCDateTime
from licence_vault.schema import Base


class LicenceTypeRow(Base):
    """One version of a type, as published; never changed."""

    __tablename__ = "vault_licence_type"

    code: Mapped[str] = mapped_column(String(21), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    document: Mapped[dict[str, Any]] = mapped_column(JSONDocument)
    published_at: Mapped[datetime] = mapped_column(UTCDateTime)


async def newest_types(session: AsyncSession) -> Sequence[LicenceTypeRow]:
    """The newest version of each type, by code."""
    newest = select(LicenceTypeRow.code, func.max(LicenceTypeRow.version).label("version")).group_by(
        LicenceTypeRow.code
    )
    chosen = newest.subquery()
    statement = select(LicenceTypeRow).join(
        chosen, (LicenceTypeRow.code == chosen.c.code) & (LicenceTypeRow.version == chosen.c.version)
    )
    return (await session.scalars(statement.order_by(LicenceTypeRow.code))).all()


async def newest_version(session: AsyncSession, code: str) -> int:
    """The number of a type's newest version; 0 when there is no such type."""
    statement = select(func.max(LicenceTypeRow.version)).where(LicenceTypeRow.code == code)
    return await session.scalar(statement) or 0


async def all_types(session: AsyncSession) -> Sequence[LicenceTypeRow]:
    """Every version of every type, by code, the first one first."""
    statement = select(LicenceTypeRow).order_by(LicenceTypeRow.code, LicenceTypeRow.version)
    return (await session.scalars(statement)).all()
