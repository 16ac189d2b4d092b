"""`/Users`: entering, changing and letting go an agency's people."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from idp.persons.passwords import PasswordHasher
from idp.persons.person import PersonState
from idp.persons.records import PasswordRow, PersonRow, load_person
from idp.persons.service import PersonService
from idp.scim.documents import Documents, canonical
from idp.scim.errors import invalid_value, not_found, not_mutable, taken
from idp.scim.records import ScimUserRow, find_user, find_users_by, members_without_record
from idp.scim.resources.attributes import Document
from idp.scim.resources.definitions import ENTERPRISE_URN, USER
from idp.scim.resources.patching import patched, read_operations
from idp.scim.resources.reading import read_resource
from idp.scim.standing import is_agencys_alone, join, let_go, restore, suspend
from idp.scim.tenancy import Tenant, find_tenant
from idp.scim.versions import check_version
from kernel.audit.chain import AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.errors import InvalidInput
from kernel.i18n import DEFAULT_LOCALE, LOCALES
from kernel.ids.time_ordered import new_id
from kernel.ids.uscc import Uscc

LONGEST_USER_NAME = 100
ADOPTED_AT_ONCE = 500
TAKEN = "Another user has this userName or externalId."


@dataclass(frozen=True)
class ScimParts:
    """The rooms behind SCIM."""

    database: Database
    audit: AuditTrail
    clock: Clock
    hasher: PasswordHasher
    persons: PersonService
    documents: Documents


@dataclass(frozen=True)
class _Wish:
    """What a client wants somebody to be. `active`: None for what it is now."""

    document: Document
    active: bool | None
    password_hash: str | None


class UserDirectory:
    """Each use case is one transaction; each change is in the audit trail."""

    def __init__(self, parts: ScimParts) -> None:
        self._parts = parts

    async def create(self, client_id: str, body: object) -> Document:
        """Enter somebody (RFC 7644 §3.3). Raises `ScimError`."""
        wish = await self._wish(read_resource(USER, body))
        now = self._parts.clock()
        await self.adopt(client_id)
        async with _unique(), self._parts.database.transaction() as session:
            tenant = await find_tenant(session, client_id)
            row = ScimUserRow(
                id=new_id(), uscc=_agency(tenant, wish.document) or tenant.uscc, managed=True, active=True
            )
            row.created_at = row.updated_at = now
            await self._check_free(session, tenant, row.id, wish.document)
            person = self._person(row, wish.document)
            row.person_id = person.id
            self._parts.documents.keep(row, wish.document)
            session.add_all([person, row])
            await session.flush()
            await join(session, row.uscc, person.id, now)
            if wish.password_hash:
                session.add(PasswordRow(person_id=person.id, hash=wish.password_hash, changed_at=now))
            await session.flush()
            if wish.active is False:
                await suspend(session, tenant, row, person, now)
            await self._record(session, tenant, "idp.scim.user.create", row, active=row.active)
            return await self._shown(session, tenant, row)

    async def read(self, client_id: str, user_id: str) -> Document:
        """Somebody's document. Raises `ScimError` (404)."""
        async with self._parts.database.reading() as session:
            tenant = await find_tenant(session, client_id)
            return await self._shown(session, tenant, await self._load(session, tenant, user_id))

    async def replace(self, client_id: str, user_id: str, body: object, if_match: str = "") -> Document:
        """Have somebody be as sent (RFC 7644 §3.5.1). Raises `ScimError`."""
        wish = await self._wish(read_resource(USER, body))
        async with _unique(), self._parts.database.transaction() as session:
            tenant = await find_tenant(session, client_id)
            row = await self._load(session, tenant, user_id, lock=True)
            check_version(await self._shown(session, tenant, row), if_match)
            return await self._change(session, tenant, row, wish)

    async def patch(self, client_id: str, user_id: str, body: object, if_match: str = "") -> Document:
        """Change parts (RFC 7644 §3.5.2). Raises `ScimError`."""
        operations = read_operations(body)
        async with self._parts.database.reading() as session:
            tenant = await find_tenant(session, client_id)
            before = await self._patchable(session, tenant, await self._load(session, tenant, user_id))
        # The password is hashed before the transaction, so the operations are tried once beforehand.
        wish = await self._wish(patched(USER, before, operations))
        async with _unique(), self._parts.database.transaction() as session:
            tenant = await find_tenant(session, client_id)
            row = await self._load(session, tenant, user_id, lock=True)
            check_version(await self._shown(session, tenant, row), if_match)
            document = patched(USER, await self._patchable(session, tenant, row), operations)
            active = document.pop("active", None)
            document.pop("password", None)
            return await self._change(session, tenant, row, _Wish(document, active, wish.password_hash))

    async def delete(self, client_id: str, user_id: str, if_match: str = "") -> None:
        """Let somebody go for good (RFC 7644 §3.6); what the client said of them is erased. Raises `ScimError`."""
        async with self._parts.database.transaction() as session:
            tenant = await find_tenant(session, client_id)
            row = await self._load(session, tenant, user_id, lock=True)
            if if_match:
                check_version(await self._shown(session, tenant, row), if_match)
            person = await load_person(session, row.person_id)
            await let_go(session, tenant, row, person, self._parts.clock())
            await self._record(session, tenant, "idp.scim.user.delete", row)

    async def adopt(self, client_id: str) -> None:
        """Give people of the agency who came by another way a record, so that the client sees all of its own."""
        left = ADOPTED_AT_ONCE
        while left == ADOPTED_AT_ONCE:
            try:
                async with self._parts.database.transaction() as session:
                    left = await self._adopt_some(session, await find_tenant(session, client_id))
            except IntegrityError:
                return  # another request did so a moment ago

    async def _adopt_some(self, session: AsyncSession, tenant: Tenant) -> int:
        documents = self._parts.documents
        members = await members_without_record(session, tenant.usccs, ADOPTED_AT_ONCE)
        for uscc, person_id in members:
            person = await load_person(session, person_id)
            row = ScimUserRow(id=new_id(), person_id=person_id, uscc=uscc, managed=False, active=True)
            row.created_at = row.updated_at = self._parts.clock()
            name = person.username or person_id
            twins = await find_users_by(session, tenant.usccs, "user_name_index", documents.user_name_index(name))
            document = {"userName": person_id if twins else name, "displayName": person.display_name}
            documents.keep(row, document)
            session.add(row)
            await session.flush()
        return len(members)

    async def _wish(self, document: Document) -> _Wish:
        """Take apart what is kept apart, and check what no schema says. Raises `ScimError` (invalidValue)."""
        name = canonical(document["userName"])
        if not 1 <= len(name) <= LONGEST_USER_NAME or not name.isprintable() or any(map(str.isspace, name)):
            raise invalid_value(f"A userName has 1 to {LONGEST_USER_NAME} characters, and no spaces.")
        active, password = document.pop("active", None), document.pop("password", None)
        if password is None:
            return _Wish(document, active, None)
        try:
            self._parts.persons.check_password(password, name)
        except InvalidInput as weak:
            raise invalid_value("The password is too short, too long, or the userName.") from weak
        return _Wish(document, active, await self._parts.hasher.hash(password))

    def _person(self, row: ScimUserRow, document: Document) -> PersonRow:
        return PersonRow(
            id=new_id(),
            username=sign_in_name(document["userName"], row.uscc),
            display_name=_display_name(document),
            locale=_locale(document),
            state=PersonState.ACTIVE,
            assurance_level=1,
            created_at=row.created_at,
        )

    async def _change(self, session: AsyncSession, tenant: Tenant, row: ScimUserRow, wish: _Wish) -> Document:
        now = self._parts.clock()
        person = await load_person(session, row.person_id)
        await session.refresh(person, with_for_update=True)
        before = self._parts.documents.kept(row)
        changed = sorted(name for name in before.keys() | wish.document.keys() if _differs(name, before, wish.document))
        await self._check_free(session, tenant, row.id, wish.document)
        await self._move(session, tenant, row, wish.document, person)
        is_alone = await is_agencys_alone(session, row, person, now)
        if is_alone:
            person.username = sign_in_name(wish.document["userName"], row.uscc)
            person.display_name, person.locale = _display_name(wish.document), _locale(wish.document)
        if wish.password_hash is not None:
            if not is_alone:
                raise not_mutable("This account is not the agency's alone; its owner sets the password.")
            await self._set_password(session, person, wish.password_hash)
            changed.append("password")
        self._parts.documents.keep(row, wish.document)
        if wish.active is not None and wish.active is not row.active:
            changed.append("active")
            if wish.active:
                await restore(session, row, person, now)
            else:
                await suspend(session, tenant, row, person, now)
        if changed:
            row.updated_at = now
            await session.flush()
            await self._record(session, tenant, "idp.scim.user.update", row, changed=changed, active=row.active)
        return await self._shown(session, tenant, row)

    async def _move(
        self, session: AsyncSession, tenant: Tenant, row: ScimUserRow, document: Document, person: PersonRow
    ) -> None:
        """To another agency of the tree; what the old place gave counts no more."""
        uscc = _agency(tenant, document)
        if uscc is None or uscc == row.uscc:
            return
        was_active = row.active
        if was_active:
            await suspend(session, tenant, row, person, self._parts.clock())
        row.uscc = uscc
        if was_active:
            await restore(session, row, person, self._parts.clock())
        await session.flush()

    async def _set_password(self, session: AsyncSession, person: PersonRow, hashed: str) -> None:
        now = self._parts.clock()
        record = await session.get(PasswordRow, person.id)
        if record is None:
            session.add(PasswordRow(person_id=person.id, hash=hashed, changed_at=now))
        else:
            record.hash, record.changed_at = hashed, now
        person.signed_out_before = now

    async def _check_free(self, session: AsyncSession, tenant: Tenant, own_id: str, document: Document) -> None:
        """Unique among the caller's own people; what others have is neither asked nor told. Raises `ScimError`."""
        documents = self._parts.documents
        values = [("user_name_index", documents.user_name_index(document["userName"]))]
        if document.get("externalId"):
            values.append(("external_id_index", documents.external_id_index(document["externalId"])))
        for column, value in values:
            found = await find_users_by(session, tenant.usccs, column, value)
            if any(each.id != own_id for each in found):
                raise taken(TAKEN)

    async def _load(self, session: AsyncSession, tenant: Tenant, user_id: str, *, lock: bool = False) -> ScimUserRow:
        row = await find_user(session, tenant.usccs, user_id, lock=lock)
        if row is None:
            raise not_found(user_id)
        return row

    async def _patchable(self, session: AsyncSession, tenant: Tenant, row: ScimUserRow) -> Document:
        return {**self._parts.documents.kept(row), "active": row.active}

    async def _shown(self, session: AsyncSession, tenant: Tenant, row: ScimUserRow) -> Document:
        return (await self._parts.documents.users(session, tenant, [row]))[0]

    async def _record(
        self, session: AsyncSession, tenant: Tenant, action: str, row: ScimUserRow, **detail: object
    ) -> None:
        detail |= {"user": row.id, "organisation": row.uscc}
        event = AuditEvent(action, tenant.actor, f"person:{row.person_id}", detail=detail)
        await self._parts.audit.record(session, event)


def sign_in_name(user_name: str, uscc: str) -> str:
    """What somebody types to sign in. The agency's code keeps apart what agencies chose without knowing each other."""
    return f"{canonical(user_name)}@{uscc.lower()}"


def _differs(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    return bool(before.get(name) != after.get(name))


def _display_name(document: Document) -> str:
    name = document.get("name", {})
    parts = " ".join(name[part] for part in ("givenName", "familyName") if name.get(part))
    return str(document.get("displayName") or name.get("formatted") or parts or document["userName"])[:128]


def _locale(document: Document) -> str:
    wish = str(document.get("preferredLanguage") or document.get("locale") or "").replace("-", "_").lower()
    return next((each for each in LOCALES if wish.startswith(each.lower()[:2]) and wish), DEFAULT_LOCALE)


def _agency(tenant: Tenant, document: Document) -> str | None:
    """The agency that the enterprise extension names by its USCC; None for no code. Raises `ScimError`."""
    named = str(document.get(ENTERPRISE_URN, {}).get("organization") or "").strip()
    try:
        uscc = str(Uscc.parse(named))
    except InvalidInput:
        return None
    if uscc not in tenant.usccs:
        raise invalid_value("organization must be the code of your agency, or of one below it.")
    return uscc


@asynccontextmanager
async def _unique() -> AsyncIterator[None]:
    """Somebody else entered the same at the same moment: the database refuses the second."""
    try:
        yield
    except IntegrityError as clash:
        raise taken(TAKEN) from clash
