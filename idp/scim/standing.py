"""Letting somebody act for an agency, and keeping them from it.

An account that came by SCIM and is nobody's but the agency's is disabled as a whole. Anybody else may be a citizen with
licences of their own: they lose their place in the agency and what it gave them, and keep their account.
"""

from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from idp.assignments.records import AssignmentRow, GroupMemberRow, GroupRow, is_open, list_held
from idp.organisations.records import MembershipRow
from idp.persons.person import PersonState
from idp.persons.records import PasswordRow, PersonRow
from idp.roles.records import find_roles
from idp.roles.scopes import ADMINISTRATORS
from idp.scim.errors import ScimError
from idp.scim.records import ScimUserRow
from idp.scim.tenancy import Tenant
from idp.units.records import UnitRow

MEMBER = "member"


async def is_agencys_alone(session: AsyncSession, row: ScimUserRow, person: PersonRow, at: datetime) -> bool:
    """Whether the agency may do with the account as it likes: set a password, rename it, disable it.

    Not once it has a checked real name, belongs to another agency too, or is an administrator of the installation.
    """
    if not row.managed or person.id_number_index is not None:
        return False
    others = select(func.count()).where(MembershipRow.person_id == person.id, MembershipRow.uscc != row.uscc)
    records = select(func.count()).where(ScimUserRow.person_id == person.id, ScimUserRow.id != row.id)
    if await session.scalar(others) or await session.scalar(records):
        return False
    held = {each.role for each in await list_held(session, person.id, at, begun=False)}
    return not (await find_roles(session, person.id) | held) & ADMINISTRATORS


async def suspend(session: AsyncSession, tenant: Tenant, row: ScimUserRow, person: PersonRow, at: datetime) -> None:
    """Keep somebody from acting for the agency; every session and token ends."""
    row.active = False
    if await is_agencys_alone(session, row, person, at):
        if person.state == PersonState.ACTIVE:
            person.state, row.suspended_at = PersonState.DISABLED, at
    else:
        await _take_roles(session, tenant, person.id, at)
    await session.execute(
        delete(MembershipRow).where(MembershipRow.uscc == row.uscc, MembershipRow.person_id == person.id)
    )
    person.signed_out_before = at


async def restore(session: AsyncSession, row: ScimUserRow, person: PersonRow, at: datetime) -> None:
    """Let somebody act for the agency again. Raises `ScimError` (403) where an administrator disabled the account."""
    if person.state != PersonState.ACTIVE:
        if row.suspended_at is None or person.signed_out_before != row.suspended_at:
            raise ScimError(403, "An administrator has disabled this account.")
        person.state = PersonState.ACTIVE
    row.active, row.suspended_at = True, None
    await join(session, row.uscc, person.id, at)


async def join(session: AsyncSession, uscc: str, person_id: str, at: datetime) -> None:
    """Have somebody belong to an agency."""
    if await session.get(MembershipRow, (uscc, person_id)) is None:
        session.add(MembershipRow(uscc=uscc, person_id=person_id, role=MEMBER, joined_at=at))


async def let_go(session: AsyncSession, tenant: Tenant, row: ScimUserRow, person: PersonRow, at: datetime) -> None:
    """End somebody's place for good; the name that they signed in by is free again."""
    is_alone = await is_agencys_alone(session, row, person, at)
    await suspend(session, tenant, row, person, at)
    await _take_roles(session, tenant, person.id, at)
    if is_alone:
        person.username, person.display_name = None, "—"
        await session.execute(delete(PasswordRow).where(PasswordRow.person_id == person.id))
    await session.delete(row)


async def _take_roles(session: AsyncSession, tenant: Tenant, person_id: str, at: datetime) -> None:
    """End what was given at or below the agency: roles of the person, and places in groups."""
    if tenant.path is None:
        return
    below = select(UnitRow.id).where(func.substr(UnitRow.path, 1, len(tenant.path)) == tenant.path)
    await session.execute(
        update(AssignmentRow)
        .where(AssignmentRow.person_id == person_id, AssignmentRow.unit_id.in_(below), is_open(at))
        .values(ended_at=at, ended_by=tenant.client_id)
        .execution_options(synchronize_session=False)
    )
    groups = select(GroupRow.id).where(GroupRow.unit_id.in_(below))
    await session.execute(
        delete(GroupMemberRow).where(GroupMemberRow.person_id == person_id, GroupMemberRow.group_id.in_(groups))
    )
