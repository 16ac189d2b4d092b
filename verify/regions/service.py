"""From a pack that somebody brought to one that is believed: two persons, and back by one."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.errors import Conflict, FieldError, Forbidden, InvalidInput, NotFound
from kernel.ids.time_ordered import new_id
from verify.regions.pack import RegionPack, read_region_pack
from verify.regions.records import RegionRow, all_regions, find_region, trusted_region, trusted_regions

SEEN_FOR = timedelta(seconds=1)
NAME_LENGTH, TEXT_LENGTH = 100, 500


@dataclass(frozen=True)
class Region:
    """A pack as people see it. `signer` is the fingerprint to compare with the region by another way."""

    id: str
    issuer: str
    name: str
    provenance: str
    state: str
    digest: str
    signer: str
    issued_at: datetime
    proposed_by: str
    proposed_at: datetime
    decided_by: str
    decided_at: datetime | None
    reason: str

    @classmethod
    def of(cls, row: RegionRow) -> "Region":
        """Without the pack itself."""
        return cls(**{name: getattr(row, name) for name in cls.__dataclass_fields__})


@dataclass(frozen=True)
class TrustedRegion:
    """A region that is believed, and its pack."""

    name: str
    pack: RegionPack


class Regions:
    """A change made in this process shows at once, one made in another within a second."""

    def __init__(self, database: Database, audit: AuditTrail, clock: Clock, *, own_issuer: str) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._own_issuer = own_issuer
        self._seen: tuple[datetime, tuple[tuple[str, str], ...], tuple[TrustedRegion, ...]] | None = None

    async def propose(self, data: bytes, *, name: str, provenance: str, actor: Actor) -> Region:
        """Take in a pack; it is believed once somebody else approves. A newer pack of a region that is trusted already,
        signed by a key that its trusted list names, counts at once. Raises `InvalidInput`, `Conflict`."""
        name, provenance = name.strip(), provenance.strip()
        for member, value, limit in (("name", name, NAME_LENGTH), ("provenance", provenance, TEXT_LENGTH)):
            if not value or len(value) > limit:
                message = "Write between 1 and {most} characters."
                raise InvalidInput(message, fields=[FieldError(member, message, {"most": limit})], most=limit)
        pack = await asyncio.to_thread(read_region_pack, data)
        if pack.issuer == self._own_issuer:
            raise InvalidInput("This is our own trust list.")
        if pack.trust.issued_at > self._clock() + timedelta(minutes=5):
            raise InvalidInput("This trust list is of the future. Check the clocks.")
        row = self._row(pack, data, name, provenance, actor)
        async with self._database.transaction() as session:
            current = await trusted_region(session, pack.issuer)
            if current is not None and current.issued_at >= pack.trust.issued_at:
                raise Conflict("A newer trust list of this region is known already.")
            known = (await asyncio.to_thread(read_region_pack, current.pack)).signers if current else frozenset()
            follows = current is not None and pack.signer in known
            if follows and current is not None:
                current.state = "replaced"
                row.state, row.decided_at, row.decided_by = "trusted", row.proposed_at, "signature"
            session.add(row)
            detail = {"issuer": pack.issuer, "digest": pack.digest, "signer": pack.signer}
            action = "region.update" if follows else "region.propose"
            await self._audit.record(session, AuditEvent(action, actor, f"region:{row.id}", detail=detail))
        self._seen = None
        return Region.of(row)

    async def approve(self, region_id: str, actor: Actor) -> Region:
        """Believe it. Raises `Forbidden` for whoever brought it, `Conflict` when it does not wait, `NotFound`."""
        async with self._database.transaction() as session:
            row = await find_region(session, region_id)
            if row is None:
                raise NotFound("There is no such region.")
            if actor.kind != "user" or row.proposed_by == actor.id:
                raise Forbidden("Somebody else than who brought it must approve it.")
            if row.state != "waiting":
                raise Conflict("This trust list does not wait for approval.")
            if (current := await trusted_region(session, row.issuer)) is not None:
                if current.issued_at >= row.issued_at:
                    raise Conflict("A newer trust list of this region is known already.")
                current.state = "replaced"
            await self._decide(row, "trusted", actor, "")
            await self._audit.record(session, AuditEvent("region.approve", actor, f"region:{row.id}"))
        self._seen = None
        return Region.of(row)

    async def revoke(self, region_id: str, reason: str, actor: Actor) -> Region:
        """Believe it no more, or turn a proposal down. One person is enough. Raises as `approve`; `InvalidInput`."""
        reason = reason.strip()
        if not reason or len(reason) > TEXT_LENGTH:
            message = "Write between 1 and {most} characters."
            fields = [FieldError("reason", message, {"most": TEXT_LENGTH})]
            raise InvalidInput(message, fields=fields, most=TEXT_LENGTH)
        async with self._database.transaction() as session:
            row = await find_region(session, region_id)
            if row is None:
                raise NotFound("There is no such region.")
            if row.state not in ("waiting", "trusted"):
                raise Conflict("This region is not trusted.")
            await self._decide(row, "revoked" if row.state == "trusted" else "rejected", actor, reason)
            await self._audit.record(session, AuditEvent("region.revoke", actor, f"region:{row.id}"))
        self._seen = None
        return Region.of(row)

    async def listed(self) -> list[Region]:
        """All, the newest first."""
        async with self._database.reading() as session:
            return [Region.of(row) for row in await all_regions(session)]

    async def trusted(self) -> tuple[TrustedRegion, ...]:
        """What is believed now. Packs are read once, not for every verdict."""
        now = self._clock()
        if self._seen is not None and timedelta() <= now - self._seen[0] < SEEN_FOR:
            return self._seen[2]
        async with self._database.reading() as session:
            rows = await trusted_regions(session)
        key = tuple((row.id, row.digest) for row in rows)
        if self._seen is not None and self._seen[1] == key:
            found = self._seen[2]
        else:
            packs = await asyncio.to_thread(lambda: [read_region_pack(row.pack) for row in rows])
            found = tuple(TrustedRegion(row.name, pack) for row, pack in zip(rows, packs, strict=True))
        self._seen = (now, key, found)
        return found

    async def _decide(self, row: RegionRow, state: str, actor: Actor, reason: str) -> None:
        row.state, row.decided_by, row.decided_at, row.reason = state, actor.id, self._clock(), reason

    def _row(self, pack: RegionPack, data: bytes, name: str, provenance: str, actor: Actor) -> RegionRow:
        return RegionRow(
            id=new_id(),
            issuer=pack.issuer,
            name=name,
            provenance=provenance,
            state="waiting",
            pack=data,
            digest=pack.digest,
            signer=pack.signer,
            issued_at=pack.trust.issued_at,
            proposed_by=actor.id,
            proposed_at=self._clock(),
            decided_by="",
            reason="",
        )
