"""The service's own keys, beside those of seals: for QR claims, checkpoints, receipts, status lists, credentials."""

from collections.abc import Mapping

from kernel.crypto.keystore import KeyStore
from kernel.crypto.signatures import SigningAlgorithm, SigningKey
from kernel.errors import Conflict

PURPOSES: Mapping[str, SigningAlgorithm] = {
    "claims": "ES256",
    "claims_sm2": "SM2-SM3",
    "checkpoint": "Ed25519",
    "receipt": "ES256",
    "status": "ES256",
    "credential": "ES256",
}


def service_key_name(name: str) -> str:
    """What the key store calls it; `name` is a purpose, or one with a number after its rotation (`claims-0002`)."""
    return f"service-{name}"


def open_service_key(keystore: KeyStore, name: str) -> SigningKey:
    """The key of a purpose of `PURPOSES`, or one of its successors (`claims-0002`), made when first needed. Blocks."""
    stored = service_key_name(name)
    if not keystore.exists(stored):
        try:
            return keystore.generate(stored, PURPOSES[name.partition("-")[0]])
        except Conflict:
            pass  # another process made it between the two calls
    return keystore.open(stored)
