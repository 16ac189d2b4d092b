"""Which keys lie in our key store: asked by name, answered with the public half alone."""

import asyncio
import re

from kernel.crypto.keystore import KeyStore
from kernel.errors import InvalidInput, NotFound

_OWN = re.compile(r"(ca|service)-.*|seal-.*-(sm2|p256|rsa)", re.DOTALL)
"""Names that the house gives: its authority's keys, its services', those of seals made here."""


class HeldKeys:
    """For seals made elsewhere whose key was brought here."""

    def __init__(self, keystore: KeyStore) -> None:
        self._keystore = keystore

    async def public_spki(self, name: str) -> bytes | None:
        """SubjectPublicKeyInfo (DER) of the SM2 key with this name; None when there is none.

        The house's own keys are none of these: nobody may bring a seal to be used with another's key.
        """
        return await asyncio.to_thread(self._public_spki, name)

    def _public_spki(self, name: str) -> bytes | None:
        if _OWN.fullmatch(name):
            return None
        try:
            key = self._keystore.open(name)
        except (NotFound, InvalidInput):
            return None
        return key.public_spki if key.algorithm == "SM2-SM3" else None
