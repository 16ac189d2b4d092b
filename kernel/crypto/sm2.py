"""SM2 public keys: verify and encrypt (GB/T 32918.2, .4; encodings GB/T 35276, GM/T 0009).

OpenSSL 3.0's own default signer ID is empty, the standard's is not: every call here sets it.
"""

import ctypes
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from kernel.crypto.backend import sm2_curve, sm2_fallback
from kernel.crypto.backend.libcrypto import KeyHandle, failure, load_libcrypto, read_der, sm2_is_available
from kernel.crypto.der import reader
from kernel.crypto.signatures import InvalidSignature, decode_signature, raw_to_der
from kernel.errors import InvalidInput

DEFAULT_ID = b"1234567812345678"
"""The signer ID of GM/T 0009 §10, used by certificates and seals."""

EMPTY_ID = b""
"""The signer ID that OpenSSL 3.0 takes when it is told none; some authorities sign so."""

OID_EC_PUBLIC_KEY = "1.2.840.10045.2.1"
OID_SM2_CURVE = "1.2.156.10197.1.301"
OID_SM2_WITH_SM3 = "1.2.156.10197.1.501"

_SPKI_HEAD = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")


@dataclass(frozen=True)
class SM2PublicKey:
    """A point on the SM2 curve: 04 || X || Y, 65 bytes. Build it with `from_point` or `from_spki`."""

    point: bytes

    @classmethod
    def from_point(cls, point: bytes) -> "SM2PublicKey":
        """Check and wrap an uncompressed point; raises InvalidInput."""
        if len(point) != 65 or point[0] != 4:
            raise InvalidInput("The SM2 public key cannot be read.", reason="point is not 04 || X || Y")
        x, y = int.from_bytes(point[1:33], "big"), int.from_bytes(point[33:], "big")
        if not sm2_curve.is_on_curve(x, y):
            raise InvalidInput("The SM2 public key cannot be read.", reason="point is not on the curve")
        return cls(point)

    @classmethod
    def from_spki(cls, der: bytes) -> "SM2PublicKey":
        """Read SubjectPublicKeyInfo; raises InvalidInput for anything but an SM2 key."""
        if der.startswith(_SPKI_HEAD):
            return cls.from_point(der[len(_SPKI_HEAD) :])
        return cls.from_point(_read_unusual_spki(der))

    @property
    def algorithm(self) -> Literal["SM2-SM3"]:
        return "SM2-SM3"

    @property
    def spki(self) -> bytes:
        """DER SubjectPublicKeyInfo (GM/T 0015: id-ecPublicKey with the SM2 curve)."""
        return _SPKI_HEAD + self.point

    def to_spki(self) -> bytes:
        """The same as `spki`."""
        return self.spki

    def verify(self, signature: bytes, data: bytes, *, identifier: bytes = DEFAULT_ID) -> None:
        """Check a DER signature over `data`; raises InvalidSignature. Strict DER, r and s in range."""
        r, s = decode_signature(signature)
        sm2_curve.check_signature_range(r, s)
        if sm2_is_available():
            _verify(_handle(self.spki), signature, data, identifier)
        else:
            sm2_fallback.verify(self.point, (r, s), data, identifier)

    def verify_raw64(self, signature: bytes, data: bytes, *, identifier: bytes = DEFAULT_ID) -> None:
        """Check a signature written r||s (64 bytes); raises InvalidSignature."""
        if len(signature) != 64:
            raise InvalidSignature(reason="raw signature is not 64 bytes")
        self.verify(raw_to_der(signature), data, identifier=identifier)

    def encrypt(self, plaintext: bytes) -> bytes:
        """Encrypt a short secret to this key, DER `SM2Cipher` (GM/T 0009 §7.2, order C1 C3 C2)."""
        if not plaintext:
            raise InvalidInput("There is nothing to encrypt.")
        library = load_libcrypto()
        handle = _handle(self.spki)
        context = library.EVP_PKEY_CTX_new(handle.pointer, None)
        try:
            if library.EVP_PKEY_encrypt_init(context) != 1:
                raise failure("start SM2 encryption")
            length = ctypes.c_size_t(0)
            arguments = (ctypes.byref(length), plaintext, len(plaintext))
            if library.EVP_PKEY_encrypt(context, None, *arguments) != 1:
                raise failure("size SM2 ciphertext")
            output = ctypes.create_string_buffer(length.value)
            if library.EVP_PKEY_encrypt(context, output, *arguments) != 1:
                raise failure("encrypt with SM2")
            return output.raw[: length.value]
        finally:
            library.EVP_PKEY_CTX_free(context)


@lru_cache(maxsize=1024)
def _handle(spki: bytes) -> KeyHandle:
    """Parsing a key costs half a verification, so keys seen lately stay parsed."""
    return KeyHandle(read_der(load_libcrypto().d2i_PUBKEY, spki))


def _verify(handle: KeyHandle, signature: bytes, data: bytes, identifier: bytes) -> None:
    library = load_libcrypto()
    digest_context = library.EVP_MD_CTX_new()
    key_context = ctypes.c_void_p()
    try:
        started = library.EVP_DigestVerifyInit(
            digest_context, ctypes.byref(key_context), library.EVP_sm3(), None, handle.pointer
        )
        if started != 1 or library.EVP_PKEY_CTX_set1_id(key_context, identifier, len(identifier)) != 1:
            raise failure("start SM2 verification")
        outcome = library.EVP_DigestVerify(digest_context, signature, len(signature), data, len(data))
    finally:
        library.EVP_MD_CTX_free(digest_context)
    if outcome != 1:
        library.ERR_clear_error()
        raise InvalidSignature(reason="SM2 verification failed")


def _read_unusual_spki(der: bytes) -> bytes:
    """The point of an SPKI in other than the usual bytes (the curve may be named as the algorithm)."""
    try:
        algorithm, key = reader.read_element(der).children(reader.SEQUENCE)
        names = [reader.oid(part) for part in algorithm.children(reader.SEQUENCE) if part.tag == reader.OID]
        curve = names[-1] if names[0] == OID_EC_PUBLIC_KEY else names[0]
        point = reader.bit_string(key)
    except (ValueError, IndexError) as error:
        raise InvalidInput("The SM2 public key cannot be read.", reason=str(error)) from error
    if curve not in (OID_SM2_CURVE, f"{OID_SM2_CURVE}.1", f"{OID_SM2_CURVE}.3"):
        raise InvalidInput("The SM2 public key cannot be read.", reason="another curve")
    return point
