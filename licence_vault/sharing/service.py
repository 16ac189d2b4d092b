"""Answering agencies. The holder's record of a call and the use of a grant are written before anything is told."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.audit.chain import AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.errors import Conflict, FieldError, Forbidden, Gone, InvalidInput, NotFound, RateLimited, XinyinError
from kernel.i18n import DISPLAY_ZONE
from kernel.ids.licence_identifier import LicenceIdentifier
from kernel.ids.time_ordered import new_id
from kernel.principal import Principal
from licence_vault.caller import actor_of
from licence_vault.catalogue.licence_type import LicenceType
from licence_vault.catalogue.service import Catalogue
from licence_vault.grants.grant import HOLDER_FIELDS, Grant, plain
from licence_vault.grants.service import Grants, grantable_fields
from licence_vault.issuing.stamping import stamp_positions
from licence_vault.layout.fonts import FontBook
from licence_vault.ledger.entries import LedgerEntry
from licence_vault.ledger.service import Ledger
from licence_vault.licences.licence import Licence
from licence_vault.licences.protection import LicenceData
from licence_vault.licences.records import LicenceRow, find_by, of_holders
from licence_vault.lookup.access import (
    SHARE,
    SharingCase,
    check_legal_basis,
    check_may_share,
    may_have_copy,
    shared_fields,
)
from licence_vault.lookup.service import Lookup
from licence_vault.neighbours.peer import NeighbourAway
from licence_vault.sharing.call import DataCode, FileCode, SharingCall
from licence_vault.sharing.copies import CopyMark, Original, draw_copy
from licence_vault.sharing.records import CopyRow, find_copy
from licence_vault.sharing.throttle import SharingThrottle
from licence_vault.status.places import StatusPlace
from licence_vault.status.service import StatusLists
from seal.client import Sealer

COPY_LIFE = timedelta(days=30)
NOT_IN_FORCE = "This licence is not in force, so no copy of it is made."
_STATUS_CODES = {
    "valid": DataCode.IN_FORCE,
    "not_yet_valid": DataCode.NOT_YET_IN_FORCE,
    "suspended": DataCode.SUSPENDED,
}


@dataclass(frozen=True)
class SharingParts:
    """What sharing works with."""

    database: Database
    audit: AuditTrail
    clock: Clock
    data: LicenceData
    catalogue: Catalogue
    lookup: Lookup
    grants: Grants
    throttle: SharingThrottle
    statuses: StatusLists
    ledger: Ledger
    sealer: Sealer
    seal_of: Callable[[str], Awaitable[str]]
    fonts: FontBook


@dataclass
class Watch:
    """A call under way; `client_id` is who is counted for it."""

    client_id: str


@dataclass(frozen=True)
class Wish:
    """What a fetch asks for: fields by name, and "ofd" or "pdf" for a copy."""

    identifier: str
    fields: tuple[str, ...] = ()
    copy_format: str = ""


@dataclass(frozen=True)
class Copy:
    """A purpose-bound copy, sealed."""

    format: str
    data: bytes = field(repr=False)
    digest: str
    expires_at: datetime


@dataclass(frozen=True)
class Fetched:
    """What leaves."""

    licence: Licence
    fields: Mapping[str, Any] = field(repr=False)
    copy: Copy | None = None


@dataclass(frozen=True)
class KnownCopy:
    """A copy that was handed out, and until when it may be used."""

    id: str
    licence_id: str
    expires_at: datetime


@dataclass(frozen=True)
class FileVerdict:
    """What a digest says: `kind` "original", "copy", or empty when nobody knows it."""

    code: FileCode
    kind: str = ""
    licence: Licence | None = None
    expires_at: datetime | None = None


class Sharing:
    """The use cases of agencies. Run each inside `watched`."""

    def __init__(self, parts: SharingParts) -> None:
        self._parts = parts

    @asynccontextmanager
    async def watched(self, principal: Principal, operation: str, *, passes_on: bool = False) -> AsyncIterator[Watch]:
        """Count the call and have every refusal stand in the audit trail. Raises `Forbidden`, `RateLimited`.

        `passes_on`: a vault above calls, for all the agencies there.
        """
        watch = Watch(principal.client_id)
        try:
            principal.require_scope(SHARE)
            await self._parts.throttle.check(principal.client_id, passes_on=passes_on)
            yield watch
        except (RateLimited, NeighbourAway):
            raise  # the limit keeps the trail from being flooded too; who passed a call on noted it
        except XinyinError as refusal:
            await self._note_refusal(principal, operation, refusal)
            if isinstance(refusal, NotFound):
                await self._parts.throttle.note_miss(watch.client_id)
            raise

    async def admit(self, call: SharingCall) -> None:
        """Count a call that was passed on for its agency too. Raises `RateLimited`."""
        await self._parts.throttle.check(call.client_id)

    async def note_miss(self, call: SharingCall) -> None:
        """Count a call to which nobody had anything to tell."""
        await self._parts.throttle.note_miss(call.client_id)

    async def has(self, identifier: str) -> bool:
        """Whether a licence is of this vault."""
        async with self._parts.database.reading() as session:
            return await find_by(session, identifier=identifier) is not None

    async def has_file(self, digest: str) -> bool:
        """Whether a file with this SHA-256 (hex) came from this vault."""
        async with self._parts.database.reading() as session:
            return await _row_of_file(session, digest, await find_copy(session, digest)) is not None

    async def query(self, call: SharingCall, type_code: str, id_type: str, number: str) -> list[Licence]:
        """A holder's licences of a type that the agency may know of, newest first; `number` in canonical form.

        None of them is a miss (`note_miss`) unless a neighbour knows of some.
        """
        parts = self._parts
        case = self._case(call, await parts.catalogue.load(type_code))
        check_legal_basis(case)
        index = parts.data.holder_index(id_type, number)
        async with parts.database.transaction() as session:
            grants = await parts.grants.given_to(session, index, call.agency.uscc)
            rows = [
                row
                for row in await of_holders(session, [index])
                if row.type_code == type_code and row.superseded_by is None and _may(case, row, grants)
            ]
            for row in rows:
                parts.lookup.add_access(session, row.id, "sharing_query", call.agency.name, _about(call))
            await self._audit(session, "query", call, f"licence_type:{type_code}", {"found": len(rows)})
        return [parts.data.open(row) for row in rows]

    async def fetch(self, call: SharingCall, wish: Wish) -> Fetched:
        """Fields, and a copy, of one licence. Raises `InvalidInput`, `Forbidden`, `NotFound`, `Gone`, `Conflict`."""
        parts = self._parts
        async with parts.database.reading() as session:
            case, row, grant = await self._open_case(session, call, wish.identifier)
        licence = parts.data.open(row)
        licence_type = await parts.catalogue.load(licence.type_code, licence.type_version)
        values = _values(licence, licence_type, wish.fields, grant)
        copy = await self._copy(call, case, row, licence_type, grant, wish) if wish.copy_format else None
        about = _about(call) | {"fields": list(values), "copy": wish.copy_format, "grant": grant.id if grant else ""}
        async with parts.database.transaction() as session:
            if grant is not None and not await parts.grants.use(session, grant):
                raise _no_licence()  # taken back, or used by another call, since we looked
            if copy is not None:
                kept = _copy_row(copy, licence, call, parts.clock())
                session.add(kept)
                await parts.ledger.append(session, LedgerEntry("copied", kept.id, bytes.fromhex(copy.digest)))
            parts.lookup.add_access(session, licence.id, "sharing_fetch", call.agency.name, about)
            detail = {"fields": len(values), "copy": wish.copy_format}
            await self._audit(session, "fetch", call, f"licence:{licence.id}", detail)
        return Fetched(licence, values, copy)

    async def verify_data(self, call: SharingCall, identifier: str, claimed: Mapping[str, Any]) -> DataCode:
        """Compare data with a licence. An agency without a basis hears the same as when there is none."""
        parts = self._parts
        if not claimed:
            return DataCode.INCOMPLETE
        async with parts.database.transaction() as session:
            try:
                _case, row, grant = await self._open_case(session, call, identifier)
            except NotFound:
                await parts.throttle.note_miss(call.client_id)
                await self._audit(session, "verify", call, "", {"code": int(DataCode.NOTHING_FOUND)})
                return DataCode.NOTHING_FOUND
            licence = parts.data.open(row)
            licence_type = await parts.catalogue.load(licence.type_code, licence.type_version)
            values = _values(licence, licence_type, tuple(claimed), grant)
            code = _compared(licence, values, claimed, self._today())
            if code is DataCode.DIFFERENT:
                await parts.throttle.note_miss(call.client_id)
            about = _about(call) | {"fields": list(claimed), "code": int(code)}
            parts.lookup.add_access(session, licence.id, "sharing_verify", call.agency.name, about)
            await self._audit(session, "verify", call, f"licence:{licence.id}", {"code": int(code)})
        return code

    async def verify_file(self, call: SharingCall, digest: str) -> FileVerdict:
        """Whether a file with this SHA-256 (hex) came from here and its licence is in force."""
        parts = self._parts
        async with parts.database.transaction() as session:
            copy = await find_copy(session, digest)
            row = await _row_of_file(session, digest, copy)
            verdict = FileVerdict(FileCode.FAILED)
            if row is not None:
                verdict = self._judge_file(parts.data.open(row), copy)
                about = _about(call) | {"code": int(verdict.code)}
                parts.lookup.add_access(session, row.id, "sharing_verify", call.agency.name, about)
            else:
                await parts.throttle.note_miss(call.client_id)
            subject = f"licence:{row.id}" if row is not None else ""
            await self._audit(session, "verify", call, subject, {"code": int(verdict.code), "file": True})
        return verdict

    async def find_copy(self, digest: str) -> KnownCopy | None:
        """The copy with this SHA-256 (hex), for those who verify files."""
        async with self._parts.database.reading() as session:
            row = await find_copy(session, digest)
        return KnownCopy(row.id, row.licence_id, row.expires_at) if row is not None else None

    def _judge_file(self, licence: Licence, copy: CopyRow | None) -> FileVerdict:
        holds = licence.status_on(self._today()) == "valid"
        if copy is None:
            return FileVerdict(FileCode.PASSED if holds else FileCode.FAILED, "original", licence)
        holds = holds and self._parts.clock() < copy.expires_at
        return FileVerdict(FileCode.PASSED if holds else FileCode.FAILED, "copy", licence, copy.expires_at)

    async def _open_case(
        self, session: AsyncSession, call: SharingCall, identifier: str
    ) -> tuple[SharingCase, LicenceRow, Grant | None]:
        """The licence of a call that has a basis. The type is judged first, from the identifier alone."""
        parts = self._parts
        named = LicenceIdentifier.parse(identifier)
        case = self._case(call, await parts.catalogue.load(named.type_code))
        check_legal_basis(case)
        row = await find_by(session, identifier=str(named))
        holder_index = row.holder_index if row is not None else ""
        grants = await parts.grants.given_to(session, holder_index, call.agency.uscc)
        checked, grant = check_may_share(case, row, grants)
        return case, checked, grant

    async def _copy(
        self,
        call: SharingCall,
        case: SharingCase,
        row: LicenceRow,
        licence_type: LicenceType,
        grant: Grant | None,
        wish: Wish,
    ) -> Copy:
        if not may_have_copy(case, grant):
            raise Forbidden("You may have the data of this licence, but no copy of its file.")
        parts, now = self._parts, self._parts.clock()
        licence = parts.data.open(row)
        if licence.status_on(self._today()) != "valid":
            raise Gone(NOT_IN_FORCE)
        expires_at = now + COPY_LIFE if grant is None else min(now + COPY_LIFE, grant.until)
        mark = CopyMark(new_id(), call.agency.name, plain(call.purpose), now, expires_at)
        original = Original(licence, licence_type, self._place(row))
        drawn = await asyncio.to_thread(draw_copy, original, mark, wish.copy_format, parts.fonts)
        data = await self._sealed(drawn, wish.copy_format, licence, licence_type, mark)
        return Copy(wish.copy_format, data, hashlib.sha256(data).hexdigest(), expires_at)

    async def _sealed(
        self, drawn: bytes, format: str, licence: Licence, licence_type: LicenceType, mark: CopyMark
    ) -> bytes:
        """With the issuing authority's seal in use, as its own act: the seal's record says that it was for a copy."""
        parts = self._parts
        try:
            seal_id = await parts.seal_of(licence.issuer_uscc)
        except Conflict as failure:
            raise Conflict("The issuing authority has no seal in use, so no copy can be made.") from failure
        seal = parts.sealer.seal_ofd if format == "ofd" else parts.sealer.seal_pdf
        return await seal(
            drawn,
            seal_id,
            stamp_positions(licence_type),
            purpose=f"copy:{mark.copy_id}",
            licence_type=licence_type.code,
        )

    def _place(self, row: LicenceRow) -> StatusPlace | None:
        if row.status_list is None or row.status_index is None:
            return None
        return StatusPlace(self._parts.statuses.uri(row.status_list), row.status_list, row.status_index)

    def _case(self, call: SharingCall, licence_type: LicenceType) -> SharingCase:
        now = self._parts.clock()
        return SharingCase(call.agency.uscc, licence_type.sharing, call.is_legal, call.purpose, now)

    def _today(self) -> date:
        return self._parts.clock().astimezone(DISPLAY_ZONE).date()

    async def _audit(
        self, session: AsyncSession, operation: str, call: SharingCall, subject: str, detail: Mapping[str, Any]
    ) -> None:
        known = {"agency": call.agency.uscc, "basis": "legal" if call.is_legal else "grant", "item": call.matter.code}
        if call.via is not None:
            known["via"] = call.via.uscc
        event = AuditEvent(f"sharing.{operation}", call.actor, subject, detail=known | dict(detail))
        await self._parts.audit.record(session, event)

    async def _note_refusal(self, principal: Principal, operation: str, refusal: XinyinError) -> None:
        detail: dict[str, Any] = {
            "operation": operation,
            "reason": refusal.code,
            "agency": principal.organisation.uscc if principal.organisation else "",
        }
        if isinstance(refusal, InvalidInput):
            detail["fields"] = sorted({each.field for each in refusal.fields})[:20]
        async with self._parts.database.transaction() as session:
            event = AuditEvent("sharing.refuse", actor_of(principal), outcome="refused", detail=detail)
            await self._parts.audit.record(session, event)


def _may(case: SharingCase, row: LicenceRow, grants: Collection[Grant]) -> bool:
    try:
        check_may_share(case, row, grants)
    except NotFound:
        return False
    return True


def _values(licence: Licence, licence_type: LicenceType, names: Sequence[str], grant: Grant | None) -> dict[str, Any]:
    """The fields asked for, all of which the basis allows. Raises `InvalidInput`, `Forbidden`."""
    known = grantable_fields(licence_type)
    if unknown := [name for name in names if name not in known]:
        message = "This licence has no field {name}."
        params: dict[str, Any] = {"name": unknown[0][:100]}
        raise InvalidInput(message, fields=[FieldError("fields", message, params)], **params)
    allowed = shared_fields(known, licence_type.pictures, grant)
    if beyond := [name for name in names if name not in allowed]:
        raise Forbidden("Your basis does not reach as far as the field {name}.", name=beyond[0])
    holder = licence.content.holder
    said = dict(zip(HOLDER_FIELDS, (holder.name, holder.number, licence.content.number), strict=True))
    said |= licence.content.fields
    return {name: said.get(name) for name in names}


def _compared(licence: Licence, values: Mapping[str, Any], claimed: Mapping[str, Any], today: date) -> DataCode:
    if any(_plain(values[name]) != _plain(value) for name, value in claimed.items()):
        return DataCode.DIFFERENT
    return _STATUS_CODES.get(licence.status_on(today), DataCode.OVER)


def _plain(value: Any) -> Any:
    return plain(value) if isinstance(value, str) else value


def _about(call: SharingCall) -> dict[str, Any]:
    """What the holder will read of a call, and the officer's name, which stands behind it for those who audit."""
    return {
        "purpose": call.purpose,
        "basis": call.legal_basis,
        "item": call.matter.name,
        "item_code": call.matter.code,
        "case": call.matter.number,
        "officer": call.officer,
        "agency": call.agency.uscc,
    } | ({"via": call.via.name} if call.via is not None else {})


def _copy_row(copy: Copy, licence: Licence, call: SharingCall, now: datetime) -> CopyRow:
    return CopyRow(
        id=new_id(),
        licence_id=licence.id,
        digest=copy.digest,
        agency_uscc=call.agency.uscc,
        created_at=now,
        expires_at=copy.expires_at,
    )


async def _row_of_file(session: AsyncSession, digest: str, copy: CopyRow | None) -> LicenceRow | None:
    if copy is not None:
        return await find_by(session, id=copy.licence_id)
    return await find_by(session, ofd_digest=digest) or await find_by(session, pdf_digest=digest)


def _no_licence() -> NotFound:
    return NotFound("There is no such licence, or it is not yours to see.")
