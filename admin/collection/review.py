"""`/console/collections/…/review`: one row after the other, what was handed in beside what will be converted."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from admin.collection.routes import ISSUE, READ, desk_of, pages_of, requester_of, said
from admin.collection.wording import ITEM_NAMES
from admin.desk import at_desk, posted, see
from kernel.errors import Conflict, InvalidInput, NotFound
from kernel.i18n import gettext
from kernel.principal import Principal
from kernel.web.forms import RawForm
from licence_vault.caller import issuer_of
from licence_vault.catalogue.licence_type import LicenceType, label
from licence_vault.collection.cleaning.rules import rule_title
from licence_vault.collection.collected import Collected
from licence_vault.collection.mapping import places_offered
from licence_vault.collection.parts import Collection, reviewer_name
from licence_vault.collection.review import Item
from licence_vault.collection.routes import page_picture
from licence_vault.collection.states import ItemState

SHOWN_ROWS = 50
LONG_VALUE = 40
Choices = Mapping[str, list[tuple[str, str]]]
"""By place: codes and what they are called."""


def routes() -> list[BaseRoute]:
    """Take, look, decide; and the rows by state."""
    one = "/console/collections/{collection_id}"
    return [
        Route(f"{one}/review", take, methods=["POST"]),
        Route(f"{one}/rows", list_rows, methods=["GET"]),
        Route(f"{one}/rows/{{number:int}}", show_row, methods=["GET"]),
        Route(f"{one}/rows/{{number:int}}", decide, methods=["POST"]),
        Route(f"{one}/rows/{{number:int}}/pages/{{page}}", show_page, methods=["GET"]),
    ]


async def take(request: Request) -> Response:
    """The next row for this officer; back to the collection when none is left."""
    principal = await at_desk(request, ISSUE)
    form = await posted(request)
    collection_id = request.path_params["collection_id"]
    try:
        item = await desk_of(request).review.claim(collection_id, requester_of(principal, form))
    except Conflict:
        item = None
    address = f"/console/collections/{collection_id}"
    return see(f"{address}/rows/{item.number}" if item else address)


async def list_rows(request: Request) -> Response:
    """The rows in one state, a page at a time."""
    principal = await at_desk(request, READ)
    desk, uscc = desk_of(request), issuer_of(principal).uscc
    collection = await desk.collections.load(request.path_params["collection_id"], uscc)
    state = request.query_params.get("state", "")
    after = request.query_params.get("after", "0")
    states = (ItemState(state),) if state in list(ItemState) else tuple(ItemState)
    start = int(after) if after.isdecimal() and len(after) < 10 else 0
    items = await desk.review.items(collection.id, uscc, states, start, SHOWN_ROWS)
    return pages_of(request).render(
        request,
        "admin/collection/rows.html",
        collection=collection,
        rows=[(each, gettext(ITEM_NAMES[each.state]), _holder(each)) for each in items],
        states=[(each.value, gettext(name)) for each, name in ITEM_NAMES.items()],
        state=state,
        next=items[-1].number if len(items) == SHOWN_ROWS else None,
    )


async def show_row(request: Request) -> Response:
    """A row as it stands, with what may be done to it."""
    principal = await at_desk(request, READ)
    return await _page(request, principal, {})


async def decide(request: Request) -> Response:
    """Accept, correct, take a proposal, reject or give back."""
    principal = await at_desk(request, ISSUE)
    form = await posted(request)
    collection_id, number = request.path_params["collection_id"], request.path_params["number"]
    address = f"/console/collections/{collection_id}"
    review, requester = desk_of(request).review, requester_of(principal, form)
    try:
        match form.text("do"):
            case "accept":
                await review.accept(collection_id, number, requester)
            case "reject":
                await review.reject(collection_id, number, form.text("remark"), requester)
            case "release":
                await review.release(collection_id, number, requester)
                return see(address)
            case chosen:
                values, proposed = _values(form, chosen)
                await review.correct(collection_id, number, values, requester, proposed=proposed)
                return see(f"{address}/rows/{number}")
    except InvalidInput as error:
        complaints = {each.field: gettext(each.message, **each.params) for each in error.fields}
        return await _page(request, principal, complaints or {"": said(error)}, status=400)
    except Conflict as error:
        return await _page(request, principal, {"": said(error)}, status=409)
    desk_of(request).collector.wake()
    following = await review.claim(collection_id, requester)
    return see(f"{address}/rows/{following.number}" if following else address)


async def show_page(request: Request) -> Response:
    """A page of the row's scans."""
    principal = await at_desk(request, READ)
    desk, parameters = desk_of(request), request.path_params
    item = await desk.review.load(parameters["collection_id"], parameters["number"], issuer_of(principal).uscc)
    return await page_picture(item, desk.scans, parameters["page"])


def _values(form: RawForm, chosen: str) -> tuple[dict[str, str], bool]:
    """What was typed, or the proposal whose button was pressed: `take:<place>=<value>`."""
    if chosen.startswith("take:"):
        place, _equals, value = chosen.removeprefix("take:").partition("=")
        return {place: value}, True
    prefix = "value:"
    return {name.removeprefix(prefix): form.text(name) for name, _value in form.pairs if name.startswith(prefix)}, False


async def _page(request: Request, principal: Principal, errors: Mapping[str, str], *, status: int = 200) -> Response:
    desk, uscc = desk_of(request), issuer_of(principal).uscc
    collection = await desk.collections.load(request.path_params["collection_id"], uscc)
    item = await desk.review.load(collection.id, request.path_params["number"], uscc)
    if item is None:
        raise NotFound("There is no such row.")
    licence_type = await desk.catalogue.load(collection.type_code)
    names = {place: name for place, name, _needed in places_offered(licence_type)}
    me = reviewer_name(requester_of(principal, RawForm()).actor)
    mine = item.claimed_by == me and item.state in (ItemState.OPEN, ItemState.SECOND)
    mine = mine and ISSUE in principal.scopes
    return pages_of(request).render(
        request,
        "admin/collection/row.html",
        status=status,
        collection=collection,
        item=item,
        state=gettext(ITEM_NAMES[item.state]),
        mine=mine,
        may_take=ISSUE in principal.scopes and item.state in (ItemState.OPEN, ItemState.SECOND),
        errors=dict(errors),
        pages=range(1, 1 + len(await desk.scans.pages(item.content.scans if item.content else ()))),
        **_told(item.content, (names, _offered(licence_type)), collection),
    )


def _offered(licence_type: LicenceType) -> Choices:
    """What the fields with a code list may hold."""
    return {
        f"fields.{name}": [(code, label(schema["x-codes"][code])) for code in schema["enum"]]
        for name, schema in licence_type.fields
        if "enum" in schema and set(schema["enum"]) <= set(schema.get("x-codes", {}))
    }


def _told(
    content: Collected | None, words: tuple[Mapping[str, str], Choices], collection: Collection
) -> dict[str, object]:
    names, offered = words
    if content is None:
        return {"entries": [], "changes": [], "doubts": [], "cells": [], "remark": ""}
    asked: dict[str, list[str]] = {}
    for each in content.questions:
        asked.setdefault(each.place, []).append(gettext(each.message, **each.params))
    used = [place for place in names if place in {*content.values, *asked, *(each.place for each in content.proposals)}]
    entries = [
        {
            "place": place,
            "name": names[place],
            "value": content.values.get(place, ""),
            "choices": offered.get(place, []),
            "long": len(content.values.get(place, "")) > LONG_VALUE,
            "asked": asked.get(place, []),
            "proposals": [(each.value, rule_title(each.reason)) for each in content.proposals if each.place == place],
        }
        for place in used
    ]
    changes = [
        (names.get(each.place, each.place), rule_title(each.rule), each.before, each.after) for each in content.changes
    ]
    doubts = [text for place, texts in asked.items() if place not in names for text in texts]
    cells = [(head, text) for head, text in content.cells.items() if head in collection.columns and text]
    return {"entries": entries, "changes": changes, "doubts": doubts, "cells": cells, "remark": content.remark}


def _holder(item: Item) -> str:
    return item.content.values.get("holder.name", "") if item.content else ""
