"""Recovery codes: ten on paper, each good once, for whoever has lost phone and passkeys."""

import secrets
from datetime import datetime

from sqlalchemy import Index, String, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from idp.schema import Base
from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.crypto.envelope import Envelope
from kernel.database.engine import Database
from kernel.database.schema import UTCDateTime

HOW_MANY, LENGTH = 10, 12
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Neither 0 and O nor 1, I and L: these are copied from paper. Twelve of them are 58 bits."""
_INDEX = "idp.recovery_code"


class RecoveryCodeRow(Base):
    """An unused code, as a keyed hash."""

    __tablename__ = "idp_recovery_code"
    __table_args__ = (Index("ix_idp_recovery_code_person_id", "person_id"),)

    code_index: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(40))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)


class RecoveryCodes:
    """Makes codes and takes them, each once."""

    def __init__(self, database: Database, audit: AuditTrail, clock: Clock, envelope: Envelope) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._envelope = envelope

    async def make(self, person_id: str) -> list[str]:
        """Ten new codes; those from before count no more. They are shown now and can never be shown again."""
        codes = ["".join(secrets.choice(ALPHABET) for _ in range(LENGTH)) for _ in range(HOW_MANY)]
        async with self._database.transaction() as session:
            await _forget(session, person_id)
            now = self._clock()
            session.add_all(
                RecoveryCodeRow(code_index=self._index(person_id, code), person_id=person_id, made_at=now)
                for code in codes
            )
            await self._record(session, "idp.recovery.make", person_id)
        return ["-".join(code[start : start + 4] for start in range(0, LENGTH, 4)) for code in codes]

    async def left(self, person_id: str) -> int:
        """How many are unused."""
        async with self._database.reading() as session:
            statement = select(func.count()).select_from(RecoveryCodeRow).where(RecoveryCodeRow.person_id == person_id)
            return int(await session.scalar(statement) or 0)

    async def take(self, person_id: str, typed: str) -> bool:
        """Use a code up; False when it is none of the person's, or was used."""
        code = typed.upper().translate(str.maketrans("", "", " -–—"))
        if len(code) != LENGTH:
            return False
        async with self._database.transaction() as session:
            statement = delete(RecoveryCodeRow).where(
                RecoveryCodeRow.code_index == self._index(person_id, code), RecoveryCodeRow.person_id == person_id
            )
            taken = (await session.execute(statement.returning(RecoveryCodeRow.person_id))).first() is not None
            if taken:
                await self._record(session, "idp.recovery.use", person_id)
        return taken

    async def forget(self, person_id: str) -> None:
        """Let none count any more."""
        async with self._database.transaction() as session:
            await _forget(session, person_id)

    async def _record(self, session: AsyncSession, action: str, person_id: str) -> None:
        await self._audit.record(session, AuditEvent(action, Actor("user", person_id), f"person:{person_id}"))

    def _index(self, person_id: str, code: str) -> str:
        return self._envelope.blind_index(_INDEX, f"{person_id}:{code}")


async def _forget(session: AsyncSession, person_id: str) -> None:
    await session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.person_id == person_id))
