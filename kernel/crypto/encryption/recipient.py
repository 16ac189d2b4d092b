"""Encrypting for the holder of an RSA key: a fresh AES key around the data, wrapped by OAEP."""

import os

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kernel.crypto.public_keys import RSAPublicKey, load_public_key
from kernel.errors import InvalidInput

_NONCE_BYTES = 12
_BLOCK_BYTES = 16


def new_aes_key(size: int) -> bytes:
    """A random key of `size` bytes: 16 or 32."""
    return os.urandom(size)


def encrypt_gcm(key: bytes, plaintext: bytes) -> bytes:
    """AES-GCM: 12 bytes nonce, ciphertext, 16 bytes tag (XML Encryption 1.1 §5.2.4)."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, None)


def encrypt_cbc(key: bytes, plaintext: bytes) -> bytes:
    """AES-CBC: 16 bytes IV, ciphertext; padded by random bytes and their number (XML Encryption 1.1 §5.2).

    Nothing protects it from being changed: for receivers that know nothing newer alone.
    """
    missing = _BLOCK_BYTES - len(plaintext) % _BLOCK_BYTES
    padded = plaintext + os.urandom(missing - 1) + bytes([missing])
    start = os.urandom(_BLOCK_BYTES)
    encryptor = Cipher(algorithms.AES(key), modes.CBC(start)).encryptor()
    return start + encryptor.update(padded) + encryptor.finalize()


def wrap_key(spki: bytes, key: bytes, *, with_sha256: bool) -> bytes:
    """RSAES-OAEP of a key, the digest and MGF1 both SHA-256, or both SHA-1 (no weakness here: collisions do not
    matter to OAEP). Raises `InvalidInput` for a key that is not RSA."""
    public = load_public_key(spki)
    if not isinstance(public, RSAPublicKey):
        raise InvalidInput("Only an RSA key can be encrypted to.")
    if with_sha256:
        mode = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    else:
        mode = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303 - see above
    return public.key.encrypt(key, mode)
