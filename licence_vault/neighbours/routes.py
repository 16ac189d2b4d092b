"""`POST /api/v1/sharing/directory/entries` and `/compare`, for the programs of vaults below."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kernel.web.json_body import read_json
from kernel.web.sign_in import authenticated
from licence_vault.lookup.access import SHARE
from licence_vault.lookup.routes import NO_STORE
from licence_vault.neighbours.entries import read_entries, read_ranges
from licence_vault.neighbours.neighbour import Neighbour, NeighbourSide


def api_router() -> APIRouter:
    """The directory of a vault below."""
    router = APIRouter(tags=["sharing"])
    for name, endpoint, summary in (
        ("entries", take_entries, "A neighbouring vault tells which licences it has"),
        ("compare", compare, "A neighbouring vault compares its directory with what is kept of it"),
    ):
        path = f"/api/v1/sharing/directory/{name}"
        router.add_api_route(path, endpoint, methods=["POST"], summary=summary, response_model=None)
    return router


async def take_entries(request: Request) -> Response:
    """Entries are kept unless newer ones are there; removed ones go."""
    neighbour = await _neighbour(request)
    entries, removed = read_entries(await read_json(request))
    await _vault(request).directory.take(neighbour, entries, removed)
    return JSONResponse({"entries": len(entries), "removed": len(removed)}, headers=NO_STORE)


async def compare(request: Request) -> Response:
    """For each range null when it agrees, else the records and marks that are kept."""
    neighbour = await _neighbour(request)
    ranges = read_ranges(await read_json(request))
    return JSONResponse({"ranges": await _vault(request).directory.compare(neighbour, ranges)}, headers=NO_STORE)


async def _neighbour(request: Request) -> Neighbour:
    principal = await authenticated(request)
    principal.require_scope(SHARE)
    neighbour: Neighbour = await _vault(request).neighbours.calling(principal, NeighbourSide.BELOW)
    return neighbour


def _vault(request: Request) -> Any:
    return request.app.state.licence_vault
