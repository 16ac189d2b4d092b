"""Sealing exactly once: write the intent, sign and check, record the use, and only then let the result go."""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.audit.chain import SYSTEM, Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.crypto.certificates import Certificate
from kernel.crypto.cose import key_id, sign_cose
from kernel.crypto.jose import sign_jws, thumbprint
from kernel.database.engine import Database
from kernel.database.rows import insert_all
from kernel.errors import Conflict, Forbidden, InvalidInput, NotFound, Unavailable, XinyinError
from kernel.ids.time_ordered import new_id
from seal.authority.service import Authority
from seal.client import (
    CREDENTIAL_TYPES,
    ClaimsAlgorithm,
    DocumentToSeal,
    SealableFormat,
    SealerKey,
    SealManner,
    SignedClaims,
)
from seal.documents.positions import StampPosition
from seal.seals import status_list as seal_status_list
from seal.seals.pins import SealPins
from seal.seals.publication import SealPublication
from seal.seals.records import SealRow, SealUseRow, find_seal
from seal.seals.seal import STATE_SENTENCES
from seal.seals.use_policy import IntendedUse, UsePolicy, check_use_policy
from seal.signing.intents.journal import LOST, PURPOSE_LENGTH, Intent, IntentJournal, Use
from seal.signing.pressing.order import Press, PressLost, PressOrder, SealStock
from seal.signing.raising import LevelRaiser, Pressed, Raised
from seal.signing.rotation.service import ServiceKeyRing


@dataclass(frozen=True)
class SigningParts:
    """What sealing works with."""

    press: Press
    database: Database
    audit: AuditTrail
    clock: Clock
    authority: Authority
    publication: SealPublication
    journal: IntentJournal
    raiser: LevelRaiser


@dataclass(frozen=True)
class SealOrder:
    """Which seal (id or code), where, what for, and on whose behalf.

    `use`: how, for the seal's policy; the vault's own way when left out. `pin`: the seal's, when a person gave one.
    """

    seal_id: str
    positions: Sequence[StampPosition] = ()
    purpose: str = ""
    actor: Actor = SYSTEM
    use: IntendedUse = field(default_factory=lambda: IntendedUse("vault"))
    pin: str = field(default="", repr=False)
    manner: SealManner = field(default_factory=SealManner)


class Keeper(Protocol):
    """Who keeps the sealed files, for a caller that must not lose them between the signature and its own record."""

    intent_ids: Sequence[str]
    document_refs: Sequence[str]
    """How each file is found again when a time stamp that was missing has come."""

    async def begin(self, session: AsyncSession) -> Sequence[Intent] | None:
        """Intents taken over from one that did not come back; None to have new ones written."""
        ...

    async def keep(self, sealed: Sequence[Raised]) -> None:
        """Store the files durably, before the use is recorded. Some may still wait for their time stamp."""
        ...

    async def record(self, session: AsyncSession) -> None:
        """Note the outcome in the transaction that records the use."""
        ...

    async def give_up(self, session: AsyncSession, failure: Exception) -> bool:
        """Note a failure in the transaction that ends the intents; whether they stay open for another attempt."""
        ...


class SigningService:
    """Implements `seal.client.Sealer`."""

    def __init__(self, parts: SigningParts) -> None:
        self._press = parts.press
        self._database = parts.database
        self._audit = parts.audit
        self._clock = parts.clock
        self._authority = parts.authority
        self._publication = parts.publication
        self._journal = parts.journal
        self._raiser = parts.raiser
        self.service_keys = ServiceKeyRing(parts.database, parts.audit, parts.clock, parts.press)
        self._pins = SealPins(parts.database, parts.audit, parts.clock)

    async def seal_ofd(
        self, ofd: bytes, seal_id: str, positions: Sequence[StampPosition], *, purpose: str = "", licence_type: str = ""
    ) -> bytes:
        """See `Sealer`."""
        use = IntendedUse.by_vault(licence_type)
        return await self.seal(ofd, "ofd", SealOrder(seal_id, positions, purpose, use=use))

    async def seal_pdf(
        self, pdf: bytes, seal_id: str, positions: Sequence[StampPosition], *, purpose: str = "", licence_type: str = ""
    ) -> bytes:
        """See `Sealer`."""
        use = IntendedUse.by_vault(licence_type)
        return await self.seal(pdf, "pdf", SealOrder(seal_id, positions, purpose, use=use))

    async def seal_together(
        self, documents: Sequence[DocumentToSeal], seal_id: str, *, purpose: str = "", licence_type: str = ""
    ) -> Sequence[bytes]:
        """See `Sealer`."""
        use = IntendedUse.by_vault(licence_type)
        return await self.seal_all(documents, SealOrder(seal_id, purpose=purpose, use=use))

    async def seal(self, document: bytes, format: SealableFormat, order: SealOrder) -> bytes:
        """Seal an OFD or a PDF. Raises NotFound, Conflict, InvalidInput; IntegrityError if the result does not hold."""
        (sealed,) = await self.seal_all([DocumentToSeal(format, document, order.positions)], order)
        return sealed

    async def seal_all(
        self, documents: Sequence[DocumentToSeal], order: SealOrder, keeper: Keeper | None = None
    ) -> list[bytes]:
        """Seal several documents in one step; `order.positions` is not looked at. Raises as `seal`.

        While no time stamps can be had, files that a `keeper` keeps are sealed without, and stamped later where they
        are kept; others would leave without, so `Unavailable` is raised.
        """
        order = await self.with_pin_proven(order)
        await self._raiser.check(order.manner.level)
        stock, intents = await self._begin(documents, order, keeper)
        try:
            trust = await self._publication.trust_store()
            press_order = PressOrder(tuple(documents), stock, self._clock(), trust, order.manner)
            pressed = await self._pressed(press_order, intents)
            sealed = [
                await self._raiser.raised(
                    Pressed(data, document.format, order.manner.level), trust, may_wait=keeper is not None
                )
                for data, document in zip(pressed, documents, strict=True)
            ]
            if keeper:
                await keeper.keep(sealed)
            await self._record_uses(list(zip(intents, documents, sealed, strict=True)), stock, order, keeper)
        except Exception as failure:
            await self._give_up(intents, failure, keeper)
            raise
        return [each.data for each in sealed]

    async def authorise(self, order: SealOrder) -> SealOrder:
        """The order with the seal's id, its PIN proven; for whoever seals later.

        Raises as `seal`, also `Unavailable` while sealing waits for the time-stamp authority.
        """
        order = await self.with_pin_proven(order)
        async with self._database.transaction() as session:
            seal = await find_seal(session, order.seal_id)
            if seal is None:
                raise NotFound("There is no such seal.")
            refusal = await self._refused(session, seal, order)
        if refusal is not None:
            raise refusal
        await self._raiser.check(order.manner.level)
        return replace(order, seal_id=seal.id)

    async def with_pin_proven(self, order: SealOrder) -> SealOrder:
        """The order as one whose PIN need not be asked for again. Raises `WrongPin`, `PinRequired`, `RateLimited`.

        The PIN is looked at last: who may not use the seal anyway learns nothing by guessing it.
        """
        if order.use.channel != "person" or order.use.pin_proven:
            return order
        proven = replace(order, use=replace(order.use, pin_proven=True), pin="")
        async with self._database.reading() as session:
            seal = await find_seal(session, order.seal_id)
        if seal is None or self._refusal(seal, proven) or not UsePolicy.read(seal.use_policy).pin:
            return proven
        try:
            await self._pins.prove(seal.id, order.actor, order.pin)
        except Forbidden:
            async with self._database.transaction() as session:
                await self._audit.record(session, AuditEvent("seal.use", order.actor, seal.id, outcome="refused"))
            raise
        return proven

    async def sign_claims(self, claims: Mapping[int, object], algorithm: ClaimsAlgorithm = "ES256") -> SignedClaims:
        """See `Sealer`."""
        (signed,) = await self.sign_all_claims([claims], algorithm)
        return signed

    async def sign_all_claims(
        self, claims: Sequence[Mapping[int, object]], algorithm: ClaimsAlgorithm = "ES256"
    ) -> Sequence[SignedClaims]:
        """See `Sealer`."""
        key = await self.service_keys.open("claims" if algorithm == "ES256" else "claims_sm2")
        messages = await asyncio.to_thread(lambda: [sign_cose(each, key) for each in claims])
        return [SignedClaims(message, key_id(key.public_spki)) for message in messages]

    async def sign_checkpoint(self, note: bytes) -> bytes:
        """See `Sealer`."""
        return await asyncio.to_thread((await self.service_keys.open("checkpoint")).sign, note)

    async def sign_receipt(self, claims: Mapping[str, object]) -> str:
        """See `Sealer`."""
        return await self._sign_json("receipt", "receipt+jwt", claims)

    async def sign_status_list(self, claims: Mapping[str, object]) -> str:
        """See `Sealer`."""
        return await self._sign_json("status", "statuslist+jwt", claims)

    async def sign_seal_status(self, claims: Mapping[str, object]) -> str:
        """See `Sealer`."""
        return await self._sign_json("status", seal_status_list.TYPE, claims)

    async def sign_credential(self, claims: Mapping[str, object], typ: str) -> str:
        """See `Sealer`."""
        if typ not in CREDENTIAL_TYPES:
            raise InvalidInput("Credentials are not signed as {typ}.", typ=typ)
        return await self._sign_json("credential", typ, claims)

    async def public_keys(self) -> Sequence[SealerKey]:
        """See `Sealer`."""
        return await self.service_keys.published()

    async def _sign_json(self, purpose: str, typ: str, claims: Mapping[str, object]) -> str:
        key = await self.service_keys.open(purpose)
        header = {"typ": typ, "kid": thumbprint(key.public_spki)}
        return await asyncio.to_thread(sign_jws, json.dumps(claims, ensure_ascii=False).encode(), key, header)

    async def _begin(
        self, documents: Sequence[DocumentToSeal], order: SealOrder, keeper: Keeper | None
    ) -> tuple[SealStock, list[Intent]]:
        """One transaction: the seal may be used, and the intents are written. A refusal is written down too."""
        async with self._database.transaction() as session:
            seal = await find_seal(session, order.seal_id)
            if seal is None:
                raise NotFound("There is no such seal.")
            refusal = await self._refused(session, seal, order)
            if refusal is None:
                held = await keeper.begin(session) if keeper else None
                ids = keeper.intent_ids if keeper else ()
                use = Use(seal.id, order.purpose[:PURPOSE_LENGTH], order.actor, ids)
                intents = list(held) if held else await self._journal.open(session, documents, use)
                return self._stock(seal), intents
        raise refusal

    async def _refused(self, session: AsyncSession, seal: SealRow, order: SealOrder) -> XinyinError | None:
        refusal = self._refusal(seal, order)
        if refusal is not None:
            event = AuditEvent("seal.use", order.actor, subject_ref=seal.id, outcome="refused")
            await self._audit.record(session, event)
        return refusal

    def _refusal(self, seal: SealRow, order: SealOrder) -> XinyinError | None:
        try:
            check_use_policy(UsePolicy.read(seal.use_policy), seal.owner_uscc, order.use)
        except Forbidden as refusal:
            return refusal
        if seal.state != "active":
            return Conflict(STATE_SENTENCES[seal.state])
        if not seal.valid_from <= self._clock() <= seal.valid_to:
            start, end = f"{seal.valid_from:%Y-%m-%d}", f"{seal.valid_to:%Y-%m-%d}"
            return Conflict("The seal is valid from {start} to {end} only.", start=start, end=end)
        return None

    def _stock(self, seal: SealRow) -> SealStock:
        assert seal.esl is not None  # a seal in use has been made
        assert seal.sm2_certificate is not None
        return SealStock(
            id=seal.id,
            name=seal.name,
            esl=seal.esl,
            sm2_certificate=seal.sm2_certificate,
            p256_certificates=self._chain(seal.p256_certificate) if seal.p256_certificate else (),
            picture=seal.picture,
            sm2_key_name=seal.key_name,
        )

    def _chain(self, certificate: bytes) -> tuple[bytes, ...]:
        """The signer's and its issuers, without the root."""
        above = self._authority.issuers_of(Certificate.load(certificate))
        return (certificate, *(each.der for each in above[:-1]))

    async def _pressed(self, order: PressOrder, intents: list[Intent]) -> list[bytes]:
        """Try once more when the work was lost half-way; `intents` are then held under a new fence."""
        try:
            return await self._press.press(order)
        except PressLost:
            intents[:] = await self._journal.renew(intents)
        try:
            return await self._press.press(order)
        except PressLost as failure:
            raise Unavailable(LOST, reason="pressing was lost twice") from failure

    async def _record_uses(
        self,
        results: Sequence[tuple[Intent, DocumentToSeal, Raised]],
        stock: SealStock,
        order: SealOrder,
        keeper: Keeper | None,
    ) -> None:
        """One transaction: the seal must still be in use, and the intents ours, when the uses are written down, with
        the time stamps that are missing."""
        async with self._database.transaction() as session:
            current = await find_seal(session, stock.id, lock=True)
            if current is None:
                raise NotFound("There is no such seal.")
            if refusal := self._refusal(current, order):
                raise refusal
            digests = [hashlib.sha256(sealed.data).hexdigest() for _intent, _document, sealed in results]
            intents = (intent for intent, _document, _sealed in results)
            await self._journal.finish(session, list(zip(intents, digests, strict=True)))
            uses = [
                self._use(digest, document, stock.id, order)
                for digest, (_intent, document, _sealed) in zip(digests, results, strict=True)
            ]
            await insert_all(session, SealUseRow, uses)
            for use in uses:
                detail = {name: use[name] for name in ("digest", "format", "purpose")}
                await self._audit.record(session, AuditEvent("seal.use", order.actor, stock.id, detail=detail))
            if keeper:
                await keeper.record(session)
                await self._raiser.defer(
                    session, [sealed for _intent, _document, sealed in results], keeper.document_refs
                )

    def _use(self, digest: str, document: DocumentToSeal, seal_id: str, order: SealOrder) -> dict[str, Any]:
        return {
            "id": new_id(),
            "seal_id": seal_id,
            "digest": digest,
            "format": document.format,
            "purpose": (document.purpose or order.purpose)[:PURPOSE_LENGTH],
            "actor_kind": order.actor.kind,
            "actor_id": order.actor.id,
            "at": self._clock(),
        }

    async def _give_up(self, intents: Sequence[Intent], failure: Exception, keeper: Keeper | None) -> None:
        """Say in the intents why nothing came of them; where even that fails, their lease will run out."""
        reason = failure.code if isinstance(failure, XinyinError) else type(failure).__name__
        try:
            async with self._database.transaction() as session:
                held = [intent for intent in intents if await self._journal.holds(session, intent)]
                again = await keeper.give_up(session, failure) if keeper and held else False
                for intent in held:
                    await (
                        self._journal.release(session, intent) if again else self._journal.fail(session, intent, reason)
                    )
        except Unavailable:
            pass
