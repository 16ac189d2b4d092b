"""Entering, changing and finding persons."""

import unicodedata
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from idp.persons.passwords import PasswordHasher
from idp.persons.person import Person, PersonState, RealName
from idp.persons.protection import PersonalData
from idp.persons.records import (
    PasswordRow,
    PersonRow,
    find_by_id_number,
    find_by_username,
    list_persons,
    load_person,
)
from idp.persons.strength import check_strength
from idp.roles.service import RoleService, parse_roles
from kernel.audit.chain import SYSTEM, Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.errors import Conflict, FieldError, InvalidInput, NotFound
from kernel.i18n import DEFAULT_LOCALE, LOCALES
from kernel.ids.time_ordered import new_id
from kernel.messages.message import Channel

PASSWORD_MAXIMUM_LENGTH = 256
ANOTHER_PERSON = (
    "This ID number already belongs to another account. Sign in to that account, or ask the service desk to join them."
)


TAKEN = "This user name is taken. Choose another one."


@dataclass(frozen=True)
class PasswordRecord:
    """Whom a user name names, and the hash to check a password against."""

    person: Person
    hash: str | None


class PersonService:
    """Persons; every change is in the audit trail."""

    def __init__(
        self,
        database: Database,
        audit: AuditTrail,
        clock: Clock,
        personal_data: PersonalData,
        hasher: PasswordHasher,
        roles: RoleService,
    ) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._personal_data = personal_data
        self._hasher = hasher
        self._roles = roles
        self.password_minimum_length = 8

    async def create(
        self,
        username: str,
        password: str,
        display_name: str,
        roles: Iterable[str] = (),
        locale: str = DEFAULT_LOCALE,
        actor: Actor = SYSTEM,
    ) -> Person:
        """Enter somebody who signs in by password. Raises `InvalidInput` and `Conflict` (the user name is taken)."""
        username = check_username(username)
        self.check_password(password, username)
        parsed_roles = parse_roles(roles)
        row = self._new_row(display_name, locale)
        row.username = username
        hashed = await self._hasher.hash(password)
        async with _unique(TAKEN), self._database.transaction() as session:
            if await find_by_username(session, username):
                raise Conflict(TAKEN)
            session.add(row)
            session.add(PasswordRow(person_id=row.id, hash=hashed, changed_at=row.created_at))
            await self._record(session, "idp.person.create", row.id, actor)
            if parsed_roles:
                await self._roles.assign_in(session, row.id, parsed_roles, actor=actor)
        return public(row)

    async def create_unnamed(self, display_name: str, locale: str) -> Person:
        """Enter somebody who came by another provider: no user name, no password."""
        row = self._new_row(display_name, locale)
        async with self._database.transaction() as session:
            session.add(row)
            await self._record(session, "idp.person.create", row.id, SYSTEM)
        return public(row)

    async def set_password(self, person_id: str, password: str, actor: Actor = SYSTEM) -> None:
        """Give a person a new password; every session and token from before ends. Raises `InvalidInput`, `NotFound`."""
        self.check_password(password, (await self.load(person_id)).username or "")
        hashed = await self._hasher.hash(password)
        async with self._database.transaction() as session:
            row = await load_person(session, person_id)
            record = await session.get(PasswordRow, person_id)
            if record is None:
                session.add(PasswordRow(person_id=person_id, hash=hashed, changed_at=self._clock()))
            else:
                record.hash, record.changed_at = hashed, self._clock()
            row.signed_out_before = self._clock()
            await self._record(session, "idp.person.set-password", person_id, actor)

    async def disable(self, person_id: str, actor: Actor = SYSTEM) -> None:
        """Keep a person out; every session and token ends. Raises `NotFound`."""
        async with self._database.transaction() as session:
            row = await load_person(session, person_id)
            row.state = PersonState.DISABLED
            row.signed_out_before = self._clock()
            await self._record(session, "idp.person.disable", person_id, actor)

    async def enable(self, person_id: str, actor: Actor = SYSTEM) -> None:
        """Let a person in again. Raises `NotFound`."""
        async with self._database.transaction() as session:
            row = await load_person(session, person_id)
            row.state = PersonState.ACTIVE
            await self._record(session, "idp.person.enable", person_id, actor)

    async def bind_real_name(self, person_id: str, real_name: RealName, level: int, actor: Actor = SYSTEM) -> None:
        """Bind a person to an identity that was checked, and raise the assurance level to at least `level`.

        One ID number belongs to one person: raises `Conflict` otherwise, and `NotFound`.
        """
        index = self._personal_data.id_number_index(real_name.id_type, real_name.id_number)
        async with _unique(ANOTHER_PERSON), self._database.transaction() as session:
            row = await load_person(session, person_id)
            owner = await find_by_id_number(session, index)
            if owner is not None and owner.id != person_id:
                raise Conflict(ANOTHER_PERSON)
            if row.id_number_index is not None and row.id_number_index != index:
                raise Conflict("This account is already bound to another ID number. Ask the service desk to change it.")
            row.id_type, row.id_number_index = real_name.id_type, index
            row.name_sealed = self._personal_data.seal(person_id, "name", real_name.name)
            row.id_number_sealed = self._personal_data.seal(person_id, "id_number", real_name.id_number)
            row.assurance_level = max(row.assurance_level, level)
            row.assured_at = self._clock()
            await self._record(session, "idp.person.bind-real-name", person_id, actor, level=row.assurance_level)

    async def set_contact(self, person_id: str, *, phone: str | None = None, email: str | None = None) -> None:
        """Keep a verified phone number or email address. Raises `NotFound`."""
        async with self._database.transaction() as session:
            if phone is not None:
                await self.put_contact(session, person_id, "sms", phone)
            if email is not None:
                await self.put_contact(session, person_id, "email", email)

    async def put_contact(self, session: AsyncSession, person_id: str, channel: Channel, value: str | None) -> None:
        """Keep or forget what somebody is reached by, within a transaction. Raises `NotFound`."""
        row = await load_person(session, person_id)
        if channel == "sms":
            row.phone_sealed = self._personal_data.seal(person_id, "phone", value) if value else None
            row.assurance_level = max(row.assurance_level, 2) if value else row.assurance_level
        else:
            row.email_sealed = self._personal_data.seal(person_id, "email", value) if value else None
        detail = {"channel": channel, "kept": value is not None}
        await self._record(session, "idp.person.set-contact", person_id, Actor("user", person_id), **detail)

    async def contact(self, person_id: str) -> tuple[str | None, str | None]:
        """The verified phone number and e-mail address of somebody who may sign in; None for what there is not."""
        async with self._database.reading() as session:
            row = await session.get(PersonRow, person_id)
        if row is None or not public(row).is_active:
            return None, None
        return self._personal_data.phone(row), self._personal_data.email(row)

    async def set_locale(self, person_id: str, locale: str, actor: Actor = SYSTEM) -> None:
        """Remember a person's language. Raises `InvalidInput`, `NotFound`."""
        if locale not in LOCALES:
            raise _field_error("locale", "Choose one of the listed languages.")
        async with self._database.transaction() as session:
            (await load_person(session, person_id)).locale = locale
            await self._record(session, "idp.person.set-locale", person_id, actor, locale=locale)

    async def load(self, person_id: str) -> Person:
        """The person of this id. Raises `NotFound`."""
        async with self._database.reading() as session:
            return public(await load_person(session, person_id))

    async def load_by_username(self, username: str) -> Person:
        """The person of this user name. Raises `NotFound`."""
        record = await self.find_password(username)
        if record is None:
            raise NotFound("There is no person with this user name.")
        return record.person

    async def find_password(self, username: str) -> PasswordRecord | None:
        """Whom this user name names, with the hash of the password."""
        async with self._database.reading() as session:
            row = await find_by_username(session, canonical_username(username))
            if row is None:
                return None
            record = await session.get(PasswordRow, row.id)
            return PasswordRecord(public(row), record.hash if record else None)

    async def is_password(self, person_id: str, password: str) -> bool:
        """Whether this is the person's password; as slow for those who have none."""
        async with self._database.reading() as session:
            record = await session.get(PasswordRow, person_id)
        too_long = len(password) > PASSWORD_MAXIMUM_LENGTH
        return await self._hasher.matches(record.hash if record else None, "" if too_long else password)

    async def has_password(self, person_id: str) -> bool:
        """Whether the person can sign in by password."""
        async with self._database.reading() as session:
            return await session.get(PasswordRow, person_id) is not None

    async def list(self, *, after: str = "", limit: int = 100) -> Sequence[Person]:
        """Persons in the order they came, `limit` of them after the id `after`."""
        async with self._database.reading() as session:
            return [public(row) for row in await list_persons(session, after=after, limit=limit)]

    def _new_row(self, display_name: str, locale: str) -> PersonRow:
        return PersonRow(
            id=new_id(),
            display_name=display_name.strip()[:128],
            locale=locale if locale in LOCALES else DEFAULT_LOCALE,
            state=PersonState.ACTIVE,
            assurance_level=1,
            created_at=self._clock(),
        )

    def check_password(self, password: str, username: str) -> None:
        """Raise `InvalidInput` for a password that is too weak for this user name."""
        if len(password) < self.password_minimum_length:
            raise _field_error("password", "Use a password of at least {n} characters.", n=self.password_minimum_length)
        if len(password) > PASSWORD_MAXIMUM_LENGTH:
            raise _field_error("password", "Use a password of at most {n} characters.", n=PASSWORD_MAXIMUM_LENGTH)
        if password.casefold() == username.casefold():
            raise _field_error("password", "Use a password that is not your user name.")
        check_strength(password, (username,))

    async def _record(self, session: AsyncSession, action: str, person_id: str, actor: Actor, **detail: object) -> None:
        await self._audit.record(session, AuditEvent(action, actor, subject_ref=f"person:{person_id}", detail=detail))


def public(row: PersonRow) -> Person:
    """What of a row may be shown without opening an envelope."""
    return Person(
        id=row.id,
        username=row.username,
        display_name=row.display_name,
        locale=row.locale,
        state=PersonState(row.state),
        assurance_level=row.assurance_level,
        created_at=row.created_at,
        signed_out_before=row.signed_out_before,
    )


def canonical_username(username: str) -> str:
    """The one form of a user name: no difference of width, case or surrounding space."""
    return unicodedata.normalize("NFKC", username).strip().casefold()


def check_username(username: str) -> str:
    """The canonical form of a new user name. Raises `InvalidInput`."""
    canonical = canonical_username(username)
    if not 2 <= len(canonical) <= 64:
        raise _field_error("username", "Use a user name of 2 to 64 characters.")
    if any(not (character.isalnum() or character in "._@+-") for character in canonical):
        raise _field_error("username", "Use letters, digits and . _ @ + - in a user name.")
    return canonical


@asynccontextmanager
async def _unique(message: str) -> AsyncIterator[None]:
    """Somebody else entered the same at the same moment: the database refuses the second."""
    try:
        yield
    except IntegrityError as clash:
        raise Conflict(message) from clash


def _field_error(field: str, message: str, **params: object) -> InvalidInput:
    return InvalidInput("Check the following.", fields=[FieldError(field, message, params)])
