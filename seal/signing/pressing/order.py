"""What is to be sealed, with what: everything but the key. Plain data, so that it can go to another process."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from kernel.crypto.signatures import SigningKey
from seal.client import DocumentToSeal, SealManner
from seal.validation.trust import TrustStore


@dataclass(frozen=True)
class SealStock:
    """What the register holds of a seal. Certificates as DER; `p256_certificates` the signer's first, then issuers.

    There are none of these where there is no key for PDF.
    """

    id: str
    name: str
    esl: bytes
    sm2_certificate: bytes
    p256_certificates: tuple[bytes, ...]
    picture: bytes
    sm2_key_name: str | None = None
    """Where the key of a seal made elsewhere lies; seals made here have names of their own."""


@dataclass(frozen=True)
class PressOrder:
    """The documents, the seal, the moment of sealing, and the trust by which the results are checked."""

    documents: Sequence[DocumentToSeal]
    seal: SealStock
    at: datetime
    trust: TrustStore
    manner: SealManner = field(default_factory=SealManner)


class PressLost(Exception):
    """The work was lost half-way: a worker died or overran its time. The key may have been touched."""


class Press(Protocol):
    """Seals documents; in this process or in others."""

    async def press(self, order: PressOrder) -> list[bytes]:
        """The sealed files in order, each checked.

        Raises `InvalidInput` and `Conflict` for the document, `IntegrityError` when a result does not hold,
        `PressLost` when the work was lost half-way (the key may have been touched).
        """
        ...

    def open_service_key(self, name: str) -> SigningKey:
        """One of the service's own keys (see `service_keys.open_service_key`); opening and signing may block."""
        ...
