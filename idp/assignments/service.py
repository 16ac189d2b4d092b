"""Giving and ending assignments; groups. Who loses a role must sign in again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from idp.assignments.authority import (
    OPERATOR,
    Authority,
    check_person,
    check_role,
    check_separation,
    check_unit,
)
from idp.assignments.records import (
    AssignmentRow,
    GroupMemberRow,
    GroupRow,
    is_open,
    list_assignments,
    list_held,
    members_of,
)
from idp.persons.records import end_sign_ins, load_person
from idp.roles.scopes import Role
from idp.units.records import UnitRow
from kernel.audit.chain import SYSTEM, Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.errors import Conflict, FieldError, InvalidInput, NotFound
from kernel.ids.time_ordered import new_id

NO_GROUP, NO_ASSIGNMENT = "There is no such group.", "There is no such assignment."


@dataclass(frozen=True)
class Assignment:
    """A role of a person or a group, as others may see it."""

    id: str
    person_id: str | None
    group_id: str | None
    role: Role
    unit_id: str | None
    since: datetime
    until: datetime | None
    ended_at: datetime | None = None


@dataclass(frozen=True)
class Group:
    """A group as others may see it."""

    id: str
    name: str
    unit_id: str | None


@dataclass(frozen=True)
class NewAssignment:
    """A role to be given to a person or a group: in a unit and below or everywhere, for a time or for good."""

    role: str
    person_id: str | None = None
    group_id: str | None = None
    unit_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def held_later(session: AsyncSession, person_id: str, at: datetime) -> frozenset[Role]:
    """Every role that a person holds by assignments, or will."""
    return frozenset(each.role for each in await list_held(session, person_id, at, begun=False))


class AssignmentService:
    """Assignments and groups, each change in the audit trail and judged by `authority`."""

    def __init__(self, database: Database, audit: AuditTrail, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock

    async def give(self, order: NewAssignment, authority: Authority = OPERATOR, actor: Actor = SYSTEM) -> Assignment:
        """Give a role. Raises `InvalidInput`, `NotFound`, `Forbidden`, `Conflict` (two administrators in one)."""
        role, now = _role(order.role), self._clock()
        since = order.since or now
        if order.until is not None and order.until <= max(since, now):
            raise _field_error("until", "The role must end after it begins, and in the future.")
        if (order.person_id is None) == (order.group_id is None):
            raise _field_error("person", "Give the role to a person or to a group.")
        check_role(authority, role, order.unit_id)
        async with self._database.transaction() as session:
            await check_unit(session, authority, order.unit_id, now)
            for person_id in await self._receivers(session, order, authority):
                await check_person(session, authority, person_id, now)
                await self._lock(session, person_id)
                await check_separation(session, person_id, frozenset({role}), now)
            row = AssignmentRow(id=new_id(), person_id=order.person_id, group_id=order.group_id, role=role.value)
            row.unit_id, row.valid_from, row.valid_to = order.unit_id, since, order.until
            row.given_at, row.given_by = now, actor.id
            session.add(row)
            await self._record(session, "idp.assignment.give", row, actor)
        return _public(row)

    async def end(self, assignment_id: str, authority: Authority = OPERATOR, actor: Actor = SYSTEM) -> None:
        """Take a role back; those who had it must sign in again. Raises `NotFound`, `Forbidden`."""
        now = self._clock()
        async with self._database.transaction() as session:
            row = await session.get(AssignmentRow, assignment_id, with_for_update=True)
            if row is None:
                raise NotFound(NO_ASSIGNMENT)
            check_role(authority, Role(row.role), row.unit_id)
            await check_unit(session, authority, row.unit_id, now)
            if row.ended_at is not None:
                return
            row.ended_at, row.ended_by = now, actor.id
            holders = [row.person_id] if row.person_id else await members_of(session, row.group_id or "")
            for person_id in holders:
                await end_sign_ins(session, person_id, now)
            await self._record(session, "idp.assignment.end", row, actor)

    async def list(
        self, *, unit_id: str | None = None, person_id: str = "", after: str = "", limit: int = 100
    ) -> Sequence[Assignment]:
        """Assignments at or below a unit, or of a person, ended ones too. Raises `NotFound`."""
        async with self._database.reading() as session:
            unit = await session.get(UnitRow, unit_id) if unit_id else None
            if unit_id and unit is None:
                raise NotFound("There is no such unit.")
            path = unit.path if unit else ""
            rows = await list_assignments(session, path=path, person_id=person_id, after=after, limit=limit)
        return [_public(row) for row in rows]

    async def check_unit(self, authority: Authority, unit_id: str | None) -> None:
        """Raise `Forbidden` unless the authority administers this unit, `NotFound` when there is none."""
        async with self._database.reading() as session:
            await check_unit(session, authority, unit_id, self._clock())

    async def create_group(
        self, name: str, unit_id: str | None = None, authority: Authority = OPERATOR, actor: Actor = SYSTEM
    ) -> str:
        """Enter a group; gives its id. Raises `InvalidInput`, `Conflict`, `Forbidden`."""
        name = name.strip()[:200]
        if not name:
            raise _field_error("name", "Fill in the name of the group.")
        async with self._database.transaction() as session:
            await check_unit(session, authority, unit_id, self._clock())
            if await session.scalar(select(GroupRow.id).where(GroupRow.name == name, GroupRow.unit_id == unit_id)):
                raise Conflict("There is a group of this name already.")
            row = GroupRow(id=new_id(), name=name, unit_id=unit_id, created_at=self._clock())
            session.add(row)
            event = AuditEvent("idp.group.create", actor, f"group:{row.id}", detail={"unit": unit_id})
            await self._audit.record(session, event)
        return row.id

    async def list_groups(self, *, after: str = "", limit: int = 100) -> Sequence[Group]:
        """`limit` groups after an id, in the order they came."""
        statement = select(GroupRow).where(GroupRow.id > after).order_by(GroupRow.id).limit(limit)
        async with self._database.reading() as session:
            return [Group(row.id, row.name, row.unit_id) for row in await session.scalars(statement)]

    async def add_member(
        self, group_id: str, person_id: str, authority: Authority = OPERATOR, actor: Actor = SYSTEM
    ) -> None:
        """Put a person into a group, with its roles. Raises `NotFound`, `Forbidden`, `Conflict`."""
        now = self._clock()
        async with self._database.transaction() as session:
            await self._check_group(session, group_id, authority)
            await check_person(session, authority, person_id, now)
            await self._lock(session, person_id)
            if await session.get(GroupMemberRow, (group_id, person_id)) is not None:
                return
            roles = select(AssignmentRow.role).where(AssignmentRow.group_id == group_id, is_open(now))
            added = frozenset(Role(role) for role in await session.scalars(roles))
            for role in added:
                await check_separation(session, person_id, added, now)
                if not authority.is_everywhere:
                    check_role(authority, role, "some")
            session.add(GroupMemberRow(group_id=group_id, person_id=person_id, joined_at=now))
            await self._audit.record(
                session, AuditEvent("idp.group.add-member", actor, f"group:{group_id}", detail={"person": person_id})
            )

    async def remove_member(
        self, group_id: str, person_id: str, authority: Authority = OPERATOR, actor: Actor = SYSTEM
    ) -> None:
        """Take a person out of a group; they must sign in again. Raises `NotFound`, `Forbidden`."""
        now = self._clock()
        async with self._database.transaction() as session:
            await self._check_group(session, group_id, authority)
            await check_person(session, authority, person_id, now)
            row = await session.get(GroupMemberRow, (group_id, person_id))
            if row is None:
                return
            await session.delete(row)
            await end_sign_ins(session, person_id, now)
            event = AuditEvent("idp.group.remove-member", actor, f"group:{group_id}", detail={"person": person_id})
            await self._audit.record(session, event)

    async def _receivers(self, session: AsyncSession, order: NewAssignment, authority: Authority) -> Sequence[str]:
        """Who would have the role: the person, or everybody in the group."""
        if order.person_id is not None:
            return [order.person_id]
        await self._check_group(session, order.group_id or "", authority)
        return await members_of(session, order.group_id or "")

    async def _check_group(self, session: AsyncSession, group_id: str, authority: Authority) -> None:
        # The lock keeps a role and a member from being added at once, each unseen by the other.
        group = await session.get(GroupRow, group_id, with_for_update=True)
        if group is None:
            raise NotFound(NO_GROUP)
        await check_unit(session, authority, group.unit_id, self._clock())

    async def _lock(self, session: AsyncSession, person_id: str) -> None:
        """Two changes of one person's roles wait for each other. Raises `NotFound`."""
        await session.refresh(await load_person(session, person_id), with_for_update=True)

    async def _record(self, session: AsyncSession, action: str, row: AssignmentRow, actor: Actor) -> None:
        detail = {"role": row.role, "unit": row.unit_id, "person": row.person_id, "group": row.group_id}
        detail["until"] = row.valid_to.isoformat() if row.valid_to else None
        await self._audit.record(session, AuditEvent(action, actor, f"assignment:{row.id}", detail=detail))


def _public(row: AssignmentRow) -> Assignment:
    return Assignment(
        id=row.id,
        person_id=row.person_id,
        group_id=row.group_id,
        role=Role(row.role),
        unit_id=row.unit_id,
        since=row.valid_from,
        until=row.valid_to,
        ended_at=row.ended_at,
    )


def _role(name: str) -> Role:
    try:
        return Role(name)
    except ValueError as unknown:
        raise _field_error("role", "There is no such role. The roles are: {roles}.", roles=", ".join(Role)) from unknown


def _field_error(field: str, message: str, **params: object) -> InvalidInput:
    return InvalidInput("Check the following.", fields=[FieldError(field, message, params)])
