"""Proving that the audit trail is whole."""

import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.audit.hashing import GENESIS, event_hash, head_seal
from kernel.audit.records import AuditChainRow, AuditEventRow

HASHED = (
    "chain", "sequence", "at", "action", "outcome", "actor_kind", "actor_id", "subject_ref", "request_id", "detail",
)  # fmt: skip


@dataclass(frozen=True)
class ChainVerdict:
    """What was found of one chain: `broken_at` is the first sequence number that does not hold, with the `reason`."""

    chain: str
    events: int
    head: str
    broken_at: int | None = None
    reason: str | None = None

    @property
    def holds(self) -> bool:
        """Whether every event, its place and the head are as they were written."""
        return self.broken_at is None


async def verify_chains(session: AsyncSession, key: bytes) -> list[ChainVerdict]:
    """Check every chain from its first event to its sealed head, reading the events in their order.

    Finds: an event edited, removed, inserted or moved, and a chain cut short. A whole database put back to an earlier
    moment is only seen by comparing a head kept elsewhere.
    """
    heads = {row.chain: row for row in await session.scalars(select(AuditChainRow))}
    stray = await session.scalars(select(AuditEventRow.chain).distinct())
    chains = sorted(set(heads) | set(stray))
    return [await _verify_chain(session, chain, heads.get(chain), key) for chain in chains]


async def _verify_chain(session: AsyncSession, chain: str, head: AuditChainRow | None, key: bytes) -> ChainVerdict:
    expected, previous = 0, GENESIS
    rows = await session.stream_scalars(
        select(AuditEventRow).where(AuditEventRow.chain == chain).order_by(AuditEventRow.sequence)
    )
    async for row in rows:
        expected += 1
        reason = _complaint(row, expected, previous)
        if reason:
            return ChainVerdict(chain, expected, previous.hex(), expected, reason)
        previous = row.hash
    verdict = ChainVerdict(chain, expected, previous.hex())
    if head is None:
        return ChainVerdict(chain, expected, previous.hex(), expected, "the chain's head is missing")
    if head.sequence != expected or head.hash != previous:
        return ChainVerdict(chain, expected, previous.hex(), expected + 1, "events after this one are missing")
    if not hmac.compare_digest(head.seal, head_seal(key, chain, expected, previous)):
        return ChainVerdict(chain, expected, previous.hex(), expected, "the head was not sealed by this system")
    return verdict


def _complaint(row: AuditEventRow, expected: int, previous: bytes) -> str | None:
    if row.sequence != expected:
        return "an event before this one is missing"
    if row.previous_hash != previous:
        return "it does not follow the event before it"
    if row.hash != event_hash(previous, {name: getattr(row, name) for name in HASHED}):
        return "its content was changed"
    return None


async def export_events(session: AsyncSession) -> AsyncIterator[dict[str, Any]]:
    """Every event with its hashes, in chain order, ready for JSON lines; anyone can recompute the chain from it."""
    rows = await session.stream_scalars(select(AuditEventRow).order_by(AuditEventRow.chain, AuditEventRow.sequence))
    async for row in rows:
        event = {name: getattr(row, name) for name in HASHED}
        event["at"] = row.at.isoformat(timespec="microseconds")
        yield event | {"previous_hash": row.previous_hash.hex(), "hash": row.hash.hex()}
