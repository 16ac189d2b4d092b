"""How often an agency's program may call, and how often it may find nothing."""

from kernel.ephemeral.store import EphemeralStore
from kernel.errors import RateLimited

CALLS, CALLS_SECONDS = 300, 60
MISSES, MISSES_SECONDS = 60, 600
CALLS_PASSED_ON = 6_000


class SharingThrottle:
    """Counts by client. Many calls that find nothing look like somebody who tries out numbers."""

    def __init__(self, store: EphemeralStore) -> None:
        self._store = store

    async def check(self, client_id: str, *, passes_on: bool = False) -> None:
        """Count one call; raises `RateLimited`. A vault above calls for many, each of which is counted by itself."""
        missed = await self._store.get(f"sharing:misses:{client_id}")
        if missed is not None and int(missed) >= MISSES:
            raise _too_often(MISSES_SECONDS)
        if await self._store.increment(f"sharing:calls:{client_id}", CALLS_SECONDS) > (
            CALLS_PASSED_ON if passes_on else CALLS
        ):
            raise _too_often(CALLS_SECONDS)

    async def note_miss(self, client_id: str) -> None:
        """Count one call that found nothing."""
        await self._store.increment(f"sharing:misses:{client_id}", MISSES_SECONDS)


def _too_often(seconds: int) -> RateLimited:
    return RateLimited("Your system asks too often. Try again later.", retry_after_seconds=seconds)
