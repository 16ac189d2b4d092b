"""The work of batches: check every row, then issue, in leases that any worker on any machine may take.

A lease that was not given back in time is taken by somebody else: what a killed worker had begun is begun again, and
the row's key makes issuing it twice impossible.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import select

from kernel.audit.chain import Actor, AuditEvent
from kernel.errors import Conflict, FieldError, Forbidden, InvalidInput, NotFound, Unavailable
from kernel.repeating import Repeating
from licence_vault.batches.checking import RowError, check_row
from licence_vault.batches.records import BatchItemRow, BatchRow, batch_for_update, counts_of, leasable, rows_for_update
from licence_vault.batches.service import BatchParts
from licence_vault.batches.states import BatchState, RowState
from licence_vault.caller import Issuer
from licence_vault.catalogue.licence_type import LicenceType
from licence_vault.issuing.service import KeyedOrder, Requester

CHECKED_TOGETHER, ISSUED_TOGETHER, AT_ONCE = 100, 32, 4
MOST_ATTEMPTS = 3
IDLE_SECONDS = 1.0
_log = structlog.get_logger()


@dataclass(frozen=True)
class _Outcome:
    """What became of a row; `state` None: it goes back to those that wait."""

    number: int
    state: RowState | None
    errors: Sequence[RowError] = ()
    licence_id: str | None = None


class BatchRunner:
    """One worker; run as many as there are processes."""

    def __init__(self, parts: BatchParts, lease_seconds: float = 60) -> None:
        """`lease_seconds`: how long a worker may be silent before its rows are given to another."""
        self._parts = parts
        self._lease = timedelta(seconds=lease_seconds)
        self.work = Repeating("batches", self.step, IDLE_SECONDS)

    def another(self, lease_seconds: float) -> "BatchRunner":
        """A further worker of the same house."""
        return BatchRunner(self._parts, lease_seconds)

    def wake(self) -> None:
        """There is work: do not wait for the next look."""
        self.work.wake()

    async def step(self, batch_id: str | None = None) -> bool:
        """Do one lease of work, of this batch or of the first that has any; False when there was none to take."""
        async with self._parts.database.reading() as session:
            active = BatchRow.state.in_((BatchState.CHECKING, BatchState.ISSUING))
            statement = select(BatchRow).where(active).order_by(BatchRow.id)
            batches = (
                await session.scalars(statement if batch_id is None else statement.where(BatchRow.id == batch_id))
            ).all()
        for batch in batches:
            if await self._step(batch):
                return True
        return False

    async def _step(self, batch: BatchRow) -> bool:
        checking = batch.state == BatchState.CHECKING
        state, many = (RowState.NEW, CHECKED_TOGETHER) if checking else (RowState.READY, ISSUED_TOGETHER)
        now = self._parts.clock()
        async with self._parts.database.transaction() as session:
            rows = await leasable(session, batch.id, state, now, many)
            for row in rows:
                row.leased_until, row.attempts = now + self._lease, row.attempts + (not checking)
        if not rows:
            return await self._finish(batch)
        licence_type = await self._parts.catalogue.load(batch.type_code)
        try:
            outcomes = await (self._check(batch, rows, licence_type) if checking else self._issue(batch, rows))
        except Unavailable:
            await self._write(batch, [_Outcome(row.number, None) for row in rows])
            raise
        await self._write(batch, outcomes)
        return True

    async def _check(self, batch: BatchRow, rows: Sequence[BatchItemRow], licence_type: LicenceType) -> list[_Outcome]:
        issuer = Issuer(batch.issuer_uscc, batch.issuer_name)

        def work() -> list[_Outcome]:
            found = []
            for row in rows:
                body = self._body(row)
                errors = check_row(licence_type, body, issuer, self._parts.fonts)
                if body.get("type") != licence_type.code:
                    errors = [RowError("type", "", "This row names another licence type than the batch.", {})]
                found.append(_Outcome(row.number, RowState.WRONG if errors else RowState.READY, errors))
            return found

        outcomes = await asyncio.to_thread(work)
        twins = await self._twins(batch.id, rows)
        return [_twin(each, twins[each.number]) if each.number in twins else each for each in outcomes]

    async def _twins(self, batch_id: str, rows: Sequence[BatchItemRow]) -> dict[int, int]:
        """Which rows say the same as one before them, and which that is."""
        keys = {row.row_key for row in rows}
        statement = select(BatchItemRow.row_key, BatchItemRow.number).where(
            BatchItemRow.batch_id == batch_id, BatchItemRow.row_key.in_(keys)
        )
        first: dict[str, int] = {}
        async with self._parts.database.reading() as session:
            for key, number in await session.execute(statement):
                first[key] = min(number, first.get(key, number))
        return {row.number: first[row.row_key] for row in rows if first[row.row_key] < row.number}

    async def _issue(self, batch: BatchRow, rows: Sequence[BatchItemRow]) -> list[_Outcome]:
        """All rows in one step; where that fails for a reason that may be one row's, each by itself."""
        try:
            return await self._issue_together(batch, rows)
        except Unavailable:
            raise
        except (Conflict, Forbidden, NotFound):
            pass  # it comes again below, where the batch is halted for it
        except Exception as failure:  # noqa: BLE001 - one row must not keep the others waiting
            _log.warning("batch rows issued one by one", batch=batch.id, reason=type(failure).__name__)
        return await self._issue_singly(batch, rows)

    async def _issue_together(self, batch: BatchRow, rows: Sequence[BatchItemRow]) -> list[_Outcome]:
        orders = [KeyedOrder(_key(row), self._body(row)) for row in rows]
        results = await self._parts.issuing.issue_all(orders, _requester(batch))
        return [
            _refused(row, result)
            if isinstance(result, InvalidInput)
            else _Outcome(row.number, RowState.ISSUED, licence_id=result.id)
            for row, result in zip(rows, results, strict=True)
        ]

    async def _issue_singly(self, batch: BatchRow, rows: Sequence[BatchItemRow]) -> list[_Outcome]:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(row: BatchItemRow) -> _Outcome:
            async with gate:
                return await self._issue_row(batch, row)

        results = await asyncio.gather(*(one(row) for row in rows), return_exceptions=True)
        outcomes = [each for each in results if isinstance(each, _Outcome)]
        if halting := next((each for each in results if isinstance(each, Conflict | Forbidden | NotFound)), None):
            await self._halt(batch, str(halting.text))
        done = {each.number for each in outcomes}
        outcomes += [_Outcome(row.number, None) for row in rows if row.number not in done]
        if away := next((each for each in results if isinstance(each, Unavailable)), None):
            await self._write(batch, outcomes)
            raise away
        return outcomes

    async def _issue_row(self, batch: BatchRow, row: BatchItemRow) -> _Outcome:
        try:
            licence = await self._parts.issuing.issue(self._body(row), _requester(batch, _key(row)))
        except InvalidInput as refusal:
            return _refused(row, refusal)
        except (Conflict, Forbidden, NotFound, Unavailable):
            raise
        except Exception as failure:  # noqa: BLE001 - one row must not keep the others waiting
            _log.warning("batch row put off", batch=batch.id, row=row.number, reason=type(failure).__name__)
            if row.attempts < MOST_ATTEMPTS:
                return _Outcome(row.number, None)
            return _Outcome(
                row.number, RowState.FAILED, [RowError("", "", "It could not be issued. Try again later.", {})]
            )
        return _Outcome(row.number, RowState.ISSUED, licence_id=licence.id)

    async def _write(self, batch: BatchRow, outcomes: Sequence[_Outcome]) -> None:
        async with self._parts.database.transaction() as session:
            rows = await rows_for_update(session, batch.id, [each.number for each in outcomes])
            for each in outcomes:
                row = rows.get(each.number)
                if row is None or row.state == RowState.ISSUED:
                    continue
                row.leased_until = None
                if each.state is None:
                    continue
                row.state, row.licence_id = each.state, each.licence_id
                if each.errors:
                    row.errors = self._closed(batch.id, each)
                if each.state is not RowState.READY:
                    row.content = (
                        None  # what is issued stands in its licence; what is wrong stands in the sender's file
                    )

    def _closed(self, batch_id: str, outcome: _Outcome) -> bytes:
        text = json.dumps([asdict(each) for each in outcome.errors], ensure_ascii=False, default=str)
        return self._parts.envelope.encrypt(text.encode(), context=f"batch:{batch_id}:{outcome.number}:errors")

    def _body(self, row: BatchItemRow) -> dict[str, Any]:
        assert row.content is not None, "rows that wait have their content"
        context = f"batch:{row.batch_id}:{row.number}"
        body: dict[str, Any] = json.loads(self._parts.envelope.decrypt(row.content, context=context))
        return body

    async def _halt(self, batch: BatchRow, reason: str) -> None:
        async with self._parts.database.transaction() as session:
            row = await batch_for_update(session, batch.id)
            if row is not None and row.state == BatchState.ISSUING:
                row.state, row.reason, row.changed_at = BatchState.HALTED, reason[:400], self._parts.clock()

    async def _finish(self, batch: BatchRow) -> bool:
        """Move a batch on whose rows are all done; False while others still work on some."""
        async with self._parts.database.transaction() as session:
            row = await batch_for_update(session, batch.id)
            if row is None or row.state != batch.state:
                return False
            counts = await counts_of(session, batch.id)
            waiting = RowState.NEW if row.state == BatchState.CHECKING else RowState.READY
            if counts.get(waiting):
                return False
            row.changed_at = self._parts.clock()
            if row.state == BatchState.CHECKING:
                may_go_on = row.starts_itself and (row.skips_wrong or not counts.get(RowState.WRONG))
                row.state = BatchState.ISSUING if may_go_on else BatchState.CHECKED
                return True
            row.state = BatchState.DONE
            detail = {"issued": counts.get(RowState.ISSUED, 0), "failed": counts.get(RowState.FAILED, 0)}
            actor = Actor(_kind(row.actor_kind), row.actor_id)
            await self._parts.audit.record(
                session, AuditEvent("licence_batch.finish", actor, f"licence_batch:{row.id}", detail=detail)
            )
        return True


def _key(row: BatchItemRow) -> str:
    return f"row-{row.row_key}"


def _requester(batch: BatchRow, key: str = "") -> Requester:
    issuer = Issuer(batch.issuer_uscc, batch.issuer_name)
    return Requester(Actor(_kind(batch.actor_kind), batch.actor_id), issuer, key)


def _refused(row: BatchItemRow, refusal: InvalidInput) -> _Outcome:
    complaints = refusal.fields or (FieldError("", refusal.message, dict(refusal.params)),)
    errors = [RowError(each.field, "", each.message, dict(each.params)) for each in complaints]
    return _Outcome(row.number, RowState.FAILED, errors)


def _twin(outcome: _Outcome, other: int) -> _Outcome:
    error = RowError("", "", "This row says the same as row {number}.", {"number": other})
    return _Outcome(outcome.number, RowState.WRONG, [*outcome.errors, error])


def _kind(text: str) -> Any:
    return text
