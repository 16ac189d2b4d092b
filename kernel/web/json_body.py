"""Bodies have an end: reading a JSON object with a limit and clear complaints, and a last limit for every request."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kernel.errors import InvalidInput
from kernel.web.forms import MEBIBYTE

BODY_LIMIT = 256 * 1024
LARGEST_BODY, LARGEST_UPLOAD = MEBIBYTE, 66 * MEBIBYTE
UPLOADS = (
    "multipart/form-data",
    "text/csv",
    "application/x-ndjson",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)


class BodyLimit:
    """No request is read without end, whoever reads it: frameworks read whole bodies before a route is asked.

    Routes set narrower limits of their own. Pure ASGI; place it inside the error boundary.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_upload = Headers(scope=scope).get("content-type", "").lower().startswith(UPLOADS)
        limit, size = LARGEST_UPLOAD if is_upload else LARGEST_BODY, 0

        async def receive_limited() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > limit:
                raise HTTPException(413)
            return message

        await self.app(scope, receive_limited, send)


async def read_json(request: Request, *, empty_is: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    """The JSON object of the body. Raises `InvalidInput` for anything else, or for too much of it."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise InvalidInput("The request is too large.")
    if not body.strip() and empty_is is not None:
        return empty_is
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as failure:
        raise InvalidInput("The request is not JSON.", reason=str(failure)) from failure
    if not isinstance(document, dict):
        raise InvalidInput("Send a JSON object.")
    return document
