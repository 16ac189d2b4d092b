"""Files, names and orders of seal jobs at rest: each in an envelope bound to its place."""

import hashlib
import json
from typing import Any

from kernel.blobs.store import BlobStore
from kernel.crypto.envelope import Envelope


class JobData:
    """Encrypts and opens what jobs keep."""

    def __init__(self, envelope: Envelope, blobs: BlobStore) -> None:
        self._envelope = envelope
        self.blobs = blobs

    def close(self, id: str, column: str, value: Any) -> bytes:
        """JSON, encrypted for one column of one row."""
        plain = json.dumps(value, ensure_ascii=False, sort_keys=True).encode()
        return self._envelope.encrypt(plain, context=f"seal_job.{column}:{id}")

    def open(self, id: str, column: str, stored: bytes) -> Any:
        """What `close` took."""
        return json.loads(self._envelope.decrypt(stored, context=f"seal_job.{column}:{id}"))

    async def keep(self, id: str, column: str, data: bytes) -> str:
        """Store a file; durable when this returns."""
        return await self.blobs.put(self._envelope.encrypt(data, context=f"seal_job.{column}:{id}"))

    async def load(self, id: str, column: str, reference: str) -> bytes:
        """A stored file."""
        return self._envelope.decrypt(await self.blobs.get(reference), context=f"seal_job.{column}:{id}")

    def digest(self, value: Any) -> str:
        """A keyed hash by which two requests can be compared, and nothing else."""
        plain = json.dumps(value, ensure_ascii=False, sort_keys=True)
        return self._envelope.blind_index("seal job request", hashlib.sha256(plain.encode()).hexdigest())
