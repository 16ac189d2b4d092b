"""Giving, listing and revoking grants; finding the one that an agency's call rests on."""

import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.crypto.envelope import Envelope
from kernel.database.engine import Database
from kernel.errors import FieldError, InvalidInput, NotFound
from kernel.ids.time_ordered import new_id
from licence_vault.caller import Issuer
from licence_vault.catalogue.licence_type import LicenceType
from licence_vault.grants.grant import HOLDER_FIELDS, LONGEST, LONGEST_PURPOSE, Grant, plain, root_of
from licence_vault.grants.records import GrantRow, find_grant, grants_of, grants_to, use_up
from licence_vault.licences.licence import Licence

Agencies = Callable[[], Awaitable[Sequence[Issuer]]]
"""The agencies that may ask for licences; a grant to anybody else would mean nothing."""


async def no_agencies() -> Sequence[Issuer]:
    """Where nobody may ask."""
    return ()


@dataclass(frozen=True)
class GrantOrder:
    """What a holder asks for, as it came. `covers`: "licence" or "type"."""

    grantee_uscc: str
    purpose: str
    fields: tuple[str, ...]
    until: datetime | None
    covers: str = "licence"
    with_file: bool = False
    single_use: bool = False


class Grants:
    """The use cases of grants."""

    def __init__(
        self, database: Database, envelope: Envelope, audit: AuditTrail, clock: Clock, agencies: Agencies
    ) -> None:
        self._database = database
        self._envelope = envelope
        self._audit = audit
        self._clock = clock
        self.agencies = agencies

    async def give(
        self, licence: Licence, licence_type: LicenceType, order: GrantOrder, *, holder_index: str, giver: str
    ) -> Grant:
        """A grant for a licence that the holder loaded. Raises `InvalidInput` naming every field that is wrong."""
        known = await self.check(licence_type, order)
        assert order.until is not None
        now = self._clock()
        grant_id = new_id()
        content = {"purpose": plain(order.purpose), "fields": list(order.fields), "with_file": order.with_file}
        row = GrantRow(
            id=grant_id,
            holder_index=holder_index,
            type_code=licence.type_code,
            root_identifier=root_of(licence.identifier) if order.covers == "licence" else "",
            grantee_uscc=order.grantee_uscc,
            grantee_name=known[order.grantee_uscc],
            content=self._envelope.encrypt(json.dumps(content).encode(), context=f"grant:{grant_id}"),
            single_use=order.single_use,
            given_by=giver,
            until=order.until.astimezone(UTC),
            created_at=now,
        )
        detail = {
            "type": row.type_code,
            "grantee": row.grantee_uscc,
            "covers": order.covers,
            "fields": len(order.fields),
            "file": order.with_file,
        }
        async with self._database.transaction() as session:
            session.add(row)
            event = AuditEvent("licence.grant", Actor("user", giver), f"grant:{grant_id}", detail=detail)
            await self._audit.record(session, event)
        return self._open(row)

    async def check(self, licence_type: LicenceType, order: GrantOrder) -> Mapping[str, str]:
        """The agencies that may ask, by USCC. Raises `InvalidInput` naming every field of the order that is wrong."""
        known = {each.uscc: each.name for each in await self.agencies()}
        if complaints := self._complaints(order, licence_type, known):
            params: Mapping[str, Any] = complaints[0].params
            raise InvalidInput(complaints[0].message, fields=complaints, **params)
        return known

    async def of(self, holder_indexes: Collection[str]) -> list[Grant]:
        """What these holders gave, newest first."""
        if not holder_indexes:
            return []
        async with self._database.reading() as session:
            return [self._open(row) for row in await grants_of(session, sorted(holder_indexes))]

    async def load(self, holder_indexes: Collection[str], grant_id: str) -> Grant:
        """A grant of one of these holders. Raises `NotFound`."""
        async with self._database.reading() as session:
            return self._open(_own(holder_indexes, await find_grant(session, grant_id)))

    async def revoke(self, holder_indexes: Collection[str], grant_id: str, revoker: str) -> Grant:
        """Take a grant back, at once; again changes nothing. Raises `NotFound`."""
        async with self._database.transaction() as session:
            row = _own(holder_indexes, await find_grant(session, grant_id))
            if row.revoked_at is None:
                row.revoked_at = self._clock()
                event = AuditEvent("licence.grant_revoke", Actor("user", revoker), f"grant:{row.id}")
                await self._audit.record(session, event)
            return self._open(row)

    async def given_to(self, session: AsyncSession, holder_index: str, uscc: str) -> list[Grant]:
        """What a holder gave to an agency, whatever became of it."""
        return [self._open(row) for row in await grants_to(session, holder_index, uscc)]

    async def use(self, session: AsyncSession, grant: Grant) -> bool:
        """Use a grant within the transaction of what it allows; False when it is over by now."""
        return await use_up(session, grant.id, self._clock())

    def _complaints(self, order: GrantOrder, licence_type: LicenceType, known: Mapping[str, str]) -> list[FieldError]:
        found: list[FieldError] = []
        if order.grantee_uscc not in known:
            found.append(FieldError("grantee", "Choose an agency that may ask for licences."))
        if not plain(order.purpose):
            found.append(FieldError("purpose", "Say what it is for."))
        elif len(order.purpose) > LONGEST_PURPOSE:
            found.append(FieldError("purpose", "At most {limit} characters.", {"limit": LONGEST_PURPOSE}))
        offered = grantable_fields(licence_type)
        if not order.fields and not order.with_file:
            found.append(FieldError("fields", "Choose what the agency may have."))
        elif unknown := [name for name in order.fields if name not in offered]:
            found.append(FieldError("fields", "This licence has no field {name}.", {"name": unknown[0][:100]}))
        if order.covers not in ("licence", "type"):
            found.append(FieldError("covers", "A grant covers a licence or a type."))
        now = self._clock()
        if order.until is None or not now < order.until <= now + LONGEST:
            found.append(FieldError("until", "Choose a time within the next {days} days.", {"days": LONGEST.days}))
        return found

    def _open(self, row: GrantRow) -> Grant:
        content = json.loads(self._envelope.decrypt(row.content, context=f"grant:{row.id}"))
        return Grant(
            id=row.id,
            holder_index=row.holder_index,
            type_code=row.type_code,
            root_identifier=row.root_identifier,
            grantee_uscc=row.grantee_uscc,
            grantee_name=row.grantee_name,
            purpose=content["purpose"],
            fields=tuple(content["fields"]),
            with_file=content["with_file"],
            single_use=row.single_use,
            until=row.until,
            created_at=row.created_at,
            used_at=row.used_at,
            revoked_at=row.revoked_at,
        )


def grantable_fields(licence_type: LicenceType) -> list[str]:
    """What can be named in a grant: whose it is, its number, and the fields of the type."""
    return [*HOLDER_FIELDS, *(name for name, _schema in licence_type.fields)]


def _own(holder_indexes: Collection[str], row: GrantRow | None) -> GrantRow:
    if row is None or row.holder_index not in holder_indexes:
        raise NotFound("There is no such grant.")
    return row
