"""The service's own keys, beside those of seals: for QR claims, log checkpoints, receipts, status lists."""

from collections.abc import Mapping

from kernel.crypto.keystore import KeyStore
from kernel.crypto.signatures import SigningAlgorithm, SigningKey
from kernel.errors import Conflict

PURPOSES: Mapping[str, SigningAlgorithm] = {
    "claims": "ES256",
    "checkpoint": "Ed25519",
    "receipt": "ES256",
    "status": "ES256",
}


def open_service_key(keystore: KeyStore, purpose: str) -> SigningKey:
    """The key for `purpose`, one of `PURPOSES`, made when first needed. Blocks."""
    name = f"service-{purpose}"
    if not keystore.exists(name):
        try:
            return keystore.generate(name, PURPOSES[purpose])
        except Conflict:
            pass  # another process made it between the two calls
    return keystore.open(name)
