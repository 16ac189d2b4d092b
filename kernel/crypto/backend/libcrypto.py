"""The system's OpenSSL 3 (libcrypto), bound by ctypes, for SM2 alone.

`cryptography` has no SM2, and the other packages draw nonces from a weak generator or abort on malformed input.
ctypes.CDLL releases the GIL around every call. Only what SM2 needs is declared here.
"""

import ctypes
import ctypes.util
import sys
from ctypes import POINTER, c_char_p, c_int, c_long, c_size_t, c_ulong, c_void_p
from functools import cache
from typing import Any

from kernel.errors import ConfigurationError

_P = c_void_p
_PROTOTYPES: dict[str, tuple[Any, list[Any]]] = {
    "OpenSSL_version_num": (c_ulong, []),
    "ERR_clear_error": (None, []),
    "ERR_get_error": (c_ulong, []),
    "ERR_error_string_n": (None, [c_ulong, c_char_p, c_size_t]),
    "EVP_sm3": (_P, []),
    # keys
    "d2i_PUBKEY": (_P, [_P, POINTER(_P), c_long]),
    "i2d_PUBKEY": (c_int, [_P, POINTER(_P)]),
    "d2i_PKCS8_PRIV_KEY_INFO": (_P, [_P, POINTER(_P), c_long]),
    "i2d_PKCS8_PRIV_KEY_INFO": (c_int, [_P, POINTER(_P)]),
    "PKCS8_PRIV_KEY_INFO_free": (None, [_P]),
    "EVP_PKCS82PKEY": (_P, [_P]),
    "EVP_PKEY2PKCS8": (_P, [_P]),
    "EVP_PKEY_is_a": (c_int, [_P, c_char_p]),
    "EVP_PKEY_free": (None, [_P]),
    "EVP_PKEY_CTX_new": (_P, [_P, _P]),
    "EVP_PKEY_CTX_new_from_name": (_P, [_P, c_char_p, c_char_p]),
    "EVP_PKEY_CTX_free": (None, [_P]),
    "EVP_PKEY_keygen_init": (c_int, [_P]),
    "EVP_PKEY_generate": (c_int, [_P, POINTER(_P)]),
    "EVP_PKEY_pairwise_check": (c_int, [_P]),
    # signatures
    "EVP_MD_CTX_new": (_P, []),
    "EVP_MD_CTX_free": (None, [_P]),
    "EVP_DigestSignInit": (c_int, [_P, POINTER(_P), _P, _P, _P]),
    "EVP_DigestSign": (c_int, [_P, c_char_p, POINTER(c_size_t), c_char_p, c_size_t]),
    "EVP_DigestVerifyInit": (c_int, [_P, POINTER(_P), _P, _P, _P]),
    "EVP_DigestVerify": (c_int, [_P, c_char_p, c_size_t, c_char_p, c_size_t]),
    "EVP_PKEY_CTX_set1_id": (c_int, [_P, c_char_p, c_int]),
    # encryption
    "EVP_PKEY_encrypt_init": (c_int, [_P]),
    "EVP_PKEY_encrypt": (c_int, [_P, c_char_p, POINTER(c_size_t), c_char_p, c_size_t]),
    "EVP_PKEY_decrypt_init": (c_int, [_P]),
    "EVP_PKEY_decrypt": (c_int, [_P, c_char_p, POINTER(c_size_t), c_char_p, c_size_t]),
}

_REMEDY = (
    "SM2 needs OpenSSL 3 built with SM2. Install libssl3 (Debian, Ubuntu) or openssl@3 (Homebrew), "
    "or run the container image. Alpine, Fedora and RHEL leave SM2 out."
)


class LibcryptoError(Exception):
    """libcrypto refused a call; callers turn it into their own error."""


@cache
def load_libcrypto() -> Any:
    """The loaded library with every prototype declared; raises ConfigurationError naming what to install."""
    for name in _candidates():
        try:
            library = ctypes.CDLL(name)
            _declare(library)
        except (OSError, AttributeError):
            continue
        if library.OpenSSL_version_num() >= 0x30000000 and _has_sm2(library):
            return library
    raise ConfigurationError(_REMEDY, reason=f"no usable libcrypto on {sys.platform}")


@cache
def sm2_is_available() -> bool:
    """Whether this machine's OpenSSL can do SM2."""
    try:
        load_libcrypto()
    except ConfigurationError:
        return False
    return True


def failure(action: str) -> LibcryptoError:
    """The error for a refused call, with OpenSSL's own words; empties this thread's error queue."""
    library = load_libcrypto()
    text = ctypes.create_string_buffer(256)
    library.ERR_error_string_n(library.ERR_get_error(), text, len(text))
    library.ERR_clear_error()
    return LibcryptoError(f"{action}: {text.value.decode('ascii', 'replace')}")


class KeyHandle:
    """An EVP_PKEY holding an SM2 key, freed with this object. OpenSSL lets threads share one."""

    def __init__(self, pointer: int | None) -> None:
        library = load_libcrypto()
        self._free = library.EVP_PKEY_free
        self.pointer = pointer
        if not pointer:
            raise failure("load key")
        if not library.EVP_PKEY_is_a(pointer, b"SM2"):
            raise LibcryptoError("not an SM2 key")

    def __del__(self) -> None:
        if self.pointer:
            self._free(self.pointer)
            self.pointer = None


def read_der(reader: Any, der: bytes) -> int | None:
    """Call a d2i function on `der`, all of which it must consume."""
    buffer = ctypes.create_string_buffer(der, len(der))
    cursor = c_void_p(ctypes.addressof(buffer))
    pointer: int | None = reader(None, ctypes.byref(cursor), len(der))
    if pointer and cursor.value != ctypes.addressof(buffer) + len(der):
        raise LibcryptoError("bytes follow the key")
    return pointer


def write_der(writer: Any, pointer: int | None) -> bytes:
    """Call an i2d function."""
    length = writer(pointer, None)
    if length <= 0:
        raise failure("encode key")
    buffer = ctypes.create_string_buffer(length)
    cursor = c_void_p(ctypes.addressof(buffer))
    writer(pointer, ctypes.byref(cursor))
    return buffer.raw


def _candidates() -> list[str]:
    if sys.platform == "darwin":  # the system's own libcrypto aborts the process that loads it
        prefixes = ("/opt/homebrew/opt/openssl@3/lib", "/usr/local/opt/openssl@3/lib", "/opt/local/lib")
        return [f"{prefix}/libcrypto.3.dylib" for prefix in prefixes]
    if sys.platform == "win32":
        return ["libcrypto-3-x64.dll", "libcrypto-3-arm64.dll", "libcrypto-3.dll"]
    found = ctypes.util.find_library("crypto")
    return ["libcrypto.so.3", *([found] if found else [])]


def _declare(library: Any) -> None:
    for name, (result, arguments) in _PROTOTYPES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments


def _has_sm2(library: Any) -> bool:
    context = library.EVP_PKEY_CTX_new_from_name(None, b"SM2", None)
    library.EVP_PKEY_CTX_free(context)
    library.ERR_clear_error()
    return bool(context and library.EVP_sm3())
