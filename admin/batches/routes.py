"""`/console/batches`. Progress is shown by reloading, so it needs no script."""

import secrets
from collections.abc import Mapping
from typing import cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from admin.desk import actor_of, at_desk, see
from admin.licences.routes import LicenceDesk
from kernel.errors import Conflict, Forbidden, InvalidInput
from kernel.i18n import gettext
from kernel.principal import Principal
from kernel.web.csrf import check_csrf
from kernel.web.forms import MEBIBYTE, FormLimits, RawForm, read_form
from kernel.web.templates import Pages
from licence_vault.batches.routes import LARGEST_FILE, download, sheet_format
from licence_vault.batches.service import Batch, FileOrder
from licence_vault.batches.sheets import error_report, template
from licence_vault.batches.states import BatchState, RowState
from licence_vault.caller import Issuer
from licence_vault.issuing.service import Requester

READ, ISSUE = "licence:read", "licence:issue"
SHOWN_ROWS = 50
RELOAD_SECONDS = "3"

STATE_NAMES = {
    BatchState.RECEIVING: "Being received",
    BatchState.CHECKING: "Being checked",
    BatchState.CHECKED: "Checked, waiting for you",
    BatchState.ISSUING: "Being issued",
    BatchState.HALTED: "Halted",
    BatchState.DONE: "Done",
    BatchState.CANCELLED: "Cancelled",
}
STATE_SHAPES = {
    BatchState.DONE: "valid",
    BatchState.HALTED: "suspended",
    BatchState.CANCELLED: "revoked",
}


def routes() -> list[BaseRoute]:
    """List, hand in, one batch, its report."""
    return [
        Route("/console/batches", list_batches, methods=["GET"]),
        Route("/console/batches/new", new_batch, methods=["GET"]),
        Route("/console/batches/new", hand_in, methods=["POST"]),
        Route("/console/batches/template", fetch_template, methods=["GET"]),
        Route("/console/batches/{batch_id}", show_batch, methods=["GET"]),
        Route("/console/batches/{batch_id}/errors", fetch_errors, methods=["GET"]),
        Route("/console/batches/{batch_id}/start", start, methods=["POST"]),
        Route("/console/batches/{batch_id}/cancel", cancel, methods=["POST"]),
    ]


async def list_batches(request: Request) -> Response:
    """The authority's newest batches."""
    principal = await at_desk(request, READ)
    desk = _desk(request)
    names = {each.code: each.display_name for each in await desk.catalogue.list()}
    batches = await desk.batches.list_batches(_issuer(principal).uscc)
    rows = [{"batch": each, "name": names.get(each.type_code, each.type_code), **_shown(each)} for each in batches]
    return _pages(request).render(request, "admin/batches.html", rows=rows, may_issue=ISSUE in principal.scopes)


async def new_batch(request: Request) -> Response:
    """First the type and its template, then the file."""
    await at_desk(request, ISSUE)
    return await _form(request, request.query_params.get("type", ""), {})


async def hand_in(request: Request) -> Response:
    """The columns are checked at once; the rows next."""
    principal = await at_desk(request, ISSUE)
    form = await read_form(request, FormLimits(file=LARGEST_FILE))
    await check_csrf(request, form)
    file = form.file("file")
    if file is None:
        return await _form(request, form.text("type"), {"file": gettext("Choose a file.")}, status=400)
    order = FileOrder(form.text("type"), file.data)
    try:
        batch = await _desk(request).batches.create(order, _requester(principal, form))
    except InvalidInput as error:
        told = [gettext(each.message, **each.params) for each in error.fields]
        words = " ".join(dict.fromkeys(told)) or gettext(error.message, **error.params)
        return await _form(request, order.type_code, {"file": words}, status=400)
    except Conflict as error:
        return await _form(request, order.type_code, {"": gettext(error.message, **error.params)}, status=409)
    _desk(request).batch_runner.wake()
    return see(f"/console/batches/{batch.id}")


async def show_batch(request: Request) -> Response:
    """How far it is, and the first rows that are wrong."""
    principal = await at_desk(request, READ)
    desk, uscc = _desk(request), _issuer(principal).uscc
    batch = await desk.batches.load(request.path_params["batch_id"], uscc)
    return await _page(request, principal, batch, {})


async def start(request: Request) -> Response:
    """Issue; the right rows alone if the officer says so."""
    principal = await at_desk(request, ISSUE)
    form = await read_form(request)
    await check_csrf(request, form)
    desk, batch_id = _desk(request), request.path_params["batch_id"]
    try:
        await desk.batches.start(batch_id, _requester(principal, form), skips_wrong=form.text("skip_wrong") == "yes")
    except Conflict as error:
        batch = await desk.batches.load(batch_id, _issuer(principal).uscc)
        return await _page(request, principal, batch, {"": gettext(error.message, **error.params)}, status=409)
    desk.batch_runner.wake()
    return see(f"/console/batches/{batch_id}")


async def cancel(request: Request) -> Response:
    """What is issued stays."""
    principal = await at_desk(request, ISSUE)
    form = await read_form(request)
    await check_csrf(request, form)
    batch_id = request.path_params["batch_id"]
    await _desk(request).batches.cancel(batch_id, _requester(principal, form))
    return see(f"/console/batches/{batch_id}")


async def fetch_template(request: Request) -> Response:
    """An empty table."""
    await at_desk(request, ISSUE)
    licence_type = await _desk(request).catalogue.load(request.query_params.get("type", ""))
    format = sheet_format(request.query_params.get("format", "xlsx"))
    return download(template(licence_type, format), format, licence_type.code)


async def fetch_errors(request: Request) -> Response:
    """Every row that is wrong."""
    principal = await at_desk(request, READ)
    batch_id = request.path_params["batch_id"]
    format = sheet_format(request.query_params.get("format", "csv"))
    rows = [each async for each in _desk(request).batches.wrong_rows(batch_id, _issuer(principal).uscc)]
    return download(error_report(rows, format), format, f"{batch_id}-errors")


async def _form(request: Request, code: str, errors: Mapping[str, str], *, status: int = 200) -> Response:
    types = await _desk(request).catalogue.list()
    return _pages(request).render(
        request,
        "admin/batch_new.html",
        status=status,
        types=[(each.code, each.display_name) for each in types],
        code=code if code in {each.code for each in types} else "",
        once=secrets.token_urlsafe(18),
        largest=LARGEST_FILE // MEBIBYTE,
        errors=dict(errors),
    )


async def _page(
    request: Request, principal: Principal, batch: Batch, errors: Mapping[str, str], *, status: int = 200
) -> Response:
    desk = _desk(request)
    licence_type = await desk.catalogue.load(batch.type_code)
    wrong = [each async for each in desk.batches.wrong_rows(batch.id, _issuer(principal).uscc, SHOWN_ROWS)]
    response = _pages(request).render(
        request,
        "admin/batch.html",
        status=status,
        batch=batch,
        type_name=licence_type.display_name,
        **_shown(batch),
        wrong=[
            (row.number, each.column, each.value, gettext(each.message, **each.params))
            for row in wrong
            for each in row.errors
        ],
        reason=gettext(batch.reason) if batch.reason else "",
        left=batch.seconds_left(desk.clock()),
        may_issue=ISSUE in principal.scopes,
        once=secrets.token_urlsafe(18),
        errors=dict(errors),
    )
    if not batch.finished:
        response.headers["Refresh"] = RELOAD_SECONDS
    return response


def _shown(batch: Batch) -> dict[str, object]:
    checked = batch.total - batch.count(RowState.NEW)
    done = batch.count(RowState.ISSUED, RowState.FAILED)
    return {
        "state": gettext(STATE_NAMES[batch.state]),
        "shape": STATE_SHAPES.get(batch.state, "pending"),
        "checked": checked,
        "issued": batch.count(RowState.ISSUED),
        "wrong_count": batch.count(RowState.WRONG, RowState.FAILED),
        "right_count": batch.count(RowState.READY),
        "done": checked if batch.state is BatchState.CHECKING else done,
        "goal": batch.total if batch.state is BatchState.CHECKING else done + batch.count(RowState.READY),
    }


def _requester(principal: Principal, form: RawForm) -> Requester:
    once = form.text("once")
    return Requester(actor_of(principal), _issuer(principal), key=f"console-{once}" if once else "")


def _issuer(principal: Principal) -> Issuer:
    if principal.organisation is None:
        message = "You act for no organisation, so you cannot issue. Ask a system administrator to add you to one."
        raise Forbidden(message)
    return Issuer(principal.organisation.uscc, principal.organisation.name)


def _desk(request: Request) -> LicenceDesk:
    return cast(LicenceDesk, request.app.state.admin.licences)


def _pages(request: Request) -> Pages:
    return cast(Pages, request.app.state.pages)
