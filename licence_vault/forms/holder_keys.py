"""The public key of a wallet, as credentials carry it (RFC 7517, RFC 7800). Pure."""

import json
from collections.abc import Mapping
from typing import Any

from kernel.crypto.jose import InvalidToken
from kernel.crypto.sd_jwt.key_binding import ALGORITHMS, holder_keys
from kernel.errors import InvalidInput

_MEMBERS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("EC", "P-256"): ("kty", "crv", "x", "y"),
    ("EC", "P-384"): ("kty", "crv", "x", "y"),
    ("OKP", "Ed25519"): ("kty", "crv", "x"),
}
NOT_A_KEY = "This is not the public key of a wallet. Give a JWK: P-256, P-384 or Ed25519, without its private part."


def read_holder_key(data: bytes) -> dict[str, str]:
    """A JWK from a file. Raises `InvalidInput`."""
    try:
        jwk = json.loads(data)
    except ValueError as failure:
        raise InvalidInput(NOT_A_KEY) from failure
    return check_holder_key(jwk)


def check_holder_key(jwk: Any) -> dict[str, str]:
    """The members of the key alone, if it can be bound to. Raises `InvalidInput`."""
    try:
        usable = any(holder_keys({"jwk": jwk}).candidates(None, algorithm) for algorithm in ALGORITHMS)
    except InvalidToken as failure:
        raise InvalidInput(NOT_A_KEY) from failure
    members = _MEMBERS.get((str(jwk.get("kty")), str(jwk.get("crv"))))
    if not usable or members is None:
        raise InvalidInput(NOT_A_KEY)
    return {name: jwk[name] for name in members}
