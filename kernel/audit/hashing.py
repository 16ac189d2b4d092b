"""How an event is hashed and a chain's head sealed. Pure."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime

GENESIS = bytes(32)


def event_hash(previous_hash: bytes, fields: Mapping[str, object]) -> bytes:
    """SHA-256 over the previous hash and the canonical JSON (sorted keys, no spaces, UTF-8) of `fields`."""
    document = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)
    return hashlib.sha256(previous_hash + document.encode()).digest()


def head_seal(key: bytes, chain: str, sequence: int, head: bytes) -> bytes:
    """HMAC-SHA-256 over a chain's name, length and last hash."""
    return hmac.digest(key, f"{chain}\n{sequence}\n".encode() + head, "sha256")


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    raise TypeError(f"an audit event cannot hold a {type(value).__name__}")
