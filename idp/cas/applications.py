"""Applications that sign people in by CAS: registered by their address, known by any address below it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.exc import IntegrityError as UniqueViolation

from idp.cas.addresses import Address
from idp.cas.records import CasApplicationRow, list_applications
from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.errors import Conflict, FieldError, InvalidInput, NotFound
from kernel.ids.time_ordered import new_id

ATTRIBUTES = ("name", "preferred_username", "acr", "amr", "roles", "organisation", "organisation_name", "subject_type")
KEEP = timedelta(seconds=1)


class CasUser(StrEnum):
    """What `cas:user` holds: the person's opaque, stable id, or the user name that older applications expect."""

    ID = "id"
    USERNAME = "username"


@dataclass(frozen=True)
class CasRegistration:
    """What an operator says. `attributes`: which of `ATTRIBUTES` it is told; `may_proxy`: it may act for people at
    other applications."""

    name: str
    address: str
    user: str = CasUser.ID
    attributes: tuple[str, ...] = ("name",)
    may_proxy: bool = False
    wants_logout: bool = True


@dataclass(frozen=True)
class CasApplication:
    """A registered application."""

    id: str
    name: str
    address: Address
    user: CasUser
    attributes: tuple[str, ...]
    may_proxy: bool
    wants_logout: bool


class CasApplications:
    """Registering and finding. The list is kept for a second: other processes see a change within it."""

    def __init__(self, database: Database, audit: AuditTrail, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._kept: tuple[datetime, Sequence[CasApplication]] | None = None

    async def register(self, registration: CasRegistration, actor: Actor) -> CasApplication:
        """Add an application. Raises `InvalidInput`, and `Conflict` when the address is taken."""
        _check(registration)
        row = CasApplicationRow(
            id=new_id(),
            name=registration.name.strip(),
            address=registration.address,
            user=str(registration.user),
            attributes=list(registration.attributes),
            may_proxy=registration.may_proxy,
            wants_logout=registration.wants_logout,
            created_at=self._clock(),
        )
        try:
            async with self._database.transaction() as session:
                session.add(row)
                event = AuditEvent("idp.cas.register", actor, f"cas:{row.id}", detail={"address": row.address})
                await self._audit.record(session, event)
        except UniqueViolation as violation:
            raise Conflict("There is already an application at this address.") from violation
        self._kept = None
        return _application(row)

    async def remove(self, application_id: str, actor: Actor) -> None:
        """Let nobody sign in there any more. Raises `NotFound`."""
        async with self._database.transaction() as session:
            row = await session.get(CasApplicationRow, application_id)
            if row is None:
                raise NotFound("There is no such application.")
            await session.delete(row)
            await self._audit.record(session, AuditEvent("idp.cas.remove", actor, f"cas:{application_id}"))
        self._kept = None

    async def list(self) -> Sequence[CasApplication]:
        """Every application, by name."""
        now = self._clock()
        if self._kept is None or not timedelta() <= now - self._kept[0] < KEEP:
            async with self._database.reading() as session:
                self._kept = (now, [_application(row) for row in await list_applications(session)])
        return self._kept[1]

    async def find(self, address: str) -> CasApplication | None:
        """The application that this address belongs to: of several, the one registered most closely."""
        try:
            wanted = Address.read(address)
        except InvalidInput:
            return None
        covering = [each for each in await self.list() if each.address.covers(wanted)]
        return max(covering, key=lambda each: len(each.address.path), default=None)

    async def find_by_id(self, application_id: str) -> CasApplication | None:
        """The application of this id."""
        return next((each for each in await self.list() if each.id == application_id), None)


def _check(registration: CasRegistration) -> None:
    errors: list[FieldError] = []
    if not registration.name.strip() or len(registration.name) > 128:
        errors.append(FieldError("name", "Give the application a name."))
    try:
        if not Address.read(registration.address).is_protected:
            errors.append(FieldError("address", "The address must use https, except on this machine."))
        if "?" in registration.address or "#" in registration.address:
            errors.append(FieldError("address", "The address ends with the path: no ? and no #."))
    except InvalidInput as refusal:
        errors.append(FieldError("address", refusal.message))
    if registration.user not in list(CasUser):
        errors.append(FieldError("user", "Applications know people by id or by username."))
    unknown = sorted(set(registration.attributes) - set(ATTRIBUTES))
    if unknown:
        errors.append(FieldError("attributes", "There is no attribute {names}.", {"names": ", ".join(unknown)}))
    if errors:
        raise InvalidInput("The application cannot be registered like this.", fields=errors)


def _application(row: CasApplicationRow) -> CasApplication:
    return CasApplication(
        id=row.id,
        name=row.name,
        address=Address.read(row.address),
        user=CasUser(row.user),
        attributes=tuple(row.attributes),
        may_proxy=row.may_proxy,
        wants_logout=row.wants_logout,
    )
