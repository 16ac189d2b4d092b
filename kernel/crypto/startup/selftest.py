"""Known-answer self-tests, run once before serving: a wrong or crippled crypto library must stop the start."""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4

from kernel.crypto.backend import sm2_fallback
from kernel.crypto.backend.libcrypto import LibcryptoError, load_libcrypto
from kernel.crypto.private_keys import SM2PrivateKey
from kernel.crypto.signatures import InvalidSignature, encode_signature
from kernel.crypto.sm2 import DEFAULT_ID, SM2PublicKey
from kernel.crypto.sm3 import sm3
from kernel.errors import ConfigurationError, XinyinError

# GB/T 32918.5 Annex A.
_SM2_POINT = bytes.fromhex(
    "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
_SM2_R = 0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3
_SM2_S = 0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA
_SM2_MESSAGE = b"message digest"

# GB/T 32905 Annex A.1, GB/T 32907 Annex A.1.
_SM3_ABC = bytes.fromhex("66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0")
_SM4_KEY = bytes.fromhex("0123456789abcdeffedcba9876543210")
_SM4_BLOCK = bytes.fromhex("681edf34d206965e86b3e94f536e4246")


def run_self_tests(*, signing: bool = True) -> None:
    """Raise ConfigurationError unless SM2, SM3 and SM4 answer as their standards say.

    `signing=False` for a process that only verifies: it may run without an SM2-capable OpenSSL.
    """
    try:
        _check(sm3(b"abc") == _SM3_ABC, "SM3")
        _check(_sm4_block() == _SM4_BLOCK, "SM4")
        _check_sm2_verification()
        if signing:
            load_libcrypto()
            _check_sm2_signing()
    except (UnsupportedAlgorithm, LibcryptoError, InvalidSignature) as error:
        raise _failure("SM2, SM3 or SM4", str(error)) from error


def _check_sm2_verification() -> None:
    signature = encode_signature(_SM2_R, _SM2_S)
    key = SM2PublicKey.from_point(_SM2_POINT)
    key.verify(signature, _SM2_MESSAGE)
    sm2_fallback.verify(_SM2_POINT, (_SM2_R, _SM2_S), _SM2_MESSAGE, DEFAULT_ID)
    _check_refused(key, signature, _SM2_MESSAGE + b".")


def _check_sm2_signing() -> None:
    key = SM2PrivateKey.generate()
    signature = key.sign(_SM2_MESSAGE)
    key.public_key.verify(signature, _SM2_MESSAGE)
    _check_refused(key.public_key, signature, b"another message")
    _check(key.decrypt(key.public_key.encrypt(_SM2_MESSAGE)) == _SM2_MESSAGE, "SM2 encryption")


def _check_refused(key: SM2PublicKey, signature: bytes, data: bytes) -> None:
    try:
        key.verify(signature, data)
    except InvalidSignature:
        return
    raise _failure("SM2", "a wrong signature was accepted")


def _sm4_block() -> bytes:
    encryptor = Cipher(SM4(_SM4_KEY), modes.ECB()).encryptor()  # noqa: S305  # one block of a known answer
    return encryptor.update(_SM4_KEY) + encryptor.finalize()


def _check(holds: bool, name: str) -> None:
    if not holds:
        raise _failure(name, "wrong answer")


def _failure(name: str, reason: str) -> XinyinError:
    return ConfigurationError("The self-test of {name} failed. Do not use this machine.", name=name, reason=reason)
