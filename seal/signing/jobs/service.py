"""Taking seal jobs in, showing how far they are, giving their files, forgetting them when their time is over."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy.exc import IntegrityError as UniqueViolation

from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.ephemeral.store import EphemeralStore
from kernel.errors import Conflict, FieldError, Gone, InvalidInput, NotFound, RateLimited
from kernel.ids.time_ordered import new_id
from seal.client import SealManner
from seal.signing.faults import read_fault
from seal.signing.jobs.drafts import Drafts
from seal.signing.jobs.job import JobItem, JobRequest, SealJob, Wish
from seal.signing.jobs.protection import JobData
from seal.signing.jobs.records import (
    SealJobItemRow,
    SealJobRow,
    count_waiting,
    expired_jobs,
    find_by_key,
    find_job,
    items_of,
    names_blob,
    recent_jobs,
)
from seal.signing.jobs.running import JobRunner
from seal.signing.service import SealOrder, SigningService

KEEP = timedelta(days=7)
MOST_WAITING = 1000
"""Files of one requester that may wait at the same time."""
JOBS_PER_MINUTE = 120
KEY_LIMIT = 200
_MINUTE = 60
_ORPHAN_AGE = timedelta(hours=1)
_AT_ONCE = 100
_RECENT = 20


@dataclass(frozen=True)
class JobParts:
    """What jobs are kept with. `keep`: how long sealed files may be fetched."""

    database: Database
    audit: AuditTrail
    clock: Clock
    store: EphemeralStore
    data: JobData
    signing: SigningService
    runner: JobRunner
    keep: timedelta = KEEP


class SealJobs:
    """A requester sees their own jobs and nobody else's."""

    def __init__(self, parts: JobParts) -> None:
        self._parts = parts
        self._database = parts.database
        self._data = parts.data
        self.runner = parts.runner
        self.drafts = Drafts(parts.store, parts.data)

    async def create(self, request: JobRequest) -> SealJob:
        """Take a job in; what it holds is durable when this returns.

        The same `key` with the same content gives the same job. Raises `Conflict` (the key was used otherwise, the seal
        is not in use), `Forbidden`, `NotFound`, `RateLimited`, `InvalidInput`, `Unavailable` (time stamps have been
        missing for too long).
        """
        digest = self._digest(request)
        if request.key:
            _check_key(request.key)
            if known := await self._known(request, digest):
                return known
        await self._limit(request)
        wish, manner = request.wish, SealManner(level=request.wish.level)
        order = SealOrder(request.seal_id, (), wish.purpose, request.actor, wish.use, request.pin, manner)
        order = await self._parts.signing.authorise(order)
        job = self._row(replace(request, seal_id=order.seal_id, wish=replace(request.wish, use=order.use)), digest)
        items = [await self._item(job.id, number, request) for number in range(1, len(request.files) + 1)]
        try:
            async with self._database.transaction() as session:
                session.add(job)
                session.add_all(items)
                detail = {"seal": order.seal_id, "files": job.total}
                event = AuditEvent("seal_job.create", request.actor, f"seal_job:{job.id}", detail=detail)
                await self._parts.audit.record(session, event)
        except UniqueViolation as violation:
            if known := await self._known(request, digest):
                return known
            raise Conflict("This Idempotency-Key was already used for a different request.") from violation
        return self._view(job, items)

    async def get(self, job_id: str, actor: Actor) -> SealJob:
        """How far it is; raises NotFound, also for somebody else's."""
        async with self._database.reading() as session:
            row = await find_job(session, job_id)
            items = await items_of(session, job_id)
        if row is None or row.requester != f"{actor.kind}:{actor.id}":
            raise NotFound("There is no such seal job.")
        return self._view(row, items)

    async def recent(self, actor: Actor) -> list[SealJob]:
        """Somebody's newest jobs."""
        async with self._database.reading() as session:
            rows = await recent_jobs(session, f"{actor.kind}:{actor.id}", _RECENT)
            return [self._view(row, await items_of(session, row.id)) for row in rows]

    async def file(self, job_id: str, actor: Actor, number: int = 0) -> tuple[JobItem, bytes]:
        """A sealed file; the only one when no number is given. Raises NotFound, Gone, and the file's own fault."""
        job = await self.get(job_id, actor)
        if job.state == "expired":
            raise Gone("The files of this job are no longer kept.")
        wanted = number or (1 if job.total == 1 else 0)
        item = next((each for each in job.items if each.number == wanted), None)
        if item is None:
            raise NotFound("There is no such file in this job.")
        if item.fault is not None:
            raise item.fault
        if item.state != "done":
            if item.state == "waiting":
                raise Conflict("This file is not sealed yet.")
            raise Conflict("This job was cancelled.")
        return item, await self._load(job_id, wanted)

    async def files(self, job: SealJob) -> AsyncIterator[tuple[JobItem, bytes]]:
        """Every sealed file of a job, one after the other."""
        for item in job.items:
            if item.state == "done":
                yield item, await self._load(job.id, item.number)

    async def cancel(self, job_id: str, actor: Actor) -> SealJob:
        """Seal nothing more of it; what is sealed stays. Raises NotFound, Conflict when it has ended."""
        await self.get(job_id, actor)
        async with self._database.transaction() as session:
            job = await find_job(session, job_id, lock=True)
            if job is None or job.state != "open":
                raise Conflict("This job has ended already.")
            items = await items_of(session, job_id)
            for item in items:
                if item.state == "waiting":
                    item.state, item.input_blob = "cancelled", None
            job.state, job.ended_at = "cancelled", self._parts.clock()
            event = AuditEvent("seal_job.cancel", actor, f"seal_job:{job_id}")
            await self._parts.audit.record(session, event)
        return self._view(job, items)

    async def item_ids(self, job_id: str) -> list[str]:
        """What `JobRunner.run_item` takes."""
        async with self._database.reading() as session:
            return [each.id for each in await items_of(session, job_id)]

    async def purge(self) -> int:
        """Forget the files and names of jobs whose time is over, and blobs that no job names; say how many jobs."""
        purged = 0
        while True:
            async with self._database.transaction() as session:
                rows = await expired_jobs(session, self._parts.clock(), _AT_ONCE)
                for row in rows:
                    row.state = "expired"
                    for item in await items_of(session, row.id):
                        item.state = "cancelled" if item.state == "waiting" else item.state
                        item.name = item.fault = item.input_blob = item.output_blob = None
            purged += len(rows)
            if len(rows) < _AT_ONCE:
                break
        await self._sweep()
        return purged

    async def _sweep(self) -> None:
        async for reference, kept_at in self._data.blobs.references():
            if self._parts.clock() - kept_at < _ORPHAN_AGE:
                continue
            async with self._database.reading() as session:
                named = await names_blob(session, reference)
            if not named:
                await self._data.blobs.delete(reference)

    async def _known(self, request: JobRequest, digest: str) -> SealJob | None:
        async with self._database.reading() as session:
            row = await find_by_key(session, request.requester, request.key)
            items = await items_of(session, row.id) if row else []
        if row is None:
            return None
        if row.request_digest != digest:
            raise Conflict("This Idempotency-Key was already used for a different request.")
        return self._view(row, items)

    async def _limit(self, request: JobRequest) -> None:
        jobs = await self._parts.store.increment(f"seal-jobs:{request.requester}", _MINUTE)
        async with self._database.reading() as session:
            waiting = await count_waiting(session, requester=request.requester)
        if jobs > JOBS_PER_MINUTE or waiting + len(request.files) > MOST_WAITING:
            message = "Too many files are waiting to be sealed for you. Wait until some are done."
            raise RateLimited(message, retry_after_seconds=_MINUTE)

    async def _load(self, job_id: str, number: int) -> bytes:
        async with self._database.reading() as session:
            item = next(each for each in await items_of(session, job_id) if each.number == number)
        if item.output_blob is None:
            raise Gone("The files of this job are no longer kept.")
        return await self._data.load(item.id, "output", item.output_blob)

    def _digest(self, request: JobRequest) -> str:
        files = [[each.name, hashlib.sha256(each.data).hexdigest()] for each in request.files]
        wish = request.wish.to_json()
        asked = {name: value for name, value in wish.items() if name != "use"}
        return self._data.digest([request.seal_id, files, asked])

    def _row(self, request: JobRequest, digest: str) -> SealJobRow:
        now, id = self._parts.clock(), new_id()
        return SealJobRow(
            id=id,
            requester=request.requester,
            idempotency_key=request.key or None,
            request_digest=digest,
            seal_id=request.seal_id,
            wish=self._data.close(id, "wish", request.wish.to_json()),
            state="open",
            total=len(request.files),
            created_at=now,
            ended_at=None,
            expires_at=now + self._parts.keep,
        )

    async def _item(self, job_id: str, number: int, request: JobRequest) -> SealJobItemRow:
        file, id = request.files[number - 1], new_id()
        return SealJobItemRow(
            id=id,
            job_id=job_id,
            number=number,
            name=self._data.close(id, "name", file.name),
            format=file.format,
            state="waiting",
            losses=0,
            input_blob=await self._data.keep(id, "input", file.data),
        )

    def _view(self, row: SealJobRow, items: Sequence[SealJobItemRow]) -> SealJob:
        wish = Wish.from_json(self._data.open(row.id, "wish", row.wish))
        return SealJob(
            id=row.id,
            seal_id=row.seal_id,
            stored_state=row.state,
            purpose=wish.purpose,
            created_at=row.created_at,
            expires_at=row.expires_at,
            ended_at=row.ended_at,
            items=[self._item_view(each) for each in items],
            total=row.total,
        )

    def _item_view(self, row: SealJobItemRow) -> JobItem:
        return JobItem(
            number=row.number,
            name=self._data.open(row.id, "name", row.name) if row.name else "",
            format=row.format,
            state=row.state,
            digest=row.output_digest,
            time_stamp=row.time_stamp,
            size=row.output_bytes,
            fault=read_fault(self._data.open(row.id, "fault", row.fault)) if row.fault else None,
        )


def _check_key(key: str) -> None:
    if len(key) > KEY_LIMIT or not key.isprintable():
        message = "An Idempotency-Key has at most {limit} printable characters."
        fault = FieldError("Idempotency-Key", message, {"limit": KEY_LIMIT})
        raise InvalidInput(message, fields=[fault], limit=KEY_LIMIT)
