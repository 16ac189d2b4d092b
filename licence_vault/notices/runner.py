"""The work of notices, beside answering: what happened becomes news at once, what is due goes out."""

from datetime import timedelta

from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.repeating import Repeating
from licence_vault.licences.records import delete_delivered
from licence_vault.notices.gathering import Gatherer
from licence_vault.notices.records import delete_old
from licence_vault.notices.sending import NoticeSender

IDLE_SECONDS = 2.0
READ_KEPT, UNREAD_KEPT, EVENTS_KEPT = timedelta(days=180), timedelta(days=730), timedelta(days=30)
DELETED_TOGETHER = 1_000


class NoticeRunner:
    """One worker; run as many as there are processes."""

    def __init__(self, database: Database, gatherer: Gatherer, sender: NoticeSender, clock: Clock) -> None:
        self._database = database
        self._gatherer = gatherer
        self._sender = sender
        self._clock = clock
        self.work = Repeating("notices", self.step, IDLE_SECONDS)

    async def step(self) -> bool:
        """Tell of some events and send some messages; False when there was nothing to do."""
        gathered = await self._gatherer.gather()
        return bool(await self._sender.send_due() or gathered)

    async def chores(self) -> None:
        """What is done once an hour: licences that expire soon, and deleting what is old."""
        await self._gatherer.gather_expiring()
        now, deleted = self._clock(), DELETED_TOGETHER
        while deleted == DELETED_TOGETHER:
            async with self._database.transaction() as session:
                deleted = await delete_old(session, now - READ_KEPT, now - UNREAD_KEPT, DELETED_TOGETHER)
        deleted = DELETED_TOGETHER
        while deleted == DELETED_TOGETHER:
            async with self._database.transaction() as session:
                deleted = await delete_delivered(session, now - EVENTS_KEPT, DELETED_TOGETHER)
