"""The real-name check."""

import unicodedata

from idp.assurance.register import PopulationRegister
from idp.login.throttle import AttemptThrottle
from idp.persons.person import RealName
from idp.persons.service import PersonService
from idp.sessions.service import Session
from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.database.engine import Database
from kernel.errors import FieldError, InvalidInput
from kernel.ids.resident_id import ResidentId

RESIDENT_IDENTITY_CARD = "111"
MATCHED_LEVEL = 3
NO_MATCH = "The register has no such pair of name and ID number. Check both against your ID card."


class AssuranceService:
    """Checks a name and number with the register, and binds them to the person."""

    def __init__(
        self,
        persons: PersonService,
        register: PopulationRegister,
        throttle: AttemptThrottle,
        database: Database,
        audit: AuditTrail,
    ) -> None:
        self._persons = persons
        self._register = register
        self._throttle = throttle
        self._database = database
        self._audit = audit

    async def check_real_name(self, session: Session, name: str, id_number: str) -> None:
        """Bind the signed-in person to a name and ID number that the register knows; level 3 from now on.

        Raises `InvalidInput` (naming the field), `Conflict` (the number is somebody else's), `RateLimited`,
        `Unavailable`.
        """
        real_name = _read(name, id_number)
        person_id = session.person.id
        await self._throttle.count_code(f"real-name:{person_id}")
        if not await self._register.matches(real_name.name, real_name.id_number):
            await self._record_mismatch(person_id)
            raise InvalidInput(NO_MATCH, fields=[FieldError("id_number", NO_MATCH)])
        await self._persons.bind_real_name(person_id, real_name, MATCHED_LEVEL, Actor("user", person_id))

    async def _record_mismatch(self, person_id: str) -> None:
        event = AuditEvent(
            "idp.person.bind-real-name", Actor("user", person_id), f"person:{person_id}", outcome="refused"
        )
        async with self._database.transaction() as session:
            await self._audit.record(session, event)


def _read(name: str, id_number: str) -> RealName:
    """The name and number as typed, made canonical. Raises `InvalidInput` naming every field that is wrong."""
    errors = []
    number = ""
    name = "".join(unicodedata.normalize("NFKC", name).split())
    if not 1 <= len(name) <= 64:
        errors.append(FieldError("name", "Enter your name as it stands on your ID card."))
    if not id_number.strip():
        errors.append(FieldError("id_number", "Enter your ID number."))
    else:
        try:
            number = str(ResidentId.parse(id_number))
        except InvalidInput as wrong:
            errors.append(FieldError("id_number", wrong.message, wrong.params))
    if errors:
        raise InvalidInput("Check your name and ID number.", fields=errors)
    return RealName(RESIDENT_IDENTITY_CARD, number, name)
