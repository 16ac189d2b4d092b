"""How each algorithm looks on a token: mechanisms, templates, public keys, signatures."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from kernel.crypto.backend.sm2_curve import message_digest
from kernel.crypto.custody.pkcs11 import constants as ck
from kernel.crypto.custody.pkcs11.address import Sm2Mechanisms
from kernel.crypto.custody.pkcs11.module import AttributeValue
from kernel.crypto.der import reader, writer
from kernel.crypto.private_keys import RSA_BITS
from kernel.crypto.signatures import SigningAlgorithm, raw_to_der, read_signature
from kernel.crypto.sm2 import DEFAULT_ID, OID_EC_PUBLIC_KEY, OID_SM2_CURVE
from kernel.errors import IntegrityError

_P256 = "1.2.840.10045.3.1.7"
_ED25519 = "1.3.101.112"
_SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")  # DigestInfo head, RFC 8017 §9.2 note 1

ReadAttribute = Callable[[int], bytes]


@dataclass(frozen=True)
class KeyKind:
    """One algorithm: numbers of PKCS#11, and what is signed in whose encoding.

    `prepare(public_spki, data)` gives what the token signs; `encode` turns its answer into the X.509 encoding.
    """

    algorithm: SigningAlgorithm
    key_type: int
    generate: int
    sign: int
    public_template: Mapping[int, AttributeValue]
    prepare: Callable[[bytes, bytes], bytes]
    encode: Callable[[bytes], bytes]


def key_kinds(sm2: Sm2Mechanisms | None) -> dict[SigningAlgorithm, KeyKind]:
    """Every algorithm a token may be asked for; SM2 only with the vendor's numbers."""
    kinds = [
        KeyKind(
            "ES256",
            ck.CKK_EC,
            ck.CKM_EC_KEY_PAIR_GEN,
            ck.CKM_ECDSA,
            {ck.CKA_EC_PARAMS: writer.oid(_P256)},
            lambda _, data: hashlib.sha256(data).digest(),
            raw_to_der,
        ),
        KeyKind(
            "RS256",
            ck.CKK_RSA,
            ck.CKM_RSA_PKCS_KEY_PAIR_GEN,
            ck.CKM_RSA_PKCS,
            {ck.CKA_MODULUS_BITS: RSA_BITS, ck.CKA_PUBLIC_EXPONENT: b"\x01\x00\x01"},
            lambda _, data: _SHA256_INFO + hashlib.sha256(data).digest(),
            bytes,
        ),
        KeyKind(
            "Ed25519",
            ck.CKK_EC_EDWARDS,
            ck.CKM_EC_EDWARDS_KEY_PAIR_GEN,
            ck.CKM_EDDSA,
            {ck.CKA_EC_PARAMS: writer.oid(_ED25519)},
            lambda _, data: data,
            bytes,
        ),
    ]
    if sm2:
        kinds.append(
            KeyKind(
                "SM2-SM3",
                sm2.key_type,
                sm2.generate,
                sm2.sign,
                {ck.CKA_EC_PARAMS: writer.oid(OID_SM2_CURVE)},
                _sm2_digest if sm2.signs_digest else lambda _, data: data,
                read_signature,
            )
        )
    return {kind.algorithm: kind for kind in kinds}


def read_public_key(key_type: int, read: ReadAttribute) -> bytes:
    """DER SubjectPublicKeyInfo of a public key object; raises IntegrityError if its attributes make none."""
    if key_type == ck.CKK_RSA:
        modulus, exponent = (int.from_bytes(read(kind), "big") for kind in (ck.CKA_MODULUS, ck.CKA_PUBLIC_EXPONENT))
        key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
        return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    point = _octets(read(ck.CKA_EC_POINT))
    if key_type == ck.CKK_EC_EDWARDS:
        return writer.sequence(writer.sequence(writer.oid(_ED25519)), writer.bit_string(point))
    algorithm = writer.sequence(writer.oid(OID_EC_PUBLIC_KEY), read(ck.CKA_EC_PARAMS))
    return writer.sequence(algorithm, writer.bit_string(point))


def _octets(point: bytes) -> bytes:
    """CKA_EC_POINT is an OCTET STRING around the point; some modules give the point alone."""
    if len(point) in (32, 65):
        return point
    try:
        element = reader.read_element(point)
    except ValueError as error:
        raise IntegrityError("A key on the token cannot be read.", reason=str(error)) from error
    return element.content


def _sm2_digest(public_spki: bytes, data: bytes) -> bytes:
    return message_digest(public_spki[-65:], data, DEFAULT_ID).to_bytes(32, "big")
