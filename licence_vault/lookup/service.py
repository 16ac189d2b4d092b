"""Searching licences. Data about a person leaves through `access` alone; what verifiers get is masked already."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.blobs.store import BlobStore
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.errors import IntegrityError, InvalidInput, NotFound
from kernel.ids.handles import parse_handle
from kernel.ids.holder_codes import parse_holder_number
from kernel.ids.licence_identifier import LicenceIdentifier
from kernel.ids.time_ordered import new_id
from kernel.principal import SEE, Holders, Principal
from licence_vault.licences.licence import Licence
from licence_vault.licences.protection import LicenceData
from licence_vault.licences.records import (
    AccessRow,
    LicenceEventRow,
    LicenceRow,
    OutboxRow,
    accesses_of,
    events_of,
    find_by,
    first_actions,
    looked_since,
    of_holders,
    of_issuer,
    with_identifiers,
)
from licence_vault.lookup.access import READ, Viewer, check_is_holder, check_may_see

FORMATS = {"ofd": "application/ofd", "pdf": "application/pdf"}
PAGE_SIZE = 50
OWN_LOOKS_EVERY = timedelta(hours=1)
TOLD_WAYS = frozenset({"agency", "sharing_query", "sharing_fetch", "sharing_verify", "export"})
"""Looks that the holder gets a notice of. Others (scans of a code that was shown) stand on the licence's page."""


@dataclass(frozen=True)
class Look:
    """Somebody looked: `way` says how, `who` is an agency's name or empty, `about` why and what, for agencies."""

    id: str
    at: datetime
    way: str
    who: str
    about: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class IssuerCounts:
    """How many licences an authority has issued, by state."""

    by_status: dict[str, int]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.by_status.values())


class Lookup:
    """Every search. `holders` tells which numbers a principal holds; it is given by the composition root."""

    def __init__(self, database: Database, blobs: BlobStore, data: LicenceData, clock: Clock) -> None:
        self._database = database
        self._blobs = blobs
        self._data = data
        self._clock = clock

    async def viewer(self, principal: Principal, holders: Holders, power: str = SEE) -> Viewer:
        """The principal with the licences' indexes of the numbers that they hold; none for a program.

        `power`: what they are about to do, which agents of organisations may not all do.
        """
        if principal.is_program or "realname" not in principal.scopes:
            return Viewer(principal)
        numbers = [each for each in (await holders.of(principal)).numbers if each.allows(power)]
        return Viewer(principal, frozenset(self._data.holder_index(n.id_type, n.number) for n in numbers))

    def holder_index(self, licence: Licence) -> str:
        """The blind index of a licence's holder."""
        holder = licence.content.holder
        return self._data.holder_index(holder.id_type, holder.number)

    async def load(self, viewer: Viewer, licence_id: str) -> Licence:
        """A licence by its id. Raises `NotFound`, also when it is not for this viewer."""
        async with self._database.reading() as session:
            row = await find_by(session, id=licence_id)
        return self._data.open(check_may_see(viewer, row))

    async def load_own(self, viewer: Viewer, licence_id: str) -> Licence:
        """A licence of the viewer's own. Raises `NotFound`."""
        async with self._database.reading() as session:
            row = await find_by(session, id=licence_id)
        return self._data.open(check_is_holder(viewer, row))

    async def own(self, viewer: Viewer) -> list[Licence]:
        """The viewer's own licences and those of the organisations they act for, newest first, newest version only."""
        if not viewer.holder_indexes:
            return []
        async with self._database.reading() as session:
            rows = await of_holders(session, sorted(viewer.holder_indexes))
        return [self._data.open(check_is_holder(viewer, row)) for row in rows if row.superseded_by is None]

    async def of_holder(self, principal: Principal, id_type: str, number: str) -> list[Licence]:
        """What the principal's authority issued to a holder. Raises `InvalidInput` for an impossible number."""
        principal.require_scope(READ)
        index = self._data.holder_index(id_type, parse_holder_number(id_type, number))
        async with self._database.reading() as session:
            rows = await of_holders(session, [index])
        viewer = Viewer(principal)
        found = [self._data.open(row) for row in rows if _visible(viewer, row)]
        async with self._database.transaction() as session:
            for licence in found:
                self.add_access(session, licence.id, "search", licence.issuer_name)
        return found

    async def issued(self, principal: Principal, before: str | None = None, limit: int = PAGE_SIZE) -> list[Licence]:
        """What the principal's authority issued, newest first, a page at a time."""
        principal.require_scope(READ)
        if principal.organisation is None:
            return []
        async with self._database.reading() as session:
            rows = await of_issuer(session, principal.organisation.uscc, before, min(limit, 200))
        return [self._data.open(row) for row in rows]

    async def counts(self, principal: Principal) -> IssuerCounts:
        """How many licences the principal's authority has, by state."""
        principal.require_scope(READ)
        uscc = principal.organisation.uscc if principal.organisation else ""
        statement = (
            select(LicenceRow.status, func.count()).where(LicenceRow.issuer_uscc == uscc).group_by(LicenceRow.status)
        )
        async with self._database.reading() as session:
            return IssuerCounts({row[0]: row[1] for row in await session.execute(statement)})

    async def file(self, licence: Licence, format: str) -> bytes:
        """The sealed file of a licence that the caller was allowed to load. Raises `InvalidInput`, `IntegrityError`."""
        if format not in FORMATS:
            raise InvalidInput("A licence comes as ofd, pdf, json or sd-jwt.")
        async with self._database.reading() as session:
            row = await find_by(session, id=licence.id)
        if row is None:
            raise NotFound("There is no such licence.")
        try:
            stored = await self._blobs.get(row.ofd_blob if format == "ofd" else row.pdf_blob)
        except NotFound as missing:
            raise IntegrityError("The licence's file is missing. Please tell the operator.") from missing
        return self._data.open_file(licence.id, format, stored)

    async def events(self, licence: Licence) -> Sequence[LicenceEventRow]:
        """A licence's life, oldest first."""
        async with self._database.reading() as session:
            return await events_of(session, licence.id)

    async def versions(self, licence: Licence) -> list[Licence]:
        """Every version of a licence that the caller was allowed to load, the first one first.

        They share all of their identifier but the version, and each points to the one that replaced it.
        """
        first = LicenceIdentifier.parse(licence.identifier)
        earlier = [str(replace(first, version=number)) for number in range(1, licence.version)]
        async with self._database.reading() as session:
            rows = list(await with_identifiers(session, earlier))
            newer = licence.superseded_by
            while newer is not None:
                row = await find_by(session, id=newer)
                if row is None:
                    break
                rows.append(row)
                newer = row.superseded_by
        return sorted([licence, *map(self._data.open, rows)], key=lambda each: each.version)

    async def changes(self, licences: Sequence[Licence]) -> dict[str, str]:
        """By the ids of versions, why each was issued: `issue` for a first one, else a kind of change."""
        async with self._database.reading() as session:
            return await first_actions(session, [each.id for each in licences])

    async def accesses(self, licence: Licence, before: str | None = None) -> list[Look]:
        """Who looked at a licence, newest first, at most a hundred; `before` is the last id of the page before."""
        async with self._database.reading() as session:
            rows = await accesses_of(session, licence.id, before)
        return [Look(row.id, row.at, row.way, row.who, self._data.open_access(row.id, row.about)) for row in rows]

    async def note_access(
        self, licence_id: str, way: str, who: str = "", *, about: Mapping[str, Any] | None = None
    ) -> None:
        """Write down that somebody looked; `who` is an agency or client, never a person's name or address."""
        async with self._database.transaction() as session:
            self.add_access(session, licence_id, way, who, about)

    def add_access(
        self, session: AsyncSession, licence_id: str, way: str, who: str, about: Mapping[str, Any] | None = None
    ) -> None:
        """The same within a transaction; `about` says why and what, and is kept encrypted."""
        access_id = new_id()
        closed = self._data.close_access(access_id, about) if about else None
        now, who = self._clock(), who[:200]
        session.add(AccessRow(id=access_id, licence_id=licence_id, at=now, way=way, who=who, about=closed))
        if way in TOLD_WAYS:
            payload = {"licence": licence_id, "who": who, "by": hashlib.sha256(who.encode()).hexdigest()[:16]}
            session.add(OutboxRow(id=new_id(), at=now, kind="licence.looked", payload=payload))

    async def note_look(self, viewer: Viewer, licence: Licence) -> None:
        """Write down that somebody who may see a licence whole opened it; a holder's own looks once an hour."""
        if self.holder_index(licence) not in viewer.holder_indexes:
            await self.note_access(licence.id, "agency", licence.issuer_name)
            return
        now = self._clock()
        async with self._database.transaction() as session:
            if not await looked_since(session, licence.id, "own", now - OWN_LOOKS_EVERY):
                self.add_access(session, licence.id, "own", "")

    # What verifiers ask: the caller passes on the masked face alone.

    async def find_by_handle(self, handle: str) -> Licence | None:
        """The licence of a static code."""
        try:
            return await self._find(handle=parse_handle(handle))
        except InvalidInput:
            return None

    async def find_by_identifier(self, identifier: str) -> Licence | None:
        """The licence version with this GB/T 36904 identifier."""
        return await self._find(identifier=identifier)

    async def find_by_file_digest(self, digest: str) -> Licence | None:
        """The licence whose sealed OFD or PDF has this SHA-256 (hex)."""
        return await self._find(ofd_digest=digest) or await self._find(pdf_digest=digest)

    async def find_by_id(self, licence_id: str) -> Licence | None:
        """The licence with this id, for a presentation that its holder made."""
        return await self._find(id=licence_id)

    async def _find(self, **column: str) -> Licence | None:
        async with self._database.reading() as session:
            row = await find_by(session, **column)
        return self._data.open(row) if row is not None else None


def _visible(viewer: Viewer, row: LicenceRow) -> bool:
    try:
        check_may_see(viewer, row)
    except NotFound:
        return False
    return True
