"""The built-in time-stamping authority (RFC 3161 §2.1): one clock, numbers that never come twice, two families.

A serial number is the number of the run, which the database gives when the run starts, 64 random bits drawn with it,
and a count in memory. So none comes twice, in several processes, after a crash, or after an old backup was put back;
and a stamp costs no write.
"""

import asyncio
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from kernel.audit.chain import AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.crypto.timestamps.digests import SIZES
from kernel.crypto.timestamps.making import Stamping, TokenTerms, make_token
from kernel.crypto.timestamps.messages import (
    Failure,
    RequestRefused,
    TimestampRequest,
    granted_response,
    refused_response,
)
from kernel.database.engine import Database
from kernel.errors import InvalidInput, Unavailable, XinyinError
from seal.timestamp.records import StampRunRow, forget_idle_runs, last_token_time
from seal.timestamp.settings import TimestampSettings
from seal.timestamp.stamper import StampDigest

NOTED_EVERY: Final = timedelta(seconds=10)
IDLE_RUNS_KEPT: Final = timedelta(days=1)
TOLD_EVERY: Final = timedelta(hours=1)
_log = structlog.get_logger()


@dataclass(frozen=True)
class AuthorityWiring:
    """`stamping` opens the key for an SM3 imprint (True) or any other (False); it blocks."""

    stamping: Callable[[bool], Stamping]
    database: Database
    audit: AuditTrail
    clock: Clock


class TimestampAuthority:
    """Call `start` first and `stop` at the end. Usable from any thread in between."""

    def __init__(self, wiring: AuthorityWiring, settings: TimestampSettings) -> None:
        self._wiring = wiring
        self._settings = settings
        self._lock = threading.Lock()
        self._run = 0
        self._salt = secrets.randbits(64)
        self._count = 0
        self._heart: asyncio.Task[None] | None = None
        self._last: datetime | None = None
        self._noted = 0
        self._told_at = wiring.clock()

    async def start(self) -> None:
        """Take the number of this run, and the time of the last token that any run has written down."""
        async with self._wiring.database.transaction() as session:
            await forget_idle_runs(session, self._wiring.clock() - IDLE_RUNS_KEPT)
            row = StampRunRow(started_at=self._wiring.clock())
            session.add(row)
            await session.flush()
            self._run = row.id
            self._last = await last_token_time(session)
        self._heart = asyncio.create_task(self._beat())

    async def stop(self) -> None:
        """Write down what is not written yet."""
        if self._heart:
            self._heart.cancel()
            await asyncio.gather(self._heart, return_exceptions=True)
        await self._write(tell=True)

    async def answer(self, request: bytes) -> bytes:
        """DER TimeStampResp to a DER TimeStampReq: a token, or the protocol's own refusal. Never raises for input."""
        try:
            asked = TimestampRequest.load(request)
            token = await asyncio.to_thread(self.stamp, asked)
        except RequestRefused as refusal:
            return refused_response(refusal.failure, refusal.reason)
        except XinyinError:  # the key is away: the client may come again
            return refused_response(Failure.SYSTEM_FAILURE, "The authority cannot stamp at the moment.")
        return granted_response(token)

    def stamp(self, request: TimestampRequest) -> bytes:
        """DER TimeStampToken. Blocks; raises RequestRefused, and what opening the key raises."""
        if request.policy not in (None, self._settings.policy):
            raise RequestRefused(Failure.UNACCEPTED_POLICY, "That policy is not ours.")
        stamping = self._wiring.stamping(request.digest_name == "sm3")
        moment, serial = self._next()
        terms = TokenTerms(moment, self._settings.accuracy, serial, self._settings.policy)
        return make_token(request, terms, stamping)

    def __call__(self, digest: bytes, digest_name: StampDigest) -> bytes:
        """A `Stamper`."""
        if len(digest) != SIZES[digest_name]:
            raise InvalidInput("The digest has the wrong length.")
        try:
            return self.stamp(TimestampRequest(digest_name, digest))
        except RequestRefused as refusal:
            raise Unavailable("The time-stamp authority gives no time stamps.", reason=refusal.reason) from refusal

    async def note(self) -> None:
        """Write down how far this run has come; tell the audit trail once an hour."""
        if self._noted != self._count:
            await self._write(tell=abs(self._wiring.clock() - self._told_at) >= TOLD_EVERY)

    def _next(self) -> tuple[datetime, int]:
        """The moment and the number of the next token.

        A clock that was set back by less than the stated accuracy stands still until it has caught up; by more, and
        there are no stamps (§2.4.2, timeNotAvailable): two tokens must not tell a false order.
        """
        if not self._run:
            raise RequestRefused(Failure.SYSTEM_FAILURE, "The authority has not started.")
        with self._lock:
            now = self._wiring.clock()
            if self._last is not None and now < self._last:
                if self._last - now > self._settings.accuracy:
                    raise RequestRefused(Failure.TIME_NOT_AVAILABLE, "The clock is behind the last time stamp.")
                now = self._last
            self._last = now
            self._count += 1
            return now, self._run << 112 | self._salt << 48 | self._count

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(NOTED_EVERY.total_seconds())
            try:
                await self.note()
            except XinyinError as failure:
                _log.warning("time stamps not noted", reason=type(failure).__name__)

    async def _write(self, *, tell: bool) -> None:
        count, now = self._count, self._wiring.clock()
        async with self._wiring.database.transaction() as session:
            row = await session.get(StampRunRow, self._run, with_for_update=True)
            if row is None:  # it was idle for a day, and forgotten
                row = StampRunRow(id=self._run, started_at=now, tokens=0, told=0)
                session.add(row)
            if count == row.told == row.tokens:
                return
            row.tokens, row.last_token_at = max(count, row.tokens), self._last
            if tell:
                detail = {"run": row.id, "count": row.tokens - row.told}
                row.told = row.tokens
                await self._wiring.audit.record(session, AuditEvent("timestamp.issue", detail=detail))
            others = await last_token_time(session)
        with self._lock:
            self._last = max(filter(None, (self._last, others)), default=None)
        self._noted = count
        if tell:
            self._told_at = now
