"""Private keys: SM2 over libcrypto; P-256, RSA and Ed25519 over `cryptography`.

Import-restricted: `verify`, `licence_vault`, `sso_proxy` must not reach this module, not even through others.
"""

import ctypes
from functools import cached_property
from typing import Literal, Protocol, Self, assert_never

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from kernel.crypto.backend.libcrypto import (
    KeyHandle,
    LibcryptoError,
    failure,
    load_libcrypto,
    read_der,
    write_der,
)
from kernel.crypto.signatures import SigningAlgorithm, SigningKey
from kernel.crypto.sm2 import DEFAULT_ID, SM2PublicKey
from kernel.errors import InvalidInput

RSA_BITS = 3072
_SM2_CURVE = bytes.fromhex("06082a811ccf5501822d")  # OBJECT IDENTIFIER 1.2.156.10197.1.301


class PrivateKey(SigningKey, Protocol):
    """A signing key that is here, in memory, and can be written out (a SigningKey may live in an HSM)."""

    def to_pkcs8(self) -> bytes:
        """DER PrivateKeyInfo, unencrypted."""
        ...


class SM2PrivateKey:
    """An SM2 key pair (GB/T 32918)."""

    algorithm: Literal["SM2-SM3"] = "SM2-SM3"

    def __init__(self, handle: KeyHandle) -> None:
        self._handle = handle

    @classmethod
    def generate(cls) -> Self:
        library = load_libcrypto()
        context = library.EVP_PKEY_CTX_new_from_name(None, b"SM2", None)
        pointer = ctypes.c_void_p()
        try:
            if library.EVP_PKEY_keygen_init(context) != 1:
                raise failure("start SM2 key generation")
            if library.EVP_PKEY_generate(context, ctypes.byref(pointer)) != 1:
                raise failure("generate SM2 key")
        finally:
            library.EVP_PKEY_CTX_free(context)
        return cls(KeyHandle(pointer.value))

    @classmethod
    def from_pkcs8(cls, der: bytes) -> Self:
        """Read DER PrivateKeyInfo; raises InvalidInput."""
        library = load_libcrypto()
        info = None
        try:
            info = read_der(library.d2i_PKCS8_PRIV_KEY_INFO, der)
            return cls(KeyHandle(library.EVP_PKCS82PKEY(info) if info else None))
        except LibcryptoError as error:
            raise InvalidInput("The private key cannot be read.", reason=str(error)) from error
        finally:
            library.PKCS8_PRIV_KEY_INFO_free(info)

    def to_pkcs8(self) -> bytes:
        library = load_libcrypto()
        info = library.EVP_PKEY2PKCS8(self._handle.pointer)
        try:
            return write_der(library.i2d_PKCS8_PRIV_KEY_INFO, info)
        finally:
            library.PKCS8_PRIV_KEY_INFO_free(info)

    @cached_property
    def public_key(self) -> SM2PublicKey:
        return SM2PublicKey.from_spki(write_der(load_libcrypto().i2d_PUBKEY, self._handle.pointer))

    @property
    def public_spki(self) -> bytes:
        return self.public_key.spki

    def sign(self, data: bytes, *, identifier: bytes = DEFAULT_ID) -> bytes:
        """DER (r, s) over `data` (GB/T 32918.2 §6, GB/T 35276 §7.4)."""
        library = load_libcrypto()
        digest_context = library.EVP_MD_CTX_new()
        key_context = ctypes.c_void_p()
        signature = ctypes.create_string_buffer(80)
        length = ctypes.c_size_t(len(signature))
        try:
            started = library.EVP_DigestSignInit(
                digest_context, ctypes.byref(key_context), library.EVP_sm3(), None, self._handle.pointer
            )
            if started != 1 or library.EVP_PKEY_CTX_set1_id(key_context, identifier, len(identifier)) != 1:
                raise failure("start SM2 signature")
            if library.EVP_DigestSign(digest_context, signature, ctypes.byref(length), data, len(data)) != 1:
                raise failure("sign with SM2")
        finally:
            library.EVP_MD_CTX_free(digest_context)
        return signature.raw[: length.value]

    def decrypt(self, ciphertext: bytes) -> bytes:
        """Open DER `SM2Cipher` (GM/T 0009 §7.2); raises InvalidInput."""
        library = load_libcrypto()
        context = library.EVP_PKEY_CTX_new(self._handle.pointer, None)
        plaintext = ctypes.create_string_buffer(len(ciphertext) + 32)
        length = ctypes.c_size_t(len(plaintext))
        try:
            if library.EVP_PKEY_decrypt_init(context) != 1:
                raise failure("start SM2 decryption")
            opened = library.EVP_PKEY_decrypt(context, plaintext, ctypes.byref(length), ciphertext, len(ciphertext))
        finally:
            library.EVP_PKEY_CTX_free(context)
        if opened != 1:
            library.ERR_clear_error()
            raise InvalidInput("The ciphertext cannot be opened.", reason="SM2 decryption failed")
        return plaintext.raw[: length.value]


class ECPrivateKey:
    """A P-256 key pair."""

    algorithm: Literal["ES256"] = "ES256"

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        if not isinstance(key.curve, ec.SECP256R1):
            raise InvalidInput("Only P-256 keys can sign here.")
        self._key = key
        self.public_spki = _spki(key.public_key())

    @classmethod
    def generate(cls) -> Self:
        return cls(ec.generate_private_key(ec.SECP256R1()))

    def to_pkcs8(self) -> bytes:
        return _pkcs8(self._key)

    def sign(self, data: bytes) -> bytes:
        """DER (r, s), ECDSA with SHA-256."""
        return self._key.sign(data, ec.ECDSA(hashes.SHA256()))


class RSAPrivateKey:
    """An RSA key pair, PKCS#1 v1.5 with SHA-256, for readers that know nothing newer."""

    algorithm: Literal["RS256"] = "RS256"

    def __init__(self, key: rsa.RSAPrivateKey) -> None:
        if key.key_size < 2048:
            raise InvalidInput("RSA keys need at least 2048 bits.")
        self._key = key
        self.public_spki = _spki(key.public_key())

    @classmethod
    def generate(cls) -> Self:
        return cls(rsa.generate_private_key(65537, RSA_BITS))

    def to_pkcs8(self) -> bytes:
        return _pkcs8(self._key)

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())

    def sign_pss(self, data: bytes) -> bytes:
        """RSASSA-PSS with SHA-256 and a salt as long (RFC 7518 §3.5)."""
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
        return self._key.sign(data, pss, hashes.SHA256())


class Ed25519PrivateKey:
    """An Ed25519 key pair (RFC 8032)."""

    algorithm: Literal["Ed25519"] = "Ed25519"

    def __init__(self, key: ed25519.Ed25519PrivateKey) -> None:
        self._key = key
        self.public_spki = _spki(key.public_key())

    @classmethod
    def generate(cls) -> Self:
        return cls(ed25519.Ed25519PrivateKey.generate())

    def to_pkcs8(self) -> bytes:
        return _pkcs8(self._key)

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data)


def generate_key(algorithm: SigningAlgorithm) -> PrivateKey:
    """A new key pair for `algorithm`."""
    match algorithm:
        case "SM2-SM3":
            return SM2PrivateKey.generate()
        case "ES256":
            return ECPrivateKey.generate()
        case "RS256":
            return RSAPrivateKey.generate()
        case "Ed25519":
            return Ed25519PrivateKey.generate()
    assert_never(algorithm)


def load_private_key(pkcs8: bytes) -> PrivateKey:
    """Read DER PrivateKeyInfo of any supported kind; raises InvalidInput."""
    if _is_sm2(pkcs8):
        return SM2PrivateKey.from_pkcs8(pkcs8)
    try:
        key = serialization.load_der_private_key(pkcs8, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InvalidInput("The private key cannot be read.", reason=type(error).__name__) from error
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return ECPrivateKey(key)
    if isinstance(key, rsa.RSAPrivateKey):
        return RSAPrivateKey(key)
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return Ed25519PrivateKey(key)
    raise InvalidInput("The private key cannot be read.", reason=f"unsupported {type(key).__name__}")


def _is_sm2(pkcs8: bytes) -> bool:
    """Whether the algorithm names the SM2 curve, as id-ecPublicKey's parameter or as the algorithm itself."""
    return _SM2_CURVE in pkcs8[:40]


def _spki(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _pkcs8(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
