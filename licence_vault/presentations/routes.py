"""`POST /api/v1/me/licences/{id}/presentations`."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kernel.errors import InvalidInput
from kernel.principal import PRESENT
from kernel.web.json_body import read_json
from kernel.web.sign_in import authenticated
from licence_vault.presentations.service import SECONDS, Showing


def api_router() -> APIRouter:
    """Showing one's own licence."""
    router = APIRouter(tags=["holder"])
    router.add_api_route(
        "/api/v1/me/licences/{licence_id}/presentations",
        present,
        methods=["POST"],
        status_code=201,
        summary="A time-limited code for one of my licences",
        response_model=None,
    )
    return router


async def present(request: Request, licence_id: str) -> Response:
    """201 with the code, its address (what the QR holds) and when it lapses."""
    vault = request.app.state.licence_vault
    principal = await authenticated(request)
    viewer = await vault.lookup.viewer(principal, request.app.state.holders, PRESENT)
    licence = await vault.lookup.load_own(viewer, licence_id)
    body = await read_json(request, empty_is={})
    made = await vault.presentations.present(licence, principal.subject, _read(body))
    answer = {
        "code": made.code,
        "qr": made.url(vault.public_url),
        "expires_at": made.expires_at.isoformat(),
        "shows": list(made.shows),
        "scans": made.scans,
        "purpose": made.purpose,
    }
    return JSONResponse(answer, 201, headers={"Cache-Control": "no-store"})


def _read(body: Mapping[str, Any]) -> Showing:
    shows, seconds = body.get("shows", []), body.get("seconds", SECONDS)
    scans, purpose = body.get("scans"), body.get("purpose", "")
    if not isinstance(shows, list) or type(seconds) is not int:
        raise InvalidInput("shows is a list of names, seconds a number.")
    if not (scans is None or type(scans) is int) or not isinstance(purpose, str):
        raise InvalidInput("scans is a number or null, purpose a text.")
    return Showing([str(each) for each in shows], seconds, scans, purpose.strip())
