"""Changing how a licence stands: revoke (final), suspend, resume. Seen by the next verification."""

import hashlib
from dataclasses import dataclass

from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.errors import Conflict, FieldError, Forbidden, InvalidInput, NotFound
from kernel.ids.time_ordered import new_id
from licence_vault.ledger.entries import LedgerEntry
from licence_vault.ledger.service import Ledger
from licence_vault.licences.licence import Licence, LicenceStatus
from licence_vault.licences.protection import LicenceData
from licence_vault.licences.records import LicenceEventRow, OutboxRow, find_for_update
from licence_vault.neighbours.changes import note_changes

CAUSE_LIMIT = 200


@dataclass(frozen=True)
class Change:
    """From which states an action leads where; the first of `cause_codes` is meant when none is given."""

    action: str
    leads_from: frozenset[LicenceStatus]
    leads_to: LicenceStatus
    needs_cause: bool
    cause_codes: tuple[str, ...]


_LIVING = frozenset({LicenceStatus.VALID, LicenceStatus.SUSPENDED})
CHANGES = {
    change.action: change
    for change in (
        Change("revoke", _LIVING, LicenceStatus.REVOKED, True, ("03", "04", "06", "07", "99")),
        Change("suspend", frozenset({LicenceStatus.VALID}), LicenceStatus.SUSPENDED, True, ("02", "99")),
        Change("resume", frozenset({LicenceStatus.SUSPENDED}), LicenceStatus.VALID, False, ("01",)),
    )
}


NOT_ALLOWED = {
    LicenceStatus.VALID: "A valid licence cannot be changed in this way.",
    LicenceStatus.SUSPENDED: "A suspended licence cannot be changed in this way.",
    LicenceStatus.REVOKED: "A revoked licence stays revoked.",
    LicenceStatus.SUPERSEDED: "A licence that was replaced cannot be changed. Change its newest version.",
}


@dataclass(frozen=True)
class Cause:
    """Why: words that verifiers read, and a code (`licences.licence.CAUSE_CODES`), empty for the usual one."""

    text: str = ""
    code: str = ""


class LicenceChanges:
    """Applies changes, each in one transaction with its event, its ledger leaf and its audit record."""

    def __init__(self, database: Database, audit: AuditTrail, clock: Clock, data: LicenceData, ledger: Ledger) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._data = data
        self._ledger = ledger

    async def apply(self, action: str, licence_id: str, issuer_uscc: str, cause: str | Cause, actor: Actor) -> Licence:
        """Revoke, suspend or resume. A repeated action changes nothing and succeeds.

        Raises `NotFound`, `Forbidden` (another authority's), `Conflict` (the state does not allow it), `InvalidInput`.
        """
        change = CHANGES[action]
        given = Cause(cause) if isinstance(cause, str) else cause
        cause, code = " ".join(given.text.split()), given.code or change.cause_codes[0]
        if code not in change.cause_codes:
            message = "The cause code of this is one of {codes}."
            codes = ", ".join(change.cause_codes)
            raise InvalidInput(message, fields=[FieldError("cause_code", message, {"codes": codes})], codes=codes)
        if change.needs_cause and not cause:
            raise InvalidInput("Give the cause.", fields=[FieldError("cause", "Give the cause.")])
        if len(cause) > CAUSE_LIMIT:
            message = "The cause may have at most {limit} characters."
            raise InvalidInput(
                message, fields=[FieldError("cause", message, {"limit": CAUSE_LIMIT})], limit=CAUSE_LIMIT
            )
        async with self._database.transaction() as session:
            row = await find_for_update(session, licence_id)
            if row is None:
                raise NotFound("There is no such licence.")
            if row.issuer_uscc != issuer_uscc:
                raise Forbidden("Only the authority that issued a licence may change it.")
            if row.status == change.leads_to:
                return self._data.open(row)
            if row.status not in change.leads_from:
                raise Conflict(NOT_ALLOWED[LicenceStatus(row.status)])
            now = self._clock()
            row.status, row.status_cause, row.status_changed_at = change.leads_to, cause, now
            row.cause_code = code
            session.add(
                LicenceEventRow(
                    id=new_id(),
                    licence_id=row.id,
                    at=now,
                    action=action,
                    cause=cause,
                    cause_code=code,
                    actor_kind=actor.kind,
                    actor_id=actor.id,
                )
            )
            told = hashlib.sha256(f"{row.content_digest}:{row.status}:{now.isoformat()}".encode()).digest()
            await self._ledger.append(session, LedgerEntry("status", row.id, told))
            session.add(OutboxRow(id=new_id(), at=now, kind=f"licence.{action}", payload={"licence": row.id}))
            await note_changes(session, [row.id], now)
            await self._audit.record(session, AuditEvent(f"licence.{action}", actor, f"licence:{row.id}"))
        return self._data.open(row)
