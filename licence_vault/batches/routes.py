"""`/api/v1/licence-batches`: hand in a file, watch, start, cancel, fetch what is wrong and what was issued."""

from typing import Any, cast

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kernel.errors import FieldError, InvalidInput
from kernel.i18n import gettext
from kernel.web.forms import MEBIBYTE, FormLimits, TooLarge, read_form
from kernel.web.json_body import read_json
from kernel.web.sign_in import authenticated
from licence_vault.batches.runner import BatchRunner
from licence_vault.batches.service import Batch, Batches, FileOrder
from licence_vault.batches.sheets import MEDIA_TYPES, SheetFormat, error_report, template, write_csv
from licence_vault.batches.states import BatchState, RowState
from licence_vault.issuing.routes import requester_of

LARGEST_FILE = 64 * MEBIBYTE
NO_STORE = {"Cache-Control": "no-store"}
READ, ISSUE = "licence:read", "licence:issue"
ROOT = "/api/v1/licence-batches"

_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "type": {"type": "string"},
                        "start": {"type": "string", "enum": ["true", "false"]},
                        "skip_wrong": {"type": "string", "enum": ["true", "false"]},
                    },
                }
            },
            **{
                kind: {"schema": {"type": "string", "format": "binary"}}
                for kind in ("text/csv", "application/x-ndjson", MEDIA_TYPES["xlsx"])
            },
        },
    },
    "parameters": [
        {"name": "type", "in": "query", "schema": {"type": "string"}, "description": "code of the licence type"},
        {"name": "start", "in": "query", "schema": {"type": "boolean"}, "description": "issue when all rows are right"},
        {"name": "skip_wrong", "in": "query", "schema": {"type": "boolean"}, "description": "and though some are not"},
        {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": 200}},
    ],
}
_START: dict[str, Any] = {
    "requestBody": {
        "content": {
            "application/json": {"schema": {"type": "object", "properties": {"skip_wrong": {"type": "boolean"}}}}
        }
    }
}


def api_router() -> APIRouter:
    """Batches, for agencies."""
    router = APIRouter(tags=["licences"])
    for path, endpoint, method, summary, extra in (
        ("", create, "POST", "Hand in a file of licences to issue", _FILE),
        ("", listing, "GET", "Your authority's newest batches", None),
        ("/template", fetch_template, "GET", "An empty table of a licence type, csv or xlsx", None),
        ("/{batch_id}", show, "GET", "How a batch stands", None),
        ("/{batch_id}/errors.csv", errors_csv, "GET", "What is wrong, by row and column", None),
        ("/{batch_id}/errors.xlsx", errors_xlsx, "GET", "What is wrong, as a workbook", None),
        ("/{batch_id}/licences.csv", licences_csv, "GET", "What was issued, by row", None),
        ("/{batch_id}/start", start, "POST", "Issue what was checked", _START),
        ("/{batch_id}/cancel", cancel, "POST", "Issue nothing more", None),
    ):
        status = 202 if endpoint is create else 200
        router.add_api_route(
            ROOT + path,
            endpoint,
            methods=[method],
            status_code=status,
            summary=summary,
            openapi_extra=extra,
            response_model=None,
        )
    return router


async def create(request: Request) -> Response:
    """202 with the batch; its rows are checked next. The same `Idempotency-Key` and file give the same batch."""
    requester = await requester_of(request, ISSUE)
    batch = await _batches(request).create(await _file_order(request), requester)
    _runner(request).wake()
    return JSONResponse(_told(request, batch), 202, headers={"Location": f"{ROOT}/{batch.id}", **NO_STORE})


async def listing(request: Request) -> Response:
    """Newest first."""
    requester = await requester_of(request, READ)
    found = await _batches(request).list_batches(requester.issuer.uscc)
    return JSONResponse({"batches": [_told(request, each) for each in found]}, headers=NO_STORE)


async def show(request: Request, batch_id: str) -> Response:
    """Rows by state, and how long it will go on."""
    requester = await requester_of(request, READ)
    return JSONResponse(_told(request, await _batches(request).load(batch_id, requester.issuer.uscc)), headers=NO_STORE)


async def start(request: Request, batch_id: str) -> Response:
    """Issue; `skip_wrong` leaves out the rows that are wrong."""
    requester = await requester_of(request, ISSUE)
    body = await read_json(request, empty_is={})
    batch = await _batches(request).start(batch_id, requester, skips_wrong=body.get("skip_wrong") is True)
    _runner(request).wake()
    return JSONResponse(_told(request, batch), headers=NO_STORE)


async def cancel(request: Request, batch_id: str) -> Response:
    """What is issued stays."""
    requester = await requester_of(request, ISSUE)
    return JSONResponse(_told(request, await _batches(request).cancel(batch_id, requester)), headers=NO_STORE)


async def errors_csv(request: Request, batch_id: str) -> Response:
    """UTF-8 with its mark."""
    return await _errors(request, batch_id, "csv")


async def errors_xlsx(request: Request, batch_id: str) -> Response:
    """The same as a workbook."""
    return await _errors(request, batch_id, "xlsx")


async def licences_csv(request: Request, batch_id: str) -> Response:
    """Row numbers and the licences' ids."""
    requester = await requester_of(request, READ)
    lines: list[tuple[object, object]] = [(gettext("Row"), "id")]
    async for number, licence_id in _batches(request).issued_rows(batch_id, requester.issuer.uscc):
        lines.append((number, licence_id))
    return download(write_csv(lines), "csv", f"{batch_id}-licences")


async def fetch_template(request: Request) -> Response:
    """Heads in Chinese; as a workbook with choices, hints and an example."""
    await authenticated(request)
    format = sheet_format(request.query_params.get("format", "xlsx"))
    licence_type = await request.app.state.licence_vault.catalogue.load(request.query_params.get("type", ""))
    return download(template(licence_type, format), format, licence_type.code)


def sheet_format(text: str) -> SheetFormat:
    """csv or xlsx; raises `InvalidInput`."""
    if text not in MEDIA_TYPES:
        raise InvalidInput("The format is csv or xlsx.")
    return cast(SheetFormat, text)


def download(data: bytes, format: SheetFormat, name: str) -> Response:
    """A table to keep."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.{format}"', "Cache-Control": "private, no-store"}
    return Response(data, media_type=MEDIA_TYPES[format], headers=headers)


async def _errors(request: Request, batch_id: str, format: SheetFormat) -> Response:
    requester = await requester_of(request, READ)
    rows = [row async for row in _batches(request).wrong_rows(batch_id, requester.issuer.uscc)]
    return download(error_report(rows, format), format, f"{batch_id}-errors")


async def _file_order(request: Request) -> FileOrder:
    query = request.query_params
    given = {name: query.get(name, "") for name in ("type", "start", "skip_wrong")}
    if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        form = await read_form(request, FormLimits(file=LARGEST_FILE))
        file = form.file("file")
        if file is None:
            raise InvalidInput("Choose a file.", fields=[FieldError("file", "Choose a file.")])
        data = file.data
        given = {name: form.text(name) or value for name, value in given.items()}
    else:
        data = await _body(request)
    if not given["type"]:
        raise InvalidInput("Name the licence type.", fields=[FieldError("type", "Name the licence type.")])
    return FileOrder(given["type"], data, given["start"] == "true", given["skip_wrong"] == "true")


async def _body(request: Request) -> bytes:
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > LARGEST_FILE:
            raise TooLarge("The file may have at most {limit} MB.", limit=LARGEST_FILE // MEBIBYTE)
    return bytes(data)


def _told(request: Request, batch: Batch) -> dict[str, Any]:
    now = request.app.state.licence_vault.clock()
    return {
        "id": batch.id,
        "type": batch.type_code,
        "status": batch.state.value,
        "reason": gettext(batch.reason) if batch.reason else None,
        "total": batch.total,
        "checked": batch.total - batch.count(RowState.NEW) if batch.state is not BatchState.RECEIVING else 0,
        "wrong": batch.count(RowState.WRONG),
        "issued": batch.count(RowState.ISSUED),
        "failed": batch.count(RowState.FAILED),
        "seconds_left": batch.seconds_left(now),
        "created_at": batch.created_at.isoformat(),
        "changed_at": batch.changed_at.isoformat(),
    }


def _batches(request: Request) -> Batches:
    return cast(Batches, request.app.state.licence_vault.batches)


def _runner(request: Request) -> BatchRunner:
    return cast(BatchRunner, request.app.state.licence_vault.batch_runner)
