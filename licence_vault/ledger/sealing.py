"""What ties the log's rows to this system: authenticated encryption under the master key.

A salt opens only in the row of its own subject, kind and time, so that leaves cannot be given to one another; the edge
opens only at its own size, so that nobody without the master key moves the head.
"""

from datetime import UTC, datetime

from kernel.crypto.envelope import Envelope
from kernel.errors import IntegrityError
from licence_vault.ledger.entries import KINDS, Opening
from licence_vault.ledger.merkle import Edge
from licence_vault.ledger.records import LedgerHeadRow, StoredLeaf


class LedgerSeal:
    """Encrypts and opens salts and edges. Safe to share between threads."""

    def __init__(self, envelope: Envelope) -> None:
        self._envelope = envelope

    def seal_salt(self, opening: Opening, subject_ref: str, at: datetime) -> bytes:
        """The salt as its row keeps it."""
        return self._envelope.encrypt(opening.salt, context=_place(subject_ref, opening.kind, at))

    def open_leaf(self, row: StoredLeaf) -> Opening | None:
        """What opens the row's commitment, None if it was erased; raises IntegrityError if it does not belong there."""
        if row.salt is None or row.content is None:
            return None
        kind = next((known for known in KINDS if known == row.kind), None)
        if kind is None:
            raise IntegrityError("The opening does not fit the entry.", reason="unknown kind")
        salt = self._envelope.decrypt(row.salt, context=_place(row.subject_ref, row.kind, row.at))
        opening = Opening(salt, kind, row.content)
        if opening.commitment != row.commitment:
            raise IntegrityError("The opening does not fit the entry.", reason="other commitment")
        return opening

    def seal_edge(self, edge: Edge) -> bytes:
        """The edge as the head keeps it."""
        return self._envelope.encrypt(edge.to_bytes(), context=_edge_place(edge.size))

    def open_edge(self, head: LedgerHeadRow | None) -> Edge:
        """The tree's edge, empty before the first leaf; raises IntegrityError if somebody else moved the head."""
        if head is None:
            return Edge()
        data = self._envelope.decrypt(head.edge, context=_edge_place(head.size))
        try:
            return Edge.from_bytes(head.size, data)
        except ValueError as failure:
            raise IntegrityError("The head was not set by this system.", reason=str(failure)) from failure


def _place(subject_ref: str, kind: str, at: datetime) -> str:
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    return f"vault_ledger_leaf.salt:{subject_ref}:{kind}:{moment}"


def _edge_place(size: int) -> str:
    return f"vault_ledger_head.edge:{size}"
