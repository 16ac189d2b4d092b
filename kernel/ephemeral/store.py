"""What every ephemeral store does. Keys are text with a purpose in front (`code:…`), values bytes, times seconds."""

from typing import Protocol


class EphemeralStore(Protocol):
    """A store whose every entry ends by itself. Each call is atomic, also across processes that share the store."""

    async def put(self, key: str, value: bytes, ttl: int) -> None:
        """Set `key` for `ttl` seconds, whatever it held."""

    async def add(self, key: str, value: bytes, ttl: int) -> bool:
        """Set `key` only if it holds nothing; say whether it was set. One caller of many wins."""

    async def get(self, key: str) -> bytes | None:
        """What `key` holds, if it has not ended."""

    async def take(self, key: str) -> bytes | None:
        """Read and remove in one step: of many callers one gets the value (single-use codes)."""

    async def delete(self, key: str) -> None:
        """Forget `key`; nothing happens when it is not there."""

    async def increment(self, key: str, ttl: int) -> int:
        """Count up and give the new count; the first count sets the end, later ones do not move it (rate limits)."""

    async def pace(self, key: str, every_ms: int, burst_ms: int) -> int:
        """Let one more through at most every `every_ms` in the long run, `burst_ms` worth of them at once (GCRA).

        Gives 0, or in how many milliseconds to come again; who is turned away is not counted. Ends by itself.
        """

    async def ping(self) -> None:
        """Raises `Unavailable` when the store does not answer."""

    async def close(self) -> None:
        """Give back connections."""
