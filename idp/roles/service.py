"""Giving and taking roles."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from idp.roles.records import find_roles, replace_roles
from idp.roles.scopes import ADMINISTRATORS, Role
from kernel.audit.chain import SYSTEM, Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.errors import FieldError, InvalidInput


def parse_roles(names: Iterable[str]) -> frozenset[Role]:
    """Roles by name; raises `InvalidInput` for an unknown one or for two administrators in one person."""
    try:
        roles = frozenset(Role(name) for name in names)
    except ValueError as unknown:
        message = "There is no such role. The roles are: {roles}."
        params: dict[str, object] = {"roles": ", ".join(Role)}
        raise InvalidInput(message, fields=[FieldError("roles", message, params)], roles=params["roles"]) from unknown
    if Role.UNIT_ADMIN in roles:
        message = "Say of which unit the person is the administrator."
        raise InvalidInput(message, fields=[FieldError("roles", message)])
    _check_separation(roles)
    return roles


def _check_separation(roles: frozenset[Role]) -> None:
    if len(roles & ADMINISTRATORS) > 1:
        message = "One person cannot hold two administrator roles: system, security and audit are kept apart."
        raise InvalidInput(message, fields=[FieldError("roles", message)])


HeldLater = Callable[[AsyncSession, str, datetime], Awaitable[frozenset[Role]]]
EndSignIns = Callable[[AsyncSession, str, datetime], Awaitable[None]]


class RoleService:
    """Roles of persons, each change in the audit trail."""

    def __init__(
        self, database: Database, audit: AuditTrail, clock: Clock, end_sign_ins: EndSignIns, held_later: HeldLater
    ) -> None:
        """`end_sign_ins` ends every session and token of a person, from this moment back; `held_later` tells what they
        hold, or will, for a time or in a unit."""
        self._held_later = held_later
        self._database = database
        self._end_sign_ins = end_sign_ins
        self._audit = audit
        self._clock = clock

    async def of(self, person_id: str) -> frozenset[Role]:
        """The roles of a person."""
        async with self._database.reading() as session:
            return await find_roles(session, person_id)

    async def assign(self, person_id: str, names: Iterable[str], *, actor: Actor = SYSTEM) -> frozenset[Role]:
        """Make these the roles of a person. Raises `InvalidInput`."""
        roles = parse_roles(names)
        async with self._database.transaction() as session:
            await self.assign_in(session, person_id, roles, actor=actor)
        return roles

    async def assign_in(
        self, session: AsyncSession, person_id: str, roles: frozenset[Role], *, actor: Actor = SYSTEM
    ) -> None:
        """`assign` within a transaction that is already open. Who loses a role must sign in again."""
        before = await find_roles(session, person_id)
        if roles & ADMINISTRATORS:
            _check_separation(roles | await self._held_later(session, person_id, self._clock()))
        await replace_roles(session, person_id, roles, self._clock())
        after = roles | {Role.CITIZEN}
        if before - after:
            # Tokens say what somebody might do when they were written.
            await self._end_sign_ins(session, person_id, self._clock())
        await self._audit.record(
            session,
            AuditEvent(
                action="idp.roles.assign",
                actor=actor,
                subject_ref=f"person:{person_id}",
                detail={"added": sorted(after - before), "removed": sorted(before - after)},
            ),
        )
