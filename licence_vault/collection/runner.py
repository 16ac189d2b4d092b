"""The work of collections: clean every row, then convert what was accepted, in leases that any worker may take.

A lease that was not given back in time is taken by somebody else. The row's key makes converting it twice impossible.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import Conflict, FieldError, Forbidden, InvalidInput, NotFound, Unavailable
from kernel.repeating import Repeating
from licence_vault.caller import Issuer
from licence_vault.catalogue.licence_type import LicenceType
from licence_vault.collection.collected import Collected, Question, ask, close, open_content
from licence_vault.collection.judging import judge, values_of, with_doubts
from licence_vault.collection.parts import CollectionParts, event, open_columns, reviewer_actor, today
from licence_vault.collection.records import (
    CollectedRow,
    CollectionRow,
    collection_for_update,
    counts_of,
    leasable,
    settle_cancelled,
    twins_in,
    working,
)
from licence_vault.collection.states import CLASS_RULES, WAITING, CollectionState, Credibility, ItemState
from licence_vault.issuing.service import Requester
from licence_vault.licences.origin import Origin

CLEANED_TOGETHER, CONVERTED_TOGETHER, AT_ONCE = 50, 6, 2
MOST_ATTEMPTS = 3
IDLE_SECONDS = 1.0
_log = structlog.get_logger()


@dataclass(frozen=True)
class _Outcome:
    """What became of a row; `state` None: it goes back to those that wait."""

    number: int
    state: ItemState | None
    collected: Collected | None = None
    licence_id: str | None = None


class Collector:
    """One worker; run as many as there are processes."""

    def __init__(self, parts: CollectionParts, lease_seconds: float = 120) -> None:
        """`lease_seconds`: how long a worker may be silent before its rows are given to another."""
        self._parts = parts
        self._lease = timedelta(seconds=lease_seconds)
        self.work = Repeating("collections", self.step, IDLE_SECONDS)

    def another(self, lease_seconds: float) -> "Collector":
        """A further worker of the same house."""
        return Collector(self._parts, lease_seconds)

    def wake(self) -> None:
        """There is work: do not wait for the next look."""
        self.work.wake()

    async def step(self, collection_id: str | None = None) -> bool:
        """Do one lease of work, of this collection or of the first that has any; False when there was none to take."""
        async with self._parts.database.reading() as session:
            collections = await working(session, collection_id)
        for each in collections:
            if await self._step(each):
                return True
        return False

    async def _step(self, collection: CollectionRow) -> bool:
        if collection.state == CollectionState.CLEANING:
            state, many = ItemState.NEW, CLEANED_TOGETHER
        elif collection.state == CollectionState.REVIEWING:
            state, many = ItemState.ACCEPTED, CONVERTED_TOGETHER
        else:
            return False
        now = self._parts.clock()
        async with self._parts.database.transaction() as session:
            rows = await leasable(session, collection.id, state, now, many)
            for row in rows:
                row.leased_until, row.attempts = now + self._lease, row.attempts + 1
        if not rows:
            return await self._finish(collection)
        work = self._clean if state is ItemState.NEW else self._convert
        try:
            outcomes = await work(collection, rows)
        except BaseException:
            with suppress(Exception):
                await self._write(collection, [_Outcome(row.number, None) for row in rows])
            raise
        await self._write(collection, outcomes)
        return True

    async def _clean(self, collection: CollectionRow, rows: Sequence[CollectedRow]) -> list[_Outcome]:
        licence_type = await self._parts.catalogue.load(collection.type_code)
        judged = await asyncio.to_thread(self._judged, collection, rows, licence_type)
        outcomes = []
        for row, collected in zip(rows, judged, strict=True):
            scans = await self._parts.scans.of_row(collection.id, licence_type, collected)
            doubts = await self._parts.matching.in_vault(licence_type, collected)
            found = replace(with_doubts(collected, [*scans.questions, *doubts]), scans=scans.ids)
            outcomes.append(_Outcome(row.number, ItemState.OPEN, found))
        return outcomes

    def _judged(
        self, collection: CollectionRow, rows: Sequence[CollectedRow], licence_type: LicenceType
    ) -> list[Collected]:
        columns = open_columns(self._parts.envelope, collection)
        issuer, day = Issuer(collection.issuer_uscc, collection.issuer_name), today(self._parts.clock)
        found = []
        for row in rows:
            start = self._content(row)
            found.append(judge(licence_type, start, values_of(columns, start.cells), issuer, self._parts.fonts, day))
        return found

    async def _convert(self, collection: CollectionRow, rows: Sequence[CollectedRow]) -> list[_Outcome]:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(row: CollectedRow) -> _Outcome:
            async with gate:
                return await self._convert_row(collection, row)

        results = await asyncio.gather(*(one(row) for row in rows), return_exceptions=True)
        outcomes = [each for each in results if isinstance(each, _Outcome)]
        if halting := next((each for each in results if isinstance(each, Conflict | Forbidden | NotFound)), None):
            await self._halt(collection, str(halting.text))
        done = {each.number for each in outcomes}
        outcomes += [_Outcome(row.number, None) for row in rows if row.number not in done]
        if away := next((each for each in results if isinstance(each, Unavailable)), None):
            await self._write(collection, outcomes)
            raise away
        return outcomes

    async def _convert_row(self, collection: CollectionRow, row: CollectedRow) -> _Outcome:
        issuer = Issuer(collection.issuer_uscc, collection.issuer_name)
        actor = reviewer_actor(row.second_by or row.first_by or "")
        collected = self._content(row)
        try:
            requester = Requester(actor, issuer, f"collected-{collection.id}-{row.number}")
            scans = self._parts.scans
            origin = replace(
                _origin(collection, row, collected),
                digest=await scans.digest(collected.scans),
                pages=await scans.pages(collected.scans),
            )
            licence = await self._parts.issuing.issue(collected.order, requester, origin)
        except InvalidInput as refusal:
            return _Outcome(row.number, ItemState.FAILED, _refused(collected, refusal))
        except (Conflict, Forbidden, NotFound, Unavailable):
            raise
        except Exception as failure:  # noqa: BLE001 - one row must not keep the others waiting
            _log.warning("row put off", collection=collection.id, row=row.number, reason=type(failure).__name__)
            if row.attempts < MOST_ATTEMPTS:
                return _Outcome(row.number, None)
            return _Outcome(row.number, ItemState.FAILED, with_doubts(collected, [ask("failed", fault=True)]))
        return _Outcome(row.number, ItemState.CONVERTED, licence_id=licence.id)

    async def _write(self, collection: CollectionRow, outcomes: Sequence[_Outcome]) -> None:
        licence_type = await self._parts.catalogue.load(collection.type_code)
        async with self._parts.database.transaction() as session:
            for each in outcomes:
                row = await session.get(CollectedRow, (collection.id, each.number), with_for_update=True)
                if row is None or row.state not in (ItemState.NEW, ItemState.ACCEPTED):
                    continue
                row.leased_until = None
                if each.state is None:
                    continue
                row.state, row.licence_id = each.state, each.licence_id
                if each.state is ItemState.OPEN:
                    row.attempts = 0
                if each.collected is not None:
                    row.changes, row.questions = len(each.collected.changes), len(each.collected.questions)
                    row.twin_key = self._parts.matching.twin_key(licence_type, each.collected)
                    row.content = close(self._parts.envelope, collection.id, row.number, each.collected)
            current = await collection_for_update(session, collection.id)
            if current is not None and current.state == CollectionState.CANCELLED:
                await session.flush()
                await settle_cancelled(session, collection.id, self._parts.clock())

    def _content(self, row: CollectedRow) -> Collected:
        assert row.content is not None, "rows that wait have their content"
        return open_content(self._parts.envelope, row.collection_id, row.number, row.content)

    async def _halt(self, collection: CollectionRow, reason: str) -> None:
        async with self._parts.database.transaction() as session:
            row = await collection_for_update(session, collection.id)
            if row is not None and row.state == CollectionState.REVIEWING:
                row.state, row.reason, row.changed_at = CollectionState.HALTED, reason[:400], self._parts.clock()

    async def _finish(self, collection: CollectionRow) -> bool:
        """Move a collection on whose rows are all done; False while somebody still works on some."""
        async with self._parts.database.transaction() as session:
            row = await collection_for_update(session, collection.id)
            if row is None or row.state != collection.state:
                return False
            counts = await counts_of(session, collection.id)
            if row.state == CollectionState.CLEANING:
                if counts.get(ItemState.NEW):
                    return False
                await self._mark_twins(session, row)
                row.state, row.changed_at = CollectionState.REVIEWING, self._parts.clock()
                return True
            if any(counts.get(state) for state in WAITING):
                return False
            row.state, row.changed_at = CollectionState.DONE, self._parts.clock()
            kept = {state.value: counts.get(state, 0) for state in (ItemState.CONVERTED, ItemState.REJECTED)}
            actor = reviewer_actor(f"{row.actor_kind}:{row.actor_id}")
            await self._parts.audit.record(session, event("finish", row, actor, **kept))
        return True

    async def _mark_twins(self, session: AsyncSession, collection: CollectionRow) -> None:
        """Ask about each row that speaks of the same licence as one before it."""
        async for row, first in twins_in(session, collection.id):
            collected = self._content(row)
            collected = replace(collected, questions=(*collected.questions, ask("twin", number=first)))
            row.questions = len(collected.questions)
            row.content = close(self._parts.envelope, collection.id, row.number, collected)


def _origin(collection: CollectionRow, row: CollectedRow, collected: Collected) -> Origin:
    issued_on = collected.values.get("issued_on")
    credibility = Credibility(collection.credibility)
    return Origin(
        collection_id=collection.id,
        number=row.number,
        credibility=credibility.value,
        wording=CLASS_RULES[credibility].wording,
        source=collection.source,
        issued_on=date.fromisoformat(issued_on) if issued_on else None,
    )


def _refused(collected: Collected, refusal: InvalidInput) -> Collected:
    complaints = refusal.fields or (FieldError("", refusal.message, dict(refusal.params)),)
    return replace(
        collected, questions=tuple(Question(each.field, each.message, dict(each.params)) for each in complaints)
    )
