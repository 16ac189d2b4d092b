"""SM4 (GB/T 32907): GCM for what we seal ourselves, CBC for formats that want it. Keys are 16 bytes."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.padding import PKCS7

from kernel.errors import IntegrityError

TAG_BYTES = 16


def encrypt_gcm(key: bytes, nonce: bytes, plaintext: bytes, associated_data: bytes) -> bytes:
    """Ciphertext with the 16-byte tag at its end; `nonce` is 12 bytes and never used twice with a key."""
    encryptor = Cipher(SM4(key), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(associated_data)
    return encryptor.update(plaintext) + encryptor.finalize() + encryptor.tag


def decrypt_gcm(key: bytes, nonce: bytes, ciphertext: bytes, associated_data: bytes) -> bytes:
    """The plaintext; raises IntegrityError when key, nonce, ciphertext or associated data is another."""
    if len(ciphertext) < TAG_BYTES:
        raise IntegrityError("The encrypted data is not whole.")
    body, tag = ciphertext[:-TAG_BYTES], ciphertext[-TAG_BYTES:]
    decryptor = Cipher(SM4(key), modes.GCM(nonce, tag)).decryptor()
    decryptor.authenticate_additional_data(associated_data)
    try:
        return decryptor.update(body) + decryptor.finalize()
    except InvalidTag as error:
        raise IntegrityError("The encrypted data is not whole.") from error


def encrypt_cbc(key: bytes, initial_vector: bytes, plaintext: bytes) -> bytes:
    """PKCS#7 padded CBC. It protects nothing against change: sign or MAC the result."""
    padder = PKCS7(128).padder()
    encryptor = Cipher(SM4(key), modes.CBC(initial_vector)).encryptor()
    return encryptor.update(padder.update(plaintext) + padder.finalize()) + encryptor.finalize()


def decrypt_cbc(key: bytes, initial_vector: bytes, ciphertext: bytes) -> bytes:
    """The plaintext; raises IntegrityError for a broken length or padding."""
    decryptor = Cipher(SM4(key), modes.CBC(initial_vector)).decryptor()
    unpadder = PKCS7(128).unpadder()
    try:
        padded = decryptor.update(ciphertext) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError as error:
        raise IntegrityError("The encrypted data is not whole.") from error
