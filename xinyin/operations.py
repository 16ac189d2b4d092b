"""What those who run the service look at: is it alive, is it ready, how does it do."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kernel.errors import XinyinError

Check = Callable[[], Awaitable[Any]]
_log = structlog.get_logger()


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
                route = getattr(scope.get("route"), "path", "other")
                method = scope["method"] if scope["method"] in _METHODS else "OTHER"
                self.requests.labels(method, route, str(status)).inc()
                self.seconds.labels(method, route).observe(time.perf_counter() - start)

        return counted


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def operations_routes(checks: Mapping[str, Check], metrics: Metrics) -> list[Route]:
    """`/healthz` (this process answers), `/readyz` (each dependency by name), `/metrics` (Prometheus)."""

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "alive"}, headers=_NO_STORE)

    async def readyz(_request: Request) -> Response:
        results = await asyncio.gather(*(_answer(name, check) for name, check in checks.items()))
        states = dict(zip(checks, results, strict=True))
        ready = all(state == "ok" for state in states.values())
        body = {"status": "ready" if ready else "not ready", "checks": states}
        return JSONResponse(body, status_code=200 if ready else 503, headers=_NO_STORE)

    async def show_metrics(_request: Request) -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST, headers=_NO_STORE)

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", show_metrics)]


_NO_STORE = {"Cache-Control": "no-store"}


async def _answer(name: str, check: Check) -> str:
    try:
        async with asyncio.timeout(5):
            await check()
    except (XinyinError, OSError, TimeoutError) as failure:
        _log.warning("not ready", dependency=name, reason=type(failure).__name__)
        return "away"
    return "ok"
