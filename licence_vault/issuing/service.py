"""Issuing: check, draft, draw, seal, keep the files, then one transaction, then the answer.

A crash before the transaction leaves at most orphan files, which are swept; after it, the licence is there whole.
"""

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import IntegrityError as UniqueViolation
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.blobs.store import BlobStore
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.errors import Conflict, FieldError, Forbidden, InvalidInput, NotFound
from kernel.ids.licence_identifier import LicenceIdentifier
from kernel.ids.time_ordered import new_id
from licence_vault.caller import Issuer
from licence_vault.catalogue.service import Catalogue
from licence_vault.issuing.drafting import Draft, make_draft
from licence_vault.issuing.idempotency import IdempotencyKeys, Replay
from licence_vault.issuing.order import read_order, type_code_of
from licence_vault.issuing.rendering import render
from licence_vault.issuing.stamping import stamp_positions
from licence_vault.layout.fonts import FontBook
from licence_vault.ledger.entries import LedgerEntry
from licence_vault.ledger.service import Ledger
from licence_vault.licences.licence import Licence, LicenceStatus
from licence_vault.licences.protection import LicenceData
from licence_vault.licences.records import LicenceEventRow, LicenceRow, OutboxRow, find_by, find_for_update
from licence_vault.licences.succession import FIRST, Succession, read_change
from licence_vault.status.service import StatusLists
from seal.client import DocumentToSeal, Sealer

SealOfAuthority = Callable[[str], Awaitable[str]]
"""The id of the seal in use of an authority, by its USCC. Raises `Conflict` when there is none."""


@dataclass(frozen=True)
class IssuingParts:
    """What issuing works with. `public_url` is where QR codes lead."""

    database: Database
    audit: AuditTrail
    clock: Clock
    blobs: BlobStore
    catalogue: Catalogue
    data: LicenceData
    sealer: Sealer
    seal_of: SealOfAuthority
    ledger: Ledger
    statuses: StatusLists
    fonts: FontBook
    keys: IdempotencyKeys
    public_url: str


@dataclass(frozen=True)
class Requester:
    """Who asks, and for which authority. `key` is the `Idempotency-Key`, empty when none was sent."""

    actor: Actor
    issuer: Issuer
    key: str = ""


NOT_REISSUABLE = "Only the newest version of a licence that is not revoked can be issued anew."


class Issuing:
    """The use case `issue`, and `reissue`, which makes the next version of a licence."""

    def __init__(self, parts: IssuingParts) -> None:
        self._parts = parts

    async def issue(self, body: Mapping[str, Any], requester: Requester) -> Licence:
        """Issue a licence. Raises `InvalidInput`, `Forbidden`, `Conflict` (no seal; the key was used otherwise)."""
        async with self._parts.keys.guard(requester.actor, requester.key, body) as replay:
            if replay.licence_id:
                return await self._load(replay.licence_id)
            draft = await self._draft(body, requester)
            return await self._make(draft, requester, replay, None)

    async def reissue(self, licence_id: str, body: Mapping[str, Any], requester: Requester) -> Licence:
        """Issue the next version of a licence; the version before becomes superseded in the same transaction.

        `change` in the body says why (`succession`); a member that is left out stays as it was.
        """
        async with self._parts.keys.guard(requester.actor, requester.key, {"reissue": licence_id, **body}) as replay:
            if replay.licence_id:
                return await self._load(replay.licence_id)
            previous = await self._load(licence_id)
            _check_reissuable(previous, requester, body)
            kind, changes = read_change(body)
            merged = _merged(previous, changes)
            draft = await self._draft(merged, requester, LicenceIdentifier.parse(previous.identifier))
            return await self._make(draft, requester, replay, Succession(licence_id, kind))

    async def _draft(
        self, body: Mapping[str, Any], requester: Requester, previous: LicenceIdentifier | None = None
    ) -> Draft:
        licence_type = await self._parts.catalogue.load(type_code_of(body))
        allowed = licence_type.issuing_authorities
        if allowed and requester.issuer.uscc not in allowed:
            raise Forbidden("{issuer} may not issue this licence.", issuer=requester.issuer.name)
        order = read_order(body, licence_type)
        place = await self._parts.statuses.reserve()
        return make_draft(licence_type, order, requester.issuer, self._parts.clock(), place=place, previous=previous)

    async def _make(self, draft: Draft, requester: Requester, replay: Replay, supersedes: Succession | None) -> Licence:
        parts = self._parts
        qr = await self._qr(draft)
        seal_id = await parts.seal_of(draft.issuer.uscc)
        rendering = await asyncio.to_thread(render, draft, qr, parts.fonts)
        positions = stamp_positions(draft.licence_type)
        what = {"purpose": f"licence:{draft.id}", "licence_type": draft.licence_type.code}
        documents = [DocumentToSeal("ofd", rendering.ofd, positions), DocumentToSeal("pdf", rendering.pdf, positions)]
        ofd, pdf = await parts.sealer.seal_together(documents, seal_id, **what)
        row = await self._row(draft, qr, ofd, pdf)
        try:
            async with parts.database.transaction() as session:
                await self._write(session, row, requester, supersedes)
                replay.record(session, row.id, parts.clock())
        except UniqueViolation as violation:
            if (known := await parts.keys.find(requester.actor, requester.key)) is not None:
                return await self._load(known.licence_id)
            raise Conflict("This licence was changed by somebody else just now.") from violation
        return parts.data.open(row)

    async def _qr(self, draft: Draft) -> str:
        """Upper case throughout, so that the code stays small (alphanumeric mode)."""
        form, address = draft.licence_type.qr, f"{self._parts.public_url.upper()}/V"
        if form.content == "handle":
            return f"{address}/{draft.handle}"
        signed = await self._parts.sealer.sign_claims(draft.claims, form.algorithm)
        claims = base64.b32encode(signed.message).decode().rstrip("=")
        return f"{address}#{claims}" if form.content == "signed" else f"{address}/{draft.handle}#{claims}"

    async def _row(self, draft: Draft, qr: str, ofd: bytes, pdf: bytes) -> LicenceRow:
        data = self._parts.data
        holder = draft.content.holder
        ofd_blob, pdf_blob = await asyncio.gather(
            self._parts.blobs.put(data.close_file(draft.id, "ofd", ofd)),
            self._parts.blobs.put(data.close_file(draft.id, "pdf", pdf)),
        )
        return LicenceRow(
            id=draft.id,
            identifier=str(draft.identifier),
            type_code=draft.licence_type.code,
            type_version=draft.licence_type.version,
            type_name=draft.licence_type.name,
            version=draft.identifier.version,
            status=LicenceStatus.VALID,
            status_cause="",
            status_changed_at=draft.issued_at,
            holder_index=data.holder_index(holder.id_type, holder.number),
            issuer_uscc=draft.issuer.uscc,
            issuer_name=draft.issuer.name,
            valid_from=draft.valid_from,
            valid_to=draft.valid_to,
            issued_at=draft.issued_at,
            handle=draft.handle,
            qr=qr,
            content=data.close(draft.id, draft.content),
            content_digest=draft.content_digest,
            ofd_blob=ofd_blob,
            pdf_blob=pdf_blob,
            ofd_digest=hashlib.sha256(ofd).hexdigest(),
            pdf_digest=hashlib.sha256(pdf).hexdigest(),
            superseded_by=None,
            status_list=draft.status_place.list_number,
            status_index=draft.status_place.index,
        )

    async def _write(
        self, session: AsyncSession, row: LicenceRow, requester: Requester, supersedes: Succession | None
    ) -> None:
        parts, actor, now = self._parts, requester.actor, self._parts.clock()
        if supersedes is not None:
            await self._supersede(session, supersedes.licence_id, row, requester)
        session.add(row)
        session.add(
            LicenceEventRow(
                id=new_id(),
                licence_id=row.id,
                at=now,
                action=supersedes.kind if supersedes is not None else FIRST,
                cause="",
                actor_kind=actor.kind,
                actor_id=actor.id,
            )
        )
        content = bytes.fromhex(row.content_digest + row.ofd_digest + row.pdf_digest)
        await parts.ledger.append(session, LedgerEntry("sealed", row.id, content))
        session.add(OutboxRow(id=new_id(), at=now, kind="licence.issued", payload={"licence": row.id}))
        detail = {"type": row.type_code, "issuer": row.issuer_uscc, "version": row.version}
        if supersedes is not None:
            detail["change"] = supersedes.kind
        await parts.audit.record(session, AuditEvent("licence.issue", actor, f"licence:{row.id}", detail=detail))

    async def _supersede(self, session: AsyncSession, licence_id: str, row: LicenceRow, requester: Requester) -> None:
        previous = await find_for_update(session, licence_id)
        if previous is None or previous.superseded_by or previous.status == LicenceStatus.REVOKED:
            raise Conflict(NOT_REISSUABLE)
        previous.status, previous.superseded_by = LicenceStatus.SUPERSEDED, row.id
        previous.status_changed_at = row.issued_at
        actor = requester.actor
        session.add(
            LicenceEventRow(
                id=new_id(),
                licence_id=licence_id,
                at=row.issued_at,
                action="supersede",
                cause="",
                actor_kind=actor.kind,
                actor_id=actor.id,
            )
        )

    async def _load(self, licence_id: str) -> Licence:
        async with self._parts.database.reading() as session:
            row = await find_by(session, id=licence_id)
        if row is None:
            raise NotFound("There is no such licence.")
        return self._parts.data.open(row)


def _check_reissuable(licence: Licence, requester: Requester, body: Mapping[str, Any]) -> None:
    if licence.issuer_uscc != requester.issuer.uscc:
        raise Forbidden("Only the authority that issued a licence may change it.")
    if body.get("type", licence.type_code) != licence.type_code:
        # The type is part of the identifier, which the next version keeps.
        message = "The next version of a licence has the same type."
        raise InvalidInput(message, fields=[FieldError("type", message)])
    if licence.superseded_by or licence.status is LicenceStatus.REVOKED:
        raise Conflict(NOT_REISSUABLE)


def _merged(previous: Licence, body: Mapping[str, Any]) -> dict[str, Any]:
    """The order of the next version: what the body says, and for the rest what the version before said."""
    holder = previous.content.holder
    start: dict[str, Any] = {
        "type": previous.type_code,
        "holder": vars(holder),
        "fields": previous.content.fields,
        "valid_from": previous.valid_from.isoformat(),
        "valid_to": previous.valid_to.isoformat() if previous.valid_to else None,
    }
    return start | dict(body)
