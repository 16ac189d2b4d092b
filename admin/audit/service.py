"""Reading the trail and proving it, each look recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.audit.search import AuditQuery, count_events, search_events
from kernel.audit.verification import ChainVerdict, verify_chains
from kernel.database.engine import Database


@dataclass(frozen=True)
class Entry:
    """One event as shown."""

    chain: str
    sequence: int
    at: datetime
    action: str
    outcome: str
    actor_kind: str
    actor_id: str
    subject_ref: str
    request_id: str
    detail: dict[str, Any]

    @property
    def key(self) -> str:
        """Where the next page begins."""
        return f"{self.at.isoformat()}~{self.chain}~{self.sequence}"


class AuditReading:
    """What the audit administrator does with the trail."""

    def __init__(self, database: Database, audit: AuditTrail, key: bytes) -> None:
        """`key` seals the heads of the chains, the same as the trail was given."""
        self._database = database
        self._audit = audit
        self._key = key

    async def search(self, query: AuditQuery) -> Sequence[Entry]:
        """Events, newest first."""
        async with self._database.reading() as session:
            rows = await search_events(session, query)
            return [Entry(**{name: getattr(row, name) for name in Entry.__dataclass_fields__}) for row in rows]

    async def count(self) -> int:
        """How many events there are."""
        async with self._database.reading() as session:
            return await count_events(session)

    async def verify(self, actor: Actor) -> list[ChainVerdict]:
        """Check every chain from its first event to its sealed head; the check itself is an event."""
        async with self._database.reading() as session:
            verdicts = await verify_chains(session, self._key)
        broken = [verdict.chain for verdict in verdicts if not verdict.holds]
        async with self._database.transaction() as session:
            outcome = AuditEvent(
                "audit.verify", actor, outcome="failure" if broken else "success", detail={"broken": broken}
            )
            await self._audit.record(session, outcome)
        return verdicts
