"""Safe retries: one `Idempotency-Key` of one caller leads to one licence, however often it is sent."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
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
USED_OTHERWISE = "This Idempotency-Key was already used for a different request."
WAIT_STEPS, WAIT_SECONDS = 200, 0.05


@dataclass(frozen=True)
class Replay:
    """What is known of a key: the licence it led to, or what to note when it leads to one."""

    caller: str
    key: str
    digest: str
    licence_id: str = ""

    def check(self, known: IdempotencyRow) -> str:
        """The licence that the key has led to; raises `Conflict` when it was used for something else."""
        if known.request_digest != self.digest:
            raise Conflict(USED_OTHERWISE)
        return known.licence_id

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
        replay = self.replay(actor, key, body)
        caller = replay.caller
        if not key:
            yield replay
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
                yield dataclasses.replace(replay, licence_id=replay.check(known))
                return
            if await self._store.add(lease, b"1", LEASE_SECONDS):
                break
            await asyncio.sleep(WAIT_SECONDS)
        else:
            raise Conflict("The first request with this Idempotency-Key is still under way. Try again in a moment.")
        try:
            yield replay
        finally:
            await self._store.delete(lease)

    def replay(self, actor: Actor, key: str, body: Mapping[str, Any]) -> Replay:
        """A key of which nothing is known yet."""
        return Replay(f"{actor.kind}:{actor.id}", key, self._data.request_digest(canonical_text(body)))

    async def find_all(self, actor: Actor, keys: Sequence[str]) -> dict[str, IdempotencyRow]:
        """What keys have led to, by key; those of which nothing is known are left out."""
        statement = select(IdempotencyRow).where(
            IdempotencyRow.caller == f"{actor.kind}:{actor.id}", IdempotencyRow.key.in_(keys)
        )
        async with self._database.reading() as session:
            return {row.key: row for row in await session.scalars(statement)}

    async def find(self, actor: Actor, key: str) -> IdempotencyRow | None:
        """What a key has led to."""
        if not key:
            return None
        async with self._database.reading() as session:
            return await session.get(IdempotencyRow, (f"{actor.kind}:{actor.id}", key))
