"""What every blob store does. A reference is the lower-case hexadecimal SHA-256 of the content."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol


class BlobStore(Protocol):
    """Content-addressed storage."""

    async def put(self, data: bytes) -> str:
        """Keep `data` and give its reference; when this returns, the data survives a power cut."""

    async def put_all(self, contents: Sequence[bytes]) -> list[str]:
        """As `put` for each of `contents`; cheaper than one by one."""

    async def get(self, reference: str) -> bytes:
        """The content, checked against its digest. Raises `NotFound`, or `IntegrityError` when it was changed."""

    async def exists(self, reference: str) -> bool:
        """Whether there is such a blob."""

    async def delete(self, reference: str) -> None:
        """Remove it; nothing happens when it is not there."""

    async def ping(self) -> None:
        """Raises `Unavailable` when nothing could be kept."""

    async def close(self) -> None:
        """Close what is open; nothing may be asked afterwards."""

    async def sweep_aside(self, older_than: datetime) -> int:
        """Remove what writers that were killed left half-written before that moment, and say how much."""

    def references(self) -> AsyncIterator[tuple[str, datetime]]:
        """Every reference with the moment it was kept."""
