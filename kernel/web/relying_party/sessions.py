"""What the server keeps about each signed-in browser: encrypted, under a hash of the cookie's value."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from kernel.ephemeral.store import EphemeralStore
from kernel.web.relying_party.client import Tokens

IDLE_SECONDS = 30 * 60


class Cipher(Protocol):
    """What of `kernel.crypto.envelope.Envelope` is needed here."""

    def encrypt(self, plaintext: bytes, *, context: str) -> bytes:
        """Encrypt, bound to the context."""

    def decrypt(self, ciphertext: bytes, *, context: str) -> bytes:
        """Decrypt what was bound to the same context."""


@dataclass(frozen=True)
class PageSession:
    """What the server keeps about one signed-in browser. Times in seconds since the epoch."""

    tokens: Tokens
    name: str | None
    started_at: float
    touched_at: float

    def to_bytes(self) -> bytes:
        """JSON, for the store."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "PageSession":
        """The inverse of `to_bytes`."""
        values: dict[str, Any] = json.loads(data)
        return cls(**{**values, "tokens": Tokens(**values["tokens"])})


class SessionStore:
    """Page sessions by cookie value. The store sees neither the cookie value nor a token."""

    def __init__(self, store: EphemeralStore, cipher: Cipher) -> None:
        self.store = store
        self._cipher = cipher

    async def load(self, session_id: str) -> PageSession | None:
        """The session of this cookie value, if it has not ended."""
        key = session_key(session_id)
        data = await self.store.get(key)
        return PageSession.from_bytes(self._cipher.decrypt(data, context=key)) if data is not None else None

    async def save(self, session_id: str, session: PageSession) -> None:
        """Keep the session for another idle period."""
        key = session_key(session_id)
        await self.store.put(key, self._cipher.encrypt(session.to_bytes(), context=key), IDLE_SECONDS)

    async def delete(self, session_id: str) -> None:
        """End the session."""
        await self.store.delete(session_key(session_id))


def session_key(session_id: str) -> str:
    """The store's key for a cookie value."""
    return "page_session:" + hashlib.sha256(session_id.encode()).hexdigest()
