"""Password hashing: argon2id (RFC 9106) in a small thread pool of its own, so that sign-ins cannot starve tokens."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher as Argon2
from argon2 import Type
from argon2.exceptions import InvalidHashError, VerificationError

from kernel.errors import Unavailable

WAITING_PER_THREAD = 50

Result = TypeVar("Result")


class PasswordHasher:
    """Hashes and checks passwords. At most `WAITING_PER_THREAD` requests a thread wait; more are turned away."""

    def __init__(self, *, memory_kib: int, passes: int, threads: int) -> None:
        self._argon2 = Argon2(time_cost=passes, memory_cost=memory_kib, parallelism=1, type=Type.ID)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._free = threads * (WAITING_PER_THREAD + 1)
        self._dummy = self._argon2.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        """A salted hash in PHC form."""
        return await self._run(self._argon2.hash, password)

    async def matches(self, stored: str | None, password: str) -> bool:
        """Whether the password is right. Without a stored hash it takes the same time and is wrong."""
        right = await self._run(self._verify, stored or self._dummy, password)
        return right and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._argon2.check_needs_rehash(stored)

    def close(self) -> None:
        """Let the threads go."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._argon2.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, function: Callable[..., Result], *arguments: str) -> Result:
        if self._free <= 0:
            message = "Too many people are signing in just now. Please try again in a few seconds."
            raise Unavailable(message, reason="the password queue is full")
        self._free -= 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, function, *arguments)
        finally:
            self._free += 1
