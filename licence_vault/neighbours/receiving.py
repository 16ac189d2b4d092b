"""Keeping the directories of the vaults below."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Update, delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.database.engine import Database
from licence_vault.neighbours.entries import Entry, Range, mark, range_digest
from licence_vault.neighbours.neighbour import Neighbour
from licence_vault.neighbours.records import DirectoryEntryRow, NeighbourRow, entries_between

MOST_TOLD = 2_000


class Directory:
    """What the vaults below have, as they told."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def take(self, neighbour: Neighbour, entries: Sequence[Entry], removed: Sequence[str]) -> None:
        """Keep what a neighbour tells. Whatever is older than what we have is passed over."""
        async with self._database.transaction() as session:
            if entries:
                await _keep(session, neighbour.id, entries)
            if removed:
                gone = delete(DirectoryEntryRow).where(
                    DirectoryEntryRow.neighbour_id == neighbour.id, DirectoryEntryRow.record.in_(removed)
                )
                await session.execute(gone)
            await session.execute(_heard(neighbour, self._clock))

    async def compare(self, neighbour: Neighbour, ranges: Sequence[Range]) -> list[list[tuple[str, str]] | None]:
        """For each range nothing when ours is the same, else our records and their marks."""
        answers = list[list[tuple[str, str]] | None]()
        async with self._database.reading() as session:
            for each in ranges:
                rows = await entries_between(session, neighbour.id, each.after, each.upto, MOST_TOLD)
                marks = [(row.record, mark(row.revision, row.status, row.content_digest)) for row in rows]
                answers.append(None if range_digest(marks) == each.digest else marks)
        async with self._database.transaction() as session:
            await session.execute(_heard(neighbour, self._clock).values(reconciled_at=self._clock()))
        return answers


async def _keep(session: AsyncSession, neighbour_id: str, entries: Sequence[Entry]) -> None:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    newest = {each.record: each for each in entries}
    insert = dialect.insert(DirectoryEntryRow)
    changed = {name: getattr(insert.excluded, name) for name in asdict(entries[0]) if name != "record"}
    statement = insert.on_conflict_do_update(
        index_elements=["neighbour_id", "record"],
        set_=changed,
        where=insert.excluded.revision >= DirectoryEntryRow.revision,
    )
    rows = [asdict(newest[record]) | {"neighbour_id": neighbour_id} for record in sorted(newest)]
    await session.execute(statement, rows)


def _heard(neighbour: Neighbour, clock: Clock) -> Update:
    return update(NeighbourRow).where(NeighbourRow.id == neighbour.id).values(last_heard_at=clock())
