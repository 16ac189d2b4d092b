"""Sealing in this process, in a thread: the embedded default."""

import asyncio

from kernel.crypto.keystore import KeyStore
from kernel.crypto.signatures import SigningKey
from seal.signing.pressing.order import PressOrder
from seal.signing.pressing.press import press
from seal.signing.service_keys import open_service_key


class PressHere:
    """Opens keys in this process."""

    def __init__(self, keystore: KeyStore) -> None:
        self._keystore = keystore

    async def press(self, order: PressOrder) -> list[bytes]:
        """See `Press`."""
        return await asyncio.to_thread(press, order, self._keystore)

    def open_service_key(self, name: str) -> SigningKey:
        """See `Press`."""
        return open_service_key(self._keystore, name)
