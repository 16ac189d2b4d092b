"""Where trust comes from: in a running service from the seal service, without one from a list."""

from collections.abc import Sequence
from typing import Protocol

from kernel.clock import Clock
from kernel.crypto.certificates import Certificate
from kernel.crypto.cose import key_id
from seal.client import SealerKey
from seal.seals.bindings import Bindings
from seal.validation.trust import TrustStore
from verify.trust_list.document import Anchor, PublishedSeal, QrKey, TrustList


class TrustSource(Protocol):
    """What is believed now. Asked for every verdict, so a suspended seal or withdrawn key is seen at once."""

    async def store(self) -> TrustStore:
        """Anchors, revocation lists and the standing of seals, for judging documents."""
        ...

    async def published(self) -> TrustList:
        """The same for everybody to take, with the keys of QR codes and receipts."""
        ...


class RegisteredSeal(Protocol):
    """A seal as its register publishes it; certificates are DER."""

    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def owner_name(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def sm2_certificate(self) -> bytes | None: ...
    @property
    def p256_certificate(self) -> bytes | None: ...
    @property
    def bindings(self) -> Bindings: ...


class SealPublication(Protocol):
    """The seal service's side: its register and authority, as verifiers may see them."""

    async def trust_store(self) -> TrustStore:
        """What its documents are judged by."""
        ...

    async def published_seals(self) -> Sequence[RegisteredSeal]:
        """Every seal that was ever put to use."""
        ...


class KeyPublication(Protocol):
    """Who signs QR codes and receipts; `seal.client.Sealer` is one."""

    async def public_keys(self) -> Sequence[SealerKey]:
        """The public halves by purpose."""
        ...


class ReportKeys(Protocol):
    """Who signs reports as XML and PDF; `seal.client.ReportSealer` is one."""

    async def report_keys(self) -> Sequence[SealerKey]:
        """The public halves, of now and before."""
        ...


class ServiceTrust:
    """The `TrustSource` of a running service."""

    def __init__(
        self,
        seals: SealPublication,
        keys: KeyPublication,
        *,
        issuer: str,
        clock: Clock,
        reports: ReportKeys | None = None,
    ) -> None:
        """`issuer`: the name of who signs QR codes, as verifiers read it. `reports`: who signs reports."""
        self._reports = reports
        self._seals = seals
        self._keys = keys
        self._issuer = issuer
        self._clock = clock

    async def store(self) -> TrustStore:
        """See `TrustSource`."""
        return await self._seals.trust_store()

    async def published(self) -> TrustList:
        """See `TrustSource`."""
        store = await self._seals.trust_store()
        keys = await self._keys.public_keys()
        of_reports = await self._reports.report_keys() if self._reports else ()
        return TrustList(
            issued_at=self._clock(),
            anchors=[_anchor(each) for each in store.anchors if each not in store.signer_anchors],
            signer_anchors=[_anchor(each) for each in store.signer_anchors],
            intermediates=[each.der for each in store.intermediates],
            crls=[each.der for each in store.crls],
            seals=[entry for seal in await self._seals.published_seals() for entry in _entries(seal)],
            qr_keys=[self._key(each) for each in keys if each.purpose in ("claims", "claims_sm2")],
            receipt_keys=[self._key(each) for each in (*keys, *of_reports) if each.purpose in ("receipt", "report")],
            status_keys=[self._key(each) for each in keys if each.purpose == "status"],
            credential_keys=[self._key(each) for each in keys if each.purpose == "credential"],
        )

    def _key(self, key: SealerKey) -> QrKey:
        return QrKey(key_id(key.spki).hex(), key.algorithm, key.spki, self._issuer)


def _anchor(certificate: Certificate) -> Anchor:
    return Anchor(certificate.subject_value("CN") or "", certificate.der)


def _entries(seal: RegisteredSeal) -> list[PublishedSeal]:
    """One entry a certificate: a seal signs OFD with one key and PDF with another."""
    certificates = [each for each in (seal.sm2_certificate, seal.p256_certificate) if each is not None]
    bound = seal.bindings
    return [
        PublishedSeal(seal.code, seal.name, seal.owner_name, seal.state, each, bound.seals, bound.makers)
        for each in certificates
    ]


def store_of(trust: TrustList) -> TrustStore:
    """A store from a list alone, as verification without a server uses it; raises `InvalidInput` for a bad entry."""
    return TrustStore.of(
        *(anchor.certificate for anchor in trust.anchors),
        intermediates=tuple(trust.intermediates),
        crls=tuple(trust.crls),
    )
