"""Known-answer self-tests, run once before serving: a wrong or crippled crypto library must stop the start."""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4

from kernel.crypto import sm4
from kernel.crypto.backend import sm2_fallback
from kernel.crypto.backend.libcrypto import LibcryptoError, load_libcrypto
from kernel.crypto.backend.sm2_curve import message_digest
from kernel.crypto.der import writer
from kernel.crypto.private_keys import SM2PrivateKey
from kernel.crypto.signatures import InvalidSignature, decode_signature, encode_signature
from kernel.crypto.sm2 import DEFAULT_ID, OID_EC_PUBLIC_KEY, OID_SM2_CURVE, SM2PublicKey
from kernel.crypto.sm3 import sm3
from kernel.crypto.startup import known_answers as known
from kernel.errors import ConfigurationError, IntegrityError, InvalidInput, XinyinError


def run_self_tests(*, signing: bool = True) -> None:
    """Raise ConfigurationError unless SM2, SM3 and SM4 answer as their standards say.

    `signing=False` for a process that only verifies: it may run without an SM2-capable OpenSSL.
    """
    try:
        _check(sm3(b"abc") == known.SM3_ABC and sm3(b"abcd" * 16) == known.SM3_ABCD_16, "SM3")
        _check_sm4()
        _check_sm2_verification()
        if signing:
            load_libcrypto()
            _check_sm2_signing()
            _check_sm2_encryption()
    except (UnsupportedAlgorithm, LibcryptoError, InvalidSignature, InvalidInput, IntegrityError) as error:
        raise _failure("SM2, SM3 or SM4", str(error)) from error


def _check_sm4() -> None:
    encryptor = Cipher(SM4(known.SM4_KEY), modes.ECB()).encryptor()  # noqa: S305  # one block of a known answer
    _check(encryptor.update(known.SM4_KEY) + encryptor.finalize() == known.SM4_BLOCK, "SM4")
    cbc = sm4.encrypt_cbc(known.SM4_KEY, known.SM4_CBC_VECTOR, known.SM4_CBC_PLAINTEXT)
    _check(cbc.startswith(known.SM4_CBC_CIPHERTEXT), "SM4-CBC")  # ours has a block of padding behind it
    _check(sm4.decrypt_cbc(known.SM4_KEY, known.SM4_CBC_VECTOR, cbc) == known.SM4_CBC_PLAINTEXT, "SM4-CBC")
    place = known.SM4_KEY, known.SM4_GCM_NONCE
    sealed = sm4.encrypt_gcm(*place, known.SM4_GCM_PLAINTEXT, known.SM4_GCM_ASSOCIATED)
    _check(sealed == known.SM4_GCM_SEALED, "SM4-GCM")
    _check(sm4.decrypt_gcm(*place, sealed, known.SM4_GCM_ASSOCIATED) == known.SM4_GCM_PLAINTEXT, "SM4-GCM")


def _check_sm2_verification() -> None:
    """By OpenSSL where it can, and always by the fallback."""
    signature = encode_signature(known.SM2_R, known.SM2_S)
    _check(message_digest(known.SM2_POINT, known.SM2_MESSAGE, DEFAULT_ID) == known.SM2_DIGEST, "SM2")
    key = SM2PublicKey.from_point(known.SM2_POINT)
    key.verify(signature, known.SM2_MESSAGE)
    sm2_fallback.verify(known.SM2_POINT, (known.SM2_R, known.SM2_S), known.SM2_MESSAGE, DEFAULT_ID)
    _check_refused(key, signature, known.SM2_MESSAGE + b".")


def _check_sm2_signing() -> None:
    """The nonce is random, so what the standard's key signs is checked by its public key, in both implementations."""
    key = _standard_private_key()
    _check(key.public_key.point == known.SM2_POINT, "SM2")
    for signer in (key, SM2PrivateKey.generate()):
        signature = signer.sign(known.SM2_MESSAGE)
        signer.public_key.verify(signature, known.SM2_MESSAGE)
        sm2_fallback.verify(signer.public_key.point, decode_signature(signature), known.SM2_MESSAGE, DEFAULT_ID)
        _check(signer.sign(known.SM2_MESSAGE) != signature, "SM2 nonces")
        _check_refused(signer.public_key, signature, b"another message")


def _check_sm2_encryption() -> None:
    key = _standard_private_key()
    x, y = (int.from_bytes(known.SM2_C1[start : start + 32], "big") for start in (1, 33))
    ciphertext = writer.sequence(
        writer.integer(x), writer.integer(y), writer.octets(known.SM2_C3), writer.octets(known.SM2_C2)
    )
    _check(key.decrypt(ciphertext) == known.SM2_PLAINTEXT, "SM2 decryption")
    _check(key.decrypt(key.public_key.encrypt(known.SM2_PLAINTEXT)) == known.SM2_PLAINTEXT, "SM2 encryption")


def _standard_private_key() -> SM2PrivateKey:
    point = writer.explicit(1, writer.bit_string(known.SM2_POINT))
    ec_key = writer.sequence(writer.integer(1), writer.octets(known.SM2_PRIVATE_KEY), point)  # RFC 5915
    algorithm = writer.sequence(writer.oid(OID_EC_PUBLIC_KEY), writer.oid(OID_SM2_CURVE))
    return SM2PrivateKey.from_pkcs8(writer.sequence(writer.integer(0), algorithm, writer.octets(ec_key)))


def _check_refused(key: SM2PublicKey, signature: bytes, data: bytes) -> None:
    try:
        key.verify(signature, data)
    except InvalidSignature:
        return
    raise _failure("SM2", "a wrong signature was accepted")


def _check(holds: bool, name: str) -> None:
    if not holds:
        raise _failure(name, "wrong answer")


def _failure(name: str, reason: str) -> XinyinError:
    return ConfigurationError("The self-test of {name} failed. Do not use this machine.", name=name, reason=reason)
