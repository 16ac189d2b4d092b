"""What happened to licences, noted for the neighbours above in the transaction in which it happened."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.ids.time_ordered import new_id
from licence_vault.neighbours.neighbour import NeighbourSide
from licence_vault.neighbours.records import DirectoryChangeRow, neighbour_rows


async def note_changes(session: AsyncSession, licence_ids: Sequence[str], now: datetime) -> None:
    """Have the neighbours above told of these licences. Costs one small question when there are none."""
    rows = [
        {"id": new_id(), "neighbour_id": neighbour.id, "licence_id": licence_id, "at": now}
        for neighbour in await neighbour_rows(session, NeighbourSide.ABOVE)
        for licence_id in licence_ids
    ]
    if rows:
        await session.execute(insert(DirectoryChangeRow), rows)
