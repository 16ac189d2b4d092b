"""Turning what happened to licences into news for their holders: each event once, whatever falls over."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.crypto.envelope import Envelope
from kernel.database.engine import Database
from kernel.i18n import DISPLAY_ZONE
from kernel.ids.time_ordered import new_id
from licence_vault.licences.licence import LicenceStatus
from licence_vault.licences.records import LicenceRow, OutboxRow, undelivered
from licence_vault.notices.notice import DAYS_BEFORE_EXPIRY, NoticeKind, Wishes
from licence_vault.notices.records import NoticeMessageRow, NoticeWishesRow, add_notice, wishes_about
from licence_vault.notices.wishes import wishes_of_row

TOGETHER = 200
LOOKED_BACK_DAYS = 3
_KINDS = {
    "licence.issued": NoticeKind.ISSUED,
    "licence.revoke": NoticeKind.REVOKED,
    "licence.suspend": NoticeKind.SUSPENDED,
    "licence.resume": NoticeKind.RESUMED,
    "licence.looked": NoticeKind.LOOKED,
}


@dataclass(frozen=True)
class _News:
    """A notice before it is written."""

    licence: LicenceRow
    kind: NoticeKind
    cause_key: str
    about: dict[str, str]


class Gatherer:
    """Empties the vault's outbox into notices, and finds licences that expire soon."""

    def __init__(self, database: Database, envelope: Envelope, clock: Clock) -> None:
        self._database = database
        self._envelope = envelope
        self._clock = clock

    async def gather(self) -> int:
        """Tell of the oldest events that nobody was told of; how many there were, at most `TOGETHER`."""
        now = self._clock()
        async with self._database.transaction() as session:
            events = await undelivered(session, TOGETHER)
            licences = await _licences(session, {str(event.payload.get("licence", "")) for event in events})
            for event in events:
                event.delivered_at = now
                if news := _news(event, licences):
                    await self._tell(session, news, now)
        return len(events)

    async def gather_expiring(self) -> int:
        """Tell of the licences that end in 60, 30 and 7 days; how many were told of now."""
        now = self._clock()
        today, told = now.astimezone(DISPLAY_ZONE).date(), 0
        for days in sorted(DAYS_BEFORE_EXPIRY):
            after = ""
            while rows := await self._ending(today, days, after):
                async with self._database.transaction() as session:
                    for row in rows:
                        about = {"days": str(days), "until": str(row.valid_to)}
                        key = f"expiring:{row.id}:{days}"
                        told += await self._tell(session, _News(row, NoticeKind.EXPIRING, key, about), now)
                after = rows[-1].id
        return told

    async def _ending(self, today: date, days: int, after: str) -> Sequence[LicenceRow]:
        """Those that end in so many days, or up to three less, should nobody have looked for some days."""
        statement = select(LicenceRow).where(
            LicenceRow.valid_to <= today + timedelta(days=days),
            LicenceRow.valid_to > today + timedelta(days=days - LOOKED_BACK_DAYS),
            LicenceRow.status == LicenceStatus.VALID,
            LicenceRow.id > after,
        )
        async with self._database.reading() as session:
            return (await session.scalars(statement.order_by(LicenceRow.id).limit(TOGETHER))).all()

    async def _tell(self, session: AsyncSession, news: _News, now: datetime) -> bool:
        notice_id, licence = new_id(), news.licence
        about = json.dumps(news.about, ensure_ascii=False).encode() if news.about else None
        row = {
            "id": notice_id,
            "cause_key": news.cause_key,
            "holder_index": licence.holder_index,
            "licence_id": licence.id,
            "type_name": licence.type_name,
            "kind": news.kind,
            "about": self._envelope.encrypt(about, context=f"notice:{notice_id}") if about else None,
            "at": now,
            "read_at": None,
        }
        if not await add_notice(session, row):
            return False
        for wish in await wishes_about(session, licence.holder_index):
            session.add_all(_messages(wish, wishes_of_row(wish), notice_id, news.kind, now))
        return True


def _messages(
    row: NoticeWishesRow, wishes: Wishes, notice_id: str, kind: NoticeKind, now: datetime
) -> list[NoticeMessageRow]:
    return [
        NoticeMessageRow(
            id=new_id(),
            notice_id=notice_id,
            person=row.person,
            channel=channel,
            created_at=now,
            due_at=after_quiet(now, wishes.quiet),
            attempts=0,
            last_outcome="",
        )
        for channel in sorted(wishes.channels(kind))
    ]


def after_quiet(now: datetime, quiet: tuple[int, int] | None) -> datetime:
    """`now`, or the end of the quiet hours that it falls into; hours of the day by China's time."""
    if quiet is None or quiet[0] == quiet[1]:
        return now
    begins, ends = quiet
    local = now.astimezone(DISPLAY_ZONE)
    is_quiet = begins <= local.hour < ends if begins < ends else local.hour >= begins or local.hour < ends
    if not is_quiet:
        return now
    end = local.replace(hour=ends, minute=0, second=0, microsecond=0)
    return (end if end > local else end + timedelta(days=1)).astimezone(now.tzinfo)


async def _licences(session: AsyncSession, ids: set[str]) -> dict[str, LicenceRow]:
    rows = (await session.scalars(select(LicenceRow).where(LicenceRow.id.in_(sorted(ids))))).all() if ids else ()
    return {row.id: row for row in rows}


def _news(event: OutboxRow, licences: dict[str, LicenceRow]) -> _News | None:
    payload: dict[str, Any] = event.payload
    kind, licence = _KINDS.get(event.kind), licences.get(str(payload.get("licence", "")))
    if kind is None or licence is None:
        return None
    if kind is NoticeKind.LOOKED:  # once a day and agency, however often it looked
        who, day = str(payload["who"]), event.at.astimezone(DISPLAY_ZONE).date()
        return _News(licence, kind, f"looked:{licence.id}:{payload['by']}:{day}", {"who": who})
    if kind is NoticeKind.ISSUED and licence.version > 1:
        kind = NoticeKind.REPLACED
    about = {"cause": licence.status_cause} if licence.status_cause and kind is not NoticeKind.ISSUED else {}
    return _News(licence, kind, f"event:{event.id}", about)
