"""Entering organisations and their members."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from idp.organisations.records import (
    MembershipRow,
    OrganisationRow,
    find_memberships,
    list_organisations,
    page_of_organisations,
)
from kernel.audit.chain import SYSTEM, Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.errors import Conflict, FieldError, InvalidInput, NotFound
from kernel.ids.uscc import Uscc

KINDS = ("agency", "enterprise")


@dataclass(frozen=True)
class Organisation:
    """An organisation as others may see it."""

    uscc: str
    name: str
    kind: str


@dataclass(frozen=True)
class Membership:
    """A person's place in an organisation."""

    organisation: Organisation
    role: str


async def memberships_of(session: AsyncSession, person_id: str) -> list[Membership]:
    """A person's organisations within a transaction that is already open, the earliest first."""
    return [
        Membership(_public(organisation), membership.role)
        for organisation, membership in await find_memberships(session, person_id)
    ]


class OrganisationService:
    """Organisations and memberships, each change in the audit trail."""

    def __init__(self, database: Database, audit: AuditTrail, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock

    async def create(self, uscc: str, name: str, kind: str, *, actor: Actor = SYSTEM) -> Organisation:
        """Enter an organisation. Raises `InvalidInput` (a wrong check digit names the field) and `Conflict`."""
        code = str(Uscc.parse(uscc))
        if kind not in KINDS:
            message = "The kind of an organisation is agency or enterprise."
            raise InvalidInput(message, fields=[FieldError("kind", message)])
        row = OrganisationRow(uscc=code, name=name.strip(), kind=kind, created_at=self._clock())
        async with self._database.transaction() as session:
            if await session.get(OrganisationRow, code):
                raise Conflict("An organisation with this unified social credit code is already there.")
            session.add(row)
            await self._audit.record(
                session, AuditEvent("idp.organisation.create", actor, f"organisation:{code}", detail={"kind": kind})
            )
        return _public(row)

    async def rename(self, uscc: str, name: str, *, actor: Actor = SYSTEM) -> None:
        """Give an organisation another name. Raises `InvalidInput`, `NotFound`."""
        if not name.strip():
            raise InvalidInput("Check the following.", fields=[FieldError("name", "Fill in the name.")])
        async with self._database.transaction() as session:
            row = await session.get(OrganisationRow, uscc)
            if row is None:
                raise NotFound("There is no organisation with this unified social credit code.")
            row.name = name.strip()[:200]
            await self._audit.record(session, AuditEvent("idp.organisation.rename", actor, f"organisation:{uscc}"))

    async def find(self, uscc: str) -> Organisation | None:
        """The organisation of this code."""
        async with self._database.reading() as session:
            row = await session.get(OrganisationRow, uscc)
        return _public(row) if row is not None else None

    async def page(self, *, after: str = "", limit: int = 100) -> Sequence[Organisation]:
        """`limit` organisations after a USCC, by USCC."""
        async with self._database.reading() as session:
            return [_public(row) for row in await page_of_organisations(session, after, limit)]

    async def add_member(self, uscc: str, person_id: str, role: str, *, actor: Actor = SYSTEM) -> None:
        """Let a person act for an organisation; a second call changes the role. Raises `NotFound`."""
        async with self._database.transaction() as session:
            if await session.get(OrganisationRow, uscc) is None:
                raise NotFound("There is no organisation with this unified social credit code.")
            row = await session.get(MembershipRow, (uscc, person_id))
            if row is None:
                session.add(MembershipRow(uscc=uscc, person_id=person_id, role=role, joined_at=self._clock()))
            else:
                row.role = role
            await self._audit.record(
                session,
                AuditEvent(
                    "idp.organisation.add-member",
                    actor,
                    f"person:{person_id}",
                    detail={"organisation": uscc, "role": role},
                ),
            )

    async def of(self, person_id: str) -> Sequence[Membership]:
        """A person's organisations, the earliest first."""
        async with self._database.reading() as session:
            return await memberships_of(session, person_id)

    async def list(self) -> Sequence[Organisation]:
        """Every organisation, by USCC."""
        async with self._database.reading() as session:
            return [_public(row) for row in await list_organisations(session)]


def _public(row: OrganisationRow) -> Organisation:
    return Organisation(row.uscc, row.name, row.kind)
