"""The store that several processes share: Redis 6.2 or later (GETDEL)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis
from redis.exceptions import RedisError

from kernel.errors import ConfigurationError, Unavailable

# One step, so that a crash between the two cannot leave a counter that never ends.
_INCREMENT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return count
"""

# The value is when the next one is due, in milliseconds; the clock is Redis's own, which all processes share.
_PACE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local every, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local due = math.max(now, tonumber(redis.call('GET', KEYS[1]) or now))
if due > now + burst then due = now end -- the clock was set back
local wait = due + every - now - burst
if wait > 0 then return wait end
redis.call('SET', KEYS[1], string.format('%.0f', due + every), 'PX', due + every - now)
return 0
"""


class RedisStore:
    """`EphemeralStore` on Redis; every key carries `prefix`."""

    def __init__(self, url: str, *, prefix: str = "xinyin:") -> None:
        """Take `url` as `redis://…`, `rediss://…` or `unix://…`; raises `ConfigurationError` for anything else."""
        try:
            self._redis: Redis = Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5)
        except ValueError as failure:
            raise ConfigurationError("XINYIN_REDIS_URL is not a Redis address.", reason=str(failure)) from failure
        self._prefix = prefix
        self._increment = self._redis.register_script(_INCREMENT)
        self._pace = self._redis.register_script(_PACE)

    async def put(self, key: str, value: bytes, ttl: int) -> None:
        """See `EphemeralStore.put`."""
        async with self._reaching():
            await self._redis.set(self._prefix + key, value, ex=ttl)

    async def add(self, key: str, value: bytes, ttl: int) -> bool:
        """See `EphemeralStore.add`."""
        async with self._reaching():
            return bool(await self._redis.set(self._prefix + key, value, ex=ttl, nx=True))

    async def get(self, key: str) -> bytes | None:
        """See `EphemeralStore.get`."""
        async with self._reaching():
            return _bytes(await self._redis.get(self._prefix + key))

    async def take(self, key: str) -> bytes | None:
        """See `EphemeralStore.take`."""
        async with self._reaching():
            return _bytes(await self._redis.getdel(self._prefix + key))

    async def delete(self, key: str) -> None:
        """See `EphemeralStore.delete`."""
        async with self._reaching():
            await self._redis.delete(self._prefix + key)

    async def increment(self, key: str, ttl: int) -> int:
        """See `EphemeralStore.increment`."""
        async with self._reaching():
            return int(await self._increment(keys=[self._prefix + key], args=[ttl]))

    async def pace(self, key: str, every_ms: int, burst_ms: int) -> int:
        """See `EphemeralStore.pace`."""
        async with self._reaching():
            return int(await self._pace(keys=[self._prefix + key], args=[every_ms, max(every_ms, burst_ms)]))

    async def ping(self) -> None:
        """Raises `Unavailable` when Redis does not answer."""
        async with self._reaching():
            await self._redis.exists(self._prefix + "ping")

    async def close(self) -> None:
        """Give back the connections."""
        await self._redis.aclose()

    @asynccontextmanager
    async def _reaching(self) -> AsyncIterator[None]:
        try:
            yield
        except (RedisError, OSError) as failure:
            raise Unavailable(
                "The session store does not answer. Please try again in a moment.",
                reason=type(failure).__name__,
            ) from failure


def _bytes(value: object) -> bytes | None:
    return value if isinstance(value, bytes) else None
