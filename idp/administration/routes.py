"""`/api/v1/admin/units`, `/groups`, `/assignments`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from idp.administration.bodies import (
    NO_STORE,
    PAGE_SIZE,
    ROOT,
    SECURITY,
    UNIT,
    USERS,
    actor_of,
    check_known,
    optional,
    text,
    wrong,
)
from idp.assignments.authority import Authority
from idp.assignments.service import Assignment, AssignmentService, NewAssignment
from idp.persons.service import PersonService
from idp.units.service import NewUnit, Unit, UnitService
from kernel.principal import Principal
from kernel.web.json_body import read_json
from kernel.web.sign_in import authenticated


@dataclass(frozen=True)
class AdministrationParts:
    """The services behind these addresses."""

    persons: PersonService
    units: UnitService
    assignments: AssignmentService


class AdministrationApi:
    """One method an address."""

    def __init__(self, parts: AdministrationParts) -> None:
        self._parts = parts

    def router(self) -> APIRouter:
        """The addresses."""
        router = APIRouter(tags=["administration"])
        for path, endpoint, method, status, summary in (
            ("/units", self.list_units, "GET", 200, "Units in the order of the tree"),
            ("/units", self.create_unit, "POST", 201, "Enter a region, agency or department"),
            ("/units/{unit_id}/move", self.move_unit, "POST", 200, "Move a unit with all that is below it"),
            ("/groups", self.create_group, "POST", 201, "Enter a group"),
            ("/groups/{group_id}/members/{person_id}", self.add_member, "PUT", 204, "Put a person into a group"),
            ("/groups/{group_id}/members/{person_id}", self.remove_member, "DELETE", 204, "Take a person out"),
            ("/assignments", self.list_assignments, "GET", 200, "Roles at or below a unit, or of a person"),
            ("/assignments", self.give, "POST", 201, "Give a role, for a time and a place"),
            ("/assignments/{assignment_id}", self.end, "DELETE", 204, "Take a role back"),
        ):
            router.add_api_route(
                ROOT + path, endpoint, methods=[method], status_code=status, summary=summary, response_model=None
            )
        return router

    async def list_units(self, request: Request) -> Response:
        """`under` names the topmost unit; an agency's administrator must name one of theirs."""
        principal = await authenticated(request)
        principal.require_any_scope(USERS, SECURITY, UNIT)
        under = request.query_params.get("under") or None
        if not principal.scopes & {USERS, SECURITY}:
            await self._parts.assignments.check_unit(Authority(principal.subject), under)
        after = request.query_params.get("after", "")
        found = await self._parts.units.list(under=under, after=after, limit=PAGE_SIZE)
        more = found[-1].path if len(found) == PAGE_SIZE else None
        return JSONResponse({"units": [_unit(each) for each in found], "next": more}, headers=NO_STORE)

    async def create_unit(self, request: Request) -> Response:
        """201 with the unit."""
        principal = await self._for_users(request)
        body = await read_json(request)
        order = NewUnit(text(body, "name"), text(body, "kind"), optional(body, "parent"), optional(body, "uscc"))
        unit = await self._parts.units.create(order, actor=actor_of(principal))
        return JSONResponse(_unit(unit), 201, headers=NO_STORE)

    async def move_unit(self, request: Request, unit_id: str) -> Response:
        """The unit at its new place; `parent` null makes it a root."""
        principal = await self._for_users(request)
        body = await read_json(request)
        unit = await self._parts.units.move(unit_id, optional(body, "parent"), actor=actor_of(principal))
        return JSONResponse(_unit(unit), headers=NO_STORE)

    async def create_group(self, request: Request) -> Response:
        """201 with its id."""
        principal, authority = await self._authority(request)
        body = await read_json(request)
        group_id = await self._parts.assignments.create_group(
            text(body, "name"), optional(body, "unit"), authority, actor_of(principal)
        )
        return JSONResponse({"id": group_id}, 201, headers=NO_STORE)

    async def add_member(self, request: Request, group_id: str, person_id: str) -> Response:
        """204, also for who is in already."""
        principal, authority = await self._authority(request)
        await self._parts.assignments.add_member(group_id, person_id, authority, actor_of(principal))
        return Response(status_code=204)

    async def remove_member(self, request: Request, group_id: str, person_id: str) -> Response:
        """204, also for who is not in."""
        principal, authority = await self._authority(request)
        await self._parts.assignments.remove_member(group_id, person_id, authority, actor_of(principal))
        return Response(status_code=204)

    async def list_assignments(self, request: Request) -> Response:
        """By `unit` or `person`; an agency's administrator must name a unit of theirs."""
        _principal, authority = await self._authority(request)
        query = request.query_params
        unit_id = query.get("unit") or None
        await self._parts.assignments.check_unit(authority, unit_id)
        found = await self._parts.assignments.list(
            unit_id=unit_id, person_id=query.get("person", ""), after=query.get("after", ""), limit=PAGE_SIZE
        )
        more = found[-1].id if len(found) == PAGE_SIZE else None
        return JSONResponse({"assignments": [_assignment(each) for each in found], "next": more}, headers=NO_STORE)

    async def give(self, request: Request) -> Response:
        """201 with the assignment."""
        principal, authority = await self._authority(request)
        body = await read_json(request)
        order = NewAssignment(
            text(body, "role"),
            person_id=optional(body, "person"),
            group_id=optional(body, "group"),
            unit_id=optional(body, "unit"),
            since=_moment(body, "from"),
            until=_moment(body, "until"),
        )
        given = await self._parts.assignments.give(order, authority, actor_of(principal))
        return JSONResponse(_assignment(given), 201, headers=NO_STORE)

    async def end(self, request: Request, assignment_id: str) -> Response:
        """204; those who had the role must sign in again."""
        principal, authority = await self._authority(request)
        await self._parts.assignments.end(assignment_id, authority, actor_of(principal))
        return Response(status_code=204)

    async def _for_users(self, request: Request) -> Principal:
        principal = await authenticated(request)
        principal.require_scope(USERS)
        return principal

    async def _authority(self, request: Request) -> tuple[Principal, Authority]:
        principal = await authenticated(request)
        principal.require_any_scope(SECURITY, UNIT)
        if not principal.is_program:
            await check_known(principal, self._parts.persons)
        return principal, Authority(principal.subject, is_everywhere=SECURITY in principal.scopes)


def _unit(unit: Unit) -> dict[str, Any]:
    return {"id": unit.id, "parent": unit.parent_id, "name": unit.name, "kind": unit.kind, "uscc": unit.uscc}


def _assignment(given: Assignment) -> dict[str, Any]:
    return {
        "id": given.id,
        "person": given.person_id,
        "group": given.group_id,
        "role": given.role.value,
        "unit": given.unit_id,
        "from": given.since.isoformat(),
        "until": given.until.isoformat() if given.until else None,
        "ended_at": given.ended_at.isoformat() if given.ended_at else None,
    }


def _moment(body: Mapping[str, Any], name: str) -> datetime | None:
    value = optional(body, name)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise wrong(name, "Give a moment with its offset, as in 2026-12-31T00:00:00+08:00.")
    return moment
