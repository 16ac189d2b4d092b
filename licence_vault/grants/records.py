"""Rows of grants."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Boolean, CursorResult, Index, LargeBinary, String, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.schema import UTCDateTime, sealed
from licence_vault.schema import Base


class GrantRow(Base):
    """One grant. Purpose and fields stand in `content`, encrypted; the holder is known by the blind index."""

    __tablename__ = "vault_grant"
    __table_args__ = (Index("ix_vault_grant_holder_index", "holder_index", "grantee_uscc"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    holder_index: Mapped[str] = mapped_column(String(64))
    type_code: Mapped[str] = mapped_column(String(21))
    root_identifier: Mapped[str] = mapped_column(String(160))
    grantee_uscc: Mapped[str] = mapped_column(String(18))
    grantee_name: Mapped[str] = mapped_column(String(200))
    content: Mapped[bytes] = mapped_column(LargeBinary, info=sealed("grant:{id}"))
    single_use: Mapped[bool] = mapped_column(Boolean)
    given_by: Mapped[str] = mapped_column(String(128))
    until: Mapped[datetime] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


async def grants_of(session: AsyncSession, holder_indexes: Sequence[str], limit: int = 200) -> Sequence[GrantRow]:
    """What these holders gave, newest first."""
    statement = select(GrantRow).where(GrantRow.holder_index.in_(holder_indexes))
    return (await session.scalars(statement.order_by(GrantRow.id.desc()).limit(limit))).all()


async def grants_to(session: AsyncSession, holder_index: str, uscc: str) -> Sequence[GrantRow]:
    """What a holder gave to an agency and did not take back, newest first."""
    statement = select(GrantRow).where(
        GrantRow.holder_index == holder_index, GrantRow.grantee_uscc == uscc, GrantRow.revoked_at.is_(None)
    )
    return (await session.scalars(statement.order_by(GrantRow.id.desc()))).all()


async def find_grant(session: AsyncSession, grant_id: str) -> GrantRow | None:
    """The grant with this id."""
    return await session.get(GrantRow, grant_id)


async def use_up(session: AsyncSession, grant_id: str, now: datetime) -> bool:
    """Note that a grant was used; False when it was taken back, has lapsed, or was for once and is used already."""
    statement = (
        update(GrantRow)
        .where(GrantRow.id == grant_id, GrantRow.revoked_at.is_(None), GrantRow.until > now)
        .where(GrantRow.single_use.is_(False) | GrantRow.used_at.is_(None))
        .values(used_at=now)
    )
    result = await session.execute(statement)
    return isinstance(result, CursorResult) and result.rowcount == 1
