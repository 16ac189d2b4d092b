"""Disclosures and their digests (RFC 9901 §4.2)."""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kernel.crypto.jose import InvalidToken

HASHES: Mapping[str, Any] = {"sha-256": hashlib.sha256, "sha-384": hashlib.sha384, "sha-512": hashlib.sha512}
"""By their names in the IANA registry that §4.1.1 points to; weaker ones are refused."""
USUAL_HASH = "sha-256"
SALT_BYTES = 16


@dataclass(frozen=True)
class Disclosure:
    """A claim that may be shown: `text` as it travels; `name` is None for an element of an array."""

    text: str
    name: str | None
    value: Any = field(repr=False)


def make_disclosure(value: object, name: str | None = None) -> str:
    """A disclosure with a fresh salt: of the member `name`, or without a name of an element of an array."""
    salt = _base64url(secrets.token_bytes(SALT_BYTES))
    parts = [salt, value] if name is None else [salt, name, value]
    return _base64url(json.dumps(parts, ensure_ascii=False, allow_nan=False).encode())


def read_disclosure(text: str) -> Disclosure:
    """What a disclosure says. Raises InvalidToken."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
        parts = json.loads(data, object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        raise InvalidToken("disclosure: not readable") from error
    if not isinstance(parts, list) or len(parts) not in (2, 3) or not isinstance(parts[0], str):
        raise InvalidToken("disclosure: not two or three parts")
    if len(parts) == 2:
        return Disclosure(text, None, parts[1])
    if not isinstance(parts[1], str):
        raise InvalidToken("disclosure: the name is not a text")
    return Disclosure(text, parts[1], parts[2])


def disclosure_digest(text: str, algorithm: str = USUAL_HASH) -> str:
    """The digest of what travels, byte for byte (§4.2.3); raises InvalidToken for an algorithm that is not known."""
    if algorithm not in HASHES:
        raise InvalidToken("hash is not allowed")
    if not text.isascii():
        raise InvalidToken("disclosure: not base64url")
    return _base64url(HASHES[algorithm](text.encode()).digest())


def decoy_digest() -> str:
    """A digest of nothing, which nobody can tell from the others (§4.2.5)."""
    return _base64url(hashlib.sha256(secrets.token_bytes(32)).digest())


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate member")
    return members


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
