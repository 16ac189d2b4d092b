"""Safe retries: one `Idempotency-Key` of one caller leads to one licence, however often it is sent."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.audit.chain import Actor
from kernel.database.engine import Database
from kernel.ephemeral.store import EphemeralStore
from kernel.errors import Conflict, FieldError, InvalidInput
from licence_vault.issuing.order import canonical_text
from licence_vault.licences.protection import LicenceData
from licence_vault.licences.records import IdempotencyRow

KEY_LIMIT = 200
LEASE_SECONDS = 60
WAIT_STEPS, WAIT_SECONDS = 200, 0.05


@dataclass(frozen=True)
class Replay:
    """What is known of a key: the licence it led to, or what to note when it leads to one."""

    caller: str
    key: str
    digest: str
    licence_id: str = ""

    def record(self, session: AsyncSession, licence_id: str, at: datetime) -> None:
        """Note, in the transaction that issues, what the key has led to."""
        if self.key:
            row = IdempotencyRow(
                caller=self.caller, key=self.key, request_digest=self.digest, licence_id=licence_id, at=at
            )
            session.add(row)


class IdempotencyKeys:
    """The keys of all callers. The lease only saves work; the primary key of the table is what makes it once."""

    def __init__(self, database: Database, store: EphemeralStore, data: LicenceData) -> None:
        self._database = database
        self._store = store
        self._data = data

    @asynccontextmanager
    async def guard(self, actor: Actor, key: str, body: Mapping[str, Any]) -> AsyncIterator[Replay]:
        """Do the work of `body` once for `key`.

        Raises `Conflict` when the key was used for another body, or when the first use is still under way after 10 s.
        """
        digest = self._data.request_digest(canonical_text(body))
        caller = f"{actor.kind}:{actor.id}"
        if not key:
            yield Replay(caller, "", digest)
            return
        if len(key) > KEY_LIMIT or not key.isprintable():
            message = "An Idempotency-Key has at most {limit} printable characters."
            raise InvalidInput(
                message, fields=[FieldError("Idempotency-Key", message, {"limit": KEY_LIMIT})], limit=KEY_LIMIT
            )
        lease = f"issuing:{self._data.request_digest(canonical_text({'caller': caller, 'key': key}))}"
        for _ in range(WAIT_STEPS):
            known = await self.find(actor, key)
            if known is not None:
                if known.request_digest != digest:
                    raise Conflict("This Idempotency-Key was already used for a different request.")
                yield Replay(caller, key, digest, known.licence_id)
                return
            if await self._store.add(lease, b"1", LEASE_SECONDS):
                break
            await asyncio.sleep(WAIT_SECONDS)
        else:
            raise Conflict("The first request with this Idempotency-Key is still under way. Try again in a moment.")
        try:
            yield Replay(caller, key, digest)
        finally:
            await self._store.delete(lease)

    async def find(self, actor: Actor, key: str) -> IdempotencyRow | None:
        """What a key has led to."""
        if not key:
            return None
        async with self._database.reading() as session:
            return await session.get(IdempotencyRow, (f"{actor.kind}:{actor.id}", key))
