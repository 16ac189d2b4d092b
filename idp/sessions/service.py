"""Beginning, finding and ending sessions."""

import hashlib
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from idp.mandates.records import Acting, find_acting
from idp.persons.person import Person, acr
from idp.persons.records import PersonRow
from idp.persons.service import public
from idp.sessions.records import SessionRow, delete_ended, find_by_token_hash, list_of_mandate, list_open
from idp.settings import IdpSettings
from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.ids.time_ordered import new_id

TOUCH_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Session:
    """A live session. `id` is the `sid` of ID tokens."""

    id: str
    person: Person
    auth_time: datetime
    amr: tuple[str, ...]
    browser: str
    created_at: datetime
    seen_at: datetime
    mandate_id: str | None = None

    @property
    def subject_type(self) -> str:
        """`legal` under a mandate, else `natural`."""
        return "legal" if self.mandate_id is not None else "natural"

    @property
    def acr(self) -> str:
        """How sure we are who this is, as OpenID Connect names it; rises at once when the person is checked."""
        return acr(self.person.assurance_level)


@dataclass(frozen=True)
class Authentication:
    """A person who has proved to be there: how (RFC 8176 values and providers), and in which browser.

    `mandate_id`: whom they chose to act for; `auth_time`: when they proved it, where that was not just now.
    """

    person: Person
    amr: tuple[str, ...]
    browser: str
    old_token: str | None = None
    mandate_id: str | None = None
    auth_time: datetime | None = None


class SessionService:
    """Sessions, kept in the database, known by the hash of the cookie."""

    def __init__(
        self,
        database: Database,
        audit: AuditTrail,
        clock: Clock,
        settings: IdpSettings,
        on_replaced: Callable[[AsyncSession, str], Awaitable[None]],
    ) -> None:
        """`on_replaced` ends what hangs on a session (its id) that another one takes the place of."""
        self._database = database
        self._audit = audit
        self._clock = clock
        self._on_replaced = on_replaced
        self._idle = timedelta(seconds=settings.session_idle_seconds)
        self._absolute = timedelta(seconds=settings.session_absolute_seconds)

    async def begin(self, authentication: Authentication) -> tuple[str, Session]:
        """Sign somebody in: the new cookie value, and the session.

        The old cookie's session goes on under the new value when it is the same person's, acting for the same; it
        ends when it is not.
        """
        token = secrets.token_urlsafe(32)
        async with self._database.transaction() as session:
            row = await self._take_over(session, authentication)
            row.token_hash = hash_token(token)
            row.auth_time, row.seen_at = authentication.auth_time or self._clock(), self._clock()
            row.mandate_id = authentication.mandate_id
            row.amr = list(authentication.amr)
            row.browser = authentication.browser[:80]
            row.expires_at = self._clock() + self._absolute
            session.add(row)
            await self._record(session, "idp.login", row, method="+".join(authentication.amr))
        return token, _live(row, authentication.person)

    async def _take_over(self, session: AsyncSession, authentication: Authentication) -> SessionRow:
        old = await self._find_row(session, authentication.old_token)
        is_same_person = old is not None and old.person_id == authentication.person.id
        if old is not None and is_same_person and old.mandate_id == authentication.mandate_id:
            return old
        if old is not None:
            because = "acts for somebody else now" if is_same_person else "another person signed in"
            await self.end_in(session, old.id, because)
            await self._on_replaced(session, old.id)
        return SessionRow(id=new_id(), person_id=authentication.person.id, created_at=self._clock())

    async def find(self, token: str | None) -> Session | None:
        """The live session of this cookie value, if there is one; being asked for keeps it from idling out."""
        if not token:
            return None
        async with self._database.reading() as session:
            row = await self._find_row(session, token)
            person = await session.get(PersonRow, row.person_id) if row else None
        if row is None or person is None or not public(person).stands_by(row.auth_time):
            return None
        if self._clock() - row.seen_at >= TOUCH_EVERY:
            await self._touch(row.id)
        return _live(row, public(person))

    async def find_by_id(self, session_id: str) -> Session | None:
        """The live session of this `sid`."""
        async with self._database.reading() as session:
            row = await session.get(SessionRow, session_id)
            person = await session.get(PersonRow, row.person_id) if row else None
            if row is None or person is None or not await self._stands(session, row):
                return None
        return _live(row, public(person)) if public(person).stands_by(row.auth_time) else None

    async def has_ended(self, session_id: str) -> bool:
        """Whether the session of this `sid` is over for good: signed out, at its end, or its person kept out since.

        One that merely idles here may be in use at an application.
        """
        async with self._database.reading() as session:
            row = await session.get(SessionRow, session_id)
            person = await session.get(PersonRow, row.person_id) if row else None
            if row is not None and not await self._may_act(session, row):
                return True
        if row is None or person is None or row.ended_at is not None or row.expires_at <= self._clock():
            return True
        return not public(person).stands_by(row.auth_time)

    async def end(self, session_id: str, because: str) -> None:
        """Sign a browser out; ending an ended session changes nothing."""
        async with self._database.transaction() as session:
            await self.end_in(session, session_id, because)

    async def end_in(self, session: AsyncSession, session_id: str, because: str) -> bool:
        """`end` within a transaction that is already open; says whether there was something to end."""
        row = await session.get(SessionRow, session_id)
        if row is None or row.ended_at is not None:
            return False
        row.ended_at = self._clock()
        await self._record(session, "idp.logout", row, because=because)
        return True

    async def list_open(self, person_id: str) -> Sequence[Session]:
        """Where a person is signed in, the last seen first."""
        async with self._database.reading() as session:
            row = await session.get(PersonRow, person_id)
            found = await list_open(session, person_id, self._clock())
        if row is None:
            return []
        person = public(row)
        return [_live(each, person) for each in found if self._is_open(each) and person.stands_by(each.auth_time)]

    async def purge(self, before: datetime) -> int:
        """Forget sessions that ended before this moment; says how many."""
        async with self._database.transaction() as session:
            return await delete_ended(session, before)

    async def end_of_mandate_in(self, session: AsyncSession, mandate_id: str, because: str) -> Sequence[str]:
        """End the sessions under a mandate, within a transaction that is already open; gives their ids."""
        rows = await list_of_mandate(session, mandate_id)
        return [row.id for row in rows if await self.end_in(session, row.id, f"mandate: {because}")]

    async def _find_row(self, session: AsyncSession, token: str | None) -> SessionRow | None:
        row = await find_by_token_hash(session, hash_token(token)) if token else None
        return row if row is not None and await self._stands(session, row) else None

    async def _stands(self, session: AsyncSession, row: SessionRow) -> bool:
        """Whether a session is open, and the mandate that it acts under in force."""
        return self._is_open(row) and await self._may_act(session, row)

    async def _may_act(self, session: AsyncSession, row: SessionRow) -> bool:
        if row.mandate_id is None:
            return True
        return await find_acting(session, row.person_id, Acting(row.mandate_id, self._clock())) is not None

    async def _touch(self, session_id: str) -> None:
        async with self._database.transaction() as session:
            row = await session.get(SessionRow, session_id)
            if row is not None:
                row.seen_at = self._clock()

    def _is_open(self, row: SessionRow) -> bool:
        now = self._clock()
        return row.ended_at is None and now < row.expires_at and now - row.seen_at < self._idle

    async def _record(self, session: AsyncSession, action: str, row: SessionRow, **detail: object) -> None:
        event = AuditEvent(action, Actor("user", row.person_id), f"session:{row.id}", detail=detail)
        await self._audit.record(session, event)


def hash_token(token: str) -> bytes:
    """How a high-entropy secret is stored: SHA-256."""
    return hashlib.sha256(token.encode()).digest()


def _live(row: SessionRow, person: Person) -> Session:
    return Session(
        id=row.id,
        person=person,
        auth_time=row.auth_time,
        amr=tuple(row.amr),
        browser=row.browser,
        created_at=row.created_at,
        seen_at=row.seen_at,
        mandate_id=row.mandate_id,
    )
