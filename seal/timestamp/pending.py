"""What happens while no time stamps can be had: sealing goes on, the missing stamps are written down and fetched later,
and after a set time sealing stops (X-Road's rule: a signature whose time nobody vouches for loses its worth).

The owner of documents calls `check` before it seals, `defer` in the transaction that keeps what was sealed without a
stamp, and, when `fetched` has tokens for it, `settle` in the transaction that keeps the completed document.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.audit.chain import AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.errors import Unavailable
from kernel.ids.time_ordered import new_id
from seal.timestamp.records import PendingTimestampRow, fetched, waiting, waiting_since
from seal.timestamp.settings import TimestampSettings
from seal.timestamp.stamper import StampDigest, Stamper

_AT_ONCE: Final = 100
_log = structlog.get_logger()


@dataclass(frozen=True)
class MissingTimestamp:
    """What to stamp (`digest` of the kind `digest_name`), and how its owner finds the document again."""

    digest_name: StampDigest
    digest: bytes
    document_ref: str
    since: datetime


@dataclass(frozen=True)
class FetchedTimestamp:
    """A missing stamp that was fetched: `token` is DER, `stamped_at` the time it states."""

    id: str
    missing: MissingTimestamp
    token: bytes
    stamped_at: datetime


class PendingTimestamps:
    """The list of stamps that are still to come."""

    def __init__(
        self, database: Database, audit: AuditTrail, clock: Clock, stamper: Stamper, settings: TimestampSettings
    ) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._stamper = stamper
        self._hard_stop = settings.hard_stop

    async def check(self) -> None:
        """Whether sealing may go on; raises Unavailable when stamps have been missing for too long.

        Before it refuses it tries to fetch what is missing: an authority that is back is noticed at once.
        """
        if await self._is_over():
            await self.fetch()
            since = await self._is_over()
            if since:
                raise Unavailable(
                    "Time stamps have been missing since {time}. Sealing waits for the time-stamp authority.",
                    time=f"{since:%Y-%m-%d %H:%M} UTC",
                )

    async def may_go_without(self) -> bool:
        """Whether a document may be sealed now without a stamp at all: not when the allowed time is none."""
        return bool(self._hard_stop) and not await self._is_over()

    async def defer(self, session: AsyncSession, missing: MissingTimestamp) -> str:
        """Write a missing stamp down in the caller's transaction; its id."""
        row = PendingTimestampRow(
            id=new_id(),
            digest_name=missing.digest_name,
            digest=missing.digest.hex(),
            document_ref=missing.document_ref,
            since=missing.since,
        )
        session.add(row)
        detail = {"digest": row.digest}
        await self._audit.record(
            session, AuditEvent("timestamp.defer", subject_ref=missing.document_ref, detail=detail)
        )
        return row.id

    async def count(self) -> int:
        """How many are missing, up to a hundred."""
        async with self._database.reading() as session:
            return len(await waiting(session, _AT_ONCE))

    async def fetch(self) -> int:
        """Fetch what is missing, oldest first, until the authority fails; how many were fetched."""
        got = 0
        while True:
            async with self._database.reading() as session:
                rows = await waiting(session, _AT_ONCE)
            for row in rows:
                if not await self._fetch_one(row):
                    return got
                got += 1
            if len(rows) < _AT_ONCE:
                return got

    async def fetched(self, limit: int = _AT_ONCE, *, owner: str = "") -> list[FetchedTimestamp]:
        """Tokens that came and that nobody has taken yet, oldest first; `owner`: how references begin."""
        async with self._database.reading() as session:
            return [_fetched(row) for row in await fetched(session, limit, owner) if row.token]

    async def settle(self, session: AsyncSession, id: str) -> bool:
        """The document has its stamp: forget the row, in the transaction that keeps the document.

        False when another process has done so already: then its document is the one to keep.
        """
        row = await session.get(PendingTimestampRow, id, with_for_update=True)
        if row is None:
            return False
        await session.delete(row)
        return True

    async def _is_over(self) -> datetime | None:
        """Since when stamps have been missing, if that is too long."""
        async with self._database.reading() as session:
            since = await waiting_since(session)
        return since if since is not None and self._clock() - since >= self._hard_stop else None

    async def _fetch_one(self, row: PendingTimestampRow) -> bool:
        token: bytes | None = None
        try:
            token = await asyncio.to_thread(self._stamper, bytes.fromhex(row.digest), _digest_name(row))
        except Unavailable as failure:
            _log.warning("time stamp still missing", reason=failure.reason)
        now = self._clock()
        async with self._database.transaction() as session:
            current = await session.get(PendingTimestampRow, row.id, with_for_update=True)
            if current is None or current.token is not None:
                return True  # another process was first
            current.attempts, current.last_attempt_at = current.attempts + 1, now
            if token is not None:
                current.token, current.stamped_at = token, now
                event = AuditEvent("timestamp.fetch", subject_ref=row.document_ref, detail={"digest": row.digest})
                await self._audit.record(session, event)
        return token is not None


def _digest_name(row: PendingTimestampRow) -> StampDigest:
    return cast(StampDigest, row.digest_name)


def _fetched(row: PendingTimestampRow) -> FetchedTimestamp:
    assert row.token is not None
    assert row.stamped_at is not None
    missing = MissingTimestamp(_digest_name(row), bytes.fromhex(row.digest), row.document_ref, row.since)
    return FetchedTimestamp(row.id, missing, row.token, row.stamped_at)
