"""A batch's life, as agencies steer it: hand in a file, see how it stands, start, cancel, fetch what is wrong."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import Any

from sqlalchemy import delete, select, update

from kernel.audit.chain import AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.crypto.envelope import Envelope
from kernel.database.engine import Database
from kernel.errors import Conflict, FieldError, Forbidden, InvalidInput, NotFound
from kernel.ids.time_ordered import new_id
from licence_vault.batches.checking import RowError
from licence_vault.batches.columns import flat_places, order_of, places_of
from licence_vault.batches.reading import read_rows
from licence_vault.batches.records import BatchItemRow, BatchRow, batch_for_update, batches_of, counts_of, rows_in
from licence_vault.batches.states import BatchState, RowState
from licence_vault.catalogue.licence_type import LicenceType
from licence_vault.catalogue.service import Catalogue
from licence_vault.issuing.order import canonical_text
from licence_vault.issuing.service import Issuing, Requester, SealOfAuthority
from licence_vault.layout.fonts import FontBook

CHUNK = 500
LISTED = 50
KEY_LIMIT = 200


@dataclass(frozen=True)
class BatchParts:
    """What batches work with."""

    database: Database
    audit: AuditTrail
    clock: Clock
    envelope: Envelope
    catalogue: Catalogue
    issuing: Issuing
    seal_of: SealOfAuthority
    fonts: FontBook


@dataclass(frozen=True)
class Batch:
    """How a batch stands. `counts` by row state; rows that were not looked at yet are `new`."""

    id: str
    type_code: str
    state: BatchState
    reason: str
    total: int
    counts: dict[str, int]
    created_at: datetime
    changed_at: datetime

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.state not in (BatchState.RECEIVING, BatchState.CHECKING, BatchState.ISSUING)

    def count(self, *states: RowState) -> int:
        """How many rows are in any of these states."""
        return sum(self.counts.get(state, 0) for state in states)

    def seconds_left(self, now: datetime) -> int | None:
        """How long it will go on at the pace so far; None when that cannot be said."""
        done = (
            self.total - self.count(RowState.NEW) if self.state is BatchState.CHECKING else self.count(RowState.ISSUED)
        )
        left = self.count(RowState.NEW, RowState.READY)
        passed = (now - self.changed_at).total_seconds()
        return round(passed / done * left) if done and passed > 0 and not self.finished else None


@dataclass(frozen=True)
class WrongRow:
    """A row that cannot be issued, or was not."""

    number: int
    errors: tuple[RowError, ...]


@dataclass(frozen=True)
class FileOrder:
    """What somebody asks to have done with a file. `skips_wrong`: issue the right rows though others are wrong."""

    type_code: str
    data: bytes
    starts_itself: bool = False
    skips_wrong: bool = False


class Batches:
    """Every use case but the work itself, which is the runner's."""

    def __init__(self, parts: BatchParts) -> None:
        self._parts = parts
        self._reading = asyncio.Semaphore(2)

    async def create(self, order: FileOrder, requester: Requester) -> Batch:
        """Read a file into a batch that the runner will check. The same key with the same file gives the same batch.

        Raises `InvalidInput` for what is no table of this type, `Forbidden`, `Conflict` (no seal; key used otherwise).
        """
        licence_type = await self._parts.catalogue.load(order.type_code)
        allowed = licence_type.issuing_authorities
        if allowed and requester.issuer.uscc not in allowed:
            raise Forbidden("{issuer} may not issue this licence.", issuer=requester.issuer.name)
        await self._parts.seal_of(requester.issuer.uscc)
        digest = self._digest(f"{order.type_code}:{hashlib.sha256(order.data).hexdigest()}")
        key = self._key(requester)
        if known := await self._known(key, digest):
            return known
        async with self._reading:
            return await self._receive(order, requester, licence_type, (key, digest))

    async def load(self, batch_id: str, uscc: str) -> Batch:
        """An authority's own batch. Raises `NotFound`."""
        async with self._parts.database.reading() as session:
            row = await session.get(BatchRow, batch_id)
            if row is None or row.issuer_uscc != uscc:
                raise _not_found()
            return _batch(row, await counts_of(session, batch_id))

    async def list_batches(self, uscc: str) -> Sequence[Batch]:
        """An authority's newest batches."""
        async with self._parts.database.reading() as session:
            rows = await batches_of(session, uscc, LISTED)
            return [_batch(row, await counts_of(session, row.id)) for row in rows]

    async def start(self, batch_id: str, requester: Requester, *, skips_wrong: bool = False) -> Batch:
        """Issue what was checked, or go on after a halt. Raises `NotFound`, `Conflict`."""
        await self._parts.seal_of(requester.issuer.uscc)
        async with self._parts.database.transaction() as session:
            row = _own(await batch_for_update(session, batch_id), requester)
            if row.state == BatchState.CHECKING:
                row.starts_itself, row.skips_wrong = True, skips_wrong
            elif row.state in (BatchState.CHECKED, BatchState.HALTED):
                counts = await counts_of(session, batch_id)
                if counts.get(RowState.WRONG) and not (skips_wrong or row.skips_wrong):
                    raise Conflict(
                        "{count} rows are wrong. Correct the file, or have the right rows issued alone.",
                        count=counts[RowState.WRONG],
                    )
                row.state, row.reason, row.changed_at = BatchState.ISSUING, "", self._parts.clock()
            elif row.state != BatchState.ISSUING:
                raise Conflict("This batch is over.")
            await self._note(session, "licence_batch.start", row, requester)
        return await self.load(batch_id, requester.issuer.uscc)

    async def cancel(self, batch_id: str, requester: Requester) -> Batch:
        """Issue nothing more; what is issued stays. Raises `NotFound`, `Conflict` when it is done."""
        async with self._parts.database.transaction() as session:
            row = _own(await batch_for_update(session, batch_id), requester)
            if row.state == BatchState.DONE:
                raise Conflict("This batch is over.")
            if row.state != BatchState.CANCELLED:
                row.state, row.changed_at = BatchState.CANCELLED, self._parts.clock()
                unused = BatchItemRow.state.in_((RowState.NEW, RowState.READY))
                await session.execute(
                    update(BatchItemRow).where(BatchItemRow.batch_id == batch_id, unused).values(content=None)
                )
                await self._note(session, "licence_batch.cancel", row, requester)
        return await self.load(batch_id, requester.issuer.uscc)

    async def wrong_rows(self, batch_id: str, uscc: str, limit: int | None = None) -> AsyncIterator[WrongRow]:
        """The rows that are wrong or were refused, in order."""
        await self.load(batch_id, uscc)
        async for row in self._rows(batch_id, (RowState.WRONG, RowState.FAILED), limit):
            context = f"batch:{batch_id}:{row.number}:errors"
            errors = json.loads(self._parts.envelope.decrypt(row.errors, context=context)) if row.errors else []
            yield WrongRow(row.number, tuple(RowError(**each) for each in errors))

    async def issued_rows(self, batch_id: str, uscc: str) -> AsyncIterator[tuple[int, str]]:
        """The rows that were issued with the ids of their licences, in order."""
        await self.load(batch_id, uscc)
        async for row in self._rows(batch_id, (RowState.ISSUED,), None):
            yield row.number, row.licence_id or ""

    async def _rows(self, batch_id: str, states: Sequence[str], limit: int | None) -> AsyncIterator[BatchItemRow]:
        after, left = 0, limit
        while left is None or left > 0:
            async with self._parts.database.reading() as session:
                rows = await rows_in(session, batch_id, states, after, CHUNK if left is None else min(CHUNK, left))
            for row in rows:
                yield row
            if not rows:
                return
            after, left = rows[-1].number, None if left is None else left - len(rows)

    async def _receive(
        self, order: FileOrder, requester: Requester, licence_type: LicenceType, known_by: tuple[str | None, str]
    ) -> Batch:
        parts, now = self._parts, self._parts.clock()
        row = BatchRow(
            id=new_id(),
            type_code=licence_type.code,
            issuer_uscc=requester.issuer.uscc,
            issuer_name=requester.issuer.name,
            actor_kind=requester.actor.kind,
            actor_id=requester.actor.id,
            request_key=known_by[0],
            content_digest=known_by[1],
            state=BatchState.RECEIVING,
            starts_itself=order.starts_itself,
            skips_wrong=order.skips_wrong,
            reason="",
            total=0,
            created_at=now,
            changed_at=now,
        )
        orders = await asyncio.to_thread(_orders, order.data, licence_type)
        async with parts.database.transaction() as session:
            session.add(row)
        try:
            total = await self._store(row.id, orders)
        except BaseException:
            async with parts.database.transaction() as session:
                await session.execute(delete(BatchItemRow).where(BatchItemRow.batch_id == row.id))
                await session.execute(delete(BatchRow).where(BatchRow.id == row.id))
            raise
        async with parts.database.transaction() as session:
            kept = await batch_for_update(session, row.id)
            assert kept is not None, "nobody deletes a batch that is being received"
            kept.state, kept.total = BatchState.CHECKING, total
            await self._note(session, "licence_batch.create", kept, requester)
        return await self.load(row.id, requester.issuer.uscc)

    async def _store(self, batch_id: str, orders: Iterator[tuple[int, str]]) -> int:
        total = 0
        while chunk := await asyncio.to_thread(self._closed, batch_id, orders):
            async with self._parts.database.transaction() as session:
                session.add_all(chunk)
            total += len(chunk)
        return total

    def _closed(self, batch_id: str, orders: Iterator[tuple[int, str]]) -> list[BatchItemRow]:
        envelope = self._parts.envelope
        return [
            BatchItemRow(
                batch_id=batch_id,
                number=number,
                state=RowState.NEW,
                row_key=envelope.blind_index("row of a file", text),
                content=envelope.encrypt(text.encode(), context=f"batch:{batch_id}:{number}"),
                attempts=0,
            )
            for number, text in islice(orders, CHUNK)
        ]

    async def _known(self, key: str | None, digest: str) -> Batch | None:
        if key is None:
            return None
        async with self._parts.database.reading() as session:
            row = (await session.scalars(select(BatchRow).where(BatchRow.request_key == key))).one_or_none()
            if row is None:
                return None
            if row.content_digest != digest:
                raise Conflict("This Idempotency-Key was already used for a different request.")
            return _batch(row, await counts_of(session, row.id))

    def _key(self, requester: Requester) -> str | None:
        if not requester.key:
            return None
        if len(requester.key) > KEY_LIMIT or not requester.key.isprintable():
            message = "An Idempotency-Key has at most {limit} printable characters."
            raise InvalidInput(
                message, fields=[FieldError("Idempotency-Key", message, {"limit": KEY_LIMIT})], limit=KEY_LIMIT
            )
        return self._digest(f"{requester.actor.kind}:{requester.actor.id}:{requester.key}")

    def _digest(self, text: str) -> str:
        return self._parts.envelope.blind_index("batch", text)

    async def _note(self, session: Any, action: str, row: BatchRow, requester: Requester) -> None:
        detail = {"type": row.type_code, "issuer": row.issuer_uscc, "rows": row.total}
        await self._parts.audit.record(
            session, AuditEvent(action, requester.actor, f"licence_batch:{row.id}", detail=detail)
        )


def _own(row: BatchRow | None, requester: Requester) -> BatchRow:
    if row is None or row.issuer_uscc != requester.issuer.uscc:
        raise _not_found()
    return row


def _not_found() -> NotFound:
    return NotFound("There is no such batch, or it is not yours to see.")


def _orders(data: bytes, licence_type: LicenceType) -> Iterator[tuple[int, str]]:
    """Every row's number and its order in canonical text; the heads of a table are checked before the first."""
    is_table, rows = read_rows(data)
    first = next(rows)
    places = places_of(licence_type, list(first[1])) if is_table else None
    return (
        (number, canonical_text(order_of(licence_type, cells, places or flat_places(licence_type, list(cells)))))
        for number, cells in chain((first,), rows)
    )


def _batch(row: BatchRow, counts: dict[str, int]) -> Batch:
    return Batch(
        id=row.id,
        type_code=row.type_code,
        state=BatchState(row.state),
        reason=row.reason,
        total=row.total,
        counts=counts,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )
