"""Time-based one-time passwords (RFC 6238): six digits, thirty seconds, one step of slack either way."""

import hmac
from datetime import datetime

import pyotp

from idp.factors.records import TotpRow, claim_step
from kernel.audit.chain import SYSTEM, Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.crypto.envelope import Envelope
from kernel.database.engine import Database
from kernel.ephemeral.store import EphemeralStore

PERIOD_SECONDS = 30
SLACK_STEPS = 1
ENROLMENT_SECONDS = 1800


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code this is, near `now`."""
    generator = pyotp.HOTP(secret)
    current = int(now.timestamp()) // PERIOD_SECONDS
    for step in range(current - SLACK_STEPS, current + SLACK_STEPS + 1):
        if hmac.compare_digest(generator.at(step).encode(), code.encode()):
            return step
    return None


class TotpService:
    """Enrols and checks second factors. A code counts once."""

    def __init__(
        self,
        database: Database,
        audit: AuditTrail,
        clock: Clock,
        envelope: Envelope,
        ephemeral: EphemeralStore,
    ) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._envelope = envelope
        self._ephemeral = ephemeral

    async def is_enrolled(self, person_id: str) -> bool:
        """Whether the person has a second factor."""
        async with self._database.reading() as session:
            return await session.get(TotpRow, person_id) is not None

    async def propose(self, request_id: str, person_id: str) -> str:
        """The secret that a sign-in under way proposes for enrolment; the same one when asked again."""
        key, context = f"totp-proposal:{request_id}", _context(person_id)
        stored = await self._ephemeral.get(key)
        if stored is not None:
            return self._envelope.decrypt(stored, context=context).decode()
        secret = pyotp.random_base32()
        await self._ephemeral.put(key, self._envelope.encrypt(secret.encode(), context=context), ENROLMENT_SECONDS)
        return secret

    async def confirm(self, request_id: str, person_id: str, code: str) -> bool:
        """Enrol the proposed secret if the code shows that the person's app holds it."""
        secret = await self.propose(request_id, person_id)
        step = matching_step(secret, code, self._clock())
        if step is None:
            return False
        await self._ephemeral.delete(f"totp-proposal:{request_id}")
        await self.enrol(person_id, secret, last_step=step, actor=Actor("user", person_id))
        return True

    async def enrol(self, person_id: str, secret: str, *, last_step: int = 0, actor: Actor = SYSTEM) -> None:
        """Make this base32 secret the person's second factor, in place of an older one."""
        sealed = self._envelope.encrypt(secret.encode(), context=_context(person_id))
        async with self._database.transaction() as session:
            await session.merge(
                TotpRow(
                    person_id=person_id,
                    secret_sealed=sealed,
                    last_step=last_step,
                    enrolled_at=self._clock(),
                )
            )
            await self._audit.record(session, AuditEvent("idp.totp.enrol", actor, f"person:{person_id}"))

    async def forget(self, person_id: str, *, actor: Actor = SYSTEM) -> bool:
        """Take a lost second factor away, so that the next sign-in enrols another; says whether there was one.

        Who asks must have been recognised by other means: from here on the password alone leads to enrolment.
        """
        async with self._database.transaction() as session:
            row = await session.get(TotpRow, person_id)
            if row is None:
                return False
            await session.delete(row)
            await self._audit.record(session, AuditEvent("idp.totp.forget", actor, f"person:{person_id}"))
        return True

    async def check(self, person_id: str, code: str) -> bool:
        """Whether this code is right now the person's, and was not used before."""
        async with self._database.transaction() as session:
            row = await session.get(TotpRow, person_id)
            if row is None:
                return False
            secret = self._envelope.decrypt(row.secret_sealed, context=_context(person_id)).decode()
            step = matching_step(secret, code, self._clock())
            return step is not None and await claim_step(session, person_id, step)


def provisioning_uri(secret: str, account: str) -> str:
    """What an authenticator app reads from the QR code (the `otpauth:` key URI)."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name="Xinyin 信印")


def _context(person_id: str) -> str:
    return f"idp.totp.secret:{person_id}"
