"""The rules by which files and codes are judged here, as everybody may read them."""

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Final

POLICY_ID: Final = "urn:xinyin:verification-policy:1"
PATH: Final = "/verify/policy"
"""Where a service publishes the text."""


@cache
def policy_text() -> bytes:
    """The text, UTF-8."""
    return (Path(__file__).parent / "policy.txt").read_bytes()


def policy_sha256() -> str:
    """SHA-256 of the text, hex."""
    return hashlib.sha256(policy_text()).hexdigest()


def as_base64(hex_digest: str) -> str:
    """A digest as XML wants it."""
    return base64.b64encode(bytes.fromhex(hex_digest)).decode()
