"""Review by people: each row is claimed for a while, seen beside its scan, then accepted, corrected or rejected."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import Conflict, FieldError, InvalidInput
from licence_vault.caller import Issuer
from licence_vault.collection.cleaning.row import Change
from licence_vault.collection.collected import Collected, close, open_content
from licence_vault.collection.judging import IDENTITY, judge, with_doubts
from licence_vault.collection.parts import CollectionParts, event, own, reviewer_name, today
from licence_vault.collection.records import (
    CollectedRow,
    CollectionRow,
    claimable,
    item_for_update,
    items_in,
)
from licence_vault.collection.states import CLASS_RULES, CollectionState, Credibility, ItemState
from licence_vault.issuing.service import Requester

CLAIM = timedelta(minutes=15)
REMARK_LIMIT = 200
BULK = 500
NOT_YOURS = "You do not have this row any more. Take it again from the queue."


@dataclass(frozen=True)
class Item:
    """A row under review. `content` is None once the row of a cancelled collection was forgotten."""

    collection_id: str
    number: int
    state: ItemState
    changes: int
    questions: int
    needs_second: bool
    claimed_by: str | None
    claimed_until: datetime | None
    first_by: str | None
    second_by: str | None
    licence_id: str | None
    content: Collected | None = field(repr=False)


class Review:
    """The queue of every collection."""

    def __init__(self, parts: CollectionParts) -> None:
        self._parts = parts

    async def claim(self, collection_id: str, requester: Requester) -> Item | None:
        """The next row for this reviewer, theirs for a quarter of an hour; None when none is left for them."""
        now, reviewer = self._parts.clock(), reviewer_name(requester.actor)
        async with self._parts.database.transaction() as session:
            await self._reviewing(session, collection_id, requester)
            row = await claimable(session, collection_id, reviewer, now)
            if row is None:
                return None
            row.claimed_by, row.claimed_until = reviewer, now + CLAIM
            return self._item(row)

    async def load(self, collection_id: str, number: int, uscc: str) -> Item | None:
        """A row as it stands. Raises `NotFound` for another authority's collection."""
        async with self._parts.database.reading() as session:
            own(await session.get(CollectionRow, collection_id), uscc)
            row = await session.get(CollectedRow, (collection_id, number))
        return self._item(row) if row is not None else None

    async def release(self, collection_id: str, number: int, requester: Requester) -> None:
        """Give a row back undecided."""
        async with self._parts.database.transaction() as session:
            await self._reviewing(session, collection_id, requester)
            row = await self._mine(session, collection_id, number, requester)
            row.claimed_by = row.claimed_until = None

    async def correct(
        self, collection_id: str, number: int, values: Mapping[str, str], requester: Requester, proposed: bool = False
    ) -> Item:
        """Write other values (by place) into a row and judge it anew; the row stays with the reviewer.

        `proposed`: the values are proposals that cleaning made. Raises `Conflict` when the row is somebody else's.
        """
        async with self._parts.database.reading() as session:
            row = own(await session.get(CollectionRow, collection_id), requester.issuer.uscc)
            item = await session.get(CollectedRow, (collection_id, number))
            if item is None or item.content is None:
                raise Conflict(NOT_YOURS)
            before = self._item(item).content
        assert before is not None, "the content was there above"
        licence_type = await self._parts.catalogue.load(row.type_code)
        changes = _differences(before, values, "chosen" if proposed else "reviewer")
        start = replace(before, changes=(*before.changes, *changes))
        wanted = {**before.values, **{each.place: each.after for each in changes}}
        issuer = Issuer(row.issuer_uscc, row.issuer_name)
        after = await asyncio.to_thread(
            judge, licence_type, start, wanted, issuer, self._parts.fonts, today(self._parts.clock)
        )
        key = self._parts.matching.twin_key(licence_type, after)
        scans = await self._parts.scans.of_row(collection_id, licence_type, after)
        after = replace(after, scans=scans.ids)
        doubts = [*scans.questions, *await self._parts.matching.in_vault(licence_type, after)]
        doubts += await self._parts.matching.twin(collection_id, number, key)
        after = with_doubts(after, doubts)
        async with self._parts.database.transaction() as session:
            await self._reviewing(session, collection_id, requester)
            item = await self._mine(session, collection_id, number, requester)
            if item.content is None or self._item(item).content != before:
                raise Conflict(NOT_YOURS)
            if changes:
                item.first_by = item.first_at = None  # what was accepted is not what stands there now
                item.state = ItemState.OPEN
            item.needs_second = item.needs_second or any(each.place in IDENTITY for each in changes)
            item.twin_key, item.changes, item.questions = key, len(after.changes), len(after.questions)
            item.content = close(self._parts.envelope, collection_id, number, after)
            return self._item(item)

    async def accept(self, collection_id: str, number: int, requester: Requester) -> ItemState:
        """Accept a row; the first acceptance of two leads to `second`.

        Raises `InvalidInput` while something is wrong in it, `Conflict` when it is somebody else's.
        """
        async with self._parts.database.transaction() as session:
            collection = await self._reviewing(session, collection_id, requester)
            row = await self._mine(session, collection_id, number, requester)
            content = self._item(row).content
            if content is None or content.faults:
                message = "Correct what is wrong in this row before you accept it."
                raise InvalidInput(message, fields=[FieldError("", message)])
            if row.state == ItemState.OPEN:
                rules = CLASS_RULES[Credibility(collection.credibility)]
                row.needs_second = row.needs_second or rules.second_person or bool(content.questions)
                row.first_by, row.first_at = reviewer_name(requester.actor), self._parts.clock()
                row.state = ItemState.SECOND if row.needs_second else ItemState.ACCEPTED
            elif row.first_by == reviewer_name(requester.actor):
                raise Conflict("Another person has to accept this row.")
            else:
                row.second_by, row.second_at = reviewer_name(requester.actor), self._parts.clock()
                row.state = ItemState.ACCEPTED
            row.claimed_by = row.claimed_until = None
            await self._parts.audit.record(
                session, event("accept", collection, requester, number=number, waits=row.state == ItemState.SECOND)
            )
            return ItemState(row.state)

    async def reject(self, collection_id: str, number: int, remark: str, requester: Requester) -> None:
        """Reject a row, saying why. Raises `InvalidInput` without a reason, `Conflict` when it is somebody else's."""
        remark = " ".join(remark.split())
        if not remark or len(remark) > REMARK_LIMIT:
            message = "Say in 1 to {limit} characters why."
            raise InvalidInput(
                message, fields=[FieldError("remark", message, {"limit": REMARK_LIMIT})], limit=REMARK_LIMIT
            )
        async with self._parts.database.transaction() as session:
            collection = await self._reviewing(session, collection_id, requester)
            row = await self._mine(session, collection_id, number, requester)
            content = self._item(row).content
            if content is not None:
                row.content = close(self._parts.envelope, collection_id, number, replace(content, remark=remark))
            row.state, row.claimed_by, row.claimed_until = ItemState.REJECTED, None, None
            await self._parts.audit.record(session, event("reject", collection, requester, number=number))

    async def accept_unquestioned(self, collection_id: str, requester: Requester) -> int:
        """Accept every row without a question at once, where the class allows it; says how many.

        Rows that somebody has in hand are left to them. Raises `Conflict` for the classes C and D.
        """
        accepted, after = 0, 0
        while True:
            async with self._parts.database.transaction() as session:
                collection = await self._reviewing(session, collection_id, requester)
                if not CLASS_RULES[Credibility(collection.credibility)].bulk:
                    raise Conflict("Licences of the classes C and D are looked at one by one.")
                rows = await items_in(session, collection_id, [ItemState.OPEN], after, BULK, lock=True)
                now, reviewer = self._parts.clock(), reviewer_name(requester.actor)
                count = 0
                for row in rows:
                    if row.questions or row.needs_second or (row.claimed_until and row.claimed_until >= now):
                        continue
                    row.state, row.first_by, row.first_at, count = ItemState.ACCEPTED, reviewer, now, count + 1
                if count:
                    await self._parts.audit.record(session, event("accept_together", collection, requester, rows=count))
                accepted += count
                if len(rows) < BULK:
                    return accepted
                after = rows[-1].number

    async def items(
        self, collection_id: str, uscc: str, states: tuple[ItemState, ...], after: int = 0, limit: int = 50
    ) -> list[Item]:
        """Rows in any of `states` with a number above `after`. Raises `NotFound`."""
        async with self._parts.database.reading() as session:
            own(await session.get(CollectionRow, collection_id), uscc)
            rows = await items_in(session, collection_id, states, after, limit)
        return [self._item(row) for row in rows]

    async def every_item(self, collection_id: str, uscc: str) -> AsyncIterator[Item]:
        """All rows in order, a few at a time."""
        after = 0
        while found := await self.items(collection_id, uscc, tuple(ItemState), after, BULK):
            for each in found:
                yield each
            after = found[-1].number

    async def _reviewing(self, session: AsyncSession, collection_id: str, requester: Requester) -> CollectionRow:
        row = own(await session.get(CollectionRow, collection_id), requester.issuer.uscc)
        if row.state not in (CollectionState.REVIEWING, CollectionState.HALTED):
            raise Conflict("This collection is not under review.")
        return row

    async def _mine(self, session: AsyncSession, collection_id: str, number: int, requester: Requester) -> CollectedRow:
        row = await item_for_update(session, collection_id, number)
        held = row is not None and row.claimed_by == reviewer_name(requester.actor)
        if row is None or not held or row.claimed_until is None or row.claimed_until < self._parts.clock():
            raise Conflict(NOT_YOURS)
        if row.state not in (ItemState.OPEN, ItemState.SECOND):
            raise Conflict("This row was decided already.")
        return row

    def _item(self, row: CollectedRow) -> Item:
        content = (
            open_content(self._parts.envelope, row.collection_id, row.number, row.content) if row.content else None
        )
        return Item(
            collection_id=row.collection_id,
            number=row.number,
            state=ItemState(row.state),
            changes=row.changes,
            questions=row.questions,
            needs_second=row.needs_second,
            claimed_by=row.claimed_by,
            claimed_until=row.claimed_until,
            first_by=row.first_by,
            second_by=row.second_by,
            licence_id=row.licence_id,
            content=content,
        )


def _differences(before: Collected, values: Mapping[str, str], rule: str) -> list[Change]:
    """What a reviewer typed that was not there."""
    return [
        Change(place, rule, before.values.get(place, ""), text.strip())
        for place, text in values.items()
        if text.strip() != before.values.get(place, "")
    ]
