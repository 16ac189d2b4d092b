"""Envelopes in columns: found by what the rows declare (`kernel.database.schema.sealed`), moved in small steps."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from string import Formatter
from typing import Any

from sqlalchemy import Column, CursorResult, LargeBinary, MetaData, Table, and_, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.crypto.envelope import KEY_ID_AT, Envelope
from kernel.database.engine import Database

BATCH = 200


@dataclass(frozen=True)
class SealedColumn:
    """A column of envelopes, and the place that each of them is bound to."""

    table: Table
    column: Column[Any]
    context: str

    def __str__(self) -> str:
        return f"{self.table.name}.{self.column.name}"


def sealed_columns(metadata: Iterable[MetaData]) -> list[SealedColumn]:
    """Every column that is declared to hold envelopes."""
    return [
        SealedColumn(table, column, column.info["envelope"])
        for each in metadata
        for table in each.sorted_tables
        for column in table.columns
        if "envelope" in column.info
    ]


def place(context: str, values: Mapping[Any, Any]) -> str:
    """The context of one row."""
    return context.format(**{name: _written(values[name]) for name in named_in(context)})


def named_in(context: str) -> list[str]:
    """The columns that a context names."""
    return [name for _, name, _, _ in Formatter().parse(context) if name]


def beyond(keys: Sequence[Column[Any]], last: Sequence[Any] | None) -> Any:
    """The condition for rows behind the key `last`, in the order of the primary key."""
    return tuple_(*keys) > tuple_(*last) if last is not None else tuple_(*keys) == tuple_(*keys)


class SealedColumns:
    """Moves envelopes in tables. Several may do it at once, and the service may write meanwhile."""

    def __init__(self, database: Database, envelope: Envelope, metadata: Iterable[MetaData]) -> None:
        self._database = database
        self._envelope = envelope
        self.columns = sealed_columns(metadata)

    async def hanging_on_others(self, sealed: SealedColumn) -> int:
        """How many envelopes of a column are under another master key than the current one."""
        async with self._database.reading() as session:
            statement = select(func.count()).select_from(sealed.table).where(self._is_other(sealed))
            return (await session.scalars(statement)).one()

    async def move(self, sealed: SealedColumn) -> AsyncIterator[int]:
        """Put the envelopes of a column under the current master key; gives the number of each step's.

        What was moved before is passed over, so that after a crash the work goes on where it stood.
        """
        keys, last = list(sealed.table.primary_key.columns), None
        names = {*named_in(sealed.context), *(key.name for key in keys)}
        wanted = [sealed.table.columns[name] for name in sorted(names)]
        while True:
            conditions = and_(beyond(keys, last), self._is_other(sealed))
            statement = select(*wanted, sealed.column.label("envelope_")).where(conditions)
            async with self._database.reading() as session:
                rows = (await session.execute(statement.order_by(*keys).limit(BATCH))).all()
            if not rows:
                return
            last = [rows[-1]._mapping[key.name] for key in keys]
            async with self._database.transaction() as session:
                yield sum([await self._move(session, sealed, row._mapping) for row in rows])

    async def _move(self, session: AsyncSession, sealed: SealedColumn, values: Mapping[Any, Any]) -> int:
        before: bytes = values["envelope_"]
        after = self._envelope.rewrap(before, context=place(sealed.context, values))
        is_this = [key == values[key.name] for key in sealed.table.primary_key.columns]
        # What somebody wrote meanwhile is theirs, and under the current key already.
        result = await session.execute(
            update(sealed.table).where(*is_this, sealed.column == before).values({sealed.column.name: after})
        )
        return result.rowcount if isinstance(result, CursorResult) else 0

    def _is_other(self, sealed: SealedColumn) -> Any:
        first, size = KEY_ID_AT.start + 1, KEY_ID_AT.stop - KEY_ID_AT.start
        return func.substr(sealed.column, first, size, type_=LargeBinary()) != self._envelope.current_key_id


def _written(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value)
