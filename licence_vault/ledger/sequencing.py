"""Giving leaves their places: at the very end of the transaction that they belong to, under the head's lock.

The order of locks is constant: audit chain first, log second. The audit trail writes in the work that
`kernel.database.engine.before_commit` runs; we write in SQLAlchemy's own `before_commit` event, which the commit itself
raises after all that work. So whichever of `AuditTrail.record` and `Ledger.append` a use case calls first, no two
transactions ever hold one lock each and wait for the other's. The head's lock is held for the inserts and the commit.
"""

from dataclasses import dataclass, field

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from kernel.clock import Clock
from kernel.errors import IntegrityError
from licence_vault.ledger import records
from licence_vault.ledger.entries import LedgerEntry, Opening
from licence_vault.ledger.merkle import Edge, hash_leaf
from licence_vault.ledger.sealing import LedgerSeal

_PENDING = "ledger_pending"


@dataclass
class PendingLeaf:
    """A leaf on its way into the log: `index` is None until the transaction's end has given it a place."""

    leaf_hash: bytes
    index: int | None = field(default=None, init=False)


class Sequencer:
    """Collects the leaves of a transaction and writes them when it commits."""

    def __init__(self, seal: LedgerSeal, clock: Clock) -> None:
        self._seal = seal
        self._clock = clock

    def add(self, session: AsyncSession, entry: LedgerEntry) -> PendingLeaf:
        """Have `entry` written at the end of this transaction; salting and encrypting is done now, without any lock."""
        if _PENDING not in session.info:
            session.info[_PENDING] = []
            event.listen(session.sync_session, "before_commit", self._write)
        opening, at = Opening.of(entry), self._clock()
        pending = PendingLeaf(hash_leaf(opening.commitment))
        row = {
            "leaf_hash": pending.leaf_hash,
            "commitment": opening.commitment,
            "kind": entry.kind,
            "subject_ref": entry.subject_ref,
            "content": entry.content,
            "salt": self._seal.seal_salt(opening, entry.subject_ref, at),
            "at": at,
        }
        session.info[_PENDING].append((pending, row))
        return pending

    def _write(self, session: Session) -> None:
        if session.in_nested_transaction():
            return  # a savepoint ends, not the transaction
        waiting: list[tuple[PendingLeaf, dict[str, object]]] = session.info[_PENDING]
        if not waiting:
            return
        session.flush()  # every other row first: the head's lock is the last one taken
        edge = self._locked_edge(session)
        nodes: list[dict[str, object]] = []
        for pending, row in waiting:
            pending.index = row["index"] = edge.size
            completed = edge.append(pending.leaf_hash)
            nodes += [{"level": node.level, "index": node.place, "hash": hash_} for node, hash_ in completed]
        records.add_leaves(session, [row for _, row in waiting], nodes)
        records.move_head(session, edge.size, self._seal.seal_edge(edge))
        waiting.clear()

    def _locked_edge(self, session: Session) -> Edge:
        head = records.lock_head(session)
        if head is None:
            created = records.create_head(session, self._seal.seal_edge(Edge()))
            # Only now, with the head held, can leaves be told from those of somebody who was quicker.
            if created and records.has_leaves(session):
                raise IntegrityError("The log's head is missing.")
            head = records.lock_head(session)
        return self._seal.open_edge(head)
