"""Storing accounts, knowing their state, opening one for replay."""

from dataclasses import dataclass, field
from typing import Literal, cast

from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.crypto.envelope import Envelope
from kernel.database.engine import Database
from sso_proxy.credentials import records
from sso_proxy.credentials.records import CredentialRow

State = Literal["active", "stale", "none"]


@dataclass(frozen=True)
class Credential:
    """An opened account. Lives as long as one sign-in; never printed."""

    username: str = field(repr=False)
    secret: str = field(repr=False)
    version: int = 0


class CredentialService:
    """People's accounts at applications."""

    def __init__(self, database: Database, envelope: Envelope, audit: AuditTrail, clock: Clock) -> None:
        self._database = database
        self._envelope = envelope
        self._audit = audit
        self._clock = clock

    async def store(self, subject: str, site: str, credential: Credential) -> None:
        """Keep an account that was seen to work; replaces what was there and makes it active."""
        now = self._clock()
        async with self._database.transaction() as session:
            row = await records.find(session, subject, site)
            version = row.version + 1 if row else 1
            context = _context(subject, site, version)
            if row is None:
                row = CredentialRow(subject=subject, site=site, created_at=now)
                session.add(row)
            row.username_enc = self._envelope.encrypt(credential.username.encode(), context=f"{context}:username")
            row.secret_enc = self._envelope.encrypt(credential.secret.encode(), context=context)
            row.version, row.state, row.updated_at = version, "active", now
            await self._audit.record(session, _event("store", subject, site, version))

    async def state_of(self, subject: str, site: str) -> State:
        """Whether there is an account and whether it still worked last time."""
        async with self._database.reading() as session:
            row = await records.find(session, subject, site)
            return cast("State", row.state) if row else "none"

    async def states_of(self, subject: str) -> dict[str, State]:
        """The same for every application where this person has an account: slug → state."""
        async with self._database.reading() as session:
            return {row.site: cast("State", row.state) for row in await records.of_subject(session, subject)}

    async def forget(self, subject: str, site: str) -> None:
        """Remove the account; nothing happens when there is none."""
        async with self._database.transaction() as session:
            row = await records.find(session, subject, site)
            if row is not None:
                await session.delete(row)
                await self._audit.record(session, _event("forget", subject, site, row.version))

    async def mark_stale(self, subject: str, site: str, version: int) -> None:
        """The application no longer takes this version; a newer one that was stored meanwhile is left alone."""
        async with self._database.transaction() as session:
            row = await records.find(session, subject, site)
            if row is not None and row.version == version and row.state != "stale":
                row.state, row.updated_at = "stale", self._clock()
                await self._audit.record(session, _event("stale", subject, site, version))

    async def open_for_replay(self, subject: str, site: str) -> Credential | None:
        """The account in clear, for signing in with it at once; None when there is none or it is stale."""
        async with self._database.reading() as session:
            row = await records.find(session, subject, site)
            if row is None or row.state != "active":
                return None
            context = _context(subject, site, row.version)
            return Credential(
                username=self._envelope.decrypt(row.username_enc, context=f"{context}:username").decode(),
                secret=self._envelope.decrypt(row.secret_enc, context=context).decode(),
                version=row.version,
            )


def _context(subject: str, site: str, version: int) -> str:
    return f"credential:{subject}:{site}:{version}"


def _event(verb: str, subject: str, site: str, version: int) -> AuditEvent:
    return AuditEvent(f"proxy.credential.{verb}", Actor("user", subject), f"site:{site}", detail={"version": version})
