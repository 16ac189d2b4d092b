"""Reports that are kept for a short while, readable for whoever holds the link and for nobody else.

The link's secret part is the only way to the report: the store holds its hash, and what it holds is encrypted.
"""

import asyncio
import hashlib
import json
import secrets
import zlib
from collections.abc import Mapping
from typing import Any, Final

from kernel.crypto.envelope import Envelope
from kernel.ephemeral.store import EphemeralStore
from kernel.errors import IntegrityError, NotFound, Unavailable

SECRET_BYTES: Final = 24
LARGEST: Final = 64 * 1024
"""Bytes, deflated. A report that is larger (a file with hundreds of seals) is given once and not kept."""
_GONE = "There is no such report, or its time is over. Check the document again."


class KeptReports:
    """Keeps reports for `seconds`."""

    def __init__(self, store: EphemeralStore, envelope: Envelope, *, seconds: int) -> None:
        self.seconds = seconds
        self._store = store
        self._envelope = envelope

    async def keep(self, report: Mapping[str, Any]) -> str | None:
        """Its id: 192 random bits, base64url. None when it cannot be kept; checking goes on without."""
        data = await asyncio.to_thread(_packed, report)
        if self.seconds <= 0 or len(data) > LARGEST:
            return None
        id = secrets.token_urlsafe(SECRET_BYTES)
        place = _place(id)
        try:
            await self._store.put(place, self._envelope.encrypt(data, context=f"{place}:{id}"), self.seconds)
        except Unavailable:
            return None
        return id

    async def find(self, id: str) -> dict[str, Any]:
        """The report. Raises `NotFound` alike for what never was and what is over."""
        place = _place(id)
        kept = await self._store.get(place)
        if kept is None:
            raise NotFound(_GONE)
        try:
            data = self._envelope.decrypt(kept, context=f"{place}:{id}")
        except IntegrityError as failure:
            raise NotFound(_GONE) from failure
        report: dict[str, Any] = json.loads(zlib.decompress(data))
        return report


def _packed(report: Mapping[str, Any]) -> bytes:
    return zlib.compress(json.dumps(report, ensure_ascii=False, separators=(",", ":")).encode(), 6)


def _place(id: str) -> str:
    return f"verify:report:{hashlib.sha256(id.encode(errors='replace')).hexdigest()}"
