"""Where trust comes from in a running service; the composition root answers from the seal service and the vault."""

from typing import Protocol

from seal.validation.trust import TrustStore
from verify.trust_list.document import TrustList


class TrustSource(Protocol):
    """What is believed now. Asked for every verdict, so a suspended seal or withdrawn key is seen at once."""

    async def store(self) -> TrustStore:
        """Anchors, revocation lists and the standing of seals, for judging documents."""
        ...

    async def published(self) -> TrustList:
        """The same for everybody to take, with the keys of QR codes."""
        ...


def store_of(trust: TrustList) -> TrustStore:
    """A store from a list alone, as verification without a server uses it; raises `InvalidInput` for a bad entry."""
    return TrustStore.of(
        *(anchor.certificate for anchor in trust.anchors),
        intermediates=tuple(trust.intermediates),
        crls=tuple(trust.crls),
    )
