"""Writing many rows in one statement, past the unit of work, whose bookkeeping costs more than all the rest."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase


async def insert_all(session: AsyncSession, kind: type[DeclarativeBase], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert `rows`, every column of each given by its name, in the transaction of `session`. None do nothing."""
    if not rows:
        return
    table = kind.__table__
    assert isinstance(table, Table), "a mapped class has a table"
    await session.execute(insert(table), [dict(row) for row in rows])
