"""`/api/v1/licence-collections`: hand a register in, say what its columns mean, review its rows, watch, cancel."""

import json
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, cast

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kernel.errors import FieldError, InvalidInput, NotFound
from kernel.i18n import gettext
from kernel.web.forms import MEBIBYTE, FormLimits, RawForm, read_form
from kernel.web.json_body import read_json
from licence_vault.batches.sheets import write_csv
from licence_vault.catalogue.licence_type import LicenceType
from licence_vault.collection import mapping
from licence_vault.collection.cleaning.rules import rule_title
from licence_vault.collection.collected import Collected
from licence_vault.collection.parts import Collection
from licence_vault.collection.review import Item, Review
from licence_vault.collection.scans.archive import ScanFile, unpack
from licence_vault.collection.scans.service import Scans
from licence_vault.collection.service import RegisterOrder
from licence_vault.collection.states import ItemState
from licence_vault.issuing.routes import requester_of

LARGEST_FILE = 64 * MEBIBYTE
NO_STORE = {"Cache-Control": "no-store"}
READ, ISSUE = "licence:read", "licence:issue"
ROOT = "/api/v1/licence-collections"
LISTED = 100
SCAN_LIMITS = FormLimits(file=128 * MEBIBYTE, files=50, total=129 * MEBIBYTE)

_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file", "type", "class", "source"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "type": {"type": "string"},
                        "class": {"type": "string", "enum": ["A", "B", "C", "D"]},
                        "source": {"type": "string", "maxLength": 60},
                        "columns": {"type": "string", "description": "JSON object: head of a column → place"},
                        "wait": {"type": "string", "enum": ["true", "false"], "description": "for scans, then columns"},
                    },
                }
            }
        },
    },
    "parameters": [{"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": 200}}],
}


def _body(properties: Mapping[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "properties": dict(properties)}
    return {"requestBody": {"content": {"application/json": {"schema": schema}}}}


_SCANS: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "array", "items": {"type": "string", "format": "binary"}}},
                }
            }
        },
    }
}
_COLUMNS = _body({"columns": {"type": "object", "additionalProperties": {"type": "string"}}})
_VALUES = _body(
    {"values": {"type": "object", "additionalProperties": {"type": "string"}}, "proposed": {"type": "boolean"}}
)
_REMARK = _body({"remark": {"type": "string", "maxLength": 200}})


def api_router() -> APIRouter:
    """Collections, for agencies."""
    router = APIRouter(tags=["licences"])
    for path, endpoint, method, summary, extra in (
        ("", create, "POST", "Hand in a register of legacy licences", _FILE),
        ("", listing, "GET", "Your authority's newest collections", None),
        ("/{collection_id}", show, "GET", "How a collection stands", None),
        ("/{collection_id}/columns", columns, "GET", "What its columns may mean", None),
        ("/{collection_id}/columns", say_columns, "POST", "Say what its columns mean", _COLUMNS),
        ("/{collection_id}/scans", add_scans, "POST", "Hand in scans, one by one or as a ZIP", _SCANS),
        ("/{collection_id}/rows/{row}/pages/{page}", scan_page, "GET", "A page of a row's scans", None),
        ("/{collection_id}/rows", rows, "GET", "Its rows, with what was changed and what is asked", None),
        ("/{collection_id}/changes.csv", changes_csv, "GET", "Every change: row, place, rule, before, after", None),
        ("/{collection_id}/claim", claim, "POST", "Take the next row for review", None),
        ("/{collection_id}/rows/{row}/accept", accept, "POST", "Accept a row", None),
        ("/{collection_id}/rows/{row}/correct", correct, "POST", "Correct a row, or take proposals", _VALUES),
        ("/{collection_id}/rows/{row}/reject", reject, "POST", "Reject a row", _REMARK),
        ("/{collection_id}/rows/{row}/release", release, "POST", "Give a row back undecided", None),
        (
            "/{collection_id}/accept-unquestioned",
            accept_unquestioned,
            "POST",
            "Accept all rows without a question",
            None,
        ),
        ("/{collection_id}/resume", resume, "POST", "Go on with one that was halted", None),
        ("/{collection_id}/cancel", cancel, "POST", "Convert nothing more", None),
    ):
        router.add_api_route(
            ROOT + path,
            endpoint,
            methods=[method],
            status_code=202 if endpoint is create else 200,
            summary=summary,
            openapi_extra=extra,
            response_model=None,
        )
    return router


async def create(request: Request) -> Response:
    """202 with the collection: cleaning at once, or waiting to be told what the columns mean."""
    requester = await requester_of(request, ISSUE)
    form = await read_form(request, FormLimits(file=LARGEST_FILE))
    file = form.file("file")
    if file is None:
        raise InvalidInput("Choose a file.", fields=[FieldError("file", "Choose a file.")])
    order = RegisterOrder(
        form.text("type"),
        form.text("class"),
        form.text("source"),
        file.data,
        _columns_given(form.text("columns")),
        starts_itself=form.text("wait") != "true",
    )
    collection = await _vault(request).collections.create(order, requester)
    _vault(request).collector.wake()
    return JSONResponse(told(collection), 202, headers={"Location": f"{ROOT}/{collection.id}", **NO_STORE})


async def listing(request: Request) -> Response:
    """Newest first."""
    requester = await requester_of(request, READ)
    found = await _vault(request).collections.list_collections(requester.issuer.uscc)
    return JSONResponse({"collections": [told(each) for each in found]}, headers=NO_STORE)


async def show(request: Request, collection_id: str) -> Response:
    """Rows by state."""
    requester = await requester_of(request, READ)
    return JSONResponse(
        told(await _vault(request).collections.load(collection_id, requester.issuer.uscc)), headers=NO_STORE
    )


async def columns(request: Request, collection_id: str) -> Response:
    """What was said or is proposed for each head, and every place there is."""
    requester = await requester_of(request, READ)
    vault = _vault(request)
    collection = await vault.collections.load(collection_id, requester.issuer.uscc)
    said = any(collection.columns.values())
    licence_type = await vault.catalogue.load(collection.type_code)
    places = [
        {"place": place, "name": name, "required": required}
        for place, name, required in mapping.places_offered(licence_type)
    ]
    chosen = collection.columns if said else await vault.collections.proposed_columns(collection)
    return JSONResponse({"columns": dict(chosen), "said": said, "places": places}, headers=NO_STORE)


async def say_columns(request: Request, collection_id: str) -> Response:
    """The rows are cleaned next."""
    requester = await requester_of(request, ISSUE)
    given = _texts((await read_json(request)).get("columns"), "columns")
    collection = await _vault(request).collections.say_columns(collection_id, given, requester)
    _vault(request).collector.wake()
    return JSONResponse(told(collection), headers=NO_STORE)


async def add_scans(request: Request, collection_id: str) -> Response:
    """Before the rows are cleaned. Files are found for rows by the names in the scan column, or by their numbers."""
    requester = await requester_of(request, ISSUE)
    form = await read_form(request, SCAN_LIMITS)
    added = await _vault(request).collections.add_scans(collection_id, scan_files(form), requester)
    return JSONResponse({"added": added}, headers=NO_STORE)


async def scan_page(request: Request, collection_id: str, row: str, page: str) -> Response:
    """A JPEG, written anew from the scan."""
    requester = await requester_of(request, READ)
    vault = _vault(request)
    item = await vault.review.load(collection_id, _row_number(row), requester.issuer.uscc)
    return await page_picture(item, vault.scans, page)


async def page_picture(item: Item | None, scans: Scans, page: str) -> Response:
    """The page with this number, from 1. Raises `NotFound`."""
    if item is None or item.content is None:
        raise NotFound("There is no such row.")
    found = await scans.page(item.content.scans, _row_number(page))
    return Response(found.picture, media_type="image/jpeg", headers={"Cache-Control": "private, no-store"})


def scan_files(form: RawForm) -> Iterator[ScanFile]:
    """What was handed in, archives unpacked. Raises `InvalidInput`."""
    files = [each for each in form.files if each.name == "file" and each.data]
    if not files:
        raise InvalidInput("Choose a file.", fields=[FieldError("file", "Choose a file.")])
    return chain.from_iterable(unpack(each.filename, each.data) for each in files)


async def rows(request: Request, collection_id: str) -> Response:
    """`state` (any when left out) and `after`, a row's number; at most a hundred."""
    requester = await requester_of(request, READ)
    query = request.query_params
    after = query.get("after", "0")
    state = query.get("state", "")
    if not after.isdecimal() or len(after) > 9 or (state and state not in list(ItemState)):
        raise InvalidInput("There is no such page of rows.")
    states = (ItemState(state),) if state else tuple(ItemState)
    found = await _vault(request).review.items(collection_id, requester.issuer.uscc, states, int(after), LISTED)
    return JSONResponse({"rows": [told_item(each) for each in found]}, headers=NO_STORE)


async def changes_csv(request: Request, collection_id: str) -> Response:
    """UTF-8 with its mark."""
    requester = await requester_of(request, READ)
    vault = _vault(request)
    collection = await vault.collections.load(collection_id, requester.issuer.uscc)
    return await changes_file(collection, await vault.catalogue.load(collection.type_code), vault.review)


async def claim(request: Request, collection_id: str) -> Response:
    """`row` is null when none is left for this reviewer; else it is theirs for fifteen minutes."""
    requester = await requester_of(request, ISSUE)
    item = await _vault(request).review.claim(collection_id, requester)
    return JSONResponse({"row": told_item(item) if item else None}, headers=NO_STORE)


async def accept(request: Request, collection_id: str, row: str) -> Response:
    """`second` while another person has to accept it too."""
    requester = await requester_of(request, ISSUE)
    number = _row_number(row)
    state = await _vault(request).review.accept(collection_id, number, requester)
    _vault(request).collector.wake()
    return JSONResponse({"number": number, "state": state.value}, headers=NO_STORE)


async def correct(request: Request, collection_id: str, row: str) -> Response:
    """The row judged anew."""
    requester = await requester_of(request, ISSUE)
    number = _row_number(row)
    body = await read_json(request)
    values = _texts(body.get("values"), "values")
    item = await _vault(request).review.correct(
        collection_id, number, values, requester, proposed=body.get("proposed") is True
    )
    return JSONResponse({"row": told_item(item)}, headers=NO_STORE)


async def reject(request: Request, collection_id: str, row: str) -> Response:
    """With the reason."""
    requester = await requester_of(request, ISSUE)
    number = _row_number(row)
    remark = (await read_json(request)).get("remark")
    await _vault(request).review.reject(collection_id, number, remark if isinstance(remark, str) else "", requester)
    _vault(request).collector.wake()
    return JSONResponse({"number": number, "state": ItemState.REJECTED.value}, headers=NO_STORE)


async def release(request: Request, collection_id: str, row: str) -> Response:
    """Somebody else may take it."""
    requester = await requester_of(request, ISSUE)
    number = _row_number(row)
    await _vault(request).review.release(collection_id, number, requester)
    return JSONResponse({"number": number}, headers=NO_STORE)


async def accept_unquestioned(request: Request, collection_id: str) -> Response:
    """For the classes A and B alone."""
    requester = await requester_of(request, ISSUE)
    count = await _vault(request).review.accept_unquestioned(collection_id, requester)
    _vault(request).collector.wake()
    return JSONResponse({"accepted": count}, headers=NO_STORE)


async def resume(request: Request, collection_id: str) -> Response:
    """When what halted it is over."""
    requester = await requester_of(request, ISSUE)
    collection = await _vault(request).collections.resume(collection_id, requester)
    _vault(request).collector.wake()
    return JSONResponse(told(collection), headers=NO_STORE)


async def cancel(request: Request, collection_id: str) -> Response:
    """What is converted stays."""
    requester = await requester_of(request, ISSUE)
    return JSONResponse(told(await _vault(request).collections.cancel(collection_id, requester)), headers=NO_STORE)


async def changes_file(collection: Collection, licence_type: LicenceType, review: Review) -> Response:
    """Every change of every row, as a table."""
    names = mapping.place_names(licence_type)
    lines: list[list[object]] = [
        [gettext("Row"), gettext("Column"), gettext("Rule"), gettext("Before"), gettext("After")]
    ]
    async for item in review.every_item(collection.id, collection.issuer_uscc):
        for each in item.content.changes if item.content else ():
            named = names.get(each.place, each.place)
            lines.append([item.number, named, rule_title(each.rule), each.before, each.after])
    headers = {
        "Content-Disposition": f'attachment; filename="{collection.id}-changes.csv"',
        "Cache-Control": "private, no-store",
    }
    return Response(write_csv(lines), media_type="text/csv; charset=utf-8", headers=headers)


def told(collection: Collection) -> dict[str, Any]:
    """A collection as JSON."""
    return {
        "id": collection.id,
        "type": collection.type_code,
        "class": collection.credibility.value,
        "source": collection.source,
        "status": collection.state.value,
        "reason": gettext(collection.reason) if collection.reason else None,
        "total": collection.total,
        "rows": {state.value: collection.count(state) for state in ItemState},
        "created_at": collection.created_at.isoformat(),
        "changed_at": collection.changed_at.isoformat(),
    }


def told_item(item: Item) -> dict[str, Any]:
    """A row as JSON."""
    return {
        "number": item.number,
        "state": item.state.value,
        "needs_second": item.needs_second,
        "claimed_until": item.claimed_until.isoformat() if item.claimed_until else None,
        "licence": item.licence_id,
        **(_told_content(item.content) if item.content else {}),
    }


def _told_content(content: Collected) -> dict[str, Any]:
    return {
        "cells": dict(content.cells),
        "values": dict(content.values),
        "changes": [{**vars(each), "rule_name": rule_title(each.rule)} for each in content.changes],
        "scans": len(content.scans),
        "proposals": [{**vars(each), "reason_name": rule_title(each.reason)} for each in content.proposals],
        "questions": [
            {
                "place": each.place,
                "code": each.code,
                "fault": each.fault,
                "message": gettext(each.message, **each.params),
            }
            for each in content.questions
        ],
        "remark": content.remark or None,
    }


def _row_number(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise NotFound("There is no such row.")
    return int(text)


def _columns_given(text: str) -> dict[str, str] | None:
    if not text:
        return None
    try:
        return _texts(json.loads(text), "columns")
    except ValueError as failure:
        message = "Give a JSON object of texts."
        raise InvalidInput(message, fields=[FieldError("columns", message)]) from failure


def _texts(value: object, name: str) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(each, str) for pair in value.items() for each in pair):
        message = "Give a JSON object of texts."
        raise InvalidInput(message, fields=[FieldError(name, message)])
    return cast(dict[str, str], value)


def _vault(request: Request) -> Any:
    """Any: `licence_vault.app` names these routes, so its type cannot be named here."""
    return request.app.state.licence_vault
