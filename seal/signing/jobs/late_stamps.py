"""Time stamps that were missing when files of jobs were sealed, put in when they have come. Any process may do it: the
row of the missing stamp sees to it that one result is kept."""

import hashlib
from dataclasses import dataclass

import structlog
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.audit.chain import AuditEvent, AuditTrail
from kernel.database.engine import Database
from kernel.errors import Unavailable
from seal.client import SealableFormat
from seal.documents.levels import PadesLevel
from seal.seals.publication import SealPublication
from seal.seals.records import SealUseRow
from seal.signing.jobs.job import Wish
from seal.signing.jobs.protection import JobData
from seal.signing.jobs.records import SealJobItemRow, SealJobRow, find_job
from seal.signing.raising import LevelRaiser, Pressed
from seal.timestamp.pending import FetchedTimestamp, PendingTimestamps

REF = "seal_job_item:"
"""Before the id of a file, where a missing stamp names it."""
_log = structlog.get_logger()


@dataclass(frozen=True)
class LateStampParts:
    """What stamps are put in with."""

    database: Database
    audit: AuditTrail
    data: JobData
    raiser: LevelRaiser
    pending: PendingTimestamps
    publication: SealPublication


@dataclass(frozen=True)
class _Waiting:
    """A kept file as it was read: `blob` tells later whether it is still that."""

    item_id: str
    blob: str
    digest: str
    format: SealableFormat
    level: PadesLevel


class LateStamps:
    """Completes what seal jobs keep."""

    def __init__(self, parts: LateStampParts) -> None:
        self._parts = parts

    async def add(self) -> int:
        """Complete every file whose stamp has come; say how many.

        Where the stamp over the document is away again (B-LTA), files of that kind wait on; others are completed.
        """
        completed = 0
        away: set[str] = set()
        for fetched in await self._parts.pending.fetched(owner=REF):
            kind = fetched.missing.digest_name
            if kind in away:
                continue
            try:
                completed += await self._add(fetched)
            except Unavailable as failure:
                _log.warning("a file waits on for its time stamp", reason=failure.reason or failure.message)
                away.add(kind)
        return completed

    async def _add(self, fetched: FetchedTimestamp) -> bool:
        item_id = fetched.missing.document_ref.removeprefix(REF)
        waiting = await self._load(item_id)
        if waiting is None:  # the file is not kept any longer
            async with self._parts.database.transaction() as session:
                await self._parts.pending.settle(session, fetched.id)
            return False
        trust = await self._parts.publication.trust_store()
        try:
            kept = await self._parts.data.load(item_id, "output", waiting.blob)
            pressed = Pressed(kept, waiting.format, waiting.level)
            data = await self._parts.raiser.completed(pressed, fetched.token, trust)
        except (Unavailable, OSError):
            raise
        except Exception as failure:  # noqa: BLE001 - whatever is wrong with one file, the others get their stamps
            _log.warning("a time stamp does not fit its file", item=item_id, reason=type(failure).__name__)
            await self._give_up(fetched, waiting)
            return False
        blob = await self._parts.data.keep(item_id, "output", data)
        return await self._replace(fetched, waiting, data, blob)

    async def _load(self, item_id: str) -> _Waiting | None:
        async with self._parts.database.reading() as session:
            item = await session.get(SealJobItemRow, item_id)
            job = await find_job(session, item.job_id) if item else None
        if item is None or job is None or item.time_stamp != "pending" or not item.output_blob:
            return None
        wish = Wish.from_json(self._parts.data.open(job.id, "wish", job.wish))
        format: SealableFormat = "ofd" if item.format == "ofd" else "pdf"
        return _Waiting(item_id, item.output_blob, item.output_digest or "", format, wish.level)

    async def _replace(self, fetched: FetchedTimestamp, waiting: _Waiting, data: bytes, blob: str) -> bool:
        """One transaction: the stamp is not missing any more, and the file is another. Whether we were first.

        The file without a stamp, or ours when we were not first, is a blob that nobody names: it is swept away.
        """
        digest = hashlib.sha256(data).hexdigest()
        async with self._parts.database.transaction() as session:
            held = await self._hold(session, fetched, waiting)
            if held is None:
                return False
            job, item = held
            item.output_blob, item.output_digest, item.output_bytes = blob, digest, len(data)
            item.time_stamp = "done"
            # Whoever looks a file up among the uses holds the stamped one; the trail keeps both digests.
            await session.execute(
                update(SealUseRow)
                .where(SealUseRow.seal_id == job.seal_id, SealUseRow.digest == waiting.digest)
                .values(digest=digest)
            )
            detail = {"digest": digest, "before": waiting.digest}
            event = AuditEvent("timestamp.complete", subject_ref=fetched.missing.document_ref, detail=detail)
            await self._parts.audit.record(session, event)
        return True

    async def _give_up(self, fetched: FetchedTimestamp, waiting: _Waiting) -> None:
        """The file stays as it was sealed, and says that it has no stamp."""
        async with self._parts.database.transaction() as session:
            held = await self._hold(session, fetched, waiting)
            if held is None:
                return
            held[1].time_stamp = "failed"
            event = AuditEvent(
                "timestamp.complete",
                subject_ref=fetched.missing.document_ref,
                outcome="failure",
                detail={"before": waiting.digest},
            )
            await self._parts.audit.record(session, event)

    async def _hold(
        self, session: AsyncSession, fetched: FetchedTimestamp, waiting: _Waiting
    ) -> tuple[SealJobRow, SealJobItemRow] | None:
        """The job and its file, locked in the usual order, if the stamp is still missing and the file as it was."""
        item = await session.get(SealJobItemRow, waiting.item_id)
        job = await find_job(session, item.job_id, lock=True) if item else None
        item = await session.get(SealJobItemRow, waiting.item_id, with_for_update=True, populate_existing=True)
        first = await self._parts.pending.settle(session, fetched.id)
        if not first or job is None or item is None:
            return None
        return (job, item) if item.output_blob == waiting.blob and item.time_stamp == "pending" else None
