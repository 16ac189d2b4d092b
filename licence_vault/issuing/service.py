"""Issuing: check, draft, draw, seal, keep the files, then one transaction, then the answer.

A crash before the transaction leaves at most orphan files, which are swept; after it, the licence is there whole.
"""

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.exc import IntegrityError as UniqueViolation
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.blobs.store import BlobStore
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.database.rows import insert_all
from kernel.errors import Conflict, FieldError, Forbidden, InvalidInput, NotFound
from kernel.ids.licence_identifier import LicenceIdentifier
from kernel.ids.time_ordered import new_id
from licence_vault.caller import Issuer
from licence_vault.catalogue.licence_type import LicenceType
from licence_vault.catalogue.service import Catalogue
from licence_vault.issuing.converting import converted_positions
from licence_vault.issuing.drafting import Draft, make_draft
from licence_vault.issuing.idempotency import IdempotencyKeys, Replay
from licence_vault.issuing.order import read_order, type_code_of
from licence_vault.issuing.rendering import Rendering, render
from licence_vault.issuing.stamping import stamp_positions
from licence_vault.layout.fonts import FontBook
from licence_vault.ledger.entries import LedgerEntry
from licence_vault.ledger.service import Ledger
from licence_vault.licences.licence import Licence, LicenceStatus
from licence_vault.licences.origin import Origin
from licence_vault.licences.protection import LicenceData, licence_of
from licence_vault.licences.records import (
    LicenceEventRow,
    LicenceRow,
    OutboxRow,
    find_by,
    find_for_update,
    origin_row,
)
from licence_vault.licences.succession import FIRST, Succession, read_change
from licence_vault.neighbours.changes import note_changes
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


@dataclass(frozen=True)
class KeyedOrder:
    """One of several orders and the key by which it is known again."""

    key: str
    body: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class _Begun:
    """A licence that is to be, what to note of its key, and which version it takes the place of."""

    draft: Draft
    replay: Replay
    supersedes: Succession | None = None


@dataclass(frozen=True)
class _Drawn:
    """A licence as it is about to be sealed."""

    begun: _Begun
    qr: str
    rendering: Rendering

    @property
    def draft(self) -> Draft:
        return self.begun.draft

    @property
    def replay(self) -> Replay:
        return self.begun.replay

    def documents(self) -> tuple[DocumentToSeal, DocumentToSeal]:
        """Both files."""
        draft, purpose = self.draft, f"licence:{self.draft.id}"
        places = converted_positions(draft) if draft.origin else stamp_positions(draft.licence_type)
        return (
            DocumentToSeal("ofd", self.rendering.ofd, places, purpose, drawn_here=True),
            DocumentToSeal("pdf", self.rendering.pdf, places, purpose, drawn_here=True),
        )


NOT_REISSUABLE = "Only the newest version of a licence that is not revoked can be issued anew."


class Issuing:
    """The use case `issue`, and `reissue`, which makes the next version of a licence."""

    def __init__(self, parts: IssuingParts) -> None:
        self._parts = parts

    async def issue(self, body: Mapping[str, Any], requester: Requester, origin: Origin | None = None) -> Licence:
        """Issue a licence; `origin`: as the converted copy of an older one.

        Raises `InvalidInput`, `Forbidden`, `Conflict` (no seal; the key was used otherwise).
        """
        asked = {"origin": origin.plain(), **body} if origin else body
        async with self._parts.keys.guard(requester.actor, requester.key, asked) as replay:
            if replay.licence_id:
                return await self._load(replay.licence_id)
            licence_type = await self._type(type_code_of(body), requester)
            draft = replace(await self._draft(licence_type, body, requester), origin=origin)
            return await self._make(_Begun(draft, replay), requester)

    async def issue_all(self, orders: Sequence[KeyedOrder], requester: Requester) -> list[Licence | InvalidInput]:
        """Issue licences of one type in one step: sealed together, kept together, written in one transaction.

        Whoever calls sees to it that nobody else works on the same keys. An order that is wrong takes no other with
        it. Raises as `issue`; then nothing was issued that its key does not find, and each can be issued by itself.
        """
        actor = requester.actor
        known = await self._parts.keys.find_all(actor, [order.key for order in orders])
        done: dict[str, Licence | InvalidInput] = {}
        begun: list[_Begun] = []
        types: dict[str, LicenceType] = {}
        for order in orders:
            replay = self._parts.keys.replay(actor, order.key, order.body)
            if earlier := known.get(order.key):
                done[order.key] = await self._load(replay.check(earlier))
                continue
            try:
                code = type_code_of(order.body)
                licence_type = types.get(code) or types.setdefault(code, await self._type(code, requester))
                begun.append(_Begun(await self._draft(licence_type, order.body, requester), replay))
            except InvalidInput as refusal:
                done[order.key] = refusal
        drawn, refused = await self._draw(begun)
        done |= {replay.key: refusal for replay, refusal in refused}
        if drawn:
            made = await self._finish(drawn, requester)
            done |= {each.replay.key: licence for each, licence in zip(drawn, made, strict=True)}
        return [done[order.key] for order in orders]

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
            licence_type = await self._type(type_code_of(merged), requester)
            identifier = LicenceIdentifier.parse(previous.identifier)
            draft = await self._draft(licence_type, merged, requester, identifier)
            return await self._make(_Begun(draft, replay, Succession(licence_id, kind)), requester)

    async def _type(self, code: str, requester: Requester) -> LicenceType:
        licence_type = await self._parts.catalogue.load(code)
        allowed = licence_type.issuing_authorities
        if allowed and requester.issuer.uscc not in allowed:
            raise Forbidden("{issuer} may not issue this licence.", issuer=requester.issuer.name)
        return licence_type

    async def _draft(
        self,
        licence_type: LicenceType,
        body: Mapping[str, Any],
        requester: Requester,
        previous: LicenceIdentifier | None = None,
    ) -> Draft:
        order = read_order(body, licence_type)
        place = await self._parts.statuses.reserve()
        return make_draft(licence_type, order, requester.issuer, self._parts.clock(), place=place, previous=previous)

    async def _make(self, begun: _Begun, requester: Requester) -> Licence:
        drawn, refused = await self._draw([begun])
        for _replay, refusal in refused:
            raise refusal
        try:
            (licence,) = await self._finish(drawn, requester)
        except UniqueViolation as violation:
            if (known := await self._parts.keys.find(requester.actor, requester.key)) is not None:
                return await self._load(known.licence_id)
            raise Conflict("This licence was changed by somebody else just now.") from violation
        return licence

    async def _draw(self, begun: Sequence[_Begun]) -> tuple[list[_Drawn], list[tuple[Replay, InvalidInput]]]:
        """What could be drawn, and what could not with the reason."""
        codes = await self._codes([each.draft for each in begun]) if begun else []

        def work() -> tuple[list[_Drawn], list[tuple[Replay, InvalidInput]]]:
            drawn, refused = [], []
            for each, code in zip(begun, codes, strict=True):
                try:
                    drawn.append(_Drawn(each, code, render(each.draft, code, self._parts.fonts)))
                except InvalidInput as refusal:
                    refused.append((each.replay, refusal))
            return drawn, refused

        return await asyncio.to_thread(work)

    async def _codes(self, drafts: Sequence[Draft]) -> list[str]:
        """What QR codes of licences of one type say. Upper case, so that they stay small (alphanumeric mode)."""
        form, address = drafts[0].licence_type.qr, f"{self._parts.public_url.upper()}/V"
        if form.content == "handle":
            return [f"{address}/{draft.handle}" for draft in drafts]
        signed = await self._parts.sealer.sign_all_claims([draft.claims for draft in drafts], form.algorithm)
        claims = [base64.b32encode(each.message).decode().rstrip("=") for each in signed]
        if form.content == "signed":
            return [f"{address}#{each}" for each in claims]
        return [f"{address}/{draft.handle}#{each}" for draft, each in zip(drafts, claims, strict=True)]

    async def _finish(self, drawn: Sequence[_Drawn], requester: Requester) -> list[Licence]:
        """Seal, keep, write: one step for all, which have one issuer and one type."""
        parts, first = self._parts, drawn[0].draft
        seal_id = await parts.seal_of(first.issuer.uscc)
        sealed = await self._seal(drawn, seal_id)
        rows = await self._rows(drawn, sealed)
        async with parts.database.transaction() as session:
            for each, row in zip(drawn, rows, strict=True):
                if each.begun.supersedes is not None:
                    await self._supersede(session, each.begun.supersedes.licence_id, row, requester)
                each.replay.record(session, row["id"], parts.clock())
            changes = [each.begun.supersedes.kind if each.begun.supersedes else FIRST for each in drawn]
            await self._write(session, list(zip(rows, changes, strict=True)), requester)
            session.add_all(origin_row(each.draft.id, each.draft.origin) for each in drawn if each.draft.origin)
        return [licence_of(row, each.draft.content) for each, row in zip(drawn, rows, strict=True)]

    async def _seal(self, drawn: Sequence[_Drawn], seal_id: str) -> Sequence[bytes]:
        """OFD and PDF of each in turn; in two steps where the PDF carries the sealed OFD.

        What a PDF carries differs from file to file, so that each of them is judged whole.
        """
        sealer, licence_type = self._parts.sealer, drawn[0].draft.licence_type
        if not licence_type.pdf_carries_ofd:
            documents = [document for each in drawn for document in each.documents()]
            return await sealer.seal_together(documents, seal_id, licence_type=licence_type.code)
        ofds = await sealer.seal_together(
            [each.documents()[0] for each in drawn], seal_id, licence_type=licence_type.code
        )
        pairs, fonts = list(zip(drawn, ofds, strict=True)), self._parts.fonts
        carrying = await asyncio.to_thread(
            lambda: [replace(each, rendering=each.rendering.carrying(ofd, fonts)) for each, ofd in pairs]
        )
        pdfs = await sealer.seal_together(
            [replace(each.documents()[1], drawn_here=False) for each in carrying],
            seal_id,
            licence_type=licence_type.code,
        )
        return [file for pair in zip(ofds, pdfs, strict=True) for file in pair]

    async def _rows(self, drawn: Sequence[_Drawn], sealed: Sequence[bytes]) -> list[dict[str, Any]]:
        """What `vault_licence` gets, its files kept. `sealed`: OFD and PDF of each in turn."""
        pairs = list(zip(drawn, sealed[::2], sealed[1::2], strict=True))
        closed = await asyncio.to_thread(
            lambda: [
                self._parts.data.close_file(each.draft.id, format, data)
                for each, ofd, pdf in pairs
                for format, data in (("ofd", ofd), ("pdf", pdf))
            ]
        )
        blobs = await self._parts.blobs.put_all(closed)
        del closed
        return [
            self._row(each, (ofd, pdf), (blobs[2 * number], blobs[2 * number + 1]))
            for number, (each, ofd, pdf) in enumerate(pairs)
        ]

    def _row(self, drawn: _Drawn, files: tuple[bytes, bytes], blobs: tuple[str, str]) -> dict[str, Any]:
        data, draft = self._parts.data, drawn.draft
        holder = draft.content.holder
        return {
            "id": draft.id,
            "identifier": str(draft.identifier),
            "type_code": draft.licence_type.code,
            "type_version": draft.licence_type.version,
            "type_name": draft.licence_type.name,
            "version": draft.identifier.version,
            "status": LicenceStatus.VALID,
            "status_cause": "",
            "cause_code": "01",
            "status_changed_at": draft.issued_at,
            "holder_index": data.holder_index(holder.id_type, holder.number),
            "issuer_uscc": draft.issuer.uscc,
            "issuer_name": draft.issuer.name,
            "valid_from": draft.valid_from,
            "valid_to": draft.valid_to,
            "issued_at": draft.issued_at,
            "handle": draft.handle,
            "qr": drawn.qr,
            "content": data.close(draft.id, draft.content),
            "content_digest": draft.content_digest,
            "ofd_blob": blobs[0],
            "pdf_blob": blobs[1],
            "ofd_digest": hashlib.sha256(files[0]).hexdigest(),
            "pdf_digest": hashlib.sha256(files[1]).hexdigest(),
            "superseded_by": None,
            "status_list": draft.status_place.list_number,
            "status_index": draft.status_place.index,
        }

    async def _write(
        self, session: AsyncSession, made: Sequence[tuple[dict[str, Any], str]], requester: Requester
    ) -> None:
        """Rows of licences, each with the step of a licence's life that made it."""
        parts, actor, now = self._parts, requester.actor, self._parts.clock()
        who = {"cause": "", "cause_code": "", "actor_kind": actor.kind, "actor_id": actor.id}
        steps = [{"id": new_id(), "licence_id": row["id"], "at": now, "action": step, **who} for row, step in made]
        told = [
            {"id": new_id(), "at": now, "kind": "licence.issued", "payload": {"licence": row["id"]}}
            for row, _step in made
        ]
        await insert_all(session, LicenceRow, [row for row, _step in made])
        await insert_all(session, LicenceEventRow, steps)
        await insert_all(session, OutboxRow, told)
        await note_changes(session, [row["id"] for row, _step in made], now)
        for row, step in made:
            content = bytes.fromhex(row["content_digest"] + row["ofd_digest"] + row["pdf_digest"])
            await parts.ledger.append(session, LedgerEntry("sealed", row["id"], content))
            detail = {"type": row["type_code"], "issuer": row["issuer_uscc"], "version": row["version"]}
            if step != FIRST:
                detail["change"] = step
            event = AuditEvent("licence.issue", actor, f"licence:{row['id']}", detail=detail)
            await parts.audit.record(session, event)

    async def _supersede(
        self, session: AsyncSession, licence_id: str, row: Mapping[str, Any], requester: Requester
    ) -> None:
        previous = await find_for_update(session, licence_id)
        if previous is None or previous.superseded_by or previous.status == LicenceStatus.REVOKED:
            raise Conflict(NOT_REISSUABLE)
        previous.status, previous.superseded_by = LicenceStatus.SUPERSEDED, row["id"]
        previous.status_changed_at = row["issued_at"]
        await note_changes(session, [licence_id], row["issued_at"])
        actor = requester.actor
        session.add(
            LicenceEventRow(
                id=new_id(),
                licence_id=licence_id,
                at=row["issued_at"],
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
