"""Messages that go outside: to whom wished so, at a fitting hour, again when the other side was away."""

from datetime import timedelta

from sqlalchemy import select

from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.errors import Unavailable
from kernel.i18n import gettext as _
from kernel.i18n import use_locale
from kernel.messages.message import Channel, Message, MessageRefused, MessageSender
from licence_vault.notices.gathering import after_quiet
from licence_vault.notices.notice import Contacts, NoticeKind, Wishes
from licence_vault.notices.records import (
    NoticeMessageRow,
    NoticeRow,
    NoticeWishesRow,
    claim_message,
    due_messages,
)
from licence_vault.notices.wishes import wishes_of_row

TOGETHER = 20
LEASE = timedelta(minutes=5)
WAITS = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))


class NoticeSender:
    """Sends what is due. A message whose sending was cut short by a crash may go out twice, under the same id."""

    def __init__(
        self, database: Database, sender: MessageSender, contacts: Contacts, clock: Clock, public_url: str
    ) -> None:
        self._database = database
        self._sender = sender
        self._contacts = contacts
        self._clock = clock
        self._public_url = public_url.rstrip("/")

    async def send_due(self) -> int:
        """Send what is due, at most `TOGETHER`; gives how many were tried."""
        async with self._database.reading() as session:
            due = await due_messages(session, self._clock(), TOGETHER)
        return sum([await self._take(row) for row in due])

    async def _take(self, row: NoticeMessageRow) -> bool:
        async with self._database.transaction() as session:
            if not await claim_message(session, row, self._clock() + LEASE):
                return False
        outcome = await self._try(row)
        now = self._clock()
        async with self._database.transaction() as session:
            kept = await session.get(NoticeMessageRow, row.id)
            if kept is None:
                return True
            kept.last_outcome = outcome
            wait = WAITS[kept.attempts - 1] if outcome == "away" and kept.attempts <= len(WAITS) else None
            kept.due_at = now + wait if wait else None
            if outcome == "quiet":
                kept.attempts -= 1
                kept.due_at = after_quiet(now, (await self._wishes(row)).quiet)
        return True

    async def _try(self, row: NoticeMessageRow) -> str:
        """What became of it: sent, away (worth another try), refused, unwished, unreachable, quiet."""
        async with self._database.reading() as session:
            notice = await session.get(NoticeRow, row.notice_id)
        if notice is None:
            return "unwished"
        wishes, kind = await self._wishes(row), NoticeKind(notice.kind)
        if row.channel not in wishes.channels(kind):
            return "unwished"
        if after_quiet(self._clock(), wishes.quiet) > self._clock():
            return "quiet"
        channel: Channel = "email" if row.channel == "email" else "sms"
        try:
            address = await self._contacts.address(row.person, channel)
            if address is None:
                return "unreachable"
            await self._sender.send(self._message(row, address, wishes, notice))
        except MessageRefused:
            return "refused"
        except Unavailable:
            return "away"
        return "sent"

    def _message(self, row: NoticeMessageRow, address: str, wishes: Wishes, notice: NoticeRow) -> Message:
        """Says that there is news of this kind and where to read it; whose and what stands behind the sign-in."""
        with use_locale(wishes.locale):
            title = headline(NoticeKind(notice.kind))
            what = f"{title} ({notice.type_name})" if wishes.names_type else title
            link = f"{self._public_url}/me/notices"
            body = _("{news} Sign in to read more: {link}").format(news=what, link=link)
            return Message(
                "email" if row.channel == "email" else "sms",
                address,
                body,
                subject=title,
                template=f"notice_{notice.kind}",
                params={"link": link} | ({"type": notice.type_name} if wishes.names_type else {}),
                id=row.id,
            )

    async def _wishes(self, row: NoticeMessageRow) -> Wishes:
        async with self._database.reading() as session:
            notice = select(NoticeRow.holder_index).where(NoticeRow.id == row.notice_id)
            found = (
                await session.scalars(
                    select(NoticeWishesRow).where(
                        NoticeWishesRow.holder_index.in_(notice), NoticeWishesRow.person == row.person
                    )
                )
            ).one_or_none()
        return wishes_of_row(found) if found else Wishes()


def headline(kind: NoticeKind) -> str:
    """The news in a few words of the reader's language."""
    return {
        NoticeKind.ISSUED: _("A licence was issued to you."),
        NoticeKind.REPLACED: _("A licence of yours was replaced by a newer version."),
        NoticeKind.EXPIRING: _("A licence of yours will expire."),
        NoticeKind.REVOKED: _("A licence of yours was revoked."),
        NoticeKind.SUSPENDED: _("A licence of yours was suspended."),
        NoticeKind.RESUMED: _("A licence of yours is in force again."),
        NoticeKind.LOOKED: _("An agency looked at a licence of yours."),
    }[kind]
