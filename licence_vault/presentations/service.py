"""Making and opening presentation codes."""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.ephemeral.store import EphemeralStore
from kernel.errors import FieldError, Gone, InvalidInput, NotFound
from licence_vault.licences.licence import Licence, LicenceStatus
from licence_vault.lookup.service import Lookup

SECONDS, SHORTEST, LONGEST = 120, 30, 300
SHOWABLE = ("holder_name", "holder_number", "number")
REMEMBERED_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Presentation:
    """A code just made. `shows` are the fields that the holder chose to show whole."""

    code: str
    expires_at: datetime
    shows: tuple[str, ...]

    def url(self, public_url: str) -> str:
        """What the QR code holds."""
        return f"{public_url}/v/{self.code}"


@dataclass(frozen=True)
class Shown:
    """What a verifier gets to see: the licence and the fields that are not masked."""

    licence: Licence
    shows: tuple[str, ...]


class Presentations:
    """Codes live in the ephemeral store under their hash: who reads the store cannot show anything."""

    def __init__(
        self, store: EphemeralStore, lookup: Lookup, database: Database, audit: AuditTrail, clock: Clock
    ) -> None:
        self._store = store
        self._lookup = lookup
        self._database = database
        self._audit = audit
        self._clock = clock

    async def present(
        self, licence: Licence, subject: str, *, shows: Sequence[str] = (), seconds: int = SECONDS
    ) -> Presentation:
        """A code for a licence that the holder loaded. Raises `InvalidInput`; `Gone` when it is not valid any more."""
        if any(name not in SHOWABLE for name in shows):
            message = "Only these can be shown: {names}."
            names = ", ".join(SHOWABLE)
            raise InvalidInput(message, fields=[FieldError("shows", message, {"names": names})], names=names)
        if not SHORTEST <= seconds <= LONGEST:
            message = "A code lives between {shortest} and {longest} seconds."
            limits: dict[str, object] = {"shortest": SHORTEST, "longest": LONGEST}
            raise InvalidInput(
                message, fields=[FieldError("seconds", message, limits)], shortest=SHORTEST, longest=LONGEST
            )
        if licence.status in (LicenceStatus.REVOKED, LicenceStatus.SUPERSEDED):
            raise Gone("This licence is no longer in force and cannot be shown.")
        code = secrets.token_urlsafe(24)
        expires_at = self._clock() + timedelta(seconds=seconds)
        record = {"licence": licence.id, "shows": list(shows), "expires_at": expires_at.timestamp()}
        # Kept longer than it is good for, so that a late scan hears "lapsed" and not "unknown".
        await self._store.put(_key(code), json.dumps(record).encode(), REMEMBERED_SECONDS)
        async with self._database.transaction() as session:
            event = AuditEvent("licence.present", Actor("user", subject), f"licence:{licence.id}")
            await self._audit.record(session, event)
        return Presentation(code, expires_at, tuple(shows))

    async def open(self, code: str) -> Shown:
        """What a code shows now. Raises `NotFound` for a code that never was, `Gone` for one that has lapsed."""
        data = await self._store.get(_key(code))
        if data is None:
            raise NotFound("There is no such code.")
        record = json.loads(data)
        if self._clock().timestamp() >= record["expires_at"]:
            raise Gone("This code has lapsed. Ask the holder to show a new one.")
        licence = await self._lookup.find_by_id(record["licence"])
        if licence is None:
            raise NotFound("There is no such code.")
        await self._lookup.note_access(licence.id, "presentation")
        return Shown(licence, tuple(record["shows"]))


def _key(code: str) -> str:
    return "presentation:" + hashlib.sha256(code.encode()).hexdigest()
