"""Public keys of every supported kind, told apart by their SubjectPublicKeyInfo."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from cryptography.exceptions import InvalidSignature as CryptographyInvalidSignature
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from kernel.crypto.der import reader
from kernel.crypto.der.reader import Element
from kernel.crypto.signatures import InvalidSignature, PublicKey, decode_signature
from kernel.crypto.sm2 import DEFAULT_ID, OID_SM2_WITH_SM3, SM2PublicKey
from kernel.errors import InvalidInput

_SHA2: dict[str, type[hashes.SHA256] | type[hashes.SHA384] | type[hashes.SHA512]] = {
    "1.2.840.10045.4.3.2": hashes.SHA256,
    "1.2.840.10045.4.3.3": hashes.SHA384,
    "1.2.840.10045.4.3.4": hashes.SHA512,
    "1.2.840.113549.1.1.11": hashes.SHA256,
    "1.2.840.113549.1.1.12": hashes.SHA384,
    "1.2.840.113549.1.1.13": hashes.SHA512,
}
_ECDSA = "1.2.840.10045.4.3."
_RSA = "1.2.840.113549.1.1."
OID_RSA_PSS = "1.2.840.113549.1.1.10"
_MGF1 = "1.2.840.113549.1.1.8"
_PSS_DIGESTS: dict[str, type[hashes.SHA256] | type[hashes.SHA384] | type[hashes.SHA512]] = {
    "2.16.840.1.101.3.4.2.1": hashes.SHA256,
    "2.16.840.1.101.3.4.2.2": hashes.SHA384,
    "2.16.840.1.101.3.4.2.3": hashes.SHA512,
}
OID_ED25519 = "1.3.101.112"
_SM2_NAMES = (OID_SM2_WITH_SM3, "1.2.156.10197.1.301.1")


@dataclass(frozen=True)
class ECPublicKey:
    """P-256 or P-384; `verify` uses the hash of the curve's size."""

    spki: bytes
    key: ec.EllipticCurvePublicKey

    @property
    def algorithm(self) -> Literal["ES256", "ES384"]:
        return "ES256" if self.key.curve.name == "secp256r1" else "ES384"

    def verify(self, signature: bytes, data: bytes) -> None:
        self.verify_digest(signature, data, hashes.SHA256() if self.algorithm == "ES256" else hashes.SHA384())

    def verify_digest(self, signature: bytes, data: bytes, digest: hashes.HashAlgorithm) -> None:
        """As `verify`, with the hash the signature's own identifier names."""
        decode_signature(signature)
        try:
            self.key.verify(signature, data, ec.ECDSA(digest))
        except CryptographyInvalidSignature as error:
            raise InvalidSignature(reason="ECDSA verification failed") from error


@dataclass(frozen=True)
class RSAPublicKey:
    """RSA, PKCS#1 v1.5; `verify` uses SHA-256."""

    spki: bytes
    key: rsa.RSAPublicKey

    @property
    def algorithm(self) -> Literal["RS256"]:
        return "RS256"

    def verify(self, signature: bytes, data: bytes) -> None:
        self.verify_digest(signature, data, hashes.SHA256())

    def verify_digest(self, signature: bytes, data: bytes, digest: hashes.HashAlgorithm) -> None:
        """As `verify`, with the hash the signature's own identifier names."""
        try:
            self.key.verify(signature, data, padding.PKCS1v15(), digest)
        except CryptographyInvalidSignature as error:
            raise InvalidSignature(reason="RSA verification failed") from error

    def verify_pss(self, signature: bytes, data: bytes, digest: hashes.HashAlgorithm, salt_length: int) -> None:
        """RSASSA-PSS (RFC 8017 §8.1) with MGF1 over the same digest; `salt_length` in octets."""
        try:
            self.key.verify(signature, data, padding.PSS(padding.MGF1(digest), salt_length), digest)
        except CryptographyInvalidSignature as error:
            raise InvalidSignature(reason="RSA-PSS verification failed") from error


@dataclass(frozen=True)
class Ed25519PublicKey:
    """Ed25519 (RFC 8032)."""

    spki: bytes
    key: ed25519.Ed25519PublicKey

    @property
    def algorithm(self) -> Literal["Ed25519"]:
        return "Ed25519"

    def verify(self, signature: bytes, data: bytes) -> None:
        try:
            self.key.verify(signature, data)
        except CryptographyInvalidSignature as error:
            raise InvalidSignature(reason="Ed25519 verification failed") from error


@lru_cache(maxsize=1024)
def load_public_key(spki: bytes) -> PublicKey:
    """Read DER SubjectPublicKeyInfo; raises InvalidInput for a key we cannot use. Keys are cached."""
    try:
        return SM2PublicKey.from_spki(spki)
    except InvalidInput:
        return _load_international(spki)


def verify_by_oid(key: PublicKey, signature_oid: str, signature: bytes, data: bytes) -> None:
    """Check a signature whose algorithm is named by an X.509 or CMS identifier; raises InvalidSignature."""
    digest = _SHA2.get(signature_oid)
    match key:
        case SM2PublicKey() if signature_oid in _SM2_NAMES:
            key.verify(signature, data)
        case Ed25519PublicKey() if signature_oid == OID_ED25519:
            key.verify(signature, data)
        case ECPublicKey() if digest and signature_oid.startswith(_ECDSA):
            key.verify_digest(signature, data, digest())
        case RSAPublicKey() if digest and signature_oid.startswith(_RSA):
            key.verify_digest(signature, data, digest())
        case _:
            raise InvalidSignature(reason=f"{signature_oid} does not fit a {key.algorithm} key")


def verify_by_identifier(
    key: PublicKey, identifier: bytes, signature: bytes, data: bytes, *, sm2_id: bytes = DEFAULT_ID
) -> None:
    """As `verify_by_oid`, by a whole DER AlgorithmIdentifier: RSA-PSS says the rest in its parameters (RFC 4055 §3.1).

    `sm2_id`: the signer ID of an SM2 signature. Raises InvalidSignature.
    """
    try:
        kind, *parameters = reader.read_element(identifier).children(reader.SEQUENCE)
        oid = reader.oid(kind)
        if oid == OID_RSA_PSS and isinstance(key, RSAPublicKey):
            digest, salt_length = _read_pss(parameters)
            key.verify_pss(signature, data, digest, salt_length)
            return
    except (ValueError, IndexError) as error:
        raise InvalidSignature(reason="the signature algorithm cannot be read") from error
    if isinstance(key, SM2PublicKey) and oid in _SM2_NAMES:
        key.verify(signature, data, identifier=sm2_id)
    else:
        verify_by_oid(key, oid, signature, data)


def verify_with_ids(
    key: PublicKey, identifier: bytes, signed: tuple[bytes, bytes], sm2_ids: Sequence[bytes] = (DEFAULT_ID,)
) -> None:
    """As `verify_by_identifier`, with each of several SM2 signer IDs in turn; `signed` is (signature, data)."""
    for position, sm2_id in enumerate(sm2_ids):
        try:
            verify_by_identifier(key, identifier, *signed, sm2_id=sm2_id)
        except InvalidSignature:
            if position == len(sm2_ids) - 1 or not isinstance(key, SM2PublicKey):
                raise
        else:
            return


def _read_pss(parameters: list[Element]) -> tuple[hashes.HashAlgorithm, int]:
    """(digest, salt length) of RSASSA-PSS-params; the mask must be MGF1 with the same digest, and SHA-1 is refused."""
    parts = {part.tag: reader.read_element(part.content) for part in parameters[0].children(reader.SEQUENCE)}
    hashed = reader.oid(parts[reader.context(0)].children(reader.SEQUENCE)[0]) if reader.context(0) in parts else ""
    mask = parts[reader.context(1)].children(reader.SEQUENCE) if reader.context(1) in parts else []
    if hashed not in _PSS_DIGESTS or len(mask) != 2 or reader.oid(mask[0]) != _MGF1:
        raise ValueError("unsupported RSA-PSS parameters")
    if reader.oid(mask[1].children(reader.SEQUENCE)[0]) != hashed:
        raise ValueError("unsupported RSA-PSS mask")
    salt_length = reader.integer(parts[reader.context(2)]) if reader.context(2) in parts else 20
    if not 0 <= salt_length <= 256:
        raise ValueError("unsupported RSA-PSS salt")
    return _PSS_DIGESTS[hashed](), salt_length


def _load_international(spki: bytes) -> PublicKey:
    try:
        key = serialization.load_der_public_key(spki)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InvalidInput("The public key cannot be read.", reason=type(error).__name__) from error
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in ("secp256r1", "secp384r1"):
        return ECPublicKey(spki, key)
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= 2048:
        return RSAPublicKey(spki, key)
    if isinstance(key, ed25519.Ed25519PublicKey):
        return Ed25519PublicKey(spki, key)
    raise InvalidInput("The public key cannot be read.", reason=f"unsupported {type(key).__name__}")
