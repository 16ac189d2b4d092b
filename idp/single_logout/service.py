"""Writing logout notices and delivering them."""

import asyncio
import secrets
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, runtime_checkable
from urllib.parse import urlencode

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from idp.clients.client import Client
from idp.clients.service import ClientService
from idp.keys import TokenKeys
from idp.single_logout.records import LogoutNoticeRow, claim_notice, delete_old, find_due, list_notices
from idp.tokens.records import TokenGrantRow
from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.errors import Forbidden, Unavailable
from kernel.ids.time_ordered import new_id
from kernel.outbound.fetch import GuardedFetcher

TYP = "logout+jwt"
EVENT = "http://schemas.openid.net/event/backchannel-logout"
TOKEN_SECONDS = 120
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (10, 60, 300, 1800, 7200, 21600))
"""Between one try and the next; after the last one the notice is given up."""
CLAIMED_FOR = timedelta(seconds=60)
AT_ONCE = 20
TAKEN, TAKEN_BY_OTHERS = frozenset({200, 204}), frozenset({200, 202, 204, 302, 303})
"""Answers that mean "understood"; mod_auth_cas, for one, redirects when it has ended the session."""
LOOK_EVERY_SECONDS = 5.0
_log = structlog.get_logger()


@dataclass(frozen=True)
class Participant:
    """An application that had somebody signed in by a session, and how it calls them."""

    client_id: str
    sub: str


@dataclass(frozen=True)
class Announcement:
    """An application to be told in the words of another protocol: `form` is posted to `address` as it is."""

    client_id: str
    sub: str
    address: str
    form: Mapping[str, str]


class OtherProtocol(Protocol):
    """A protocol that has its own notion of who took part in a session."""

    async def announcements(self, session: AsyncSession, session_id: str) -> Sequence[Announcement]:
        """Whom to tell that this session ended, in the transaction that ends it."""
        ...


@runtime_checkable
class Messenger(Protocol):
    """A protocol that brings its notices itself: those of applications whose names begin with `prefix`."""

    prefix: str

    async def deliver(self, address: str, form: Mapping[str, str]) -> str:
        """`delivered`, or what went wrong."""
        ...


@dataclass(frozen=True)
class SingleLogoutParts:
    """What single logout works with."""

    database: Database
    audit: AuditTrail
    clock: Clock
    issuer: str
    keys: TokenKeys
    clients: ClientService
    fetcher: GuardedFetcher
    others: Sequence[OtherProtocol] = ()


class SingleLogout:
    """Tells every application of a session that it is over."""

    def __init__(self, parts: SingleLogoutParts) -> None:
        self._parts = parts
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_over = False

    async def announce(self, session: AsyncSession, session_id: str) -> None:
        """Write the notices of an ended session, within the transaction that ends it."""
        now = self._parts.clock()
        for each in await _participants(session, session_id):
            client = await self._parts.clients.find(each.client_id)
            address = client.metadata.backchannel_logout_uri if client is not None else None
            if address is not None:
                session.add(_notice(each.client_id, session_id, each.sub, address, now))
        for protocol in self._parts.others:
            for told in await protocol.announcements(session, session_id):
                row = _notice(told.client_id, session_id, told.sub, told.address, now)
                row.form = dict(told.form)
                session.add(row)

    async def front_channel(self, session_id: str) -> list[str]:
        """Addresses for the browser to load (Front-Channel Logout 1.0 §2), with `iss` and `sid`."""
        async with self._parts.database.reading() as session:
            participants = await _participants(session, session_id)
        found = [await self._parts.clients.find(each.client_id) for each in participants]
        told = [client for client in found if client is not None and client.metadata.frontchannel_logout_uri]
        return [self._frame(client, session_id) for client in told]

    def _frame(self, client: Client, session_id: str) -> str:
        address = client.metadata.frontchannel_logout_uri or ""
        query = urlencode({"iss": self._parts.issuer, "sid": session_id})
        return f"{address}{'&' if '?' in address else '?'}{query}"

    def wake(self) -> None:
        """Look at once: there may be something to deliver."""
        self._woken.set()

    async def deliver_due(self) -> int:
        """Deliver what is due; says how many were tried. Safe in several processes at once."""
        async with self._parts.database.reading() as session:
            due = await find_due(session, self._parts.clock(), AT_ONCE)
        tried = await asyncio.gather(*(self._deliver(notice) for notice in due))
        return sum(tried)

    async def list_notices(self, before: str | None = None, most: int = 50) -> Sequence[LogoutNoticeRow]:
        """Notices for the administrator, the latest first; `before` is the id of the last one seen."""
        async with self._parts.database.reading() as session:
            return await list_notices(session, before, most)

    async def retry(self, notice_id: str, actor: Actor) -> None:
        """Try a notice again now."""
        async with self._parts.database.transaction() as session:
            row = await session.get(LogoutNoticeRow, notice_id)
            if row is not None and row.delivered_at is None:
                row.due_at, row.attempts = self._parts.clock(), 0
                event = AuditEvent("idp.logout-notice.retry", actor, f"client:{row.client_id}")
                await self._parts.audit.record(session, event)
        self.wake()

    async def purge(self, session: AsyncSession, before: Any) -> int:
        """Forget notices from before this moment; gives their number."""
        return await delete_old(session, before)

    def start(self) -> None:
        """Deliver in the background until `stop`."""
        self._is_over = False
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Deliver no more."""
        self._is_over = True
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        while not self._is_over:
            try:
                while await self.deliver_due() == AT_ONCE:
                    pass
            except Exception as failure:  # noqa: BLE001 - whatever went wrong, the next look must come
                _log.warning("logout notices put off", reason=type(failure).__name__)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_SECONDS):
                    await self._woken.wait()
            self._woken.clear()

    async def _deliver(self, notice: LogoutNoticeRow) -> bool:
        async with self._parts.database.transaction() as session:
            if not await claim_notice(session, notice, self._parts.clock() + CLAIMED_FOR):
                return False
        outcome = await self._send(notice)
        async with self._parts.database.transaction() as session:
            row = await session.get(LogoutNoticeRow, notice.id)
            if row is not None:
                await self._note(session, row, outcome)
        return True

    async def _send(self, notice: LogoutNoticeRow) -> str:
        """`delivered`, or what went wrong."""
        for protocol in self._parts.others:
            if isinstance(protocol, Messenger) and notice.client_id.startswith(protocol.prefix):
                return await protocol.deliver(notice.address, notice.form or {})
        if notice.form is not None:
            return await self._post(notice.address, notice.form, TAKEN_BY_OTHERS)
        client = await self._parts.clients.find(notice.client_id)
        if client is None:
            return "the application is disabled"
        token = await self._token(client, notice)
        return await self._post(notice.address, {"logout_token": token}, TAKEN)

    async def _post(self, address: str, form: Mapping[str, str], taken: Collection[int]) -> str:
        try:
            answer = await self._parts.fetcher.post_form(address, form)
        except (Forbidden, Unavailable) as error:
            return (error.reason or "no answer")[:80]
        return "delivered" if answer.status in taken else f"status {answer.status}"

    async def _token(self, client: Client, notice: LogoutNoticeRow) -> str:
        """The logout token (Back-Channel Logout 1.0 §2.4); it never has a nonce."""
        algorithm = client.metadata.id_token_signed_response_alg or self._parts.keys.default
        await self._parts.keys.ensure(algorithm)
        issued_at = int(self._parts.clock().timestamp())
        claims = {
            "iss": self._parts.issuer,
            "aud": client.client_id,
            "iat": issued_at,
            "exp": issued_at + TOKEN_SECONDS,
            "jti": secrets.token_urlsafe(16),
            "sub": notice.sub,
            "sid": notice.session_id,
            "events": {EVENT: {}},
        }
        return self._parts.keys.sign(claims, TYP, algorithm)

    async def _note(self, session: AsyncSession, row: LogoutNoticeRow, outcome: str) -> None:
        now = self._parts.clock()
        row.last_outcome = outcome
        if outcome == "delivered":
            row.due_at, row.delivered_at = None, now
        elif row.attempts > len(PAUSES):
            row.due_at = None
        else:
            row.due_at = now + PAUSES[row.attempts - 1]
            return
        event = AuditEvent(
            "idp.logout-notice.end",
            Actor("client", row.client_id),
            f"session:{row.session_id}",
            outcome="success" if row.delivered_at else "failure",
            detail={"attempts": row.attempts, "outcome": outcome},
        )
        await self._parts.audit.record(session, event)


def _notice(client_id: str, session_id: str, sub: str, address: str, now: datetime) -> LogoutNoticeRow:
    row = LogoutNoticeRow(id=new_id(), client_id=client_id, session_id=session_id, sub=sub)
    row.address, row.created_at, row.due_at = address, now, now
    row.attempts, row.last_outcome = 0, "waiting"
    return row


async def _participants(session: AsyncSession, session_id: str) -> list[Participant]:
    statement = (
        select(TokenGrantRow.client_id, TokenGrantRow.sub, TokenGrantRow.person_id)
        .where(TokenGrantRow.session_id == session_id)
        .distinct()
    )
    rows = (await session.execute(statement)).all()
    return [Participant(client_id, sub or person_id) for client_id, sub, person_id in rows]
