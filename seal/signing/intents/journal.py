"""Writing intents ahead, holding them by lease and fence, and giving up those that nobody came back for.

The order that makes sealing exact: the intent with the document's digest is committed, then the key is touched, then
one transaction ends the intent and records the use. Whatever a crash leaves signed is named by an intent.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.database.rows import insert_all
from kernel.errors import Unavailable
from kernel.ids.time_ordered import new_id
from seal.client import DocumentToSeal
from seal.signing.intents.records import (
    SealIntentRow,
    end_intent,
    end_intents_well,
    expired_intents,
    open_fences,
)

LEASE = timedelta(minutes=3)
"""Longer than any sealing takes: a worker's own deadline is a minute, and it is tried twice."""
PURPOSE_LENGTH = 128
_AT_LEAST = timedelta(seconds=1)
_AT_ONCE = 200
LOST = "The sealing took too long and was given up. Nothing was sealed; please try again."


@dataclass(frozen=True)
class Intent:
    """An open intent as its holder knows it."""

    id: str
    fence: int


@dataclass(frozen=True)
class Use:
    """What a seal is about to be used for, by whom. `ids`: the intents' own ids, if they are known beforehand."""

    seal_id: str
    purpose: str
    actor: Actor
    ids: Sequence[str] = ()

    @property
    def is_resumable(self) -> bool:
        """Whether somebody will come back for them: they are known by ids given beforehand."""
        return bool(self.ids)


class IntentJournal:
    """Every open intent has one holder; ending it needs the holder's fence."""

    def __init__(self, database: Database, audit: AuditTrail, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock

    async def open(self, session: AsyncSession, documents: Sequence[DocumentToSeal], use: Use) -> list[Intent]:
        """Write an intent a document, in the caller's transaction; touch no key before it has ended well."""
        now = self._clock()
        ids = use.ids or [new_id() for _document in documents]
        rows = [
            {
                "id": id,
                "seal_id": use.seal_id,
                "input_digest": hashlib.sha256(document.data).hexdigest(),
                "format": document.format,
                "purpose": (document.purpose or use.purpose)[:PURPOSE_LENGTH],
                "actor_kind": use.actor.kind,
                "actor_id": use.actor.id,
                "state": "open",
                "fence": 1,
                "lease_until": now + LEASE,
                "opened_at": now,
                "resumable": use.is_resumable,
            }
            for id, document in zip(ids, documents, strict=True)
        ]
        await insert_all(session, SealIntentRow, rows)
        return [Intent(id, 1) for id in ids]

    async def renew(self, intents: Sequence[Intent]) -> list[Intent]:
        """Hold them under a new fence, before the key is touched again. Raises `Unavailable` when they were lost."""
        async with self._database.transaction() as session:
            for intent in intents:
                values = {"fence": intent.fence + 1, "lease_until": self._clock() + LEASE}
                if not await end_intent(session, intent.id, intent.fence, values):
                    raise Unavailable(LOST)
        return [replace(intent, fence=intent.fence + 1) for intent in intents]

    async def take_over(self, session: AsyncSession, id: str) -> Intent | None:
        """Hold the open intent `id` whose lease has run out, under a new fence; None when another holds it."""
        now = self._clock()
        free = (SealIntentRow.id == id, SealIntentRow.state == "open", SealIntentRow.lease_until < now)
        statement = (
            update(SealIntentRow)
            .where(*free)
            .values(fence=SealIntentRow.fence + 1, lease_until=now + LEASE)
            .returning(SealIntentRow.fence)
        )
        fence = (await session.execute(statement)).scalar_one_or_none()
        return None if fence is None else Intent(id, fence)

    async def holds(self, session: AsyncSession, intent: Intent) -> bool:
        """Whether it is still open under this fence; kept so until the transaction ends."""
        row = await session.get(SealIntentRow, intent.id, with_for_update=True, populate_existing=True)
        return row is not None and row.state == "open" and row.fence == intent.fence

    async def release(self, session: AsyncSession, intent: Intent) -> bool:
        """Leave it open for another to take over at once."""
        return await end_intent(session, intent.id, intent.fence, {"lease_until": self._clock() - _AT_LEAST})

    async def finish(self, session: AsyncSession, results: Sequence[tuple[Intent, str]]) -> None:
        """End intents well, each with the digest of what came out, in the transaction that records the uses.

        Raises `Unavailable` when another took one of them over.
        """
        held = await open_fences(session, [intent.id for intent, _digest in results])
        if any(held.get(intent.id) != intent.fence for intent, _digest in results):
            raise Unavailable(LOST)
        await end_intents_well(session, {intent.id: digest for intent, digest in results}, self._clock())

    async def fail(self, session: AsyncSession, intent: Intent, reason: str) -> bool:
        """End it without a use: refused, or gone wrong. `reason` is a short code."""
        values = {"state": "failed", "reason": reason[:64], "ended_at": self._clock()}
        return await end_intent(session, intent.id, intent.fence, values)

    async def abandon_expired(self) -> int:
        """Give up the intents that nobody holds nor comes back for, and say how many; each is audited."""
        given_up = 0
        while True:
            async with self._database.transaction() as session:
                rows = await expired_intents(session, self._clock(), _AT_ONCE)
                for row in rows:
                    values = {"state": "abandoned", "reason": "lease-expired", "ended_at": self._clock()}
                    if await end_intent(session, row.id, row.fence, values):
                        given_up += 1
                        detail = {"digest": row.input_digest, "format": row.format, "fence": row.fence}
                        event = AuditEvent("seal.abandon", subject_ref=row.seal_id, outcome="failure", detail=detail)
                        await self._audit.record(session, event)
            if len(rows) < _AT_ONCE:
                return given_up
