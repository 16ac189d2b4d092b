"""`POST /tsa`: the time-stamp protocol over HTTP (RFC 3161 §3.4)."""

from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from kernel.crypto.timestamps.messages import MAX_REQUEST_BYTES
from seal.timestamp.service import TimestampService

_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"
_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}
_BODY: dict[str, Any] = {"requestBody": {"required": True, "content": {_QUERY: _BINARY}}}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "TimeStampResp (DER): a token, or the protocol's own refusal", "content": {_REPLY: _BINARY}}
}


def api_router() -> APIRouter:
    """Public: no account needed."""
    router = APIRouter(tags=["time stamps"])
    router.add_api_route(
        "/tsa",
        answer_timestamp_query,
        methods=["POST"],
        summary="A time stamp over a digest (RFC 3161)",
        openapi_extra=_BODY,
        response_model=None,
        responses=_RESPONSES,
    )
    return router


async def answer_timestamp_query(request: Request) -> Response:
    """DER. Whatever is wrong with the query is said in the protocol, with status 200; 429 when asked too often."""
    service: TimestampService = request.app.state.seal.timestamps
    await service.admit(request.client.host if request.client else "")
    reply = await service.authority.answer(await _read_query(request))
    return Response(reply, media_type=_REPLY, headers={"Cache-Control": "no-store"})


async def _read_query(request: Request) -> bytes:
    """No more than the longest query there is and a byte, so that longer ones are told apart."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_REQUEST_BYTES:
            break
    return bytes(body[: MAX_REQUEST_BYTES + 1])
