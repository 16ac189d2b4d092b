"""How often one network may ask for something that costs us work (GCRA, as in ATM Forum TM 4.1 §4.4.2)."""

import hashlib
import ipaddress
import math
from typing import Final

from kernel.ephemeral.memory import InProcessStore
from kernel.ephemeral.store import EphemeralStore
from kernel.errors import RateLimited, Unavailable

_MINUTE_MS: Final = 60_000


class Pace:
    """`per_minute` in the long run, `burst` at once. While the shared store is away each process counts for itself."""

    def __init__(self, store: EphemeralStore, name: str, *, per_minute: int, burst: int | None = None) -> None:
        """`name` tells one limit from another; `burst` is a minute's worth when left out."""
        self._store = store
        self._own = InProcessStore()
        self._name = name
        self._every_ms = max(1, _MINUTE_MS // per_minute)
        self._burst_ms = self._every_ms * (burst or per_minute)

    async def admit(self, address: str) -> None:
        """Count a request from `address`; raises RateLimited, saying when to come again."""
        network = hashlib.sha256(network_of(address).encode()).hexdigest()[:32]
        key = f"pace:{self._name}:{network}"
        try:
            wait = await self._store.pace(key, self._every_ms, self._burst_ms)
        except Unavailable:
            wait = await self._own.pace(key, self._every_ms, self._burst_ms)
        if wait:
            raise RateLimited(
                "Too many requests. Please wait a little.", retry_after_seconds=max(1, math.ceil(wait / 1000))
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
