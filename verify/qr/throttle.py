"""Guessing codes must not pay: after a few unknown codes an address waits, whatever it asks next."""

import ipaddress

from kernel.ephemeral.memory import InProcessStore
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


def network_of(address: str) -> str:
    """One IPv4 address, or the /64 that one IPv6 customer has to himself."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
