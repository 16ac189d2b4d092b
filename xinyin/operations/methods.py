"""HEAD, OPTIONS and `Allow` for every address alike (RFC 9110 §9.3.2, §9.3.7, §10.2.1). Pure ASGI."""

from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class MethodsMiddleware:
    """Answers HEAD as GET without a body, OPTIONS with the methods there are, and names all of them in a 405.

    The routers know only the methods of the first route that has the path, and FastAPI's none of HEAD.
    """

    def __init__(self, app: ASGIApp, *, routes: Sequence[BaseRoute]) -> None:
        self.app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif scope["method"] == "HEAD":
            await self._head(scope, receive, send)
        elif scope["method"] == "OPTIONS" and (allowed := self._allowed(scope)):
            await Response(status_code=204, headers={"Allow": allowed})(scope, receive, send)
        else:
            await self.app(scope, receive, self._naming_methods(scope, send))

    async def _head(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        # The same scope, not a copy: what the routers leave in it is read by those further out.
        scope["method"] = "GET"
        try:
            await self.app(scope, receive, self._naming_methods(scope, send_without_body))
        finally:
            scope["method"] = "HEAD"

    def _naming_methods(self, scope: Scope, send: Send) -> Send:
        async def send_with_allow(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 405:
                MutableHeaders(scope=message)["allow"] = self._allowed(scope)
            await send(message)

        return send_with_allow

    def _allowed(self, scope: Scope) -> str:
        """The methods of this path, empty where there is no such path."""
        served = [method for method in METHODS if self._serves({**scope, "method": method})]
        if "GET" in served:
            served.insert(1, "HEAD")
        return ", ".join([*served, "OPTIONS"]) if served else ""

    def _serves(self, scope: Scope) -> bool:
        return any(route.matches(scope)[0] is Match.FULL for route in self._routes)
