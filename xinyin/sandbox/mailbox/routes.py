"""`POST /messages` takes what the service sends; `/mailbox` shows it, as a page or as JSON."""

import hmac
import json
from collections import deque
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from kernel.clock import Clock
from kernel.messages.gateway import signature
from xinyin.sandbox.pages import render

KEPT = 200
_MOST_BYTES = 64 * 1024
_TOLERANCE_SECONDS = 300


@dataclass(frozen=True)
class Received:
    """One message as it came."""

    id: str
    at: str
    channel: str
    to: str
    subject: str
    text: str


class Mailbox:
    """The newest messages of everybody, in memory, newest first."""

    def __init__(self) -> None:
        self._messages: deque[Received] = deque(maxlen=KEPT)

    def put(self, told: dict[str, Any], now: datetime) -> None:
        """A repeat of one that is here is dropped."""
        if any(each.id == told["id"] for each in self._messages):
            return
        at = now.isoformat(timespec="seconds")
        self._messages.appendleft(
            Received(told["id"], at, *(str(told.get(name, "")) for name in ("channel", "to", "subject", "text")))
        )

    def messages(self, to: str = "") -> list[Received]:
        """Those to this address, or all."""
        return [each for each in self._messages if not to or each.to == to]


def mailbox_routes(secret: str, clock: Clock) -> list[BaseRoute]:
    """The gateway and its page. `secret`: what the service signs with."""
    mailbox = Mailbox()

    async def take(request: Request) -> Response:
        body = await request.body()
        if len(body) > _MOST_BYTES:
            return JSONResponse({"error": "too large"}, 413)
        if not _is_signed(request, secret, body, clock()):
            return JSONResponse({"error": "wrong signature"}, 401)
        try:
            told = json.loads(body)
        except ValueError:
            return JSONResponse({"error": "not JSON"}, 400)
        if not isinstance(told, dict) or not told.get("id") or not told.get("to"):
            return JSONResponse({"error": "id and to are needed"}, 400)
        mailbox.put(told, clock())
        return JSONResponse({"id": told["id"]}, 202)

    async def show(request: Request) -> Response:
        found = mailbox.messages(request.query_params.get("to", ""))
        if "application/json" in request.headers.get("accept", ""):
            return JSONResponse([asdict(each) for each in found], headers={"Cache-Control": "no-store"})
        return render(request, "mailbox.html", messages=found, to=request.query_params.get("to", ""))

    return [Route("/messages", take, methods=["POST"]), Route("/mailbox", show)]


def _is_signed(request: Request, secret: str, body: bytes, now: datetime) -> bool:
    time = request.headers.get("x-message-time", "")
    if not time.isascii() or not time.isdigit() or abs(int(time[:12]) - now.timestamp()) > _TOLERANCE_SECONDS:
        return False
    given = request.headers.get("x-message-signature", "").encode("latin-1")
    return hmac.compare_digest(signature(secret, int(time[:12]), body).encode(), given)
