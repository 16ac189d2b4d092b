"""`/console/collections`: registers of legacy licences. Progress is shown by reloading, so it needs no script."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from admin.collection.wording import classes, shown
from admin.desk import actor_of, at_desk, see
from kernel.errors import Conflict, InvalidInput, XinyinError
from kernel.i18n import gettext
from kernel.principal import Principal
from kernel.web.csrf import check_csrf
from kernel.web.forms import MEBIBYTE, FormLimits, RawForm, read_form
from kernel.web.templates import Pages
from licence_vault.caller import issuer_of
from licence_vault.catalogue.service import Catalogue
from licence_vault.collection.mapping import places_offered
from licence_vault.collection.parts import Collection
from licence_vault.collection.review import Review
from licence_vault.collection.routes import LARGEST_FILE, SCAN_LIMITS, changes_file, scan_files
from licence_vault.collection.runner import Collector
from licence_vault.collection.scans.service import Scans
from licence_vault.collection.service import Collections, RegisterOrder
from licence_vault.collection.states import CLASS_RULES, CollectionState
from licence_vault.issuing.service import Requester

READ, ISSUE = "licence:read", "licence:issue"
RELOAD_SECONDS = "3"


@dataclass(frozen=True)
class CollectionDesk:
    """The vault's services behind these pages."""

    catalogue: Catalogue
    collections: Collections
    review: Review
    scans: Scans
    collector: Collector


def routes() -> list[BaseRoute]:
    """List, hand in, one collection, its columns."""
    one = "/console/collections/{collection_id}"
    return [
        Route("/console/collections", list_collections, methods=["GET"]),
        Route("/console/collections/new", new_collection, methods=["GET"]),
        Route("/console/collections/new", hand_in, methods=["POST"]),
        Route(one, show_collection, methods=["GET"]),
        Route(f"{one}/scans", add_scans, methods=["POST"]),
        Route(f"{one}/columns", say_columns, methods=["POST"]),
        Route(f"{one}/accept", accept_unquestioned, methods=["POST"]),
        Route(f"{one}/resume", resume, methods=["POST"]),
        Route(f"{one}/cancel", cancel, methods=["POST"]),
        Route(f"{one}/changes", fetch_changes, methods=["GET"]),
    ]


async def list_collections(request: Request) -> Response:
    """The authority's newest."""
    principal = await at_desk(request, READ)
    desk = desk_of(request)
    names = {each.code: each.display_name for each in await desk.catalogue.list()}
    found = await desk.collections.list_collections(issuer_of(principal).uscc)
    rows = [{"collection": each, "name": names.get(each.type_code, each.type_code), **shown(each)} for each in found]
    return pages_of(request).render(
        request, "admin/collection/collections.html", rows=rows, may_issue=ISSUE in principal.scopes
    )


async def new_collection(request: Request) -> Response:
    """Type, class, source, file."""
    await at_desk(request, ISSUE)
    return await _form(request, {}, {})


async def hand_in(request: Request) -> Response:
    """What the columns mean is asked next, with proposals."""
    principal = await at_desk(request, ISSUE)
    form = await read_form(request, FormLimits(file=LARGEST_FILE))
    await check_csrf(request, form)
    given = {name: form.text(name) for name in ("type", "class", "source")}
    file = form.file("file")
    if file is None:
        return await _form(request, given, {"file": gettext("Choose a file.")}, status=400)
    order = RegisterOrder(given["type"], given["class"], given["source"], file.data, starts_itself=False)
    try:
        collection = await desk_of(request).collections.create(order, requester_of(principal, form))
    except (InvalidInput, Conflict) as error:
        complaints = error.fields if isinstance(error, InvalidInput) else ()
        known = {each.field: gettext(each.message, **each.params) for each in complaints}
        errors = {name if name in ("type", "class", "source") else "file": text for name, text in known.items()}
        status = 409 if isinstance(error, Conflict) else 400
        return await _form(request, given, errors or {"file": said(error)}, status=status)
    return see(f"/console/collections/{collection.id}")


async def show_collection(request: Request) -> Response:
    """How far it is; or, at its beginning, what its columns mean."""
    principal = await at_desk(request, READ)
    collection = await desk_of(request).collections.load(
        request.path_params["collection_id"], issuer_of(principal).uscc
    )
    return await _page(request, principal, collection, {})


async def add_scans(request: Request) -> Response:
    """Pictures and PDF files, or archives of them."""
    principal = await at_desk(request, ISSUE)
    form = await read_form(request, SCAN_LIMITS)
    await check_csrf(request, form)
    desk, collection_id = desk_of(request), request.path_params["collection_id"]
    requester = requester_of(principal, form)
    try:
        await desk.collections.add_scans(collection_id, scan_files(form), requester)
    except (InvalidInput, Conflict) as error:
        collection = await desk.collections.load(collection_id, requester.issuer.uscc)
        status = 409 if isinstance(error, Conflict) else 400
        return await _page(request, principal, collection, {"file": said(error)}, status=status)
    return see(f"/console/collections/{collection_id}")


async def say_columns(request: Request) -> Response:
    """Cleaning begins."""
    principal = await at_desk(request, ISSUE)
    form = await read_form(request)
    await check_csrf(request, form)
    desk = desk_of(request)
    collection = await desk.collections.load(request.path_params["collection_id"], issuer_of(principal).uscc)
    chosen = {head: form.text(f"column{index}") for index, head in enumerate(collection.columns)}
    try:
        await desk.collections.say_columns(collection.id, chosen, requester_of(principal, form))
    except InvalidInput as error:
        told = {"": " ".join(dict.fromkeys(gettext(each.message, **each.params) for each in error.fields))}
        return await _page(request, principal, collection, told, chosen, status=400)
    desk.collector.wake()
    return see(f"/console/collections/{collection.id}")


async def accept_unquestioned(request: Request) -> Response:
    """All rows that nothing was asked about."""
    return await _act(request, "accept")


async def resume(request: Request) -> Response:
    """When what halted it is over."""
    return await _act(request, "resume")


async def cancel(request: Request) -> Response:
    """What is converted stays."""
    return await _act(request, "cancel")


async def fetch_changes(request: Request) -> Response:
    """Every change with its rule, before and after."""
    principal = await at_desk(request, READ)
    desk = desk_of(request)
    collection = await desk.collections.load(request.path_params["collection_id"], issuer_of(principal).uscc)
    return await changes_file(collection, await desk.catalogue.load(collection.type_code), desk.review)


async def _act(request: Request, what: str) -> Response:
    principal = await at_desk(request, ISSUE)
    form = await read_form(request)
    await check_csrf(request, form)
    desk, collection_id = desk_of(request), request.path_params["collection_id"]
    requester = requester_of(principal, form)
    try:
        if what == "accept":
            await desk.review.accept_unquestioned(collection_id, requester)
        elif what == "resume":
            await desk.collections.resume(collection_id, requester)
        else:
            await desk.collections.cancel(collection_id, requester)
    except Conflict as error:
        collection = await desk.collections.load(collection_id, requester.issuer.uscc)
        return await _page(request, principal, collection, {"": said(error)}, status=409)
    desk.collector.wake()
    return see(f"/console/collections/{collection_id}")


async def _form(
    request: Request, given: Mapping[str, str], errors: Mapping[str, str], *, status: int = 200
) -> Response:
    types = await desk_of(request).catalogue.list()
    return pages_of(request).render(
        request,
        "admin/collection/new.html",
        status=status,
        types=[(each.code, each.display_name) for each in types],
        classes=classes(),
        given=dict(given),
        once=secrets.token_urlsafe(18),
        largest=LARGEST_FILE // MEBIBYTE,
        errors=dict(errors),
    )


async def _page(
    request: Request,
    principal: Principal,
    collection: Collection,
    errors: Mapping[str, str],
    chosen: Mapping[str, str] | None = None,
    *,
    status: int = 200,
) -> Response:
    desk = desk_of(request)
    licence_type = await desk.catalogue.load(collection.type_code)
    mapping = collection.state is CollectionState.MAPPING
    proposed = (chosen or await desk.collections.proposed_columns(collection)) if mapping else {}
    response = pages_of(request).render(
        request,
        "admin/collection/collection.html",
        status=status,
        collection=collection,
        type_name=licence_type.display_name,
        **shown(collection),
        columns=list(proposed.items()),
        scans=await desk.scans.count(collection.id),
        places=[(place, name + (" *" if needed else "")) for place, name, needed in places_offered(licence_type)],
        may_issue=ISSUE in principal.scopes,
        bulk=CLASS_RULES[collection.credibility].bulk and collection.unquestioned > 0,
        reason=gettext(collection.reason) if collection.reason else "",
        errors=dict(errors),
    )
    if collection.working:
        response.headers["Refresh"] = RELOAD_SECONDS
    return response


def requester_of(principal: Principal, form: RawForm) -> Requester:
    """Who asks; the form's own key makes handing in twice one collection."""
    once = form.text("once")
    return Requester(actor_of(principal), issuer_of(principal), key=f"console-{once}" if once else "")


def said(error: XinyinError) -> str:
    """An error in the reader's language."""
    return gettext(error.message, **error.params)


def desk_of(request: Request) -> CollectionDesk:
    """The services of these pages."""
    return cast(CollectionDesk, request.app.state.admin.collections)


def pages_of(request: Request) -> Pages:
    """The renderer."""
    return cast(Pages, request.app.state.pages)
