"""The register of neighbours, and how it goes with each."""

import json
from collections.abc import Sequence

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.crypto.envelope import Envelope
from kernel.database.engine import Database
from kernel.errors import Conflict, Forbidden, NotFound
from kernel.ids.time_ordered import new_id
from kernel.principal import Principal
from licence_vault.caller import Issuer
from licence_vault.neighbours.breaker import Breaker
from licence_vault.neighbours.neighbour import Neighbour, NeighbourSide, NeighbourState, NewNeighbour, credentials
from licence_vault.neighbours.records import (
    DirectoryChangeRow,
    DirectoryEntryRow,
    NeighbourRow,
    PassedCopyRow,
    count_entries,
    neighbour_rows,
    neighbour_with,
    waiting,
)


class NeighbourRegister:
    """Who our neighbours are. Adding and removing one is the operator's act, and audited."""

    def __init__(
        self, database: Database, envelope: Envelope, audit: AuditTrail, clock: Clock, breaker: Breaker
    ) -> None:
        self._database = database
        self._envelope = envelope
        self._audit = audit
        self._clock = clock
        self._breaker = breaker

    async def add(self, new: NewNeighbour, actor: Actor) -> Neighbour:
        """Add one. Its directory, or ours, is brought over soon after. Raises `InvalidInput`, `Conflict`."""
        new.check()
        neighbour_id = new_id()
        secret = self._envelope.encrypt(
            json.dumps(credentials(new)).encode(), context=f"vault_neighbour:{neighbour_id}"
        )
        row = NeighbourRow(
            id=neighbour_id,
            code=new.code,
            side=new.side,
            uscc=new.authority.uscc,
            name=new.authority.name,
            url=new.url.rstrip("/"),
            client_id=new.client_id,
            credentials=secret,
            their_client_id=new.their_client_id,
            added_at=self._clock(),
            failures=0,
            last_error="",
        )
        async with self._database.transaction() as session:
            if await neighbour_with(session, code=new.code):
                raise Conflict("There is a neighbour of this name already.")
            if await neighbour_with(session, their_client_id=new.their_client_id):
                raise Conflict("Another neighbour calls by this client already.")
            session.add(row)
            detail = {"neighbour": new.code, "side": new.side, "uscc": new.authority.uscc}
            await self._audit.record(session, AuditEvent("neighbour.add", actor, f"neighbour:{row.id}", detail=detail))
        return self._open(row)

    async def remove(self, code: str, actor: Actor) -> None:
        """Forget a neighbour, with its directory and what it was to be told of. Raises `NotFound`."""
        async with self._database.transaction() as session:
            row = await _known(session, code)
            for kind in (DirectoryChangeRow, DirectoryEntryRow, PassedCopyRow):
                await session.execute(delete(kind).where(kind.neighbour_id == row.id))
            await session.delete(row)
            event = AuditEvent("neighbour.remove", actor, f"neighbour:{row.id}", detail={"neighbour": code})
            await self._audit.record(session, event)

    async def load(self, code: str) -> Neighbour:
        """The neighbour of this short name. Raises `NotFound`."""
        async with self._database.reading() as session:
            return self._open(await _known(session, code))

    async def on(self, side: NeighbourSide) -> list[Neighbour]:
        """The neighbours of a side."""
        async with self._database.reading() as session:
            return [self._open(row) for row in await neighbour_rows(session, side)]

    async def find_calling(self, principal: Principal, side: NeighbourSide) -> Neighbour | None:
        """The neighbour of this side whose program calls, if one does."""
        if not principal.is_program:
            return None
        async with self._database.reading() as session:
            found = await neighbour_with(session, their_client_id=principal.client_id)
        return self._open(found) if found is not None and found.side == side else None

    async def calling(self, principal: Principal, side: NeighbourSide) -> Neighbour:
        """The neighbour of this side whose program calls. Raises `Forbidden`."""
        if (found := await self.find_calling(principal, side)) is None:
            raise Forbidden("Your system is not registered as a neighbouring vault that may do this.")
        return found

    async def states(self) -> Sequence[NeighbourState]:
        """How it goes with each neighbour."""
        states = []
        async with self._database.reading() as session:
            for row in await neighbour_rows(session):
                count, since = await waiting(session, row.id)
                states.append(
                    NeighbourState(
                        neighbour=self._open(row),
                        entries=await count_entries(session, row.id),
                        waiting=count,
                        waiting_since=since,
                        last_heard_at=row.last_heard_at,
                        reconciled_at=row.reconciled_at,
                        failures=row.failures,
                        last_error=row.last_error,
                        is_away=await self._breaker.is_open(row.id),
                    )
                )
        return states

    def _open(self, row: NeighbourRow) -> Neighbour:
        secret = json.loads(self._envelope.decrypt(row.credentials, context=f"vault_neighbour:{row.id}"))
        return Neighbour(
            id=row.id,
            code=row.code,
            side=NeighbourSide(row.side),
            authority=Issuer(row.uscc, row.name),
            url=row.url,
            client_id=row.client_id,
            client_secret=secret["client_secret"],
            their_client_id=row.their_client_id,
            exchange_key=bytes.fromhex(secret["exchange_key"]),
        )


async def _known(session: AsyncSession, code: str) -> NeighbourRow:
    row = await neighbour_with(session, code=code)
    if row is None:
        raise NotFound("There is no neighbour of this name.")
    return row
