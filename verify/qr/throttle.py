"""Guessing codes must not pay: after a few unknown codes an address waits, whatever it asks next."""

from kernel.ephemeral.memory import InProcessStore
from kernel.ephemeral.pacing import network_of
from kernel.ephemeral.store import EphemeralStore
from kernel.errors import RateLimited, Unavailable

WINDOW_SECONDS = 60
UNKNOWN_CODES_PER_WINDOW = 20


class GuessThrottle:
    """Counts unknown codes by network address. Good codes cost nothing, so a busy counter is never stopped.

    While the shared store is away each process counts for itself: verification goes on, and so does the limit.
    """

    def __init__(self, store: EphemeralStore, *, limit: int = UNKNOWN_CODES_PER_WINDOW) -> None:
        self._store = store
        self._own = InProcessStore()
        self._limit = limit

    async def check(self, address: str) -> None:
        """Raises `RateLimited` while this address has to wait, also for codes that exist."""
        key = f"verify:blocked:{network_of(address)}"
        try:
            blocked = await self._store.get(key)
        except Unavailable:
            blocked = await self._own.get(key)
        if blocked is not None:
            raise _too_many()

    async def note_unknown(self, address: str) -> None:
        """Count one unknown code; raises `RateLimited` when it was one too many."""
        try:
            await self._count(self._store, network_of(address))
        except Unavailable:
            await self._count(self._own, network_of(address))

    async def _count(self, store: EphemeralStore, network: str) -> None:
        if await store.increment(f"verify:unknown:{network}", WINDOW_SECONDS) > self._limit:
            await store.put(f"verify:blocked:{network}", b"1", WINDOW_SECONDS)
            raise _too_many()


def _too_many() -> RateLimited:
    return RateLimited(
        "Too many unknown codes came from your network. Please wait a minute and scan again.",
        retry_after_seconds=WINDOW_SECONDS,
    )
