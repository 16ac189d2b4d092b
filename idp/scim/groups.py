"""`/Groups`: an agency's groups and who is in them."""

from collections.abc import Collection

from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from idp.assignments.authority import DELEGATED
from idp.assignments.records import AssignmentRow, GroupMemberRow, GroupRow, is_open, members_of
from idp.persons.records import end_sign_ins
from idp.roles.scopes import Role
from idp.scim.errors import ScimError, invalid_value, not_found, taken
from idp.scim.records import ScimGroupRow, ScimUserRow, find_users_of, is_number
from idp.scim.resources.attributes import Document
from idp.scim.resources.definitions import GROUP
from idp.scim.resources.patching import patched, read_operations
from idp.scim.resources.reading import read_resource
from idp.scim.tenancy import Tenant, find_tenant
from idp.scim.users import ScimParts
from idp.scim.versions import check_version
from idp.units.records import UnitRow
from kernel.audit.chain import AuditEvent
from kernel.ids.time_ordered import new_id

LONGEST_NAME, LONGEST_EXTERNAL_ID = 200, 255


class GroupDirectory:
    """Each use case is one transaction; each change is in the audit trail."""

    def __init__(self, parts: ScimParts) -> None:
        self._parts = parts

    async def create(self, client_id: str, body: object) -> Document:
        """Enter a group in the agency's unit. Raises `ScimError`."""
        document = read_resource(GROUP, body)
        now = self._parts.clock()
        try:
            async with self._parts.database.transaction() as session:
                tenant = await find_tenant(session, client_id)
                if tenant.unit_id is None:
                    raise ScimError(
                        403, "The agency stands in no tree of units yet. Ask the administrator to enter it."
                    )
                row = GroupRow(id=new_id(), name="", unit_id=tenant.unit_id, created_at=now)
                extra = ScimGroupRow(group_id=row.id, updated_at=now)
                await self._take(session, tenant, row, extra, document)
                session.add_all([row, extra])
                await session.flush()
                await self._set_members(session, tenant, row, document)
                await self._record(session, tenant, "idp.scim.group.create", row, unit=row.unit_id)
                return await self._shown(session, tenant, row)
        except IntegrityError as clash:
            raise taken("Another group has this displayName.") from clash

    async def read(self, client_id: str, group_id: str) -> Document:
        """A group's document. Raises `ScimError` (404)."""
        async with self._parts.database.reading() as session:
            tenant = await find_tenant(session, client_id)
            return await self._shown(session, tenant, await _load(session, tenant, group_id))

    async def replace(self, client_id: str, group_id: str, body: object, if_match: str = "") -> Document:
        """Have a group be as sent. Raises `ScimError`."""
        document = read_resource(GROUP, body)
        async with self._parts.database.transaction() as session:
            tenant = await find_tenant(session, client_id)
            row = await _load(session, tenant, group_id, lock=True)
            check_version(await self._shown(session, tenant, row), if_match)
            return await self._change(session, tenant, row, document)

    async def patch(self, client_id: str, group_id: str, body: object, if_match: str = "") -> Document:
        """Change parts (RFC 7644 §3.5.2). Raises `ScimError`."""
        operations = read_operations(body)
        async with self._parts.database.transaction() as session:
            tenant = await find_tenant(session, client_id)
            row = await _load(session, tenant, group_id, lock=True)
            before = await self._shown(session, tenant, row)
            check_version(before, if_match)
            kept = {key: value for key, value in before.items() if key in {"displayName", "externalId", "members"}}
            return await self._change(session, tenant, row, patched(GROUP, kept, operations))

    async def delete(self, client_id: str, group_id: str, if_match: str = "") -> None:
        """End a group and the roles that it gave. Raises `ScimError`."""
        now = self._parts.clock()
        async with self._parts.database.transaction() as session:
            tenant = await find_tenant(session, client_id)
            row = await _load(session, tenant, group_id, lock=True)
            check_version(await self._shown(session, tenant, row), if_match)
            await self._check_roles(session, row)
            everybody = await members_of(session, row.id)
            if len(await find_users_of(session, tenant.usccs, everybody)) < len(everybody):
                raise ScimError(403, "There are people in this group who are not the agency's.")
            for assignment in await session.scalars(_assignments(row)):
                assignment.ended_at, assignment.ended_by = now, tenant.client_id
            for person_id in everybody:
                await self._take_out(session, row, person_id)
            extra = await session.get(ScimGroupRow, row.id)
            if extra is not None:
                await session.delete(extra)
            await session.delete(row)
            await self._record(session, tenant, "idp.scim.group.delete", row, members=len(everybody))

    async def _change(self, session: AsyncSession, tenant: Tenant, row: GroupRow, document: Document) -> Document:
        extra = await session.get(ScimGroupRow, row.id)
        if extra is None:
            extra = ScimGroupRow(group_id=row.id)
            session.add(extra)
        await self._take(session, tenant, row, extra, document)
        extra.updated_at = self._parts.clock()
        added, removed = await self._set_members(session, tenant, row, document)
        await self._record(session, tenant, "idp.scim.group.update", row, added=added, removed=removed)
        return await self._shown(session, tenant, row)

    async def _take(
        self, session: AsyncSession, tenant: Tenant, row: GroupRow, extra: ScimGroupRow, document: Document
    ) -> None:
        name, external = document["displayName"].strip(), document.get("externalId")
        if len(name) > LONGEST_NAME or len(external or "") > LONGEST_EXTERNAL_ID:
            raise invalid_value(f"displayName has at most {LONGEST_NAME} characters, externalId {LONGEST_EXTERNAL_ID}.")
        twin = select(GroupRow.id).where(GroupRow.name == name, GroupRow.unit_id == row.unit_id, GroupRow.id != row.id)
        if await session.scalar(twin):
            raise taken("Another group has this displayName.")
        row.name, extra.external_id = name, external

    async def _set_members(
        self, session: AsyncSession, tenant: Tenant, row: GroupRow, document: Document
    ) -> tuple[int, int]:
        """Put in and take out, among the caller's own people alone; others who are in the group stay. Raises
        `ScimError`."""
        wanted, suspended = await self._persons(session, tenant, document)
        present = await members_of(session, row.id)
        own = set(await find_users_of(session, tenant.usccs, present))
        added, removed = wanted - set(present), own - wanted
        if added & suspended:
            raise invalid_value("A user who is not active cannot be put into a group.")
        if added or removed:
            await self._check_roles(session, row)
        now = self._parts.clock()
        for person_id in sorted(added):
            session.add(GroupMemberRow(group_id=row.id, person_id=person_id, joined_at=now))
        for person_id in sorted(removed):
            await self._take_out(session, row, person_id)
        await session.flush()
        return len(added), len(removed)

    async def _persons(self, session: AsyncSession, tenant: Tenant, document: Document) -> tuple[set[str], set[str]]:
        """Whom the members name, and which of them may not act for the agency now. Raises `ScimError` (invalidValue)
        for ids that are none of the caller's users."""
        ids = sorted({str(each.get("value") or "") for each in document.get("members", [])})
        found: dict[str, tuple[str, bool]] = {}
        for start in range(0, len(ids), 500):
            statement = select(ScimUserRow.id, ScimUserRow.person_id, ScimUserRow.active).where(
                ScimUserRow.id.in_(ids[start : start + 500]), ScimUserRow.uscc.in_(tenant.usccs)
            )
            for user_id, person_id, is_active in await session.execute(statement):
                found[user_id] = (person_id, is_active)
        missing = next((each for each in ids if each not in found), None)
        if missing is not None:
            raise invalid_value(f"There is no user {missing[:64]!r} to be a member.")
        everybody = {person_id for person_id, _ in found.values()}
        return everybody, everybody - {person_id for person_id, is_active in found.values() if is_active}

    async def _take_out(self, session: AsyncSession, row: GroupRow, person_id: str) -> None:
        member = await session.get(GroupMemberRow, (row.id, person_id))
        if member is not None:
            await session.delete(member)
        await end_sign_ins(session, person_id, self._parts.clock())

    async def _check_roles(self, session: AsyncSession, row: GroupRow) -> None:
        """Programs decide about officers, approvers and verifiers, never about administrators."""
        roles = {
            Role(each.role) for each in await session.scalars(_assignments(row).where(is_open(self._parts.clock())))
        }
        if roles - DELEGATED:
            raise ScimError(403, "This group gives a role that only administrators give and take.")

    async def _shown(self, session: AsyncSession, tenant: Tenant, row: GroupRow) -> Document:
        await session.flush()
        return (await self._parts.documents.groups(session, tenant, [row]))[0]

    async def _record(
        self, session: AsyncSession, tenant: Tenant, action: str, row: GroupRow, **detail: object
    ) -> None:
        event = AuditEvent(action, tenant.actor, f"group:{row.id}", detail=detail)
        await self._parts.audit.record(session, event)


def groups_of(tenant: Tenant) -> Select[GroupRow]:
    """The groups at and below the caller's unit."""
    if tenant.path is None:
        return select(GroupRow).where(GroupRow.id == "")
    return (
        select(GroupRow)
        .join(UnitRow, UnitRow.id == GroupRow.unit_id)
        .where(func.substr(UnitRow.path, 1, len(tenant.path)) == tenant.path)
    )


async def find_groups(session: AsyncSession, tenant: Tenant, ids: Collection[str]) -> list[GroupRow]:
    """Those of these groups that are the caller's."""
    return list(await session.scalars(groups_of(tenant).where(GroupRow.id.in_(ids)).order_by(GroupRow.id)))


async def _load(session: AsyncSession, tenant: Tenant, group_id: str, *, lock: bool = False) -> GroupRow:
    statement = groups_of(tenant).where(GroupRow.id == group_id)
    if lock:
        statement = statement.with_for_update(of=GroupRow)
    row = await session.scalar(statement) if is_number(group_id) else None
    if row is None:
        raise not_found(group_id)
    return row


def _assignments(row: GroupRow) -> Select[AssignmentRow]:
    return select(AssignmentRow).where(AssignmentRow.group_id == row.id, AssignmentRow.ended_at.is_(None))
