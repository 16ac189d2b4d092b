"""Carrying jobs out, file by file. Any process may; the intent of each file sees to it that one does, and once."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import IntegrityError as UniqueViolation
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.audit.chain import Actor
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.errors import Conflict, IntegrityError, RateLimited, Unavailable, XinyinError
from seal.client import DocumentToSeal, SealableFormat, SealManner
from seal.documents.placement.placing import place
from seal.signing.faults import write_fault
from seal.signing.intents.journal import Intent, IntentJournal
from seal.signing.intents.records import SealIntentRow
from seal.signing.jobs.job import Wish
from seal.signing.jobs.late_stamps import REF, LateStamps
from seal.signing.jobs.protection import JobData
from seal.signing.jobs.records import SealJobItemRow, claimable_items, count_waiting, find_job
from seal.signing.raising import Raised
from seal.signing.service import SealOrder, SigningService

POLL_SECONDS = 5.0
MOST_LOSSES = 3
"""So often an attempt at a file may never come back before the file is given up."""
_AT_ONCE = 50
_log = structlog.get_logger()


class Taken(Exception):
    """Another process seals this file, or nobody need any more."""


@dataclass(frozen=True)
class RunnerParts:
    """What jobs are carried out with; `concurrency`: files sealed at once by this process."""

    database: Database
    clock: Clock
    data: JobData
    signing: SigningService
    journal: IntentJournal
    concurrency: int = 2


@dataclass(frozen=True)
class _Work:
    """A file that waits, with what is to be done to it."""

    item_id: str
    job_id: str
    format: SealableFormat
    input_blob: str
    seal_id: str
    actor: Actor
    wish: Wish


class JobRunner:
    """Looks for files that wait, also those that another process left behind."""

    def __init__(self, parts: RunnerParts, late_stamps: LateStamps) -> None:
        self._parts = parts
        self._late_stamps = late_stamps
        self._wake = asyncio.Event()
        self._slots = asyncio.Semaphore(parts.concurrency)
        self._here: set[str] = set()

    def wake(self) -> None:
        """There is something new."""
        self._wake.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Carry jobs out during the block."""
        task = asyncio.create_task(self._repeat())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def run_waiting(self) -> int:
        """Seal everything that can be; say how many files were looked at. Raises `Unavailable`."""
        seen = 0
        while True:
            async with self._parts.database.reading() as session:
                ids = await claimable_items(session, self._parts.clock(), _AT_ONCE)
            ids = [each for each in ids if each not in self._here]
            if not ids:
                return seen
            outcomes = await asyncio.gather(*(self.run_item(each) for each in ids), return_exceptions=True)
            for outcome in outcomes:
                if isinstance(outcome, BaseException):
                    raise outcome
            seen += len(ids)

    async def add_late_stamps(self) -> int:
        """Put time stamps that have come into the files that wait for them; say how many files."""
        return await self._late_stamps.add()

    async def run_item(self, item_id: str) -> None:
        """Seal one file and record what came of it. Raises `Unavailable` when that must be tried again later."""
        if item_id in self._here:
            return
        self._here.add(item_id)
        try:
            async with self._slots:
                await self._run(item_id)
        finally:
            self._here.discard(item_id)

    async def _repeat(self) -> None:
        while True:
            self._wake.clear()
            for work in (self.run_waiting, self.add_late_stamps):
                try:
                    await work()
                except Exception as failure:  # noqa: BLE001 - whatever went wrong with one, the others must be carried on
                    _log.warning("seal jobs put off", work=work.__name__, reason=type(failure).__name__)
                    await asyncio.sleep(POLL_SECONDS)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), POLL_SECONDS)

    async def _run(self, item_id: str) -> None:
        work = await self._load(item_id)
        if work is None:
            return
        try:
            document = await self._parts.data.load(item_id, "input", work.input_blob)
            positions = await asyncio.to_thread(place, document, work.format, work.wish.placements)
            to_seal = DocumentToSeal(work.format, document, positions)
            wish = work.wish
            manner = SealManner(wish.reason, wish.closing, wish.level)
            order = SealOrder(work.seal_id, (), wish.purpose, work.actor, wish.use, manner=manner)
            await self._parts.signing.seal_all([to_seal], order, _ItemKeeper(self._parts, work))
        except (Taken, UniqueViolation):
            return
        except (Unavailable, RateLimited):
            raise
        except XinyinError as failure:
            await self._fail(item_id, failure)
        except Exception as failure:  # noqa: BLE001 - hostile files reach several parsers; the job must go on
            _log.warning("a file could not be sealed", item=item_id, reason=type(failure).__name__)
            await self._fail(item_id, IntegrityError("This file could not be sealed."))

    async def _load(self, item_id: str) -> _Work | None:
        async with self._parts.database.reading() as session:
            item = await session.get(SealJobItemRow, item_id)
            job = await find_job(session, item.job_id) if item else None
        if item is None or job is None or item.state != "waiting" or job.state != "open" or not item.input_blob:
            return None
        if item.losses >= MOST_LOSSES:
            await self._fail(item_id, Unavailable("This file could not be sealed: each attempt ended half-way."))
            return None
        kind, _colon, id = job.requester.partition(":")
        return _Work(
            item_id,
            job.id,
            "ofd" if item.format == "ofd" else "pdf",
            item.input_blob,
            job.seal_id,
            Actor("client" if kind == "client" else "user" if kind == "user" else "system", id),
            Wish.from_json(self._parts.data.open(job.id, "wish", job.wish)),
        )

    async def _fail(self, item_id: str, failure: XinyinError) -> None:
        """Not sealed, and it will not be; an intent that a lost attempt left open is given up."""
        async with self._parts.database.transaction() as session:
            if intent := await self._parts.journal.take_over(session, item_id):
                await self._parts.journal.fail(session, intent, failure.code)
            await settle_failed(session, self._parts, item_id, failure)


class _ItemKeeper:
    """Keeps one sealed file for its job. See `seal.signing.service.Keeper`."""

    def __init__(self, parts: RunnerParts, work: _Work) -> None:
        self._parts = parts
        self._work = work
        self._blob = ""
        self._sealed = Raised(b"")
        self.intent_ids: Sequence[str] = (work.item_id,)
        self.document_refs: Sequence[str] = (f"{REF}{work.item_id}",)

    async def begin(self, session: AsyncSession) -> Sequence[Intent] | None:
        """Nobody else may be at it, and its job must not have been cancelled."""
        item = await self._waiting(session)
        if item is None:
            raise Taken
        item.losses += 1
        if await session.get(SealIntentRow, item.id) is None:
            return None
        intent = await self._parts.journal.take_over(session, item.id)
        if intent is None:
            raise Taken
        return [intent]

    async def keep(self, sealed: Sequence[Raised]) -> None:
        """Encrypted, durable."""
        (self._sealed,) = sealed
        self._blob = await self._parts.data.keep(self._work.item_id, "output", self._sealed.data)

    async def record(self, session: AsyncSession) -> None:
        """The file is done; the last one ends the job."""
        item = await self._waiting(session)
        if item is None:
            raise Conflict("This job was cancelled.")
        data = self._sealed.data
        item.state, item.output_blob, item.output_bytes = "done", self._blob, len(data)
        item.output_digest, item.input_blob = hashlib.sha256(data).hexdigest(), None
        item.time_stamp = self._sealed.time_stamp
        await end_if_settled(session, self._parts, item.job_id)

    async def give_up(self, session: AsyncSession, failure: Exception) -> bool:
        """With the intent, in one transaction. Whether the intent stays open for another attempt."""
        item = await self._waiting(session)
        if item is None or isinstance(failure, Taken):
            return False
        if isinstance(failure, Unavailable | RateLimited):
            item.losses -= 1
            return True
        fault = failure if isinstance(failure, XinyinError) else IntegrityError("This file could not be sealed.")
        await settle_failed(session, self._parts, item.id, fault)
        return False

    async def _waiting(self, session: AsyncSession) -> SealJobItemRow | None:
        # The job first, always: whoever cancels it holds it before its files.
        job = await find_job(session, self._work.job_id, lock=True)
        item = await session.get(SealJobItemRow, self._work.item_id, with_for_update=True, populate_existing=True)
        return item if item and job and item.state == "waiting" and job.state == "open" else None


async def settle_failed(session: AsyncSession, parts: RunnerParts, item_id: str, failure: XinyinError) -> None:
    """Write down why a file was not sealed, unless its outcome is known already."""
    item = await session.get(SealJobItemRow, item_id)
    if item is not None:
        await find_job(session, item.job_id, lock=True)  # before its files, as everywhere
    item = await session.get(SealJobItemRow, item_id, with_for_update=True, populate_existing=True)
    if item is None or item.state != "waiting":
        return
    item.state, item.input_blob = "failed", None
    item.fault = parts.data.close(item.id, "fault", write_fault(failure))
    await end_if_settled(session, parts, item.job_id)


async def end_if_settled(session: AsyncSession, parts: RunnerParts, job_id: str) -> None:
    """A job ends with the last of its files."""
    job = await find_job(session, job_id, lock=True)
    await session.flush()
    if job and job.state == "open" and await count_waiting(session, job_id=job_id) == 0:
        job.state, job.ended_at = "ended", parts.clock()
