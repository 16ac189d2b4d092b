"""Reading licences: agencies theirs, holders their own; licence types for everyone who may issue or read."""

from datetime import date
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kernel.errors import InvalidInput
from kernel.i18n import DISPLAY_ZONE
from kernel.ids.holder_codes import HOLDER_CODE_TYPES
from kernel.web.json_body import read_json
from kernel.web.sign_in import authenticated
from licence_vault.caller import actor_of, issuer_of
from licence_vault.catalogue.service import Catalogue
from licence_vault.forms.service import FORM_TYPES
from licence_vault.licences.licence import Licence
from licence_vault.licences.succession import FIRST
from licence_vault.lookup.representation import card, version, whole
from licence_vault.lookup.service import FORMATS, Lookup

NO_STORE = {"Cache-Control": "private, no-store"}


def api_router() -> APIRouter:
    """Everything that reads."""
    router = APIRouter(tags=["licences"])
    for path, endpoint, summary in (
        ("/api/v1/licences", search, "Licences that your authority issued to a holder"),
        ("/api/v1/licences/{licence_id}", show, "A licence"),
        ("/api/v1/licences/{licence_id}/versions", versions, "Every version of a licence"),
        ("/api/v1/licences/{licence_id}/file", download, "A licence as ofd, pdf, json or sd-jwt"),
        ("/api/v1/me/licences", own, "My licences and those of the organisations I act for"),
        ("/api/v1/licence-types", types, "Licence types"),
    ):
        router.add_api_route(path, endpoint, methods=["GET"], summary=summary, response_model=None)
    router.add_api_route(
        "/api/v1/licence-types",
        publish_type,
        methods=["POST"],
        status_code=201,
        summary="Publish a version of a licence type",
        response_model=None,
    )
    return router


async def search(request: Request) -> Response:
    """By `holder_type` (a code of GB/T 36903 Annex A, or natural|legal) and `holder_number`."""
    principal = await authenticated(request)
    query = request.query_params
    lookup: Lookup = request.app.state.licence_vault.lookup
    number, kind = query.get("holder_number", ""), query.get("holder_type", "")
    if number:
        licences = await lookup.of_holder(principal, _id_type(kind), number)
    else:
        licences = await lookup.issued(principal, query.get("before"))
    return _list(request, licences)


async def show(request: Request, licence_id: str) -> Response:
    """For the holder and for the issuing authority; everyone else hears that there is none."""
    lookup: Lookup = request.app.state.licence_vault.lookup
    viewer = await lookup.viewer(await authenticated(request), request.app.state.holders)
    licence = await lookup.load(viewer, licence_id)
    await lookup.note_look(viewer, licence)
    return JSONResponse(whole(licence, _url(request), today(request)), headers=NO_STORE)


async def versions(request: Request, licence_id: str) -> Response:
    """The first one first; what replaced what."""
    lookup: Lookup = request.app.state.licence_vault.lookup
    viewer = await lookup.viewer(await authenticated(request), request.app.state.holders)
    found = await lookup.versions(await lookup.load(viewer, licence_id))
    changes = await lookup.changes(found)
    told = [version(each, changes.get(each.id, FIRST), _url(request), today(request)) for each in found]
    return JSONResponse({"versions": told}, headers=NO_STORE)


async def download(request: Request, licence_id: str) -> Response:
    """The sealed file byte for byte, or another form of the licence, signed now."""
    vault = request.app.state.licence_vault
    lookup: Lookup = vault.lookup
    viewer = await lookup.viewer(await authenticated(request), request.app.state.holders)
    licence = await lookup.load(viewer, licence_id)
    format = request.query_params.get("format", "ofd")
    if format in FORM_TYPES:
        data = await vault.forms.make(licence, format)
    else:
        data = await lookup.file(licence, format)
    await lookup.note_look(viewer, licence)
    name = f"{licence.identifier}.{format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', **NO_STORE}
    return Response(data, media_type=(FORMATS | FORM_TYPES)[format], headers=headers)


async def own(request: Request) -> Response:
    """The caller's own licences, newest first."""
    lookup: Lookup = request.app.state.licence_vault.lookup
    viewer = await lookup.viewer(await authenticated(request), request.app.state.holders)
    return _list(request, await lookup.own(viewer))


async def types(request: Request) -> Response:
    """Every type in its newest version."""
    await authenticated(request)
    catalogue = request.app.state.licence_vault.catalogue
    listed = [
        {
            "code": each.code,
            "version": each.version,
            "name": each.name,
            "holder": each.document["holder"],
            "fields": each.document["fields"],
        }
        for each in await catalogue.list()
    ]
    return JSONResponse({"licence_types": listed})


async def publish_type(request: Request) -> Response:
    """A version that is published never changes; the next one is for those whose type it is."""
    principal = await authenticated(request)
    principal.require_scope("licence:manage")
    catalogue: Catalogue = request.app.state.licence_vault.catalogue
    publisher = issuer_of(principal).uscc
    licence_type = await catalogue.publish(await read_json(request), actor=actor_of(principal), publisher=publisher)
    return JSONResponse({"code": licence_type.code, "version": licence_type.version}, 201)


def today(request: Request) -> date:
    """The day by the calendar of China."""
    day: date = request.app.state.licence_vault.clock().astimezone(DISPLAY_ZONE).date()
    return day


def _list(request: Request, licences: list[Licence]) -> Response:
    listed: list[dict[str, Any]] = [card(licence, _url(request), today(request)) for licence in licences]
    return JSONResponse({"licences": listed}, headers=NO_STORE)


def _url(request: Request) -> str:
    url: str = request.app.state.licence_vault.public_url
    return url


def _id_type(kind: str) -> str:
    if kind in HOLDER_CODE_TYPES:
        return kind
    if kind in ("natural", "legal"):
        return "111" if kind == "natural" else "001"
    raise InvalidInput("holder_type is natural, legal, or a code such as 111 or 001.")
