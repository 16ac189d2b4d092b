"""Making a seal (GB/T 38540-2020 §6.1): certificates for its signers, and the maker's signature over all of it."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from kernel.clock import Clock
from kernel.errors import IntegrityError
from seal.authority.profiles import MAKER
from seal.authority.service import Authority
from seal.structures.gbt38540 import (
    KIND_ORGANISATION,
    KIND_PERSON,
    SealContents,
    SealPicture,
    SealProperties,
    load_seal,
    make_seal,
)

VENDOR = "Xinyin"


@dataclass(frozen=True)
class SealOrder:
    """What to make. `picture` is a PNG, `width_mm` and `height_mm` its size when printed; `personal`: a name's seal."""

    seal_id: str
    code: str
    name: str
    owner: str
    picture: bytes
    width_mm: int
    height_mm: int
    valid_from: datetime
    valid_to: datetime
    personal: bool = False


@dataclass(frozen=True)
class MadeSeal:
    """The seal (DER SESeal) and the certificates (DER) of its two signers."""

    esl: bytes
    sm2_certificate: bytes
    p256_certificate: bytes


class SealMaker:
    """Makes seals with the authority's maker key."""

    def __init__(self, authority: Authority, clock: Clock) -> None:
        self._authority = authority
        self._clock = clock

    async def make(self, order: SealOrder) -> MadeSeal:
        """A new seal with keys and certificates of its own, which are durable; the seal is the caller's to keep."""
        period = order.valid_from, order.valid_to
        certificates = await self._authority.issue_for_seal(
            order.seal_id, code=order.code, owner=order.owner, period=period
        )
        contents = self._contents(order, certificates.sm2.der)
        key = await self._authority.maker_key()
        esl = await asyncio.to_thread(make_seal, contents, key, self._authority.certificate(MAKER).der)
        if load_seal(esl).contents != contents:
            raise IntegrityError("The seal that was made does not say what it should.")
        return MadeSeal(esl, certificates.sm2.der, certificates.p256.der)

    async def remake(self, order: SealOrder, sm2_certificate: bytes) -> bytes:
        """The seal (DER SESeal) anew for another certificate of its SM2 signer (GM/T 0031 §6.1: as a renewal wants)."""
        contents = self._contents(order, sm2_certificate)
        key = await self._authority.maker_key()
        return await asyncio.to_thread(make_seal, contents, key, self._authority.certificate(MAKER).der)

    def _contents(self, order: SealOrder, signer: bytes) -> SealContents:
        return SealContents(
            seal_code=order.code,
            vendor=VENDOR,
            properties=SealProperties(
                kind=KIND_PERSON if order.personal else KIND_ORGANISATION,
                name=order.name,
                certificates=(signer,),
                certificate_digests=(),
                created_at=self._clock().replace(microsecond=0),
                valid_from=order.valid_from,
                valid_to=order.valid_to,
            ),
            picture=SealPicture("PNG", order.picture, order.width_mm, order.height_mm),
        )
