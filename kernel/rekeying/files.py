"""Envelopes in blobs. A moved file has another digest: it is kept anew, its row points to it, the old one is left.

How far the work is stands in a small file, since a row does not tell which key its file hangs on.
"""

import contextlib
import json
import os
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Column, CursorResult, MetaData, Table, and_, func, select, update

from kernel.blobs.store import BlobStore
from kernel.crypto.envelope import Envelope
from kernel.database.engine import Database
from kernel.errors import NotFound
from kernel.rekeying.tables import beyond, named_in, place

BATCH = 50
SWEPT = frozenset({"licences"})
"""The stores in which files that no row names are deleted after a while."""
_AROUND_MS = 600_000


@dataclass(frozen=True)
class SealedFileColumn:
    """A column that names blobs of a store."""

    table: Table
    column: Column[Any]
    context: str
    store: str

    def __str__(self) -> str:
        return f"{self.table.name}.{self.column.name}"


def sealed_file_columns(metadata: Iterable[MetaData]) -> list[SealedFileColumn]:
    """Every column that is declared to name blobs with envelopes."""
    return [
        SealedFileColumn(table, column, column.info["envelope of file"], column.info["store"])
        for each in metadata
        for table in each.sorted_tables
        for column in table.columns
        if "envelope of file" in column.info
    ]


class SealedFiles:
    """Moves envelopes in blobs. `progress`: a file of this machine; without it the work begins again."""

    def __init__(
        self,
        database: Database,
        envelope: Envelope,
        stores: Mapping[str, BlobStore],
        metadata: Iterable[MetaData],
        progress: Path,
    ) -> None:
        self._database = database
        self._envelope = envelope
        self._stores = stores
        self._path = progress
        self.columns = sealed_file_columns(metadata)

    async def hanging_on_others(self, sealed: SealedFileColumn) -> int:
        """How many files of a column have not been looked at since the current master key came.

        Their rows have time-ordered ids (`kernel.ids.time_ordered`).
        """
        progress, keys = self._read(), _keys(sealed)
        # What was made well after the key changed was made under it.
        made_before = keys[0] < f"{progress.since + _AROUND_MS:012x}"
        not_seen = beyond(keys, progress.last.get(str(sealed)))
        conditions = and_(sealed.column.is_not(None), not_seen, made_before)
        async with self._database.reading() as session:
            return (await session.scalars(select(func.count()).select_from(sealed.table).where(conditions))).one()

    async def move(self, sealed: SealedFileColumn) -> AsyncIterator[int]:
        """Put the files of a column under the current master key; gives the number of each step's.

        At the end the youngest rows are looked at once more: while the key changed, somebody may have kept a file under
        the one before whose row came after we had passed its place.
        """
        async for moved in self._move_from(sealed, self._read().last.get(str(sealed))):
            yield moved
        shortly_before = f"{self._read().since - _AROUND_MS:012x}"
        async for moved in self._move_from(sealed, [shortly_before] * len(_keys(sealed))):
            yield moved

    async def _move_from(self, sealed: SealedFileColumn, last: Sequence[Any] | None) -> AsyncIterator[int]:
        keys = _keys(sealed)
        names = {*named_in(sealed.context), *(key.name for key in keys)}
        wanted = [sealed.table.columns[name] for name in sorted(names)]
        while True:
            conditions = and_(beyond(keys, last), sealed.column.is_not(None))
            statement = select(*wanted, sealed.column.label("blob_")).where(conditions)
            async with self._database.reading() as session:
                rows = (await session.execute(statement.order_by(*keys).limit(BATCH))).all()
            if not rows:
                return
            moved = [await self._move(sealed, row._mapping) for row in rows]
            last = [rows[-1]._mapping[key.name] for key in keys]
            self._note(str(sealed), last)
            yield sum(moved)

    async def _move(self, sealed: SealedFileColumn, values: Mapping[Any, Any]) -> int:
        store, before = self._stores[sealed.store], values["blob_"]
        try:
            stored = await store.get(before)
        except NotFound:
            return 0  # gone since, with its row or its file's time
        if not self._envelope.needs_rewrap(stored):
            return 0
        after = await store.put(self._envelope.rewrap(stored, context=place(sealed.context, values)))
        # Young again: whoever read the row just now, or is copying a backup, still finds the file for a while.
        await store.put(stored)
        if sealed.store not in SWEPT:
            progress = self._read()
            progress.left.append([sealed.store, before])
            self._write(progress)
        is_this = [key == values[key.name] for key in _keys(sealed)]
        async with self._database.transaction() as session:
            result = await session.execute(
                update(sealed.table).where(*is_this, sealed.column == before).values({sealed.column.name: after})
            )
        return result.rowcount if isinstance(result, CursorResult) else 0

    async def delete_left(self) -> None:
        """Delete the files under earlier keys that nothing else would ever delete."""
        for store, reference in self._read().left:
            await self._stores[store].delete(reference)

    def start(self) -> None:
        """Note when the current master key came, if that is not noted yet."""
        self._write(self._read())

    def _note(self, column: str, last: Sequence[Any]) -> None:
        progress = self._read()
        progress.last[column] = max(list(last), progress.last.get(column, []))
        self._write(progress)

    def _read(self) -> "_Progress":
        with contextlib.suppress(FileNotFoundError, ValueError, TypeError):
            progress = _Progress(**json.loads(self._path.read_bytes()))
            if progress.key == self._envelope.current_key_id.hex():
                return progress
        return _Progress(self._envelope.current_key_id.hex(), time.time_ns() // 1_000_000)

    def _write(self, progress: "_Progress") -> None:
        aside = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        aside.write_text(json.dumps(asdict(progress)))
        aside.replace(self._path)


@dataclass
class _Progress:
    """For one master key: since when (milliseconds), how far each column is, what nobody sweeps."""

    key: str
    since: int
    last: dict[str, list[Any]] = field(default_factory=dict)
    left: list[list[str]] = field(default_factory=list)


def _keys(sealed: SealedFileColumn) -> list[Column[Any]]:
    return list(sealed.table.primary_key.columns)
