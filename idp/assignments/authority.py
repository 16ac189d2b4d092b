"""Who may give what to whom. Deny by default: each allowance stands on its own line."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from idp.assignments.records import list_held, paths_of_person
from idp.roles.records import find_roles
from idp.roles.scopes import ADMINISTRATORS, Role
from idp.units.records import UnitRow
from kernel.errors import Conflict, Forbidden, NotFound

DELEGATED = frozenset({Role.OFFICER, Role.APPROVER, Role.VERIFIER})
"""What an agency's own administrator gives; never administration itself."""
NOT_YOURS = "This is outside the part of the tree that you administer."
SEPARATE = "One person cannot hold two administrator roles: system, security and audit are kept apart."


@dataclass(frozen=True)
class Authority:
    """Whoever manages. `is_everywhere`: by a role of the whole installation (or the operator's terminal)."""

    person_id: str | None
    is_everywhere: bool = False


OPERATOR = Authority(None, is_everywhere=True)


async def check_unit(session: AsyncSession, authority: Authority, unit_id: str | None, at: datetime) -> None:
    """Raise `Forbidden` unless the unit lies in what the authority administers, `NotFound` when there is none."""
    unit = await session.get(UnitRow, unit_id) if unit_id else None
    if unit_id and unit is None:
        raise NotFound("There is no such unit.")
    if authority.is_everywhere:
        return
    if unit is None or not await _administers(session, authority, unit.path, at):
        raise Forbidden(NOT_YOURS)


async def check_person(session: AsyncSession, authority: Authority, person_id: str, at: datetime) -> None:
    """Raise `Forbidden` for oneself, and for people who do not belong to what the authority administers."""
    if authority.person_id == person_id:
        raise Forbidden("You cannot give or take roles of your own. Ask another administrator.")
    if authority.is_everywhere:
        return
    paths = await paths_of_person(session, person_id)
    if not any([await _administers(session, authority, path, at) for path in paths]):
        raise Forbidden(NOT_YOURS)


def check_role(authority: Authority, role: Role, unit_id: str | None) -> None:
    """Raise `Forbidden` for what may not be given, or not in this place."""
    if role is Role.CITIZEN:
        raise Conflict("Everybody is a citizen; that is no role to be given.")
    if role in ADMINISTRATORS and unit_id is not None:
        raise Conflict("System, security and audit administrators are for the whole installation.")
    if role is Role.UNIT_ADMIN and unit_id is None:
        raise Conflict("Say of which unit the person is the administrator.")
    if not authority.is_everywhere and role not in DELEGATED:
        raise Forbidden("This role is given by the security administrator alone.")


async def check_separation(session: AsyncSession, person_id: str, added: frozenset[Role], at: datetime) -> None:
    """Raise `Conflict` when a person would be two administrators, now or later, by themselves or by groups."""
    if not added & ADMINISTRATORS:
        return
    later = {each.role for each in await list_held(session, person_id, at, begun=False)}
    if len((await find_roles(session, person_id) | later | added) & ADMINISTRATORS) > 1:
        raise Conflict(SEPARATE)


async def administered(session: AsyncSession, person_id: str, at: datetime) -> list[str]:
    """The paths of the units that a person administers."""
    held = await list_held(session, person_id, at)
    return [each.path for each in held if each.role is Role.UNIT_ADMIN and each.path]


async def _administers(session: AsyncSession, authority: Authority, path: str, at: datetime) -> bool:
    if authority.person_id is None:
        return False
    return any(path.startswith(each) for each in await administered(session, authority.person_id, at))
