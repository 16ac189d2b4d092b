"""The store for one process: a dictionary and a clock."""

import heapq
from datetime import datetime, timedelta

from kernel.clock import Clock, system_clock


class InProcessStore:
    """`EphemeralStore` in memory. Atomic because nothing here awaits; bounded because ended entries are swept."""

    def __init__(self, clock: Clock = system_clock) -> None:
        self._clock = clock
        self._entries: dict[str, tuple[bytes, datetime]] = {}
        self._ends: list[tuple[datetime, str]] = []

    async def put(self, key: str, value: bytes, ttl: int) -> None:
        """See `EphemeralStore.put`."""
        self._set(key, value, self._clock() + timedelta(seconds=ttl))

    async def add(self, key: str, value: bytes, ttl: int) -> bool:
        """See `EphemeralStore.add`."""
        if self._live(key) is not None:
            return False
        self._set(key, value, self._clock() + timedelta(seconds=ttl))
        return True

    async def get(self, key: str) -> bytes | None:
        """See `EphemeralStore.get`."""
        return self._live(key)

    async def take(self, key: str) -> bytes | None:
        """See `EphemeralStore.take`."""
        value = self._live(key)
        self._entries.pop(key, None)
        return value

    async def delete(self, key: str) -> None:
        """See `EphemeralStore.delete`."""
        self._entries.pop(key, None)

    async def increment(self, key: str, ttl: int) -> int:
        """See `EphemeralStore.increment`."""
        value = self._live(key)
        if value is None:
            self._set(key, b"1", self._clock() + timedelta(seconds=ttl))
            return 1
        count = int(value) + 1
        self._entries[key] = (str(count).encode(), self._entries[key][1])
        return count

    async def pace(self, key: str, every_ms: int, burst_ms: int) -> int:
        """See `EphemeralStore.pace`."""
        now = self._clock()
        every, value = timedelta(milliseconds=every_ms), self._live(key)
        burst = timedelta(milliseconds=max(every_ms, burst_ms))
        due = max(now, datetime.fromisoformat(value.decode())) if value is not None else now
        if due > now + burst:  # the clock was set back
            due = now
        wait = due + every - now - burst
        if wait > timedelta():
            return max(1, round(wait.total_seconds() * 1000))
        self._set(key, (due + every).isoformat().encode(), due + every)
        return 0

    async def ping(self) -> None:
        """Always answers."""

    async def close(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._ends.clear()

    def _set(self, key: str, value: bytes, end: datetime) -> None:
        self._sweep()
        self._entries[key] = (value, end)
        heapq.heappush(self._ends, (end, key))

    def _live(self, key: str) -> bytes | None:
        entry = self._entries.get(key)
        if entry is None or entry[1] <= self._clock():
            return None
        return entry[0]

    def _sweep(self) -> None:
        now = self._clock()
        while self._ends and self._ends[0][0] <= now:
            _, key = heapq.heappop(self._ends)
            entry = self._entries.get(key)
            if entry is not None and entry[1] <= now:
                del self._entries[key]
