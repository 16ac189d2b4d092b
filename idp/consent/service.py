"""Asking whether consent was given, and writing it down."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from idp.consent.records import ConsentRow, list_consents
from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database


@dataclass(frozen=True)
class ConsentQuestion:
    """What an application asks for."""

    client_id: str
    client_name: str
    scopes: tuple[str, ...]


@dataclass(frozen=True)
class Consent:
    """What was allowed."""

    client_id: str
    scopes: tuple[str, ...]
    given_at: datetime


class ConsentService:
    """Remembered consent. Methods that take a `session` join the caller's transaction."""

    def __init__(self, database: Database, audit: AuditTrail, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock

    async def covers(self, person_id: str, client_id: str, scopes: Iterable[str]) -> bool:
        """Whether the person has allowed this client all of these scopes."""
        async with self._database.reading() as session:
            row = await session.get(ConsentRow, (person_id, client_id))
        return row is not None and set(scopes) <= set(row.scopes)

    async def give(self, person_id: str, question: ConsentQuestion) -> None:
        """Remember a person's yes, beside what they allowed before."""
        await self._write(person_id, question.client_id, question.scopes, is_implied=False)

    async def imply(self, person_id: str, client_id: str, scopes: tuple[str, ...]) -> None:
        """Remember that a first-party client was not asked about."""
        await self._write(person_id, client_id, scopes, is_implied=True)

    async def refuse(self, person_id: str, question: ConsentQuestion) -> None:
        """Note a person's no; nothing that was allowed before changes."""
        async with self._database.transaction() as session:
            event = AuditEvent(
                "idp.consent.give",
                Actor("user", person_id),
                f"client:{question.client_id}",
                outcome="refused",
                detail={"scopes": list(question.scopes)},
            )
            await self._audit.record(session, event)

    async def withdraw(self, session: AsyncSession, person_id: str, client_id: str) -> None:
        """Forget what a person allowed a client."""
        row = await session.get(ConsentRow, (person_id, client_id))
        if row is not None:
            await session.delete(row)
            await self._audit.record(
                session, AuditEvent("idp.consent.withdraw", Actor("user", person_id), f"client:{client_id}")
            )

    async def list(self, person_id: str) -> Sequence[Consent]:
        """What a person allowed when asked, the latest first."""
        async with self._database.reading() as session:
            rows = await list_consents(session, person_id)
        return [Consent(row.client_id, tuple(row.scopes), row.given_at) for row in rows if not row.is_implied]

    async def _write(self, person_id: str, client_id: str, scopes: tuple[str, ...], *, is_implied: bool) -> None:
        try:
            await self._write_once(person_id, client_id, scopes, is_implied=is_implied)
        except IntegrityError:
            # Another tab entered the row first: now there is one to add to.
            await self._write_once(person_id, client_id, scopes, is_implied=is_implied)

    async def _write_once(self, person_id: str, client_id: str, scopes: tuple[str, ...], *, is_implied: bool) -> None:
        async with self._database.transaction() as session:
            row = await session.get(ConsentRow, (person_id, client_id), with_for_update=True)
            before = set(row.scopes) if row else set()
            if row is None:
                row = ConsentRow(person_id=person_id, client_id=client_id)
                session.add(row)
            row.scopes = sorted(before | set(scopes))
            row.is_implied = is_implied
            row.given_at = self._clock()
            event = AuditEvent(
                "idp.consent.give",
                Actor("user", person_id),
                f"client:{client_id}",
                detail={"scopes": list(scopes), "implied": is_implied},
            )
            await self._audit.record(session, event)
