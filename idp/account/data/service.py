"""Gathering what is kept about a person, readable by programs. Whatever is secret (hashes, keys) is left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from idp.assignments.records import list_assignments
from idp.consent.records import list_consents
from idp.federation.service import FederationService
from idp.mandates.records import list_of_person
from idp.organisations.service import memberships_of
from idp.passkeys.records import list_passkeys
from idp.persons.protection import PersonalData
from idp.persons.records import PersonRow, load_person
from idp.roles.records import find_roles
from idp.sessions.records import SessionRow
from idp.tokens.records import TokenGrantRow
from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database

FORM = "xinyin-personal-data/1"
MOST = 10_000
"""Rows of one kind in one copy; what is older is over long ago and purged."""


@dataclass(frozen=True)
class DataParts:
    """Whom the copy is made from. `federation` is None where no provider is set up."""

    database: Database
    audit: AuditTrail
    clock: Clock
    personal_data: PersonalData
    federation: FederationService | None


class DataCopies:
    """Copies of what is kept about people."""

    def __init__(self, parts: DataParts) -> None:
        self._parts = parts

    async def make(self, person_id: str) -> dict[str, Any]:
        """Everything about a person, audited. Raises `NotFound`."""
        linked = await self._parts.federation.accounts.linked(person_id) if self._parts.federation else ()
        async with self._parts.database.transaction() as session:
            row = await load_person(session, person_id)
            copy = {
                "format": FORM,
                "made_at": _moment(self._parts.clock()),
                "person": self._person(row),
                "roles": sorted(role.value for role in await find_roles(session, person_id)),
                **await _belonging(session, person_id),
                **await _signing_in(session, person_id),
                "linked_logins": [
                    {"family": each.family, "nickname": each.nickname, "linked_at": _moment(each.linked_at)}
                    for each in linked
                ],
            }
            event = AuditEvent("idp.person.export", Actor("user", person_id), f"person:{person_id}")
            await self._parts.audit.record(session, event)
        return copy

    def _person(self, row: PersonRow) -> dict[str, Any]:
        data = self._parts.personal_data
        return {
            "id": row.id,
            "username": row.username,
            "display_name": row.display_name,
            "locale": row.locale,
            "assurance_level": row.assurance_level,
            "assured_at": _moment(row.assured_at),
            "name": data.name(row),
            "id_type": row.id_type,
            "id_number": data.id_number(row),
            "phone": data.phone(row),
            "email": data.email(row),
            "created_at": _moment(row.created_at),
        }


async def _belonging(session: AsyncSession, person_id: str) -> dict[str, Any]:
    """Where somebody belongs, whom they act for, which roles they have for a time."""
    return {
        "memberships": [
            {"uscc": each.organisation.uscc, "name": each.organisation.name, "role": each.role}
            for each in await memberships_of(session, person_id)
        ],
        "mandates": [
            {
                **each.organisation,
                "capacity": each.capacity.value,
                "powers": sorted(each.powers),
                "from": _moment(each.term.since),
                "until": _moment(each.term.until),
                "accepted_at": _moment(each.accepted_at),
                "ended_at": _moment(each.ended_at),
                "ended_because": each.ended_because,
            }
            for each in await list_of_person(session, person_id)
        ],
        "assignments": [
            {"role": each.role, "from": _moment(each.valid_from), "until": _moment(each.valid_to)}
            for each in await list_assignments(session, person_id=person_id, limit=MOST)
        ],
    }


async def _signing_in(session: AsyncSession, person_id: str) -> dict[str, Any]:
    """Where somebody signed in, how, and what applications were allowed."""
    sessions: Sequence[SessionRow] = list(
        await session.scalars(select(SessionRow).where(SessionRow.person_id == person_id).limit(MOST))
    )
    grants: Sequence[TokenGrantRow] = list(
        await session.scalars(select(TokenGrantRow).where(TokenGrantRow.person_id == person_id).limit(MOST))
    )
    return {
        "sessions": [
            {
                "browser": each.browser,
                "methods": list(each.amr),
                "begun_at": _moment(each.created_at),
                "seen_at": _moment(each.seen_at),
                "ended_at": _moment(each.ended_at),
            }
            for each in sessions
        ],
        "consents": [
            {"client": each.client_id, "scopes": list(each.scopes), "given_at": _moment(each.given_at)}
            for each in await list_consents(session, person_id)
        ],
        "tokens": [
            {
                "client": each.client_id,
                "scopes": list(each.scopes),
                "given_at": _moment(each.created_at),
                "revoked_at": _moment(each.revoked_at),
            }
            for each in grants
        ],
        "passkeys": [{"name": each.name} for each in await list_passkeys(session, person_id)],
    }


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None
