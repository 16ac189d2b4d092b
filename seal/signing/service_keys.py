"""The service's own keys, beside those of seals: for QR claims, log checkpoints and verification receipts."""

import asyncio
from collections.abc import Mapping

from kernel.crypto.keystore import KeyStore
from kernel.crypto.signatures import SigningAlgorithm, SigningKey
from kernel.errors import Conflict
from seal.client import SealerKey

PURPOSES: Mapping[str, SigningAlgorithm] = {"claims": "ES256", "checkpoint": "Ed25519", "receipt": "ES256"}


class ServiceKeys:
    """One key a purpose, made when first needed."""

    def __init__(self, keystore: KeyStore) -> None:
        self._keystore = keystore

    async def open(self, purpose: str) -> SigningKey:
        """The key for `purpose`, one of `PURPOSES`."""
        return await asyncio.to_thread(self._open, purpose)

    async def public_keys(self) -> list[SealerKey]:
        """The public halves of all of them."""
        keys = [(purpose, await self.open(purpose)) for purpose in PURPOSES]
        return [SealerKey(purpose, key.algorithm, key.public_spki) for purpose, key in keys]

    def _open(self, purpose: str) -> SigningKey:
        name = f"service-{purpose}"
        if not self._keystore.exists(name):
            try:
                return self._keystore.generate(name, PURPOSES[purpose])
            except Conflict:
                pass  # another process made it between the two calls
        return self._keystore.open(name)
