"""`/console/people`."""

import secrets
from dataclasses import dataclass
from typing import cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from admin.desk import actor_of, at_desk, posted, see
from idp.mandates.service import MandateService
from idp.organisations.service import OrganisationService
from idp.persons.service import PersonService
from idp.roles.scopes import Role
from idp.roles.service import RoleService
from kernel.errors import Conflict, FieldError, Forbidden, InvalidInput, NotFound
from kernel.i18n import gettext
from kernel.web.forms import field_errors
from kernel.web.templates import Pages

USERS, SECURITY = "admin:users", "admin:security"
PAGE_SIZE = 50

ROLE_NAMES = {
    Role.CITIZEN: "Citizen",
    Role.OFFICER: "Issuing officer",
    Role.APPROVER: "Seal approver",
    Role.VERIFIER: "Verifier",
    Role.SYSTEM_ADMIN: "System administrator",
    Role.SECURITY_ADMIN: "Security administrator",
    Role.AUDIT_ADMIN: "Audit administrator",
    Role.UNIT_ADMIN: "Administrator of a unit",
}

ROLE_HINTS = {
    Role.OFFICER: "Issues and revokes licences, uses seals",
    Role.APPROVER: "Approves seals that others applied for",
    Role.VERIFIER: "Verifies many documents at once",
    Role.SYSTEM_ADMIN: "Enters people, applications and organisations",
    Role.SECURITY_ADMIN: "Gives and takes roles",
    Role.AUDIT_ADMIN: "Reads the audit trail",
}


@dataclass(frozen=True)
class PeopleDesk:
    """The services behind these pages."""

    persons: PersonService
    roles: RoleService
    organisations: OrganisationService
    mandates: MandateService


def routes() -> list[BaseRoute]:
    """List, enter, look at and change people."""
    return [
        Route("/console/people", list_people, methods=["GET"]),
        Route("/console/people/new", new_person, methods=["GET"]),
        Route("/console/people/new", enter_person, methods=["POST"]),
        Route("/console/people/{person_id}", show_person, methods=["GET"]),
        Route("/console/people/{person_id}/state", change_state, methods=["POST"]),
        Route("/console/people/{person_id}/password", reset_password, methods=["POST"]),
        Route("/console/people/{person_id}/roles", change_roles, methods=["POST"]),
        Route("/console/people/{person_id}/organisations", join_organisation, methods=["POST"]),
        Route("/console/people/{person_id}/mandates", enter_representative, methods=["POST"]),
        Route("/console/people/{person_id}/mandates/{mandate_id}/revoke", revoke_mandate, methods=["POST"]),
    ]


async def list_people(request: Request) -> Response:
    """A page of people in the order they came."""
    principal = await at_desk(request, USERS, SECURITY)
    desk, pages = _desk(request)
    after = request.query_params.get("after", "")
    people = await desk.persons.list(after=after, limit=PAGE_SIZE + 1)
    more = f"?after={people[PAGE_SIZE - 1].id}" if len(people) > PAGE_SIZE else None
    return pages.render(
        request,
        "admin/people.html",
        people=people[:PAGE_SIZE],
        more=more,
        first="/console/people" if after else None,
        may_enter=USERS in principal.scopes,
    )


async def new_person(request: Request) -> Response:
    """The empty form."""
    await at_desk(request, USERS)
    return _form(request, {}, {})


async def enter_person(request: Request) -> Response:
    """Enter a person; without a password given, one is made and shown once."""
    principal = await at_desk(request, USERS)
    form = await posted(request)
    desk, pages = _desk(request)
    given = {name: form.text(name) for name in ("username", "display_name")}
    chosen = form.get("password") or ""
    password = chosen or secrets.token_urlsafe(12)
    try:
        if not given["display_name"]:
            message = "Fill in the name to be shown."
            raise InvalidInput(message, fields=[FieldError("display_name", message)])
        person = await desk.persons.create(**given, password=password, actor=actor_of(principal))
    except (InvalidInput, Conflict) as error:
        return _form(request, given, _errors(error, "username"), status=400)
    response = pages.render(request, "admin/person_entered.html", person=person, password=None if chosen else password)
    response.headers["Cache-Control"] = "no-store"
    return response


async def show_person(request: Request) -> Response:
    """One person: state, roles, organisations."""
    principal = await at_desk(request, USERS, SECURITY)
    return await _person_page(request, principal.subject, principal.scopes)


async def change_state(request: Request) -> Response:
    """Let a person in again, or keep them out."""
    principal = await at_desk(request, USERS)
    form = await posted(request)
    desk, _pages = _desk(request)
    person_id = request.path_params["person_id"]
    if person_id == principal.subject:
        raise Forbidden("You cannot close your own account here. Ask another administrator.")
    change = desk.persons.enable if form.one("state") == "active" else desk.persons.disable
    await change(person_id, actor=actor_of(principal))
    return see(f"/console/people/{person_id}?done=state")


async def reset_password(request: Request) -> Response:
    """Give a person a new password, shown once; whatever they have open ends."""
    principal = await at_desk(request, USERS)
    await posted(request)
    desk, pages = _desk(request)
    person = await desk.persons.load(request.path_params["person_id"])
    password = secrets.token_urlsafe(12)
    await desk.persons.set_password(person.id, password, actor=actor_of(principal))
    response = pages.render(request, "admin/person_entered.html", person=person, password=password)
    response.headers["Cache-Control"] = "no-store"
    return response


async def change_roles(request: Request) -> Response:
    """Make the ticked roles the person's roles. Nobody gives roles to themselves."""
    principal = await at_desk(request, SECURITY)
    form = await posted(request)
    desk, _pages = _desk(request)
    person_id = request.path_params["person_id"]
    if person_id == principal.subject:
        raise Forbidden("You cannot change your own roles. Ask another security administrator.")
    await desk.persons.load(person_id)
    try:
        await desk.roles.assign(person_id, form.all("roles"), actor=actor_of(principal))
    except InvalidInput as error:
        return await _person_page(request, principal.subject, principal.scopes, errors=field_errors(error), status=400)
    return see(f"/console/people/{person_id}?done=roles")


async def join_organisation(request: Request) -> Response:
    """Let the person act for an organisation."""
    principal = await at_desk(request, USERS)
    form = await posted(request)
    desk, _pages = _desk(request)
    person_id = request.path_params["person_id"]
    await desk.persons.load(person_id)
    role = form.text("role") or gettext("Member")
    await desk.organisations.add_member(form.one("uscc"), person_id, role, actor=actor_of(principal))
    return see(f"/console/people/{person_id}?done=organisation")


async def enter_representative(request: Request) -> Response:
    """Note that the register names the person as an enterprise's legal representative. Nobody enters themselves."""
    principal = await at_desk(request, USERS)
    form = await posted(request)
    desk, _pages = _desk(request)
    person_id = request.path_params["person_id"]
    if person_id == principal.subject:
        raise Forbidden("You cannot make yourself a legal representative. Ask another administrator.")
    await desk.mandates.enter_representative(form.one("uscc"), person_id, actor=actor_of(principal))
    return see(f"/console/people/{person_id}?done=organisation")


async def revoke_mandate(request: Request) -> Response:
    """End a mandate of the person's; what they have open under it ends."""
    principal = await at_desk(request, USERS)
    await posted(request)
    desk, _pages = _desk(request)
    person_id, mandate_id = request.path_params["person_id"], request.path_params["mandate_id"]
    if mandate_id not in {each.id for each in await desk.mandates.of_person(person_id)}:
        raise NotFound("There is no such mandate, or it is not yours.")
    await desk.mandates.revoke(mandate_id, actor=actor_of(principal))
    return see(f"/console/people/{person_id}")


async def _person_page(
    request: Request,
    viewer: str,
    scopes: frozenset[str],
    *,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    desk, pages = _desk(request)
    person = await desk.persons.load(request.path_params["person_id"])
    organisations = await desk.organisations.list()
    return pages.render(
        request,
        "admin/person.html",
        status=status,
        person=person,
        roles=await desk.roles.of(person.id),
        role_names=ROLE_NAMES,
        role_options=[(role.value, gettext(ROLE_NAMES[role]), gettext(hint)) for role, hint in ROLE_HINTS.items()],
        memberships=await desk.organisations.of(person.id),
        organisation_options=[(each.uscc, each.name) for each in organisations],
        enterprise_options=[(each.uscc, each.name) for each in organisations if each.kind == "enterprise"],
        mandates=await desk.mandates.in_force(person.id),
        is_self=person.id == viewer,
        may_change=USERS in scopes,
        may_give_roles=SECURITY in scopes,
        done=request.query_params.get("done", ""),
        errors=errors or {},
    )


def _form(request: Request, given: dict[str, str], errors: dict[str, str], *, status: int = 200) -> Response:
    pages: Pages = request.app.state.pages
    return pages.render(request, "admin/person_new.html", status=status, given=given, errors=errors)


def _errors(error: InvalidInput | Conflict, field: str) -> dict[str, str]:
    return field_errors(error) if isinstance(error, InvalidInput) else {field: gettext(error.message, **error.params)}


def _desk(request: Request) -> tuple[PeopleDesk, Pages]:
    return cast(PeopleDesk, request.app.state.admin.people), cast(Pages, request.app.state.pages)
