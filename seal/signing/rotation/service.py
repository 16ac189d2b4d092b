"""Which of the service's own keys signs, and changing it without a moment at which something does not verify."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy.exc import IntegrityError as RowExists

from kernel.audit.chain import SYSTEM, Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.crypto.signatures import SigningAlgorithm, SigningKey
from kernel.database.engine import Database
from kernel.errors import Conflict, IntegrityError, NotFound
from seal.client import SealerKey
from seal.signing.pressing.order import Press
from seal.signing.rotation.records import ServiceKeyRow, service_keys
from seal.signing.service_keys import PURPOSES

ANNOUNCED_FOR = timedelta(hours=24)
"""How long a new key is published before it signs: whoever keeps the trust list for a day has it by then."""

FRESH_SECONDS = 2.0
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)

KeyState = Literal["announced", "signing", "published", "retired"]


@dataclass(frozen=True)
class ServiceKey:
    """`name` as it is asked for; `public_key` DER, empty while only the key store knows it (before any rotation)."""

    name: str
    purpose: str
    algorithm: SigningAlgorithm
    public_key: bytes
    signs_from: datetime
    retired_at: datetime | None
    state: KeyState


class ServiceKeyRing:
    """Opens the key of a purpose that signs now. Notices another process's rotation within two seconds."""

    def __init__(
        self,
        database: Database,
        audit: AuditTrail,
        clock: Clock,
        press: Press,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._press = press
        self._monotonic = monotonic
        self._kept: tuple[float, Sequence[ServiceKeyRow]] | None = None

    async def open(self, purpose: str) -> SigningKey:
        """The key that signs for `purpose`, one of `PURPOSES`. Raises IntegrityError if the store's is another."""
        signing = next(key for key in self._keys(purpose, await self._rows()) if key.state == "signing")
        key = await asyncio.to_thread(self._press.open_service_key, signing.name)
        if signing.public_key and key.public_spki != signing.public_key:
            raise IntegrityError(
                "The key store holds another key {name} than the one that was made.", name=signing.name
            )
        return key

    async def published(self) -> list[SealerKey]:
        """The public halves that verifiers need, for each purpose the signing one first."""
        found = []
        for key in await self.keys():
            if key.state != "retired":
                public_key = key.public_key or (await self.open(key.purpose)).public_spki
                found.append(SealerKey(key.purpose, key.algorithm, public_key))
        return found

    async def keys(self) -> list[ServiceKey]:
        """All keys of all purposes; for each purpose the signing one first, then newer ones, then older ones."""
        rows = await self._rows()
        return [key for purpose in PURPOSES for key in self._keys(purpose, rows)]

    async def rotate(
        self, purpose: str, *, announced_for: timedelta = ANNOUNCED_FOR, actor: Actor = SYSTEM
    ) -> ServiceKey:
        """Make the next key. It is published at once and signs after `announced_for`; the one before stays published.

        Raises NotFound for an unknown purpose, Conflict while a next key is announced already.
        """
        if purpose not in PURPOSES:
            raise NotFound(
                "There is no purpose {purpose}; there are {known}.", purpose=purpose, known=", ".join(PURPOSES)
            )
        self._kept = None
        known = self._keys(purpose, await self._rows())
        if any(key.state == "announced" for key in known):
            raise Conflict("The next key for {purpose} is announced already.", purpose=purpose)
        now = self._clock()
        added = [] if known[0].public_key else [await self._row(purpose, purpose, _FIRST, now)]
        name = f"{purpose}-{len(known) + 1:04d}"
        added.append(await self._row(name, purpose, now + announced_for, now))
        try:
            async with self._database.transaction() as session:
                session.add_all(added)
                detail = {"purpose": purpose, "signs_from": added[-1].signs_from.isoformat()}
                await self._audit.record(session, AuditEvent("service_key.rotate", actor, name, detail=detail))
        except RowExists as error:
            raise Conflict("The next key for {purpose} is announced already.", purpose=purpose) from error
        self._kept = None
        return await self.find(name)

    async def retire(self, name: str, *, actor: Actor = SYSTEM) -> None:
        """Publish a key no longer: what it signed stops verifying. Raises NotFound; Conflict for one that signs."""
        self._kept = None
        key = await self.find(name)
        if key.state == "retired":
            return
        if key.state != "published":
            raise Conflict("The key {name} is in use. Rotate it first.", name=name)
        async with self._database.transaction() as session:
            row = await session.get(ServiceKeyRow, name, with_for_update=True)
            assert row is not None
            row.retired_at = self._clock()
            await self._audit.record(session, AuditEvent("service_key.retire", actor, name))
        self._kept = None

    async def find(self, name: str) -> ServiceKey:
        """By its name; raises NotFound."""
        for key in await self.keys():
            if key.name == name:
                return key
        raise NotFound("There is no key called {name}.", name=name)

    async def _row(self, name: str, purpose: str, signs_from: datetime, made_at: datetime) -> ServiceKeyRow:
        """Opens the key, which makes it if it is new."""
        key = await asyncio.to_thread(self._press.open_service_key, name)
        return ServiceKeyRow(
            name=name,
            purpose=purpose,
            algorithm=key.algorithm,
            public_key=key.public_spki,
            signs_from=signs_from,
            made_at=made_at,
        )

    async def _rows(self) -> Sequence[ServiceKeyRow]:
        if self._kept is None or self._monotonic() - self._kept[0] > FRESH_SECONDS:
            begun = self._monotonic()
            async with self._database.reading() as session:
                self._kept = (begun, await service_keys(session))
        return self._kept[1]

    def _keys(self, purpose: str, rows: Sequence[ServiceKeyRow]) -> list[ServiceKey]:
        own = [row for row in rows if row.purpose == purpose]
        if not own:
            return [ServiceKey(purpose, purpose, PURPOSES[purpose], b"", _FIRST, None, "signing")]
        now = self._clock()
        signing = next((row for row in own if row.retired_at is None and row.signs_from <= now), own[-1])
        ordered = [signing, *(row for row in own if row is not signing)]
        return [_service_key(row, signing, now) for row in ordered]


def _service_key(row: ServiceKeyRow, signing: ServiceKeyRow, now: datetime) -> ServiceKey:
    if row is signing:
        state: KeyState = "signing"
    elif row.retired_at is not None:
        state = "retired"
    else:
        state = "announced" if row.signs_from > now else "published"
    algorithm = PURPOSES[row.purpose]
    return ServiceKey(row.name, row.purpose, algorithm, row.public_key, row.signs_from, row.retired_at, state)
