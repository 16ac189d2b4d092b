"""Service and proxy tickets: random, for one application, good once and for a minute (CAS 3.0.3 §3.1, §3.2)."""

import json
import secrets
from dataclasses import asdict, dataclass
from typing import Literal

from idp.sessions.service import hash_token
from kernel.ephemeral.store import EphemeralStore

SECONDS = 60
_RANDOM_BYTES = 24
LONGEST = 256

Kind = Literal["ST", "PT"]


@dataclass(frozen=True)
class Ticket:
    """What a ticket stands for. `is_new`: the person signed in just for it; `proxies`: whom a proxy ticket came
    through, nearest first; `service`: the address it is for, as it was written."""

    kind: Kind
    application_id: str
    service: str
    session_id: str
    is_new: bool
    proxies: tuple[str, ...] = ()


class Tickets:
    """Kept by their hash, so that a look into the store opens nothing."""

    def __init__(self, ephemeral: EphemeralStore) -> None:
        self._ephemeral = ephemeral

    async def issue(self, ticket: Ticket) -> str:
        """The ticket's name. Hexadecimal: some clients take letters, digits, `-` and `.` alone."""
        name = new_name(ticket.kind)
        await self._ephemeral.put(_key(name), json.dumps(asdict(ticket)).encode(), SECONDS)
        return name

    async def redeem(self, name: str) -> Ticket | None:
        """What the ticket stood for; whatever comes of it, it is used up."""
        stored = await self._ephemeral.take(_key(name)) if 0 < len(name) <= LONGEST else None
        if stored is None:
            return None
        values = json.loads(stored)
        return Ticket(**{**values, "proxies": tuple(values["proxies"])})


def new_name(kind: str) -> str:
    """A name that nobody guesses: 192 random bits behind `kind` and a hyphen."""
    return f"{kind}-{secrets.token_hex(_RANDOM_BYTES)}"


def _key(name: str) -> str:
    return f"cas-ticket:{hash_token(name).hex()}"
