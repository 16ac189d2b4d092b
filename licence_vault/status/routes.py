"""`GET /api/v1/status` and `/api/v1/status/{list}`: for everyone, without an account, the same for all who ask."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kernel.errors import InvalidInput
from licence_vault.status.service import TTL, StatusLists

MEDIA_TYPE = "application/statuslist+jwt"
_ANY_ORIGIN = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
_FRESH = {"Cache-Control": f"public, max-age={int(TTL.total_seconds()) // 2}", **_ANY_ORIGIN}
_LATEST = 253_402_300_799

ListNumber = Annotated[int, Path(ge=1, le=2**31 - 1, description="The number of the list.")]
Moment = Annotated[
    str | None, Query(alias="time", description="The list as it was at this moment, in seconds since 1970.")
]


def api_router() -> APIRouter:
    """The aggregation and the lists."""
    router = APIRouter(tags=["verification"])
    router.add_api_route(
        "/api/v1/status",
        show_lists,
        methods=["GET"],
        summary="The addresses of all status lists",
        description="A Status List Aggregation (draft-ietf-oauth-status-list), for those who verify without a network.",
        response_model=None,
    )
    router.add_api_route(
        "/api/v1/status/{number}",
        show_list,
        methods=["GET"],
        summary="A signed list of how licences stand",
        description="A Status List Token: two bits a licence (0 valid, 1 revoked, 2 suspended, 3 superseded), a JWS.",
        response_class=Response,
        responses={200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}, "description": "A signed list"}},
    )
    return router


async def show_lists(request: Request) -> Response:
    """Every list's address."""
    return JSONResponse({"status_lists": await _lists(request).lists()}, headers=_FRESH)


async def show_list(request: Request, number: ListNumber, moment: Moment = None) -> Response:
    """A list now or at a moment. Raises `InvalidInput` and `NotFound`."""
    if moment is None:
        token = await _lists(request).token(number)
    else:
        token = await _lists(request).token_at(number, _read_moment(moment))
    return Response(token, media_type=MEDIA_TYPE, headers=_FRESH)


def _read_moment(text: str) -> datetime:
    if not (text.isascii() and text.isdigit()) or int(text[:20]) > _LATEST:
        raise InvalidInput("The time is given in whole seconds since 1970-01-01T00:00:00Z.")
    return datetime.fromtimestamp(int(text), UTC)


def _lists(request: Request) -> StatusLists:
    statuses: StatusLists = request.app.state.licence_vault.statuses
    return statuses
