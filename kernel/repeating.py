"""Work beside answering: a step again and again, at once while there is something to do, else after a pause."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import structlog

_log = structlog.get_logger()


class Repeating:
    """Does `step` for ever during a block. A step says whether it found anything to do."""

    def __init__(self, what: str, step: Callable[[], Awaitable[object]], idle_seconds: float) -> None:
        """`what` names the work in the log; `idle_seconds` passes between two looks that find nothing."""
        self._what = what
        self._step = step
        self._idle_seconds = idle_seconds
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """There is work: do not wait for the next look."""
        self._wake.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work during the block."""
        task = asyncio.create_task(self._for_ever())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _for_ever(self) -> None:
        while True:
            has_worked: object = False
            try:
                has_worked = await self._step()
            except Exception as failure:  # noqa: BLE001 - whatever went wrong now, the next look must come
                _log.warning("work put off", work=self._what, reason=type(failure).__name__)
            if not has_worked:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), self._idle_seconds)
                self._wake.clear()
