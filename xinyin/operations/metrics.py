"""How the service does, in Prometheus' words."""

import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    """Counts and times of requests by route template: never by path, which can hold a code."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "xinyin_http_requests", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "xinyin_http_request_seconds", "Time to answer", ["method", "route"], registry=self.registry
        )

    def middleware(self, app: ASGIApp) -> ASGIApp:
        """Wrap `app` so that each of its answers is counted."""

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            status, start = 500, time.perf_counter()

            async def watch(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            try:
                await app(scope, receive, watch)
            finally:
                route = route_template(scope)
                method = scope["method"] if scope["method"] in _METHODS else "OTHER"
                self.requests.labels(method, route, str(status)).inc()
                self.seconds.labels(method, route).observe(time.perf_counter() - start)

        return counted


def route_template(scope: Scope) -> str:
    """The template of the route that answered, such as `/v/{code}`; "other" where none did.

    FastAPI's routes leave themselves behind; of Starlette's only the endpoint is known, which may have several.
    """
    route = scope.get("route")
    if path := getattr(route, "path_format", None) or getattr(route, "path", None):
        return str(path)
    endpoint = scope.get("endpoint")
    if endpoint is None:
        return "other"
    return next(
        (each.path for each in _plain_routes(scope) if each.endpoint == endpoint and _fits(each, scope)), "other"
    )


def _plain_routes(scope: Scope) -> Iterator[Route]:
    yield from (each for each in getattr(scope.get("app"), "routes", ()) if isinstance(each, Route))


def _fits(route: Route, scope: Scope) -> bool:
    return route.path_regex.match(scope["path"]) is not None
