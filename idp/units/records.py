"""Rows: units. Each keeps its path from the root, so that "at or below" is one comparison of prefixes."""

from datetime import datetime

from sqlalchemy import Index, String, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from idp.schema import Base
from kernel.database.schema import UTCDateTime

LONGEST_PATH = 1000


class UnitRow(Base):
    """One unit. `path` is the ids from the root to itself, each between slashes: `/a/b/`."""

    __tablename__ = "idp_unit"
    __table_args__ = (Index("ix_idp_unit_path", "path"), Index("ix_idp_unit_uscc", "uscc", unique=True))

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    parent_id: Mapped[str | None] = mapped_column(String(40))
    path: Mapped[str] = mapped_column(String(LONGEST_PATH))
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(16))
    uscc: Mapped[str | None] = mapped_column(String(18))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


async def list_below(session: AsyncSession, path: str, after: str, limit: int) -> list[UnitRow]:
    """Units at or below a path (empty: all), `limit` of them whose path comes after `after`."""
    statement = select(UnitRow).where(UnitRow.path > after).order_by(UnitRow.path).limit(limit)
    if path:
        statement = statement.where(func.substr(UnitRow.path, 1, len(path)) == path)
    return list(await session.scalars(statement))


async def find_unit_of(session: AsyncSession, uscc: str) -> UnitRow | None:
    """The unit that stands for the agency of this USCC."""
    found: UnitRow | None = await session.scalar(select(UnitRow).where(UnitRow.uscc == uscc))
    return found


async def move_paths(session: AsyncSession, old: str, new: str) -> int:
    """Give a subtree its new paths in one statement; says how many units moved."""
    moved = await session.execute(
        update(UnitRow)
        .where(func.substr(UnitRow.path, 1, len(old)) == old)
        .values(path=new + func.substr(UnitRow.path, len(old) + 1))
        .returning(UnitRow.id)
        .execution_options(synchronize_session=False)
    )
    return len(moved.all())


async def longest_below(session: AsyncSession, path: str) -> int:
    """How long the longest path at or below this one is."""
    statement = select(func.max(func.length(UnitRow.path))).where(func.substr(UnitRow.path, 1, len(path)) == path)
    return int(await session.scalar(statement) or 0)
