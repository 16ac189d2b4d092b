"""A neighbour as the code speaks of it. Pure."""

import hashlib
import hmac
import ipaddress
import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from kernel.errors import FieldError, InvalidInput
from kernel.ids.uscc import Uscc
from licence_vault.caller import Issuer

EXCHANGE_KEY_BYTES = 32
LONGEST_NAME = 100
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_KEY = re.compile(r"[0-9a-f]{64}")


class NeighbourSide(StrEnum):
    """`above`: our directory is sent there. `below`: its directory is kept here, and calls are passed on to it."""

    ABOVE = "above"
    BELOW = "below"


@dataclass(frozen=True)
class Neighbour:
    """Another vault. `client_id`, `client_secret`: who we are there; `their_client_id`: who it is here.

    `exchange_key`, 32 bytes known to both, keys the hashes by which holders are found.
    """

    id: str
    code: str
    side: NeighbourSide
    authority: Issuer
    url: str
    client_id: str
    client_secret: str = field(repr=False)
    their_client_id: str
    exchange_key: bytes = field(repr=False)

    def holder_key(self, id_type: str, number: str) -> str:
        """What stands in the directory for a holder; `number` in canonical form. It tells nothing without the key."""
        said = f"xinyin directory holder\x00{id_type}:{number}".encode()
        return hmac.digest(self.exchange_key, said, hashlib.sha256).hex()


@dataclass(frozen=True)
class NeighbourState:
    """How it goes with a neighbour. `waiting`: changes that it was not told of, the oldest since `waiting_since`."""

    neighbour: Neighbour
    entries: int
    waiting: int
    waiting_since: datetime | None
    last_heard_at: datetime | None
    reconciled_at: datetime | None
    failures: int
    last_error: str
    is_away: bool


@dataclass(frozen=True)
class NewNeighbour:
    """What an operator says of a neighbour that is to be added; `exchange_key` in hex."""

    code: str
    side: str
    authority: Issuer
    url: str
    client_id: str
    client_secret: str = field(repr=False)
    their_client_id: str
    exchange_key: str = field(repr=False)

    def check(self) -> None:
        """Raises `InvalidInput` naming everything that is wrong."""
        complaints = [
            FieldError(name, message)
            for name, holds, message in (
                ("code", _CODE.fullmatch(self.code), "A short name has small letters, digits and - alone."),
                ("side", self.side in set(NeighbourSide), "A neighbour is above or below."),
                ("name", 0 < len(self.authority.name) <= LONGEST_NAME, "Give the authority's name."),
                ("uscc", _is_uscc(self.authority.uscc), "This is no unified social credit code."),
                ("url", _is_safe(self.url), "The address of a vault begins with https:// and has no path."),
                ("client_id", self.client_id, "Say by which client we call there."),
                ("client_secret", self.client_secret, "Give the secret of our client there."),
                ("their_client_id", self.their_client_id, "Say by which client it calls here."),
                ("exchange_key", _KEY.fullmatch(self.exchange_key), "The exchange key is 64 hex digits."),
            )
            if not holds
        ]
        if complaints:
            raise InvalidInput("The neighbour cannot be added like this.", fields=complaints)


def _is_uscc(text: str) -> bool:
    try:
        return str(Uscc.parse(text)) == text
    except InvalidInput:
        return False


def _is_safe(url: str) -> bool:
    """TLS, except to this machine."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not host or parts.path.strip("/") or parts.query or parts.fragment or parts.username is not None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host))


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def credentials(neighbour: NewNeighbour) -> dict[str, Any]:
    """What is kept encrypted."""
    return {"client_secret": neighbour.client_secret, "exchange_key": neighbour.exchange_key}
