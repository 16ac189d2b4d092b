"""A collection's life: hand a register in, say what its columns mean, see how it stands, go on, cancel."""

import asyncio
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice

from sqlalchemy import delete, select

from kernel.errors import Conflict, FieldError, Forbidden, InvalidInput
from kernel.ids.time_ordered import new_id
from licence_vault.batches.reading import Row, read_rows
from licence_vault.catalogue.licence_type import LicenceType
from licence_vault.collection import mapping
from licence_vault.collection.collected import Collected, close
from licence_vault.collection.parts import (
    Collection,
    CollectionParts,
    as_collection,
    close_columns,
    event,
    own,
)
from licence_vault.collection.records import (
    CollectedRow,
    CollectionRow,
    CollectionSourceRow,
    collection_for_update,
    collections_of,
    counts_of,
    settle_cancelled,
    unquestioned,
)
from licence_vault.collection.scans.archive import ScanFile
from licence_vault.collection.states import LIVING, CollectionState, Credibility, ItemState
from licence_vault.issuing.service import Requester

CHUNK, LISTED, SOURCE_LIMIT, KEY_LIMIT = 500, 50, 60, 200


@dataclass(frozen=True)
class RegisterOrder:
    """A register somebody hands in. `source` says where it comes from; what its columns mean is kept by that name.

    `columns`: head → place; None: as proposed, if that is enough, else the collection waits to be told.
    """

    type_code: str
    credibility: str
    source: str
    data: bytes
    columns: Mapping[str, str] | None = None
    starts_itself: bool = True


class Collections:
    """Every use case but review and the work itself."""

    def __init__(self, parts: CollectionParts) -> None:
        self._parts = parts
        self._reading = asyncio.Semaphore(2)

    async def create(self, order: RegisterOrder, requester: Requester) -> Collection:
        """Take a register in. The same key with the same register gives the same collection.

        Raises `InvalidInput`, `Forbidden`, `Conflict` (no seal; the key was used for something else).
        """
        licence_type = await self._parts.catalogue.load(order.type_code)
        if licence_type.issuing_authorities and requester.issuer.uscc not in licence_type.issuing_authorities:
            raise Forbidden("{issuer} may not issue this licence.", issuer=requester.issuer.name)
        source = _checked_source(order)
        await self._parts.seal_of(requester.issuer.uscc)
        digest = self._digest(
            f"{order.type_code}:{order.credibility}:{source}:{hashlib.sha256(order.data).hexdigest()}"
        )
        key = self._key(requester)
        if known := await self._known(key, digest):
            return known
        async with self._reading:
            return await self._receive(order, requester, licence_type, (key, digest))

    async def list_collections(self, uscc: str) -> list[Collection]:
        """An authority's newest."""
        async with self._parts.database.reading() as session:
            rows = await collections_of(session, uscc, LISTED)
            counts = {row.id: await counts_of(session, row.id) for row in rows}
        return [as_collection(row, counts[row.id], 0, self._parts.envelope) for row in rows]

    async def load(self, collection_id: str, uscc: str) -> Collection:
        """How it stands. Raises `NotFound`."""
        async with self._parts.database.reading() as session:
            row = own(await session.get(CollectionRow, collection_id), uscc)
            counts = await counts_of(session, row.id)
            alone = await unquestioned(session, row.id)
        return as_collection(row, counts, alone, self._parts.envelope)

    async def add_scans(self, collection_id: str, files: Iterator[ScanFile], requester: Requester) -> int:
        """Take scans in, before the rows are cleaned; says how many came new.

        Raises `NotFound`, `Conflict` when cleaning has begun, `InvalidInput` for what cannot be unpacked.
        """
        async with self._parts.database.reading() as session:
            row = own(await session.get(CollectionRow, collection_id), requester.issuer.uscc)
        if row.state != CollectionState.MAPPING:
            raise Conflict("Scans are handed in before the rows are cleaned.")
        added = await self._parts.scans.add(collection_id, files)
        async with self._parts.database.transaction() as session:
            await self._parts.audit.record(session, event("scans", row, requester, scans=added))
        return added

    async def say_columns(self, collection_id: str, columns: Mapping[str, str], requester: Requester) -> Collection:
        """Say what the columns mean and have the rows cleaned; kept for the next register of this source.

        Raises `InvalidInput` naming what is missing, `NotFound`, `Conflict` when cleaning has begun.
        """
        collection = await self.load(collection_id, requester.issuer.uscc)
        licence_type = await self._parts.catalogue.load(collection.type_code)
        chosen = mapping.checked(licence_type, list(collection.columns), columns)
        async with self._parts.database.transaction() as session:
            row = own(await collection_for_update(session, collection_id), requester.issuer.uscc)
            if row.state != CollectionState.MAPPING:
                raise Conflict("What the columns mean was said already.")
            row.columns = close_columns(self._parts.envelope, row.id, chosen)
            row.state, row.changed_at = CollectionState.CLEANING, self._parts.clock()
            await session.merge(self._source_row(row, chosen))
            await self._parts.audit.record(session, event("clean", row, requester, rows=row.total))
        return await self.load(collection_id, requester.issuer.uscc)

    async def resume(self, collection_id: str, requester: Requester) -> Collection:
        """Go on with one that was halted. Raises `NotFound`, `Conflict` when it is over or there is still no seal."""
        await self._parts.seal_of(requester.issuer.uscc)
        async with self._parts.database.transaction() as session:
            row = own(await collection_for_update(session, collection_id), requester.issuer.uscc)
            if row.state == CollectionState.HALTED:
                row.state, row.reason, row.changed_at = CollectionState.REVIEWING, "", self._parts.clock()
                await self._parts.audit.record(session, event("resume", row, requester))
            elif row.state not in LIVING:
                raise Conflict("This collection is over.")
        return await self.load(collection_id, requester.issuer.uscc)

    async def cancel(self, collection_id: str, requester: Requester) -> Collection:
        """Convert nothing more and forget what was not converted; what is converted stays.

        Raises `NotFound`, `Conflict` when it is done.
        """
        async with self._parts.database.transaction() as session:
            row = own(await collection_for_update(session, collection_id), requester.issuer.uscc)
            if row.state == CollectionState.DONE:
                raise Conflict("This collection is over.")
            if row.state != CollectionState.CANCELLED:
                row.state, row.changed_at = CollectionState.CANCELLED, self._parts.clock()
                await self._parts.audit.record(session, event("cancel", row, requester))
            await settle_cancelled(session, collection_id, self._parts.clock())
        return await self.load(collection_id, requester.issuer.uscc)

    async def saved_columns(self, uscc: str, type_code: str, source: str) -> dict[str, str]:
        """What the columns of a source meant last time; empty for a new one."""
        async with self._parts.database.reading() as session:
            row = await session.get(CollectionSourceRow, (uscc, type_code, source))
        if row is None:
            return {}
        context = f"collection source:{uscc}:{type_code}:{source}"
        saved: dict[str, str] = json.loads(self._parts.envelope.decrypt(row.mapping, context=context))
        return saved

    async def proposed_columns(self, collection: Collection) -> dict[str, str]:
        """Head → place, as far as that can be told."""
        licence_type = await self._parts.catalogue.load(collection.type_code)
        saved = await self.saved_columns(collection.issuer_uscc, collection.type_code, collection.source)
        return mapping.propose(licence_type, list(collection.columns), saved)

    async def _receive(
        self, order: RegisterOrder, requester: Requester, licence_type: LicenceType, known_by: tuple[str | None, str]
    ) -> Collection:
        parts, now = self._parts, self._parts.clock()
        heads, rows = await asyncio.to_thread(_read, order.data)
        if order.columns is not None:
            mapping.checked(licence_type, heads, order.columns)
        row = CollectionRow(
            id=new_id(),
            type_code=licence_type.code,
            credibility=order.credibility,
            source=_checked_source(order),
            issuer_uscc=requester.issuer.uscc,
            issuer_name=requester.issuer.name,
            actor_kind=requester.actor.kind,
            actor_id=requester.actor.id,
            request_key=known_by[0],
            content_digest=known_by[1],
            state=CollectionState.RECEIVING,
            reason="",
            total=0,
            columns=b"",
            created_at=now,
            changed_at=now,
        )
        row.columns = close_columns(parts.envelope, row.id, dict.fromkeys(heads, ""))
        async with parts.database.transaction() as session:
            session.add(row)
        try:
            total = await self._store(row.id, rows)
        except BaseException:
            async with parts.database.transaction() as session:
                await session.execute(delete(CollectedRow).where(CollectedRow.collection_id == row.id))
                await session.execute(delete(CollectionRow).where(CollectionRow.id == row.id))
            raise
        async with parts.database.transaction() as session:
            kept = await collection_for_update(session, row.id)
            assert kept is not None, "nobody deletes a collection that is being received"
            kept.total, kept.state = total, CollectionState.MAPPING
            await parts.audit.record(session, event("create", kept, requester, rows=total))
        return await self._begin(await self.load(row.id, requester.issuer.uscc), order, requester)

    async def _begin(self, collection: Collection, order: RegisterOrder, requester: Requester) -> Collection:
        """Start cleaning when it is known what the columns mean."""
        columns = order.columns
        if columns is None and order.starts_itself:
            columns = await self.proposed_columns(collection)
        if columns is None:
            return collection
        try:
            return await self.say_columns(collection.id, columns, requester)
        except InvalidInput:
            return collection

    async def _store(self, collection_id: str, rows: Iterator[Row]) -> int:
        total = 0
        while chunk := await asyncio.to_thread(self._closed, collection_id, rows):
            async with self._parts.database.transaction() as session:
                session.add_all(chunk)
            total += len(chunk)
        return total

    def _closed(self, collection_id: str, rows: Iterator[Row]) -> list[CollectedRow]:
        return [
            CollectedRow(
                collection_id=collection_id,
                number=number,
                state=ItemState.NEW,
                content=close(self._parts.envelope, collection_id, number, Collected(_cells(cells))),
            )
            for number, cells in islice(rows, CHUNK)
        ]

    async def _known(self, key: str | None, digest: str) -> Collection | None:
        if key is None:
            return None
        async with self._parts.database.reading() as session:
            row = (await session.scalars(select(CollectionRow).where(CollectionRow.request_key == key))).one_or_none()
        if row is None:
            return None
        if row.content_digest != digest:
            raise Conflict("This Idempotency-Key was already used for a different request.")
        return await self.load(row.id, row.issuer_uscc)

    def _source_row(self, row: CollectionRow, chosen: Mapping[str, str]) -> CollectionSourceRow:
        context = f"collection source:{row.issuer_uscc}:{row.type_code}:{row.source}"
        return CollectionSourceRow(
            issuer_uscc=row.issuer_uscc,
            type_code=row.type_code,
            source=row.source,
            mapping=self._parts.envelope.encrypt(
                json.dumps(dict(chosen), ensure_ascii=False).encode(), context=context
            ),
            changed_at=self._parts.clock(),
        )

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
        return self._parts.envelope.blind_index("collection", text)


def _checked_source(order: RegisterOrder) -> str:
    if order.credibility not in list(Credibility):
        message = "The class of credibility is A, B, C or D."
        raise InvalidInput(message, fields=[FieldError("class", message)])
    source = " ".join(order.source.split())
    if not source or len(source) > SOURCE_LIMIT or not source.isprintable():
        message = "Say in 1 to {limit} characters where the register comes from."
        raise InvalidInput(message, fields=[FieldError("source", message, {"limit": SOURCE_LIMIT})], limit=SOURCE_LIMIT)
    return source


def _read(data: bytes) -> tuple[list[str], Iterator[Row]]:
    """The heads of a register and its rows; of JSON lines the names of all members of the first row."""
    _is_table, rows = read_rows(data)
    first = next(rows)
    return [str(head) for head in first[1]], chain((first,), rows)


def _cells(cells: Mapping[str, object]) -> dict[str, str]:
    return {str(head): value if isinstance(value, str) else _text(value) for head, value in cells.items()}


def _text(value: object) -> str:
    return "" if value is None else str(value) if not isinstance(value, dict | list) else json.dumps(value)
