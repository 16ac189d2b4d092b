"""`/console/licences`. A holder's number is never in an address: searching for one is a posted form."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from admin.desk import actor_of, at_desk, posted, see
from admin.licences.form import FieldView, fields_of, read_fields, typed_fields
from admin.licences.pictures import LIMITS, kept_pictures, look, read_pictures
from kernel.clock import Clock
from kernel.errors import Conflict, FieldError, Forbidden, InvalidInput
from kernel.i18n import DISPLAY_ZONE, current_locale, format_date, gettext
from kernel.ids.holder_codes import HOLDER_CODE_TYPES
from kernel.principal import Principal
from kernel.web.csrf import check_csrf
from kernel.web.forms import RawForm, field_errors, read_form
from kernel.web.templates import Pages
from licence_vault.batches.runner import BatchRunner
from licence_vault.batches.service import Batches
from licence_vault.caller import Issuer
from licence_vault.catalogue.licence_type import LicenceType
from licence_vault.catalogue.service import Catalogue
from licence_vault.issuing.service import Issuing, Requester
from licence_vault.licences.licence import Licence, code_name
from licence_vault.licences.succession import CHANGE_TITLES
from licence_vault.lookup.access import Viewer
from licence_vault.lookup.service import PAGE_SIZE, Lookup

READ, ISSUE, MANAGE = "licence:read", "licence:issue", "licence:manage"

STATUS_NAMES = {
    "valid": "Valid",
    "not_yet_valid": "Not valid yet",
    "suspended": "Suspended",
    "revoked": "Revoked",
    "expired": "Expired",
    "superseded": "Replaced by a newer version",
}

# Which of the shell's shapes stands for which state, where it is not the state's own.
STATUS_SHAPES = {"not_yet_valid": "pending", "superseded": "expired"}

EVENT_NAMES = {
    "issue": "Issued",
    **CHANGE_TITLES,
    "supersede": "Replaced by a newer version",
    "revoke": "Revoked",
    "suspend": "Suspended",
    "resume": "In force again",
}


@dataclass(frozen=True)
class LicenceDesk:
    """The vault's services behind these pages."""

    catalogue: Catalogue
    issuing: Issuing
    lookup: Lookup
    clock: Clock
    batches: Batches
    batch_runner: BatchRunner


@dataclass(frozen=True)
class LicenceRow:
    """One line of a list."""

    licence: Licence
    shape: str
    state: str


def routes() -> list[BaseRoute]:
    """List, search, issue, look."""
    return [
        Route("/console/licences", list_licences, methods=["GET"]),
        Route("/console/licences", search_licences, methods=["POST"]),
        Route("/console/licences/new", new_licence, methods=["GET"]),
        Route("/console/licences/new", issue_licence, methods=["POST"]),
        Route("/console/licences/new/picture", look, methods=["POST"]),
        Route("/console/licences/{licence_id}", show_licence, methods=["GET"]),
    ]


async def list_licences(request: Request) -> Response:
    """What the officer's authority issued, newest first."""
    principal = await at_desk(request, READ)
    before = request.query_params.get("before")
    licences = await _desk(request).lookup.issued(principal, before, PAGE_SIZE)
    more = f"?before={licences[-1].id}" if len(licences) == PAGE_SIZE else None
    return _list_page(request, principal, licences, more=more)


async def search_licences(request: Request) -> Response:
    """By the holder's number, or by the identifier on the licence."""
    principal = await at_desk(request, READ)
    form = await posted(request)
    given = {name: form.text(name) for name in ("id_type", "number", "identifier")}
    try:
        licences = await _search(_desk(request).lookup, principal, given)
    except InvalidInput as error:
        message = gettext(error.message, **error.params)
        return _list_page(request, principal, [], given=given, errors={"number": message}, status=400)
    return _list_page(request, principal, licences, given=given)


async def new_licence(request: Request) -> Response:
    """First the type, then its form."""
    principal = await at_desk(request, ISSUE)
    desk = _desk(request)
    code = request.query_params.get("type")
    if code is None:
        types = await desk.catalogue.list()
        return _pages(request).render(request, "admin/licence_types.html", types=types, organisation=_issuer(principal))
    licence_type = await desk.catalogue.load(code)
    filled = typed_fields(licence_type, licence_type.example) if request.query_params.get("example") else {}
    return _form_page(request, principal, licence_type, filled, {})


async def issue_licence(request: Request) -> Response:
    """Issue it; the key in the form makes a second click harmless."""
    principal = await at_desk(request, ISSUE)
    form = await posted_with_pictures(request)
    desk = _desk(request)
    licence_type = await desk.catalogue.load(form.one("type"))
    requester = requester_of(principal, form)
    try:
        licence = await desk.issuing.issue(order_of(licence_type, form), requester)
    except InvalidInput as error:
        return _form_page(request, principal, licence_type, typed(licence_type, form), field_errors(error), status=400)
    except Conflict as error:
        refusal = {"": gettext(error.message, **error.params)}
        return _form_page(request, principal, licence_type, typed(licence_type, form), refusal, status=409)
    return see(f"/console/licences/{licence.id}?done=issue")


async def show_licence(request: Request) -> Response:
    """One licence whole, with its life and its files."""
    principal = await at_desk(request, READ)
    desk = _desk(request)
    licence = await desk.lookup.load(Viewer(principal), request.path_params["licence_id"])
    await desk.lookup.note_access(licence.id, "agency", licence.issuer_name)
    licence_type = await desk.catalogue.load(licence.type_code, licence.type_version)
    holder_type = HOLDER_CODE_TYPES[licence.content.holder.id_type]
    versions = await desk.lookup.versions(licence)
    changes = await desk.lookup.changes(versions)
    return _pages(request).render(
        request,
        "admin/licence.html",
        row=_row(licence, desk.clock),
        fields=[(each.label, _shown(each, licence)) for each in fields_of(licence_type)],
        holder_type=holder_type.label_zh if current_locale().startswith("zh") else holder_type.label_en,
        events=[
            {
                "at": each.at,
                "title": gettext(EVENT_NAMES.get(each.action, each.action)),
                "detail": " ".join(part for part in (each.cause_code, code_name(each.cause_code), each.cause) if part),
            }
            for each in await desk.lookup.events(licence)
        ],
        versions=[_row(each, desk.clock) for each in versions],
        changes={each: gettext(EVENT_NAMES.get(action, action)) for each, action in changes.items()},
        may_manage=MANAGE in principal.scopes,
        may_issue=ISSUE in principal.scopes,
        done=request.query_params.get("done", ""),
    )


async def _search(lookup: Lookup, principal: Principal, given: Mapping[str, str]) -> list[Licence]:
    if given["number"]:
        return await lookup.of_holder(principal, given["id_type"], given["number"])
    if not given["identifier"]:
        message = "Enter a holder's number or a licence identifier."
        raise InvalidInput(message, fields=[FieldError("number", message)])
    found = await lookup.find_by_identifier(given["identifier"])
    own = principal.organisation.uscc if principal.organisation else None
    return [found] if found is not None and found.issuer_uscc == own else []


async def posted_with_pictures(request: Request) -> RawForm:
    """The posted form of a licence, proven to come from one of our own pages."""
    form = await read_form(request, LIMITS)
    await check_csrf(request, form)
    return form


def requester_of(principal: Principal, form: RawForm) -> Requester:
    """The officer, for their authority; the key in the form makes a second click harmless. Raises `Forbidden`."""
    issuer = _issuer(principal)
    if issuer is None:
        raise Forbidden(
            "You act for no organisation, so you cannot issue. Ask a system administrator to add you to one."
        )
    return Requester(actor_of(principal), issuer, key=f"console-{form.one('once')}")


def typed(licence_type: LicenceType, form: RawForm) -> dict[str, str]:
    """What was filled in, for showing the form again; a picture that can be used is carried along."""
    return dict(form) | kept_pictures(read_pictures(licence_type, form))


def order_of(licence_type: LicenceType, form: RawForm) -> dict[str, Any]:
    """The body of `POST /api/v1/licences` as the form says it; a day left empty is the type's to decide."""
    id_type = form.text("holder.id_type")
    kind = HOLDER_CODE_TYPES[id_type].kind if id_type in HOLDER_CODE_TYPES else ""
    order: dict[str, Any] = {
        "type": licence_type.code,
        "holder": {
            "kind": kind,
            "id_type": id_type,
            "number": form.text("holder.number"),
            "name": form.text("holder.name"),
        },
        "fields": read_fields(licence_type, form),
    }
    for name in ("valid_from", "valid_to"):
        if form.text(name):
            order[name] = form.text(name)
    if form.text("without_end") == "yes":
        order["valid_to"] = None
    return order


def _list_page(
    request: Request,
    principal: Principal,
    licences: Sequence[Licence],
    *,
    more: str | None = None,
    given: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    clock = _desk(request).clock
    return _pages(request).render(
        request,
        "admin/licences.html",
        status=status,
        rows=[_row(licence, clock) for licence in licences],
        more=more,
        searched=given is not None,
        given=given or {},
        errors=errors or {},
        id_types=id_types(tuple(HOLDER_CODE_TYPES)),
        may_issue=ISSUE in principal.scopes,
        organisation=_issuer(principal),
    )


def _form_page(
    request: Request,
    principal: Principal,
    licence_type: LicenceType,
    given: Mapping[str, str],
    errors: Mapping[str, str],
    *,
    status: int = 200,
) -> Response:
    return _pages(request).render(
        request,
        "admin/licence_new.html",
        status=status,
        previous=None,
        licence_type=licence_type,
        fields=fields_of(licence_type, with_pictures=True),
        id_types=id_types(licence_type.holder_id_types),
        given=given,
        errors=dict(errors),
        once=given.get("once") or secrets.token_urlsafe(18),
        organisation=_issuer(principal),
    )


def id_types(codes: Sequence[str]) -> list[tuple[str, str]]:
    chinese = current_locale().startswith("zh")
    known = [HOLDER_CODE_TYPES[code] for code in codes if code in HOLDER_CODE_TYPES]
    return [(each.code, each.label_zh if chinese else each.label_en) for each in known]


def _row(licence: Licence, clock: Clock) -> LicenceRow:
    status = licence.status_on(clock().astimezone(DISPLAY_ZONE).date())
    return LicenceRow(licence, STATUS_SHAPES.get(status, status), gettext(STATUS_NAMES[status]))


def _shown(each: FieldView, licence: Licence) -> str:
    value = licence.content.fields.get(each.name.removeprefix("fields."), "")
    if isinstance(value, list):
        return "；".join(str(entry) for entry in value)
    if each.kind == "date" and value:
        return format_date(date.fromisoformat(value))
    return dict(each.options).get(str(value), str(value))


def _issuer(principal: Principal) -> Issuer | None:
    organisation = principal.organisation
    return Issuer(organisation.uscc, organisation.name) if organisation else None


def _desk(request: Request) -> LicenceDesk:
    return cast(LicenceDesk, request.app.state.admin.licences)


def _pages(request: Request) -> Pages:
    return cast(Pages, request.app.state.pages)
