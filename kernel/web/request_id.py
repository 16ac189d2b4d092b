"""One number for each request, in the answer, in every log line and on every error page. Pure ASGI.

The access log names the route's template, never the address: paths and queries may hold codes.
"""

import secrets
import time
import uuid

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kernel.audit.chain import request_id as request_id_variable

log = structlog.get_logger("xinyin.access")


def current_request_id() -> str:
    """The id of the request being served as a UUID, or "" outside of one."""
    return request_id_variable.get()


def new_request_id() -> str:
    """A time-ordered UUID (RFC 9562 §5.7, version 7)."""
    milliseconds = time.time_ns() // 1_000_000
    number = (milliseconds & (2**48 - 1)) << 80 | 0x7 << 76 | secrets.randbits(12) << 64
    return str(uuid.UUID(int=number | 0b10 << 62 | secrets.randbits(62)))


class RequestIdMiddleware:
    """Gives each request an id, answers it as `X-Request-Id`, and writes one log line when it is over."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = new_request_id()
        started = time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        token = request_id_variable.set(request_id)
        try:
            await self.app(scope, receive, send_with_id)
        finally:
            elapsed = round((time.perf_counter() - started) * 1000, 1)
            log.info("request", method=scope["method"], route=route_template(scope), status=status, ms=elapsed)
            request_id_variable.reset(token)


def route_template(scope: Scope) -> str:
    """`/api/v1/licences/{licence_id}` rather than the address itself.

    Plain Starlette routes leave no template behind; their endpoint's name stands in. "unmatched": no route took it.
    """
    route = scope.get("route")
    path = getattr(route, "path_format", None) or getattr(route, "path", None)
    endpoint = scope.get("endpoint")
    if path or endpoint is None:
        return str(path or "unmatched")
    return f"{endpoint.__module__}.{getattr(endpoint, '__qualname__', type(endpoint).__name__)}"
