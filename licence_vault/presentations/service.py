"""Making and opening presentation codes."""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.ephemeral.store import EphemeralStore
from kernel.errors import FieldError, Gone, InvalidInput, NotFound
from licence_vault.licences.licence import Licence, LicenceStatus
from licence_vault.lookup.service import Lookup

SECONDS, SHORTEST, LONGEST = 120, 30, 300
SHOWABLE = ("holder_name", "holder_number", "number")
"""What every licence has; the fields of its type can be shown too, as `fields.<name>`."""
MOST_SCANS, PURPOSE_LENGTH = 100, 60
REMEMBERED_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Presentation:
    """A code just made. `shows` are the fields that the holder chose to show whole; `scans` None: any number."""

    code: str
    expires_at: datetime
    shows: tuple[str, ...]
    scans: int | None = None
    purpose: str = ""

    def url(self, public_url: str) -> str:
        """What the QR code holds."""
        return f"{public_url}/v/{self.code}"


@dataclass(frozen=True)
class Shown:
    """What a verifier gets to see: the licence and the fields that are not masked."""

    licence: Licence
    shows: tuple[str, ...]
    purpose: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Showing:
    """How a holder wants to show a licence: fields in full, seconds, scans (None: any number), and what for."""

    shows: Sequence[str] = ()
    seconds: int = SECONDS
    scans: int | None = None
    purpose: str = ""

    def check(self, licence: Licence) -> None:
        """Raises `InvalidInput` naming the member that is wrong."""
        names = (*SHOWABLE, *(f"fields.{name}" for name in licence.content.fields))
        if any(name not in names for name in self.shows):
            raise _refusal("shows", "Only these can be shown: {names}.", names=", ".join(names))
        if not SHORTEST <= self.seconds <= LONGEST:
            message = "A code lives between {shortest} and {longest} seconds."
            raise _refusal("seconds", message, shortest=SHORTEST, longest=LONGEST)
        if self.scans is not None and not 1 <= self.scans <= MOST_SCANS:
            raise _refusal("scans", "A code can be scanned between 1 and {most} times.", most=MOST_SCANS)
        if len(self.purpose) > PURPOSE_LENGTH or not self.purpose.isprintable():
            raise _refusal("purpose", "Say what for in at most {length} characters.", length=PURPOSE_LENGTH)


def _refusal(member: str, message: str, **params: Any) -> InvalidInput:
    return InvalidInput(message, fields=[FieldError(member, message, params)], **params)


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

    async def present(self, licence: Licence, subject: str, showing: Showing = Showing()) -> Presentation:
        """A code for a licence that the holder loaded. Raises `InvalidInput`; `Gone` when it is not valid any more."""
        showing.check(licence)
        if licence.status in (LicenceStatus.REVOKED, LicenceStatus.SUPERSEDED):
            raise Gone("This licence is no longer in force and cannot be shown.")
        code = secrets.token_urlsafe(24)
        expires_at = self._clock() + timedelta(seconds=showing.seconds)
        record = {
            "licence": licence.id,
            "shows": list(showing.shows),
            "expires_at": expires_at.timestamp(),
            "scans": showing.scans,
            "purpose": showing.purpose,
        }
        # Kept longer than it is good for, so that a late scan hears "lapsed" and not "unknown".
        await self._store.put(_key(code), json.dumps(record).encode(), REMEMBERED_SECONDS)
        async with self._database.transaction() as session:
            event = AuditEvent("licence.present", Actor("user", subject), f"licence:{licence.id}")
            await self._audit.record(session, event)
        return Presentation(code, expires_at, tuple(showing.shows), showing.scans, showing.purpose)

    async def open(self, code: str) -> Shown:
        """What a code shows now; one scan. Raises `NotFound` for a code that never was, `Gone` for one that has lapsed
        or was scanned as often as it may be."""
        data = await self._store.get(_key(code))
        if data is None:
            raise NotFound("There is no such code.")
        record = json.loads(data)
        if self._clock().timestamp() >= record["expires_at"] or not await self._scan(code, record["scans"]):
            raise Gone("This code has lapsed. Ask the holder to show a new one.")
        licence = await self._lookup.find_by_id(record["licence"])
        if licence is None:
            raise NotFound("There is no such code.")
        about = {"purpose": record["purpose"], "fields": record["shows"]}
        await self._lookup.note_access(licence.id, "presentation", about=about if any(about.values()) else None)
        expires_at = datetime.fromtimestamp(record["expires_at"], UTC)
        return Shown(licence, tuple(record["shows"]), record["purpose"], expires_at)

    async def _scan(self, code: str, scans: int | None) -> bool:
        """Counted in one step, so that of two who scan a last time at once only one sees anything."""
        if scans is None:
            return True
        return await self._store.increment(f"{_key(code)}:scans", REMEMBERED_SECONDS) <= scans


def _key(code: str) -> str:
    return "presentation:" + hashlib.sha256(code.encode()).hexdigest()
