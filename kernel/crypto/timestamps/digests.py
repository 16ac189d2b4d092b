"""The digests that time stamps are made over and with, by name and by object identifier."""

import hashlib
from collections.abc import Callable
from typing import Final, Literal

from kernel.crypto.der import reader, writer
from kernel.crypto.der.reader import Element
from kernel.crypto.sm3 import sm3

DigestName = Literal["sha256", "sha384", "sha512", "sm3"]

OIDS: Final[dict[DigestName, str]] = {
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
    "sm3": "1.2.156.10197.1.401",
}
SIZES: Final[dict[DigestName, int]] = {"sha256": 32, "sha384": 48, "sha512": 64, "sm3": 32}
_NAMES: Final[dict[str, DigestName]] = {dotted: name for name, dotted in OIDS.items()}
_HASHES: Final[dict[DigestName, Callable[[bytes], bytes]]] = {
    "sha256": lambda data: hashlib.sha256(data).digest(),
    "sha384": lambda data: hashlib.sha384(data).digest(),
    "sha512": lambda data: hashlib.sha512(data).digest(),
    "sm3": sm3,
}


def digest(name: DigestName, data: bytes) -> bytes:
    """The digest of `data`."""
    return _HASHES[name](data)


def algorithm(name: DigestName) -> bytes:
    """DER AlgorithmIdentifier; without parameters (RFC 5754 §2), for SM3 too."""
    return writer.sequence(writer.oid(OIDS[name]))


def digest_name(oid: str) -> DigestName:
    """The name behind an identifier; raises ValueError for digests that are unknown or too weak to be stamped."""
    if oid not in _NAMES:
        raise ValueError(f"digest {oid} is not accepted")
    return _NAMES[oid]


def read_algorithm(element: Element) -> str:
    """The identifier of an AlgorithmIdentifier; absent and NULL parameters are read alike. Raises ValueError."""
    kind, *parameters = element.children(reader.SEQUENCE)
    if len(parameters) > 1:
        raise ValueError("malformed algorithm")
    return reader.oid(kind)
