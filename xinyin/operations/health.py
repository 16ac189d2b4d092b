"""Is it alive, is it ready: asked by whoever keeps it running."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kernel.errors import XinyinError
from xinyin.operations.metrics import Metrics

Check = Callable[[], Awaitable[Any]]
_log = structlog.get_logger()


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
