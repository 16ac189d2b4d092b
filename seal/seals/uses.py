"""What a seal was used for (uses must be traceable, 《电子印章管理办法》): listed, counted by day, and as a table."""

import csv
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from io import StringIO

from sqlalchemy import Select, case, func, select

from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.i18n import DISPLAY_ZONE, gettext
from seal.seals.records import SealUseRow
from seal.seals.seal import SealUse

PAGE = 200
DAYS_SHOWN = 30
MOST_EXPORTED = 100_000
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
COLUMN_SENTENCES: dict[str, str] = {
    "at": "Time",
    "purpose": "Purpose",
    "format": "Format",
    "digest": "SHA-256 of the sealed file",
    "actor_kind": "Kind of user",
    "actor": "User (reference)",
}
"""The head of the exported table."""


@dataclass(frozen=True)
class UseSearch:
    """Which uses; what is left out does not narrow. `since` and `until` are moments, the latter excluded.

    `purpose` is the beginning of a purpose, `digest` that of a sealed file (SHA-256, hex).
    """

    since: datetime | None = None
    until: datetime | None = None
    format: str | None = None
    actor: str | None = None
    purpose: str | None = None
    digest: str | None = None
    before: str | None = None


@dataclass(frozen=True)
class UsePage:
    """Uses, newest first; `next` is the `before` of what follows, None at the end."""

    uses: Sequence[SealUse]
    next: str | None


class UseLog:
    """Reads what sealing wrote down."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def now(self) -> datetime:
        """The moment by which days are counted."""
        return self._clock()

    async def page(self, seal_id: str, search: UseSearch, *, limit: int = PAGE) -> UsePage:
        """At most `limit` uses of the seal with this id."""
        async with self._database.reading() as session:
            rows = (await session.scalars(_statement(seal_id, search).limit(limit + 1))).all()
        uses = [_use(row) for row in rows[:limit]]
        return UsePage(uses, uses[-1].id if len(rows) > limit else None)

    async def count(self, seal_id: str) -> int:
        """How often the seal was used."""
        async with self._database.reading() as session:
            statement = select(func.count()).select_from(SealUseRow).where(SealUseRow.seal_id == seal_id)
            return (await session.scalar(statement)) or 0

    async def by_day(self, seal_id: str, days: int = DAYS_SHOWN) -> list[tuple[date, int]]:
        """How often it was used on each of the last `days` days (China's time), the oldest first."""
        today = self._clock().astimezone(DISPLAY_ZONE).date()
        shown = [today - timedelta(days=back) for back in reversed(range(days))]
        starts = [datetime.combine(day, time(), DISPLAY_ZONE) for day in shown]
        counts = [
            func.coalesce(func.sum(case((SealUseRow.at.between(start, start + _LAST_MOMENT), 1), else_=0)), 0)
            for start in starts
        ]
        statement = select(*counts).where(SealUseRow.seal_id == seal_id, SealUseRow.at >= starts[0])
        async with self._database.reading() as session:
            row = (await session.execute(statement)).one()
        return list(zip(shown, (int(count) for count in row), strict=True))

    async def csv(self, seal_id: str, search: UseSearch) -> AsyncIterator[bytes]:
        """A table in UTF-8 with a byte order mark, as spreadsheet programs want it; page by page."""
        yield b"\xef\xbb\xbf" + _lines([[gettext(text) for text in COLUMN_SENTENCES.values()]])
        for _page in range(MOST_EXPORTED // PAGE):
            page = await self.page(seal_id, search)
            yield _lines([_cells(use) for use in page.uses])
            if page.next is None:
                return
            search = replace(search, before=page.next)


_LAST_MOMENT = timedelta(days=1) - timedelta(microseconds=1)


def _statement(seal_id: str, search: UseSearch) -> Select[SealUseRow]:
    statement = select(SealUseRow).where(SealUseRow.seal_id == seal_id).order_by(SealUseRow.id.desc())
    if search.since:
        statement = statement.where(SealUseRow.at >= search.since)
    if search.until:
        statement = statement.where(SealUseRow.at < search.until)
    if search.format:
        statement = statement.where(SealUseRow.format == search.format)
    if search.actor:
        statement = statement.where(SealUseRow.actor_id == search.actor)
    if search.purpose:
        statement = statement.where(SealUseRow.purpose.startswith(search.purpose, autoescape=True))
    if search.digest:
        statement = statement.where(SealUseRow.digest.startswith(search.digest, autoescape=True))
    if search.before:
        statement = statement.where(SealUseRow.id < search.before)
    return statement


def _use(row: SealUseRow) -> SealUse:
    return SealUse(row.id, row.digest, row.format, row.purpose, row.actor_kind, row.actor_id, row.at)


def _cells(use: SealUse) -> list[str]:
    at = use.at.astimezone(DISPLAY_ZONE).isoformat(timespec="seconds")
    return [_inert(text) for text in (at, use.purpose, use.format, use.digest, use.actor_kind, use.actor)]


def _inert(text: str) -> str:
    """What a spreadsheet would take for a formula is text."""
    return f"'{text}" if text.startswith(_FORMULA_SIGNS) else text


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    table = StringIO()
    csv.writer(table, lineterminator="\r\n").writerows(rows)
    return table.getvalue().encode()
