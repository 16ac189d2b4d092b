"""The PIN of a seal: kept as argon2id (RFC 9106), and slower to try the more often it was wrong."""

import asyncio
import re
from datetime import timedelta
from itertools import pairwise

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.errors import FieldError, InvalidInput, RateLimited
from seal.seals.records import SealPinRow
from seal.seals.use_policy import PinRequired, UseRefused

FREE_ATTEMPTS = 3
_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
_PIN = re.compile(r"[\x21-\x7e]{6,32}")
_MEMORY_KIB, _PASSES = 19_456, 2  # OWASP's floor; a PIN is guarded by its back-off far more than by its hash
_MESSAGE = (
    "A PIN has 6 to 32 letters, digits or signs, and is neither one character repeated nor a plain run like 123456."
)


class WrongPin(UseRefused):
    """The PIN is not this seal's."""

    code = "seal-pin-wrong"

    def __init__(self) -> None:
        super().__init__("The PIN is wrong.")


class SealPins:
    """Sets and proves PINs. Attempts on one seal follow one another, so that many at once are not many for free."""

    def __init__(self, database: Database, audit: AuditTrail, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._argon2 = PasswordHasher(time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=1, type=Type.ID)

    async def hash(self, pin: str) -> str:
        """A salted hash in PHC form. Raises InvalidInput for a PIN that anybody would guess."""
        check_pin(pin)
        return await asyncio.to_thread(self._argon2.hash, pin)

    async def prove(self, seal_id: str, actor: Actor, pin: str) -> None:
        """Return if `pin` is the seal's.

        Raises WrongPin, PinRequired (none was ever set, or none is given), and RateLimited: after three wrong ones each
        further attempt waits, from a minute doubling to an hour, whoever makes it.
        """
        if not pin:
            raise PinRequired
        async with self._database.transaction() as session:
            row = await session.get(SealPinRow, seal_id, with_for_update=True)
            if row is None:
                raise PinRequired
            now = self._clock()
            if row.not_before and now < row.not_before:
                seconds = int((row.not_before - now).total_seconds()) + 1
                raise RateLimited("The PIN was wrong too often. Wait a little.", retry_after_seconds=seconds)
            right = await asyncio.to_thread(self._matches, row.hash, pin)
            row.failures = 0 if right else row.failures + 1
            row.not_before = None if row.failures < FREE_ATTEMPTS else now + _wait(row.failures)
            if not right:
                event = AuditEvent("seal.pin", actor, subject_ref=seal_id, outcome="refused")
                await self._audit.record(session, event)
        if not right:
            raise WrongPin

    def _matches(self, stored: str, pin: str) -> bool:
        try:
            return self._argon2.verify(stored, pin)
        except (VerificationError, InvalidHashError):
            return False


def check_pin(pin: str) -> None:
    """Raise InvalidInput for a PIN that is too short or that anybody would guess."""
    steps = {ord(after) - ord(before) for before, after in pairwise(pin)}
    if not _PIN.fullmatch(pin) or steps in ({0}, {1}, {-1}):
        raise InvalidInput("Some fields need your attention.", fields=[FieldError("pin", _MESSAGE)])


def _wait(failures: int) -> timedelta:
    doublings = min(failures - FREE_ATTEMPTS, 16)
    return min(_FIRST_WAIT * (1 << doublings), _LONGEST_WAIT)
