"""What is believed besides our own: trusted regions' anchors, seals, keys and status lists."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from kernel.clock import Clock
from kernel.crypto.certificates import Certificate
from kernel.crypto.revocation.crl import Crl
from seal.validation.trust import PublishedStatuses, TrustStore
from verify.regions.service import Regions, TrustedRegion
from verify.trust_list.document import QrKey, TrustList
from verify.trust_list.source import TrustSource

RELIED_ON_FOR = timedelta(hours=24)
"""As long as a status list. An older pack no longer says that its seals are in use."""


class FederatedTrust:
    """The `TrustSource` of a service with trusted regions. It publishes its own alone: trust is not passed on."""

    def __init__(self, own: TrustSource, regions: Regions, clock: Clock) -> None:
        self._own = own
        self._regions = regions
        self._clock = clock
        self._kept: tuple[TrustStore, tuple[TrustedRegion, ...], bool, TrustStore] | None = None

    async def store(self) -> TrustStore:
        """See `TrustSource`. Our own register's word about a seal code comes first."""
        own, regions = await self._own.store(), await self._regions.trusted()
        if not regions:
            return own
        stale = any(self._is_stale(each) for each in regions)
        kept = self._kept
        if kept is not None and kept[0] is own and kept[1] is regions and kept[2] == stale:
            return kept[3]
        store = await asyncio.to_thread(self._merged, own, regions)
        self._kept = (own, regions, stale, store)
        return store

    async def published(self) -> TrustList:
        """See `TrustSource`."""
        return await self._own.published()

    async def qr_keys(self) -> Sequence[QrKey]:
        """Ours and the regions'."""
        own = (await self.published()).qr_keys
        return [*own, *(key for each in await self._regions.trusted() for key in each.pack.trust.qr_keys)]

    async def region_of(self, issuer: str) -> TrustedRegion | None:
        """The trusted region with this address."""
        return next((each for each in await self._regions.trusted() if each.pack.issuer == issuer), None)

    def _is_stale(self, region: TrustedRegion) -> bool:
        return self._clock() - region.pack.trust.issued_at > RELIED_ON_FOR

    def _merged(self, own: TrustStore, regions: Sequence[TrustedRegion]) -> TrustStore:
        trusts = [each.pack.trust for each in regions]
        signers = [_load(anchor.certificate) for trust in trusts for anchor in trust.signer_anchors]
        anchors = [_load(anchor.certificate) for trust in trusts for anchor in trust.anchors]
        standings = PublishedStatuses()
        for region in regions:
            standings.update(region.pack.seal_standings(self._is_stale(region)))
        if isinstance(own.seal_status, PublishedStatuses):
            standings.update(own.seal_status)
        return replace(
            own,
            anchors=tuple(dict.fromkeys((*own.anchors, *anchors, *signers))),
            signer_anchors=tuple(dict.fromkeys((*own.signer_anchors, *signers))),
            intermediates=(*own.intermediates, *(_load(each) for trust in trusts for each in trust.intermediates)),
            crls=(*own.crls, *(Crl.load(each) for trust in trusts for each in trust.crls)),
            seal_status=standings,
        )


def _load(der: bytes) -> Certificate:
    return Certificate.load(der)
