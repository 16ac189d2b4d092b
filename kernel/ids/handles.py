"""Random handles for things opened by whoever holds the link or the code on paper."""

import re
import secrets
import unicodedata

from kernel.errors import InvalidInput

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_LENGTH = 26
_SHAPE = re.compile(rf"[{_ALPHABET}]{{{_LENGTH}}}")
_MISREAD = str.maketrans("018", "OIB")


def new_handle() -> str:
    """130 random bits as 26 base32 characters (RFC 4648 §6): capitals and digits, so QR codes stay small."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def parse_handle(text: str) -> str:
    """The canonical form of a typed or scanned handle; raises InvalidInput.

    Case, spaces and hyphens do not matter; 0, 1 and 8, which never occur, are read as O, I and B.
    """
    plain = unicodedata.normalize("NFKC", text[:128]).upper().replace("-", "")
    handle = "".join(plain.split()).translate(_MISREAD)
    if not _SHAPE.fullmatch(handle):
        raise InvalidInput("This code is not complete.")
    return handle
