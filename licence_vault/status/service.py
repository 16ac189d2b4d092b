"""Places for new licences, and the signed lists: now, and as they were."""

import asyncio
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Protocol

from sqlalchemy.exc import IntegrityError as UniqueViolation
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.crypto.envelope import Envelope
from kernel.database.engine import Database
from kernel.errors import NotFound
from licence_vault.licences.licence import LicenceStatus
from licence_vault.licences.records import find_by, with_identifiers
from licence_vault.status.encoding import StatusArray, StatusType
from licence_vault.status.places import CAPACITY, SIZE, StatusPlace, decoy_turns, place_of
from licence_vault.status.records import StatusListRow, changes_until, list_numbers, lock_newest, marked_now

KEPT_FOR = timedelta(seconds=30)
TTL = timedelta(seconds=60)
LIFE = timedelta(hours=24)
"""Beyond it a verifier without a network may no longer rely on a list."""
_BLOCK = 32

MARKS = {
    LicenceStatus.REVOKED: StatusType.REVOKED,
    LicenceStatus.SUSPENDED: StatusType.SUSPENDED,
    LicenceStatus.SUPERSEDED: StatusType.SUPERSEDED,
}
ACTIONS = {
    "revoke": StatusType.REVOKED,
    "suspend": StatusType.SUSPENDED,
    "resume": StatusType.VALID,
    "supersede": StatusType.SUPERSEDED,
}


class StatusSigner(Protocol):
    """What status lists ask of `seal.client.Sealer`."""

    async def sign_status_list(self, claims: Mapping[str, object]) -> str:
        """A compact JWS with `typ` "statuslist+jwt", its header naming the key."""
        ...


@dataclass(frozen=True)
class _List:
    number: int
    secret: bytes
    made_at: datetime


class StatusLists:
    """All lists of this vault. A list is public and the same for everybody."""

    def __init__(
        self, database: Database, signer: StatusSigner, envelope: Envelope, clock: Clock, public_url: str
    ) -> None:
        self._database = database
        self._signer = signer
        self._envelope = envelope
        self._clock = clock
        self._address = f"{public_url}/api/v1/status"
        self._free: list[StatusPlace] = []
        self._reserving = asyncio.Lock()
        self._kept: dict[int, tuple[datetime, str]] = {}

    @property
    def address(self) -> str:
        """Where the aggregation is (§9); a list is below it by its number."""
        return self._address

    async def reserve(self) -> StatusPlace:
        """A place for a licence that is about to be issued; one that is not used becomes a decoy."""
        async with self._reserving:
            while not self._free:
                with suppress(UniqueViolation):  # another process began the next list in the same moment
                    self._free = await self._reserve_block()
            return self._free.pop()

    async def lists(self) -> list[str]:
        """The addresses of all lists (§9.3)."""
        async with self._database.reading() as session:
            numbers = await list_numbers(session)
        return [self.uri(number) for number in numbers]

    async def tokens(self) -> list[str]:
        """Every list as it is now, for a trust directory."""
        async with self._database.reading() as session:
            numbers = await list_numbers(session)
        return [await self.token(number) for number in numbers]

    async def token(self, number: int) -> str:
        """The list as it is now (half a minute old at most), signed: a Status List Token (§5.1). Raises NotFound."""
        now = self._clock()
        kept = self._kept.get(number)
        if kept is None or not timedelta() <= now - kept[0] < KEPT_FOR:
            kept = self._kept[number] = (now, await self._make(number, now, history=False))
        return kept[1]

    async def token_at(self, number: int, at: datetime) -> str:
        """The list as it was at `at` (§8.4), for courts and auditors; its `iat` is that moment. Raises NotFound."""
        return await self._make(number, at, history=True)

    async def place_of(self, session: AsyncSession, licence_id: str) -> tuple[int, int] | None:
        """Number of the list and index of a licence; None for one from before there were lists."""
        row = await find_by(session, id=licence_id)
        if row is None or row.status_list is None or row.status_index is None:
            return None
        return row.status_list, row.status_index

    async def number_for(self, identifier: str) -> int | None:
        """The list on which the licence with this identifier stands; None for no licence, or one on no list."""
        async with self._database.reading() as session:
            rows = await with_identifiers(session, [identifier])
        return rows[0].status_list if rows else None

    async def _reserve_block(self) -> list[StatusPlace]:
        async with self._database.transaction() as session:
            row = await lock_newest(session)
            if row is None or row.next_free + _BLOCK > CAPACITY:
                row = self._new_row(row.number + 1 if row else 1)
                session.add(row)
            first, row.next_free = row.next_free, row.next_free + _BLOCK
        secret = self._open(row).secret
        uri = self.uri(row.number)
        return [StatusPlace(uri, row.number, place_of(secret, number)) for number in range(first, first + _BLOCK)]

    def uri(self, number: int) -> str:
        """Where a list is published."""
        return f"{self._address}/{number}"

    def _new_row(self, number: int) -> StatusListRow:
        secret = self._envelope.encrypt(secrets.token_bytes(32), context=f"status list:{number}")
        return StatusListRow(number=number, secret=secret, next_free=0, made_at=self._clock())

    def _open(self, row: StatusListRow) -> _List:
        secret = self._envelope.decrypt(row.secret, context=f"status list:{row.number}")
        return _List(row.number, secret, row.made_at)

    async def _make(self, number: int, at: datetime, *, history: bool) -> str:
        async with self._database.reading() as session:
            row = await session.get(StatusListRow, number)
            if row is None or not row.made_at <= at <= self._clock():
                raise NotFound("There is no such status list.")
            if history:
                marked = {index: ACTIONS[action] for index, action in await changes_until(session, number, at)}
            else:
                marked = {index: MARKS[LicenceStatus(state)] for index, state in await marked_now(session, number)}
        lst = await asyncio.to_thread(_pack, self._open(row), marked, at)
        issued = int(at.timestamp())
        # An old state must not be passed off as today's: it ends as soon as a copy of today's would be looked up again.
        life = TTL if history else LIFE
        claims = {
            "iss": self._address.removesuffix("/api/v1/status"),
            "sub": self.uri(number),
            "iat": issued,
            "exp": issued + int(life.total_seconds()),
            "ttl": int(TTL.total_seconds()),
            "status_list": {"bits": 2, "lst": lst, "aggregation_uri": self._address},
        }
        return await self._signer.sign_status_list(claims)


def _pack(each: _List, marked: Mapping[int, StatusType], at: datetime) -> str:
    age = at - each.made_at
    return StatusArray.of(
        SIZE, {index: StatusType.REVOKED for turn, index in _turns(each.secret) if turn <= age} | dict(marked)
    ).lst


@lru_cache(maxsize=64)
def _turns(secret: bytes) -> tuple[tuple[timedelta, int], ...]:
    return tuple(decoy_turns(secret))
