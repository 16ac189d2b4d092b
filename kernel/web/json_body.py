"""Reading a JSON object from a request, with a limit and clear complaints."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request

from kernel.errors import InvalidInput

BODY_LIMIT = 256 * 1024


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
