"""Bad days on demand: tests switch a provider's faults on and off over HTTP.

`POST /sandbox/faults {"fault": "busy", "times": 2}` makes the next two answers of that provider's API busy; without
`times` the fault stays until `DELETE /sandbox/faults`. `GET` lists what is on.
"""

import asyncio
from collections.abc import Callable
from enum import StrEnum

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


class Fault(StrEnum):
    """What can go wrong. Each provider heeds those that make sense for it."""

    BUSY = "busy"
    SERVER_ERROR = "server-error"
    SLOW = "slow"
    GARBAGE = "garbage"
    NO_UNION_ID = "no-union-id"
    NO_PROFILE = "no-profile"
    TAMPERED_SIGN = "tampered-sign"
    TAMPERED_CONTENT = "tampered-content"
    MISSING_SIGN = "missing-sign"
    DUPLICATED_ROOT = "duplicated-root"


class FaultSwitch:
    """The faults of one provider that are on, each for a number of answers or until switched off."""

    def __init__(self, slow_seconds: float) -> None:
        self.slow_seconds = slow_seconds
        self._left: dict[Fault, int | None] = {}

    def switch_on(self, fault: Fault, times: int | None = None) -> None:
        """Let the fault happen `times` times, or until `clear`."""
        self._left[fault] = times

    def clear(self) -> None:
        """A good day again."""
        self._left.clear()

    @property
    def active(self) -> dict[str, int | None]:
        """What is on, and for how many more answers (None: until cleared)."""
        return {str(fault): times for fault, times in self._left.items()}

    def strikes(self, fault: Fault) -> bool:
        """Whether the fault happens this time; counts it down."""
        if fault not in self._left:
            return False
        times = self._left[fault]
        if times is not None:
            if times <= 1:
                del self._left[fault]
            else:
                self._left[fault] = times - 1
        return True

    async def before_answer(self) -> Response | None:
        """The faults that need no knowledge of the provider: slowness, a broken server, an answer that is no answer."""
        if self.strikes(Fault.SLOW):
            await asyncio.sleep(self.slow_seconds)
        if self.strikes(Fault.SERVER_ERROR):
            return Response("<html><body><h1>502 Bad Gateway</h1></body></html>", 502, media_type="text/html")
        if self.strikes(Fault.GARBAGE):
            return Response(b"\xff\xfe<html>not what you asked for", media_type="text/html")
        return None


def control_routes(switch: FaultSwitch, reset: Callable[[], None] | None = None) -> list[Route]:
    """The endpoint by which tests work the switch."""

    async def control(request: Request) -> Response:
        if request.method == "DELETE":
            switch.clear()
            if reset:
                reset()
        elif request.method == "POST":
            wish = await request.json()
            if wish.get("fault") not in tuple(Fault):
                return JSONResponse({"error": "unknown fault", "known": [str(fault) for fault in Fault]}, 400)
            switch.switch_on(Fault(wish["fault"]), wish.get("times"))
        return JSONResponse({"active": switch.active})

    return [Route("/sandbox/faults", control, methods=["GET", "POST", "DELETE"])]
