"""The work of neighbours beside answering: changes go up at once, whole directories are compared once a day."""

from datetime import timedelta

import structlog
from sqlalchemy import delete

from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.errors import Conflict
from kernel.repeating import Repeating
from licence_vault.neighbours.neighbour import NeighbourSide
from licence_vault.neighbours.peer import NeighbourAway
from licence_vault.neighbours.pushing import Pusher
from licence_vault.neighbours.records import NeighbourRow, PassedCopyRow
from licence_vault.neighbours.register import NeighbourRegister

IDLE_SECONDS = 2.0
COMPARED_EVERY, COPIES_KEPT = timedelta(days=1), timedelta(days=60)
_log = structlog.get_logger()


class NeighbourRunner:
    """One worker; run as many as there are processes."""

    def __init__(self, database: Database, register: NeighbourRegister, pusher: Pusher, clock: Clock) -> None:
        self._database = database
        self._register = register
        self._pusher = pusher
        self._clock = clock
        self.work = Repeating("neighbours", self.step, IDLE_SECONDS)

    async def step(self) -> int:
        """Tell every vault above whose time has come; how many changes were told."""
        told = 0
        for neighbour in await self._register.on(NeighbourSide.ABOVE):
            async with self._database.reading() as session:
                row = await session.get(NeighbourRow, neighbour.id)
            now = self._clock()
            if row is None or (row.next_try_at is not None and now < row.next_try_at):
                continue
            try:
                told += await self._pusher.push(neighbour)
                if row.reconciled_at is None or now - row.reconciled_at > COMPARED_EVERY:
                    done = await self._pusher.reconcile(neighbour)
                    _log.info("directory compared", neighbour=neighbour.code, **vars(done))
            except NeighbourAway as failure:
                _log.warning("directory not sent", neighbour=neighbour.code, reason=failure.reason)
            except Conflict:
                continue  # another process is at it
        return told

    async def chores(self) -> None:
        """Forget copies that are over."""
        async with self._database.transaction() as session:
            await session.execute(delete(PassedCopyRow).where(PassedCopyRow.at < self._clock() - COPIES_KEPT))
