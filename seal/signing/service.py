"""Sealing: check the seal, sign, check the result, record the use, and only then let the result go."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from kernel.audit.chain import SYSTEM, Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.crypto.cose import key_id, sign_cose
from kernel.crypto.jose import sign_jws, thumbprint
from kernel.crypto.keystore import KeyStore
from kernel.database.engine import Database
from kernel.errors import Conflict, Forbidden, IntegrityError, InvalidInput, NotFound
from kernel.ids.time_ordered import new_id
from seal.authority.profiles import issuing_name
from seal.authority.service import Authority, seal_key_name
from seal.client import SealerKey, SignedClaims
from seal.documents.ofd.signing import OfdSealRequest, seal_ofd
from seal.documents.pdf.signing import PdfSealRequest, seal_pdf
from seal.documents.positions import StampPosition
from seal.seals.pins import SealPins
from seal.seals.publication import SealPublication
from seal.seals.records import SealRow, SealUseRow, find_seal
from seal.seals.seal import STATE_SENTENCES
from seal.seals.use_policy import IntendedUse, UsePolicy, check_use_policy
from seal.signing.service_keys import ServiceKeys
from seal.validation.report import Indication
from seal.validation.service import validate_document
from seal.validation.trust import TrustStore


@dataclass(frozen=True)
class SigningParts:
    """What sealing works with."""

    keystore: KeyStore
    database: Database
    audit: AuditTrail
    clock: Clock
    authority: Authority
    publication: SealPublication


@dataclass(frozen=True)
class SealOrder:
    """A document to be sealed: which seal (id or code), where, what for, and on whose behalf.

    `use`: how, for the seal's policy; the vault's own way when left out. `pin`: the seal's, when a person gave one.
    """

    seal_id: str
    positions: Sequence[StampPosition]
    purpose: str = ""
    actor: Actor = SYSTEM
    use: IntendedUse = field(default_factory=lambda: IntendedUse("vault"))
    pin: str = field(default="", repr=False)


class SigningService:
    """Implements `seal.client.Sealer` in this process."""

    def __init__(self, parts: SigningParts) -> None:
        self._keystore = parts.keystore
        self._database = parts.database
        self._audit = parts.audit
        self._clock = parts.clock
        self._authority = parts.authority
        self._publication = parts.publication
        self._keys = ServiceKeys(parts.keystore)
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

    async def seal(self, document: bytes, format: Literal["ofd", "pdf"], order: SealOrder) -> bytes:
        """Seal an OFD or a PDF. Raises NotFound, Conflict, InvalidInput; IntegrityError if the result does not hold."""
        seal = await self._load_usable(order)
        now = self._clock().replace(microsecond=0)
        make = self._seal_ofd if format == "ofd" else self._seal_pdf
        trust = await self._publication.trust_store()
        sealed = await asyncio.to_thread(self._seal_and_check, lambda: make(document, seal, order, now), trust)
        await self._record_use(sealed, format, seal, order)
        return sealed

    async def sign_claims(self, claims: Mapping[int, object]) -> SignedClaims:
        """See `Sealer`."""
        key = await self._keys.open("claims")
        return SignedClaims(sign_cose(claims, key), key_id(key.public_spki))

    async def sign_checkpoint(self, note: bytes) -> bytes:
        """See `Sealer`."""
        return (await self._keys.open("checkpoint")).sign(note)

    async def sign_receipt(self, claims: Mapping[str, object]) -> str:
        """See `Sealer`."""
        key = await self._keys.open("receipt")
        header = {"typ": "receipt+jwt", "kid": thumbprint(key.public_spki)}
        return sign_jws(json.dumps(claims, ensure_ascii=False).encode(), key, header)

    async def public_keys(self) -> Sequence[SealerKey]:
        """See `Sealer`."""
        return await self._keys.public_keys()

    async def _load_usable(self, order: SealOrder) -> SealRow:
        async with self._database.reading() as session:
            seal = await find_seal(session, order.seal_id)
        if seal is None:
            raise NotFound("There is no such seal.")
        try:
            await self._check_allowed(seal, order)
        except (Conflict, Forbidden):
            async with self._database.transaction() as session:
                event = AuditEvent("seal.use", order.actor, subject_ref=seal.id, outcome="refused")
                await self._audit.record(session, event)
            raise
        return seal

    async def _check_allowed(self, seal: SealRow, order: SealOrder) -> None:
        """The PIN is asked for last: who may not use the seal anyway learns nothing by guessing it."""
        policy = UsePolicy.read(seal.use_policy)
        check_use_policy(policy, seal.owner_uscc, replace(order.use, pin_proven=True))
        self._check_usable(seal)
        if policy.pin and order.use.channel == "person":
            await self._pins.prove(seal.id, order.actor, order.pin)

    def _check_usable(self, seal: SealRow) -> None:
        if seal.state != "active":
            raise Conflict(STATE_SENTENCES[seal.state])
        if not seal.valid_from <= self._clock() <= seal.valid_to:
            start, end = f"{seal.valid_from:%Y-%m-%d}", f"{seal.valid_to:%Y-%m-%d}"
            raise Conflict("The seal is valid from {start} to {end} only.", start=start, end=end)

    def _seal_ofd(self, document: bytes, seal: SealRow, order: SealOrder, now: datetime) -> bytes:
        assert seal.esl is not None
        assert seal.sm2_certificate is not None
        key = self._keystore.open(seal_key_name(seal.id, "sm2"))
        return seal_ofd(document, OfdSealRequest(seal.esl, key, seal.sm2_certificate, order.positions, now))

    def _seal_pdf(self, document: bytes, seal: SealRow, order: SealOrder, now: datetime) -> bytes:
        assert seal.p256_certificate is not None
        request = PdfSealRequest(
            signer=self._keystore.open(seal_key_name(seal.id, "p256")),
            certificates=(seal.p256_certificate, self._authority.certificate(issuing_name("p256")).der),
            picture=seal.picture,
            seal_name=seal.name,
            positions=order.positions,
            signed_at=now,
        )
        return seal_pdf(document, request)

    def _seal_and_check(self, work: Callable[[], bytes], trust: TrustStore) -> bytes:
        """No file leaves that our own verification would not pass; runs in a thread."""
        sealed = work()
        report = validate_document(sealed, trust, at=self._clock())
        last = report.signatures[-1] if report.signatures else None
        if last is None or last.verdict.indication is not Indication.PASSED or not last.covers_whole_document:
            verdict = last.verdict if last else report.verdict
            raise IntegrityError("The sealed file did not pass our own check.", reason=str(verdict))
        if report.indication is Indication.FAILED:
            raise InvalidInput("The document carries an earlier signature that does not hold.")
        return sealed

    async def _record_use(self, sealed: bytes, format: str, seal: SealRow, order: SealOrder) -> None:
        """One transaction: the seal must still be in use when the use is written down."""
        digest = hashlib.sha256(sealed).hexdigest()
        async with self._database.transaction() as session:
            current = await find_seal(session, seal.id, lock=True)
            if current is None:
                raise NotFound("There is no such seal.")
            self._check_usable(current)
            session.add(
                SealUseRow(
                    id=new_id(),
                    seal_id=seal.id,
                    digest=digest,
                    format=format,
                    purpose=order.purpose[:128],
                    actor_kind=order.actor.kind,
                    actor_id=order.actor.id,
                    at=self._clock(),
                )
            )
            detail = {"digest": digest, "format": format, "purpose": order.purpose[:128]}
            await self._audit.record(session, AuditEvent("seal.use", order.actor, subject_ref=seal.id, detail=detail))
