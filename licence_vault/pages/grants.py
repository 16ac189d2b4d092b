"""`/me/grants`: what I let agencies have; giving, asking once more, taking back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from kernel.errors import InvalidInput
from kernel.i18n import gettext as _
from kernel.principal import AUTHORISE
from kernel.web.csrf import check_csrf
from kernel.web.forms import RawForm, field_errors, read_form
from kernel.web.sign_in import require_sign_in
from licence_vault.catalogue.licence_type import LicenceType, label
from licence_vault.grants.grant import Grant, GrantState
from licence_vault.grants.service import GrantOrder, grantable_fields
from licence_vault.licences.licence import Licence
from licence_vault.lookup.access import Viewer
from licence_vault.pages.rendering import render

HOURS = {"1": 1, "24": 24, "168": 168, "720": 720}
MARKS = {
    GrantState.ACTIVE: "valid",
    GrantState.USED: "expired",
    GrantState.REVOKED: "revoked",
    GrantState.LAPSED: "expired",
}


@dataclass(frozen=True)
class Subject:
    """The licence that a grant is about to speak of, and its type."""

    viewer: Viewer
    licence: Licence
    licence_type: LicenceType


def grant_page_routes() -> list[BaseRoute]:
    """Every page of grants."""
    return [
        Route("/me/grants", show_grants, methods=["GET"]),
        Route("/me/licences/{licence_id}/grant", ask, methods=["GET"]),
        Route("/me/licences/{licence_id}/grant", give, methods=["POST"]),
        Route("/me/grants/{grant_id}/revoke", ask_to_revoke, methods=["GET"]),
        Route("/me/grants/{grant_id}/revoke", revoke, methods=["POST"]),
    ]


async def show_grants(request: Request) -> Response:
    """Those that hold first, then those that are over."""
    vault = request.app.state.licence_vault
    viewer = await _viewer(request)
    cards = [await _card(request, each) for each in await vault.grants.of(viewer.holder_indexes)]
    return render(
        request,
        "grants.html",
        active=[each for each in cards if each["state"] is GrantState.ACTIVE],
        over=[each for each in cards if each["state"] is not GrantState.ACTIVE],
        done=request.query_params.get("done", ""),
    )


async def ask(request: Request) -> Response:
    """To whom, what, for what, how long."""
    return await _form(request, await _subject(request), {}, {})


async def give(request: Request) -> Response:
    """First the summary to confirm, then the grant."""
    form = await read_form(request)
    await check_csrf(request, form)
    vault, subject = request.app.state.licence_vault, await _subject(request)
    order = _order(form, vault.clock())
    try:
        await vault.grants.check(subject.licence_type, order)
        if form.get("confirmed") != "yes":
            return await _summary(request, subject, order, form)
        await vault.grants.give(
            subject.licence,
            subject.licence_type,
            order,
            holder_index=vault.lookup.holder_index(subject.licence),
            giver=subject.viewer.principal.subject,
        )
    except InvalidInput as refusal:
        return await _form(request, subject, _given(form), field_errors(refusal), status=400)
    return RedirectResponse("/me/grants?done=given", status_code=303)


async def ask_to_revoke(request: Request) -> Response:
    """What will end, before it does."""
    viewer = await _viewer(request)
    grant = await request.app.state.licence_vault.grants.load(viewer.holder_indexes, request.path_params["grant_id"])
    return render(request, "grant_revoke.html", grant=await _card(request, grant))


async def revoke(request: Request) -> Response:
    """At once."""
    await check_csrf(request, await read_form(request))
    viewer = await _viewer(request)
    grants = request.app.state.licence_vault.grants
    await grants.revoke(viewer.holder_indexes, request.path_params["grant_id"], viewer.principal.subject)
    return RedirectResponse("/me/grants?done=revoked", status_code=303)


async def _viewer(request: Request) -> Viewer:
    principal = await require_sign_in(request)
    viewer: Viewer = await request.app.state.licence_vault.lookup.viewer(
        principal, request.app.state.holders, AUTHORISE
    )
    return viewer


async def _subject(request: Request) -> Subject:
    vault, viewer = request.app.state.licence_vault, await _viewer(request)
    licence = await vault.lookup.load_own(viewer, request.path_params["licence_id"])
    return Subject(viewer, licence, await vault.catalogue.load(licence.type_code, licence.type_version))


async def _form(
    request: Request, subject: Subject, given: Mapping[str, Any], errors: Mapping[str, str], *, status: int = 200
) -> Response:
    agencies = await request.app.state.licence_vault.grants.agencies()
    return render(
        request,
        "grant.html",
        status=status,
        licence=subject.licence,
        agencies=[(each.uscc, each.name) for each in agencies],
        fields=_choices(subject.licence_type),
        times=_times(),
        given=given,
        errors=errors,
    )


async def _summary(request: Request, subject: Subject, order: GrantOrder, form: RawForm) -> Response:
    agencies = {each.uscc: each.name for each in await request.app.state.licence_vault.grants.agencies()}
    labels = field_labels(subject.licence_type)
    return render(
        request,
        "grant_confirm.html",
        licence=subject.licence,
        agency=agencies[order.grantee_uscc],
        fields=[labels[name] for name in order.fields],
        order=order,
        hidden=[(name, value) for name, value in form if name in _NAMES],
    )


_NAMES = ("grantee", "purpose", "fields", "hours", "covers", "file", "single_use")


def _order(form: RawForm, now: datetime) -> GrantOrder:
    hours = HOURS.get(form.get("hours") or "")
    return GrantOrder(
        grantee_uscc=form.text("grantee"),
        purpose=form.text("purpose"),
        fields=tuple(dict.fromkeys(form.all("fields"))),
        until=now + timedelta(hours=hours) if hours else None,
        covers=form.text("covers") or "licence",
        with_file=form.get("file") == "yes",
        single_use=form.get("single_use") == "yes",
    )


def _given(form: RawForm) -> dict[str, Any]:
    return {name: form.text(name) for name in _NAMES if name != "fields"} | {"fields": form.all("fields")}


def field_labels(licence_type: LicenceType) -> dict[str, str]:
    """What can be granted, as people read it."""
    own = {"holder_name": _("Holder's name"), "holder_number": _("Holder's number"), "number": _("Licence number")}
    schemas = dict(licence_type.fields)
    return own | {
        name: label(schemas[name].get("x-labels", {})) or name
        for name in grantable_fields(licence_type)
        if name not in own
    }


def _choices(licence_type: LicenceType) -> list[tuple[str, str]]:
    """The field that is the licence's number is offered once."""
    number = str(licence_type.document.get("number", "")).removeprefix("fields.")
    return [(name, text) for name, text in field_labels(licence_type).items() if name != number]


def _times() -> list[tuple[str, str]]:
    return [("1", _("One hour")), ("24", _("One day")), ("168", _("One week")), ("720", _("30 days"))]


async def _card(request: Request, grant: Grant) -> dict[str, Any]:
    vault = request.app.state.licence_vault
    licence_type = await vault.catalogue.load(grant.type_code)
    labels, state = field_labels(licence_type), grant.state_at(vault.clock())
    words = {
        GrantState.ACTIVE: _("In force"),
        GrantState.USED: _("Used"),
        GrantState.REVOKED: _("Taken back"),
        GrantState.LAPSED: _("Over"),
    }
    return {
        "id": grant.id,
        "state": state,
        "mark": MARKS[state],
        "word": words[state],
        "type_name": licence_type.display_name,
        "all_of_type": not grant.root_identifier,
        "agency": grant.grantee_name,
        "purpose": grant.purpose,
        "fields": [labels.get(name, name) for name in grant.fields],
        "file": grant.with_file,
        "single_use": grant.single_use,
        "until": grant.until,
        "used_at": grant.used_at,
        "revoked_at": grant.revoked_at,
    }
