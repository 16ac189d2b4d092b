"""A holder's news: reading it, and saying what to hear outside."""

import json
from collections.abc import Collection

from kernel.clock import Clock
from kernel.crypto.envelope import Envelope
from kernel.database.engine import Database
from kernel.errors import Forbidden, NotFound
from licence_vault.lookup.access import Viewer
from licence_vault.notices.notice import CHANNELS, Contacts, Notice, NoticeKind, Wishes
from licence_vault.notices.records import NoticeRow, NoticeWishesRow, mark_read, notices_of, unread_of
from licence_vault.notices.wishes import wishes_of_row

PAGE_SIZE = 50
MOST_COUNTED = 100


class Notices:
    """The use cases. Every call gives what belongs to the numbers that the viewer proved to hold, nothing else."""

    def __init__(self, database: Database, envelope: Envelope, contacts: Contacts, clock: Clock) -> None:
        self._database = database
        self._envelope = envelope
        self._contacts = contacts
        self._clock = clock

    async def of(self, viewer: Viewer, before: str | None = None) -> list[Notice]:
        """The newest first, a page at a time; `before` is the last id of the page before."""
        if not viewer.holder_indexes:
            return []
        async with self._database.reading() as session:
            rows = await notices_of(session, viewer.holder_indexes, before, PAGE_SIZE)
        return [self._open(row) for row in rows]

    async def unread(self, viewer: Viewer) -> int:
        """How many are unread, counted up to `MOST_COUNTED`."""
        if not viewer.holder_indexes:
            return 0
        async with self._database.reading() as session:
            return await unread_of(session, viewer.holder_indexes, MOST_COUNTED)

    async def read(self, viewer: Viewer, notice_id: str | None = None) -> int:
        """Mark one as read, or all; gives how many were not. One that is not the viewer's changes nothing."""
        if not viewer.holder_indexes:
            return 0
        async with self._database.transaction() as session:
            return await mark_read(session, viewer.holder_indexes, self._clock(), notice_id)

    async def wishes(self, viewer: Viewer) -> Wishes:
        """What the viewer wishes; the same for themselves and the organisations they act for."""
        async with self._database.reading() as session:
            for index in sorted(viewer.holder_indexes):
                if row := await session.get(NoticeWishesRow, (index, viewer.principal.subject)):
                    return wishes_of_row(row)
        return Wishes()

    async def wish(self, viewer: Viewer, wishes: Wishes) -> None:
        """Keep what the viewer wishes. Raises `NotFound` when they hold no number, `Forbidden` for a program."""
        if viewer.principal.is_program:
            raise Forbidden("Only a person has notices.")
        if not viewer.holder_indexes:
            raise NotFound("Confirm who you are first.")
        quiet = wishes.quiet or (None, None)
        async with self._database.transaction() as session:
            for index in viewer.holder_indexes:
                await session.merge(
                    NoticeWishesRow(
                        holder_index=index,
                        person=viewer.principal.subject,
                        channels={kind.value: sorted(wishes.channels(kind)) for kind in NoticeKind},
                        quiet_from=quiet[0],
                        quiet_to=quiet[1],
                        names_type=wishes.names_type,
                        locale=wishes.locale,
                    )
                )

    async def reachable(self, viewer: Viewer) -> Collection[str]:
        """The channels by which the viewer can be reached."""
        person = viewer.principal.subject
        return [channel for channel in CHANNELS if await self._contacts.address(person, channel)]

    def _open(self, row: NoticeRow) -> Notice:
        about = json.loads(self._envelope.decrypt(row.about, context=f"notice:{row.id}")) if row.about else {}
        kind = NoticeKind(row.kind)
        return Notice(row.id, row.at, kind, row.licence_id, row.type_name, row.read_at is not None, about)
