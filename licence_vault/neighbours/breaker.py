"""Not asking, for a while, a neighbour that does not answer: whoever asks hears so at once, and it can come back."""

from kernel.ephemeral.store import EphemeralStore

FAILURES, FAILURES_SECONDS, REST_SECONDS = 3, 60, 15


class Breaker:
    """Opens at once when there is no connection, else after some failures in a row; shared by all processes."""

    def __init__(self, store: EphemeralStore) -> None:
        self._store = store

    async def is_open(self, neighbour_id: str) -> bool:
        """Whether the neighbour is left alone now."""
        return await self._store.get(f"neighbour:away:{neighbour_id}") is not None

    async def note_failure(self, neighbour_id: str, *, at_once: bool) -> None:
        """Count a failure; `at_once`: there was no connection at all."""
        count = await self._store.increment(f"neighbour:failures:{neighbour_id}", FAILURES_SECONDS)
        if at_once or count >= FAILURES:
            await self._store.put(f"neighbour:away:{neighbour_id}", b"1", REST_SECONDS)

    async def note_answer(self, neighbour_id: str) -> None:
        """It answered."""
        await self._store.delete(f"neighbour:failures:{neighbour_id}")
