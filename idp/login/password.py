"""Signing in by user name and password."""

from idp.login.throttle import AttemptThrottle
from idp.persons.passwords import PasswordHasher
from idp.persons.person import Person
from idp.persons.service import PASSWORD_MAXIMUM_LENGTH, PasswordRecord, PersonService, canonical_username
from kernel.audit.chain import SYSTEM, Actor, AuditEvent, AuditTrail
from kernel.database.engine import Database
from kernel.errors import FieldError, Forbidden, InvalidInput, RateLimited

WRONG = "The user name or password is not right. Check both and try again."
DISABLED = "This account is closed. Ask the service desk to open it again."


class PasswordSignIn:
    """Checks passwords: the same answer, and the same time, for a wrong password and an unknown user."""

    def __init__(
        self,
        persons: PersonService,
        hasher: PasswordHasher,
        throttle: AttemptThrottle,
        database: Database,
        audit: AuditTrail,
    ) -> None:
        self._persons = persons
        self._hasher = hasher
        self.throttle = throttle
        self._database = database
        self._audit = audit

    async def check(self, username: str, password: str, address: str) -> Person:
        """Whom this user name and password are. Raises `InvalidInput`, `RateLimited`, `Forbidden`."""
        _check_filled_in(username, password)
        account = canonical_username(username)
        try:
            await self.throttle.count(account, address)
        except RateLimited:
            await self.refuse(None, "too many attempts")
            raise
        record = await self._persons.find_password(account)
        if not await self._is_right(record, password):
            known = record.person.id if record else None
            await self.refuse(known, "wrong password" if record else "unknown user name")
            raise InvalidInput(WRONG, fields=[FieldError("username", WRONG)])
        assert record is not None
        if not record.person.is_active:
            await self.refuse(record.person.id, "disabled")
            raise Forbidden(DISABLED)
        await self.throttle.clear(account, address)
        return record.person

    async def _is_right(self, record: PasswordRecord | None, password: str) -> bool:
        if len(password) > PASSWORD_MAXIMUM_LENGTH:
            password = ""
        return await self._hasher.matches(record.hash if record else None, password)

    async def refuse(self, person_id: str | None, because: str) -> None:
        """Write a refusal down."""
        actor = Actor("user", person_id) if person_id else SYSTEM
        subject_ref = f"person:{person_id}" if person_id else ""
        event = AuditEvent("idp.login", actor, subject_ref, outcome="refused", detail={"because": because})
        async with self._database.transaction() as session:
            await self._audit.record(session, event)


def _check_filled_in(username: str, password: str) -> None:
    fields = []
    if not username.strip():
        fields.append(FieldError("username", "Enter your user name."))
    if not password:
        fields.append(FieldError("password", "Enter your password."))
    if fields:
        raise InvalidInput("Enter your user name and password.", fields=fields)
