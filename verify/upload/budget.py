"""Checking a file costs whoever runs the service, not whoever sends it: how much one network may have of it.

A few files are checked at a time, in threads of their own, so that nothing else waits for them; and a network whose
files took long waits a minute. Ordinary files take milliseconds and count for nothing. While the shared store is away
each process keeps accounts of its own.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from kernel.ephemeral.memory import InProcessStore
from kernel.ephemeral.pacing import network_of
from kernel.ephemeral.store import EphemeralStore
from kernel.errors import RateLimited, Unavailable

WINDOW_SECONDS = 60
SECONDS_PER_WINDOW = 15
AT_A_TIME, WAITING = 2, 40

Result = TypeVar("Result")


class WorkBudget:
    """Runs checks of strangers' files."""

    def __init__(self, store: EphemeralStore, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` tells seconds that pass."""
        self._store = store
        self._own = InProcessStore()
        self._clock = clock
        self._pool = ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="verify")
        self._places = asyncio.Semaphore(AT_A_TIME)
        self._waiting = 0

    async def run(self, address: str, work: Callable[[], Result]) -> Result:
        """Do `work` in a thread, on this address's account. Raises `RateLimited`, `Unavailable` (too many wait)."""
        if self._waiting >= WAITING:
            raise Unavailable("Too many files are being checked just now. Try again in a moment.")
        self._waiting += 1
        try:
            async with self._places:
                return await self._run(f"verify:work:{network_of(address)}", work)
        finally:
            self._waiting -= 1

    async def _run(self, account: str, work: Callable[[], Result]) -> Result:
        if await self._spent(account) >= SECONDS_PER_WINDOW:
            message = "Checking your files took very long. Wait a minute, then send the next one."
            raise RateLimited(message, retry_after_seconds=WINDOW_SECONDS)
        began = self._clock()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            await self._charge(account, int(self._clock() - began))

    async def _spent(self, account: str) -> int:
        try:
            return int(await self._store.get(account) or 0)
        except Unavailable:
            return int(await self._own.get(account) or 0)

    async def _charge(self, account: str, seconds: int) -> None:
        for _second in range(min(seconds, SECONDS_PER_WINDOW)):
            try:
                await self._store.increment(account, WINDOW_SECONDS)
            except Unavailable:
                await self._own.increment(account, WINDOW_SECONDS)
