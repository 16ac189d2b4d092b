"""Sending our directory to the vaults above: what changed, in order, until it was taken; and comparing the whole.

State is sent, not steps: an entry sent twice, or late, changes nothing (`entries.Entry.revision`).
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.ephemeral.store import EphemeralStore
from kernel.errors import Conflict
from licence_vault.licences.protection import LicenceData
from licence_vault.licences.records import LicenceEventRow, LicenceRow
from licence_vault.neighbours.entries import RANGES_TOGETHER, TOGETHER, Entry, Range, mark, range_digest
from licence_vault.neighbours.neighbour import Neighbour
from licence_vault.neighbours.peer import BROKEN, NeighbourAway, PeerAnswer, Peers, away
from licence_vault.neighbours.records import NeighbourRow, delete_changes, oldest_changes

ENTRIES_PATH, COMPARE_PATH = "/api/v1/sharing/directory/entries", "/api/v1/sharing/directory/compare"
IN_RANGE = 250
PUSH_SECONDS, LEASE_SECONDS = 60.0, 300
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=10)
REFUSED = "refuses our directory"
_LAST = "f" * 32


@dataclass(frozen=True)
class Reconciled:
    """What a comparison of two directories came to."""

    compared: int
    sent: int
    removed: int


class Pusher:
    """Tells the vaults above. Of several processes one at a time speaks to a neighbour, so that order is kept."""

    def __init__(
        self, database: Database, data: LicenceData, store: EphemeralStore, peers: Peers, clock: Clock
    ) -> None:
        self._database = database
        self._data = data
        self._store = store
        self._peers = peers
        self._clock = clock

    async def push(self, neighbour: Neighbour) -> int:
        """Send what waits, all of it; how many changes. Raises `NeighbourAway`, `Conflict` when another is at it."""
        async with self._alone(neighbour):
            told = 0
            while count := await self._push_some(neighbour):
                told += count
            if told:  # with nothing to tell, nobody was spoken to
                await self._note(neighbour, **self._heard())
            return told

    async def reconcile(self, neighbour: Neighbour) -> Reconciled:
        """Compare the whole directory range by range and send what differs. Raises as `push`."""
        async with self._alone(neighbour):
            compared = sent = removed = 0
            async for ranges in self._ranges():
                compared += sum(len(marks) for _range, marks in ranges)
                differing = await self._compare(neighbour, [each for each, _marks in ranges])
                for (_range, marks), theirs in zip(ranges, differing, strict=True):
                    if theirs is None:
                        continue
                    changed = [record for record, ours in marks.items() if theirs.get(record) != ours]
                    gone = [record for record in theirs if record not in marks]
                    sent_now, removed_now = await self._send(neighbour, changed + gone)
                    sent, removed = sent + sent_now, removed + removed_now
            await self._note(neighbour, reconciled_at=self._clock(), **self._heard())
            return Reconciled(compared, sent, removed)

    @asynccontextmanager
    async def _alone(self, neighbour: Neighbour) -> AsyncIterator[None]:
        key = f"neighbour:pushing:{neighbour.id}"
        if not await self._store.add(key, b"1", LEASE_SECONDS):
            raise Conflict("Another process is sending the directory there just now.")
        try:
            yield
        except NeighbourAway as failure:
            await self._put_off(neighbour, failure.reason or "")
            raise
        finally:
            await self._store.delete(key)

    async def _push_some(self, neighbour: Neighbour) -> int:
        async with self._database.reading() as session:
            changes = await oldest_changes(session, neighbour.id, TOGETHER)
        if not changes:
            return 0
        await self._send(neighbour, list(dict.fromkeys(each.licence_id for each in changes)))
        async with self._database.transaction() as session:
            await delete_changes(session, [each.id for each in changes])
        return len(changes)

    async def _send(self, neighbour: Neighbour, licence_ids: Sequence[str]) -> tuple[int, int]:
        """Send these licences as they stand now; those that are not there any more are removed."""
        sent = removed = 0
        for start in range(0, len(licence_ids), TOGETHER):
            ids = licence_ids[start : start + TOGETHER]
            async with self._database.reading() as session:
                rows = await _rows(session, ids)
                revisions = await _revisions(session, ids)
            entries = await asyncio.to_thread(self._entries, rows, revisions, neighbour)
            gone = sorted(set(ids) - {row.id for row in rows})
            body = {"entries": entries, "removed": gone}
            _taken(neighbour, await self._peers.post(neighbour, ENTRIES_PATH, body, seconds=PUSH_SECONDS))
            sent, removed = sent + len(entries), removed + len(gone)
            await self._store.put(f"neighbour:pushing:{neighbour.id}", b"1", LEASE_SECONDS)
        return sent, removed

    def _entries(
        self, rows: Sequence[LicenceRow], revisions: Mapping[str, int], neighbour: Neighbour
    ) -> list[dict[str, Any]]:
        return [self._entry(row, revisions.get(row.id, 0), neighbour).as_json() for row in rows]

    def _entry(self, row: LicenceRow, revision: int, neighbour: Neighbour) -> Entry:
        holder = self._data.open(row).content.holder
        return Entry(
            record=row.id,
            identifier=row.identifier,
            type=row.type_code,
            version=row.version,
            status=row.status,
            cause_code=row.cause_code,
            revision=revision,
            issuer=row.issuer_uscc,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            holder_key=neighbour.holder_key(holder.id_type, holder.number),
            content_digest=row.content_digest,
            ofd_sha256=row.ofd_digest,
            pdf_sha256=row.pdf_digest,
        )

    async def _ranges(self) -> AsyncIterator[list[tuple[Range, dict[str, str]]]]:
        """Every licence of ours in order, some ranges at a time, each with its records and marks."""
        after, ended = "0" * 32, False
        while not ended:
            ranges = list[tuple[Range, dict[str, str]]]()
            async with self._database.reading() as session:
                while len(ranges) < RANGES_TOGETHER and not ended:
                    marks = await _marks(session, after)
                    ended = len(marks) < IN_RANGE
                    upto = _LAST if ended else list(marks)[-1]
                    ranges.append((Range(after, upto, range_digest(marks.items())), marks))
                    after = upto
            yield ranges

    async def _compare(self, neighbour: Neighbour, ranges: Sequence[Range]) -> list[dict[str, str] | None]:
        """For each range nothing when it agrees, else the records and marks that they have."""
        body = {"ranges": [vars(each) for each in ranges]}
        answer = await self._peers.post(neighbour, COMPARE_PATH, body, seconds=PUSH_SECONDS)
        _taken(neighbour, answer)
        told = answer.document.get("ranges")
        if not isinstance(told, list) or len(told) != len(ranges):
            raise away(neighbour, BROKEN)
        return [None if each is None else {str(record): str(theirs) for record, theirs in each} for each in told]

    async def _put_off(self, neighbour: Neighbour, reason: str) -> None:
        async with self._database.transaction() as session:
            row = await session.get(NeighbourRow, neighbour.id)
            if row is not None:
                wait = min(FIRST_WAIT * 2 ** min(row.failures, 20), LONGEST_WAIT)
                row.failures, row.last_error, row.next_try_at = row.failures + 1, reason, self._clock() + wait

    def _heard(self) -> dict[str, Any]:
        return {"failures": 0, "last_error": "", "next_try_at": None, "last_heard_at": self._clock()}

    async def _note(self, neighbour: Neighbour, **values: Any) -> None:
        async with self._database.transaction() as session:
            await session.execute(update(NeighbourRow).where(NeighbourRow.id == neighbour.id).values(**values))


def _taken(neighbour: Neighbour, answer: PeerAnswer) -> None:
    if answer.status != 200:
        raise NeighbourAway("{name} refuses our directory.", name=neighbour.authority.name, reason=REFUSED)


async def _rows(session: AsyncSession, ids: Sequence[str]) -> Sequence[LicenceRow]:
    return (await session.scalars(select(LicenceRow).where(LicenceRow.id.in_(ids)).order_by(LicenceRow.id))).all()


async def _revisions(session: AsyncSession, ids: Sequence[str]) -> dict[str, int]:
    """How many steps each licence's life has. Whoever takes one holds the licence's row, so their order is sure."""
    event = LicenceEventRow
    statement = select(event.licence_id, func.count()).where(event.licence_id.in_(ids)).group_by(event.licence_id)
    return {row[0]: row[1] for row in await session.execute(statement)}


async def _marks(session: AsyncSession, after: str) -> dict[str, str]:
    statement = select(LicenceRow.id, LicenceRow.status, LicenceRow.content_digest).where(LicenceRow.id > after)
    rows = (await session.execute(statement.order_by(LicenceRow.id).limit(IN_RANGE))).all()
    revisions = await _revisions(session, [licence_id for licence_id, _status, _digest in rows])
    return {each: mark(revisions.get(each, 0), status, digest) for each, status, digest in rows}
