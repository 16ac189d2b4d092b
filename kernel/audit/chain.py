"""Writing the audit trail.

An event joins the transaction of what it records: both become durable or neither does. The chain's head is locked only
at the very end of that transaction, so that writers wait for each other as briefly as possible.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.audit.hashing import GENESIS, event_hash, head_seal
from kernel.audit.records import AuditChainRow, AuditEventRow
from kernel.clock import Clock
from kernel.database.engine import before_commit
from kernel.database.rows import insert_all

Outcome = Literal["success", "refused", "failure"]

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The request in hand; the web shell sets it, logs and audit events carry it."""

_PENDING = "audit_pending"


@dataclass(frozen=True)
class Actor:
    """Who acts: an opaque id of a user (`sub`), of a client, or a part of the system."""

    kind: Literal["user", "client", "system"]
    id: str


SYSTEM = Actor("system", "xinyin")


@dataclass(frozen=True)
class AuditEvent:
    """What happened. `subject_ref` and `detail` hold opaque ids, codes and counts: no name, number or secret."""

    action: str
    actor: Actor = SYSTEM
    subject_ref: str = ""
    outcome: Outcome = "success"
    detail: Mapping[str, Any] = field(default_factory=dict)


class AuditTrail:
    """Appends events to one chain; several processes may share a chain or have one each."""

    def __init__(self, clock: Clock, key: bytes, *, chain: str = "main") -> None:
        """`key` seals the chain's head (32 bytes, derived from the master key)."""
        self._clock = clock
        self._key = key
        self._chain = chain

    async def record(self, session: AsyncSession, event: AuditEvent) -> None:
        """Have `event` written when the transaction of `session` ends well."""
        session.info.setdefault(_PENDING, []).append((event, self._clock(), request_id.get()))
        before_commit(session, _PENDING, lambda: self._append(session))

    async def _append(self, session: AsyncSession) -> None:
        head = await self._lock_head(session)
        sequence, previous = head.sequence, head.hash
        rows = []
        for event, at, request in session.info.pop(_PENDING, []):
            sequence += 1
            fields = {
                "chain": self._chain,
                "sequence": sequence,
                "at": at,
                "action": event.action,
                "outcome": event.outcome,
                "actor_kind": event.actor.kind,
                "actor_id": event.actor.id,
                "subject_ref": event.subject_ref,
                "request_id": request,
                "detail": dict(event.detail),
            }
            digest = event_hash(previous, fields)
            rows.append({**fields, "previous_hash": previous, "hash": digest})
            previous = digest
        await insert_all(session, AuditEventRow, rows)
        await session.execute(
            update(AuditChainRow)
            .where(AuditChainRow.chain == self._chain)
            .values(sequence=sequence, hash=previous, seal=head_seal(self._key, self._chain, sequence, previous))
        )

    async def _lock_head(self, session: AsyncSession) -> AuditChainRow:
        """The head, locked; made first where the chain has none yet, by whoever is quickest."""
        statement = (
            select(AuditChainRow)
            .where(AuditChainRow.chain == self._chain)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        head = (await session.scalars(statement)).one_or_none()
        if head is None:
            await self._begin_chain(session)
            head = (await session.scalars(statement)).one()
        return head

    async def _begin_chain(self, session: AsyncSession) -> None:
        insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        first = head_seal(self._key, self._chain, 0, GENESIS)
        values = {"chain": self._chain, "sequence": 0, "hash": GENESIS, "seal": first}
        await session.execute(insert(AuditChainRow).values(values).on_conflict_do_nothing())
