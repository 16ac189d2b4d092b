"""What the parts of collections work with, and the collection as they speak of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.crypto.envelope import Envelope
from kernel.database.engine import Database
from kernel.errors import NotFound
from kernel.i18n import DISPLAY_ZONE
from licence_vault.catalogue.service import Catalogue
from licence_vault.collection.matching import Matching
from licence_vault.collection.records import CollectionRow
from licence_vault.collection.scans.service import Scans
from licence_vault.collection.states import CollectionState, Credibility, ItemState
from licence_vault.issuing.service import Issuing, Requester, SealOfAuthority
from licence_vault.layout.fonts import FontBook


@dataclass(frozen=True)
class CollectionParts:
    """Handed to every use case."""

    database: Database
    audit: AuditTrail
    clock: Clock
    envelope: Envelope
    catalogue: Catalogue
    issuing: Issuing
    seal_of: SealOfAuthority
    fonts: FontBook
    matching: Matching
    scans: Scans


@dataclass(frozen=True)
class Collection:
    """How a collection stands. `columns`: head → place, empty where a column means nothing; `counts` by row state."""

    id: str
    type_code: str
    credibility: Credibility
    source: str
    issuer_uscc: str
    state: CollectionState
    reason: str
    total: int
    counts: Mapping[str, int]
    unquestioned: int
    created_at: datetime
    changed_at: datetime
    columns: Mapping[str, str] = field(repr=False)

    def count(self, *states: ItemState) -> int:
        """How many rows are in any of these states."""
        return sum(self.counts.get(state, 0) for state in states)

    @property
    def working(self) -> bool:
        """Whether something goes on by itself now."""
        if self.state is CollectionState.CLEANING:
            return True
        return self.state is CollectionState.REVIEWING and self.count(ItemState.ACCEPTED) > 0


def as_collection(row: CollectionRow, counts: Mapping[str, int], unquestioned: int, envelope: Envelope) -> Collection:
    """The row, with its columns opened."""
    return Collection(
        id=row.id,
        type_code=row.type_code,
        credibility=Credibility(row.credibility),
        source=row.source,
        issuer_uscc=row.issuer_uscc,
        state=CollectionState(row.state),
        reason=row.reason,
        total=row.total,
        counts=counts,
        unquestioned=unquestioned,
        created_at=row.created_at,
        changed_at=row.changed_at,
        columns=open_columns(envelope, row),
    )


def close_columns(envelope: Envelope, collection_id: str, columns: Mapping[str, str]) -> bytes:
    """Heads and what they mean, encrypted."""
    plain = json.dumps(dict(columns), ensure_ascii=False).encode()
    return envelope.encrypt(plain, context=f"collection:{collection_id}:columns")


def open_columns(envelope: Envelope, row: CollectionRow) -> dict[str, str]:
    """What `close_columns` closed."""
    columns: dict[str, str] = json.loads(envelope.decrypt(row.columns, context=f"collection:{row.id}:columns"))
    return columns


def own(row: CollectionRow | None, uscc: str) -> CollectionRow:
    """The row if it is this authority's. Raises `NotFound`."""
    if row is None or row.issuer_uscc != uscc:
        raise NotFound("There is no such collection, or it is not yours to see.")
    return row


def event(action: str, row: CollectionRow, who: Requester | Actor, **more: object) -> AuditEvent:
    """What the audit trail keeps of a step of a collection."""
    actor = who if isinstance(who, Actor) else who.actor
    detail = {"type": row.type_code, "issuer": row.issuer_uscc, "class": row.credibility, **more}
    return AuditEvent(f"licence_collection.{action}", actor, f"licence_collection:{row.id}", detail=detail)


def reviewer_name(actor: Actor) -> str:
    """An actor in one word, as rows keep reviewers."""
    return f"{actor.kind}:{actor.id}"


def reviewer_actor(name: str) -> Actor:
    """The actor whom `reviewer_name` named."""
    kind, _colon, identifier = name.partition(":")
    return Actor("client" if kind == "client" else "system" if kind == "system" else "user", identifier)


def today(clock: Clock) -> date:
    """The day in China."""
    return clock().astimezone(DISPLAY_ZONE).date()
