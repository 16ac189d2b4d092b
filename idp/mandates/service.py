"""Giving, accepting and ending mandates. Whoever loses one is signed out of everything done under it."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from idp.mandates.mandate import ALL_POWERS, Capacity, Mandate, MandateState, Power, Term
from idp.mandates.records import (
    MandateRow,
    find_mandate,
    list_in_force,
    list_lapsed,
    list_of_organisation,
    list_of_person,
    mandate_of,
)
from idp.organisations.records import OrganisationRow
from idp.persons.records import find_by_username, load_person
from idp.persons.service import canonical_username
from kernel.audit.chain import SYSTEM, Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.errors import Conflict, FieldError, Forbidden, InvalidInput, NotFound
from kernel.ids.time_ordered import new_id

REAL_NAME_LEVEL = 3
"""Whoever acts for a legal person is known by their real name."""
NEEDS_REAL_NAME = "Only somebody whose real name is confirmed may act for an organisation."
NOT_THERE = "There is no such mandate, or it is not yours."
LAPSED_AT_ONCE = 100

EndActing = Callable[[AsyncSession, str, str], Awaitable[None]]


@dataclass(frozen=True)
class Offer:
    """An agent to be appointed: by user name, how far, how long."""

    uscc: str
    username: str
    powers: Collection[str]
    term: Term


class MandateService:
    """Mandates, each step in the audit trail."""

    def __init__(self, database: Database, audit: AuditTrail, clock: Clock, end_acting: EndActing) -> None:
        """`end_acting` ends the sessions and tokens under a mandate (its id, and why) in the same transaction."""
        self._database = database
        self._audit = audit
        self._clock = clock
        self._end_acting = end_acting

    async def enter_representative(self, uscc: str, person_id: str, *, actor: Actor = SYSTEM) -> Mandate:
        """Note whom the register names as legal representative; the one before loses the mandate.

        Raises `NotFound`, `Conflict` (no enterprise, the same person, no confirmed real name).
        """
        now = self._clock()
        async with self._database.transaction() as session:
            organisation = await self._enterprise(session, uscc)
            await self._check_person(session, person_id)
            for before in await session.scalars(_representatives(uscc)):
                if before.person_id == person_id:
                    raise Conflict("This person is the legal representative already.")
                await self._end(session, before, "replaced", actor)
            row = self._row(uscc, person_id, Capacity.REPRESENTATIVE, Term(now), actor)
            row.powers, row.accepted_at = sorted(ALL_POWERS), now
            session.add(row)
            await self._record(session, "idp.mandate.enter", row, actor)
        return mandate_of(row, organisation.name)

    async def offer(self, giver_id: str, offer: Offer) -> Mandate:
        """Appoint an agent; it counts once they accept. Raises `Forbidden`, `InvalidInput`, `Conflict`."""
        powers = _check_powers(offer.powers)
        if offer.term.until is not None and offer.term.until <= max(offer.term.since, self._clock()):
            raise _field_error("until", "The mandate must end after it begins, and in the future.")
        async with self._database.transaction() as session:
            organisation = await self._enterprise(session, offer.uscc)
            await self._check_represents(session, giver_id, offer.uscc)
            person = await find_by_username(session, canonical_username(offer.username))
            if person is None:
                raise _field_error("username", "There is no person with this user name.")
            if person.id == giver_id:
                raise _field_error("username", "You act for this organisation already.")
            held = await list_of_person(session, person.id)
            if any(each.uscc == offer.uscc and _is_open(each.state(self._clock())) for each in held):
                raise Conflict("This person has a mandate of this organisation already. End it first.")
            row = self._row(offer.uscc, person.id, Capacity.AGENT, offer.term, Actor("user", giver_id))
            row.powers = sorted(powers)
            session.add(row)
            await self._record(session, "idp.mandate.offer", row, Actor("user", giver_id))
        return mandate_of(row, organisation.name)

    async def accept(self, person_id: str, mandate_id: str) -> None:
        """Take on a mandate that was offered. Raises `NotFound`, `Conflict` (over, or no confirmed real name)."""
        async with self._database.transaction() as session:
            row = await self._offered(session, person_id, mandate_id)
            await self._check_person(session, person_id)
            row.accepted_at = self._clock()
            await self._record(session, "idp.mandate.accept", row, Actor("user", person_id))

    async def decline(self, person_id: str, mandate_id: str) -> None:
        """Turn down a mandate that was offered. Raises `NotFound`, `Conflict`."""
        async with self._database.transaction() as session:
            row = await self._offered(session, person_id, mandate_id)
            await self._end(session, row, "declined", Actor("user", person_id))

    async def end(self, person_id: str, mandate_id: str) -> None:
        """Give up one's own mandate, or revoke an agent's of an organisation one represents. Raises `NotFound`."""
        async with self._database.transaction() as session:
            row = await session.get(MandateRow, mandate_id, with_for_update=True)
            if row is None:
                raise NotFound(NOT_THERE)
            is_own = row.person_id == person_id
            if not is_own:
                await self._check_represents(session, person_id, row.uscc)
            await self._end(session, row, "given up" if is_own else "revoked", Actor("user", person_id))

    async def revoke(self, mandate_id: str, *, actor: Actor = SYSTEM) -> None:
        """End anybody's mandate, for administrators. Raises `NotFound`."""
        async with self._database.transaction() as session:
            row = await session.get(MandateRow, mandate_id, with_for_update=True)
            if row is None:
                raise NotFound(NOT_THERE)
            await self._end(session, row, "revoked", actor)

    async def end_lapsed(self) -> int:
        """End what hangs on mandates whose term is over; says how many. For a chore: they count no more anyway."""
        async with self._database.transaction() as session:
            rows = await list_lapsed(session, self._clock(), LAPSED_AT_ONCE)
            for row in rows:
                await self._end(session, row, "term over", SYSTEM)
        return len(rows)

    async def of_person(self, person_id: str) -> Sequence[Mandate]:
        """Every mandate of a person, ended ones too, the oldest first."""
        async with self._database.reading() as session:
            return await list_of_person(session, person_id)

    async def in_force(self, person_id: str) -> Sequence[Mandate]:
        """What a person may act under now."""
        async with self._database.reading() as session:
            return await list_in_force(session, person_id, self._clock())

    async def of_organisation(self, uscc: str, *, after: str = "", limit: int = 100) -> Sequence[Mandate]:
        """The mandates of an organisation, ended ones too, the oldest first."""
        async with self._database.reading() as session:
            return await list_of_organisation(session, uscc, after, limit)

    async def find(self, mandate_id: str) -> Mandate | None:
        """The mandate of this id."""
        async with self._database.reading() as session:
            return await find_mandate(session, mandate_id)

    async def _offered(self, session: AsyncSession, person_id: str, mandate_id: str) -> MandateRow:
        row = await session.get(MandateRow, mandate_id, with_for_update=True)
        if row is None or row.person_id != person_id:
            raise NotFound(NOT_THERE)
        if mandate_of(row, "").state(self._clock()) is not MandateState.OFFERED:
            raise Conflict("This mandate was answered already, or is over.")
        return row

    async def _enterprise(self, session: AsyncSession, uscc: str) -> OrganisationRow:
        # The lock keeps two at once from both being the only representative.
        row = await session.get(OrganisationRow, uscc, with_for_update=True)
        if row is None:
            raise NotFound("There is no organisation with this unified social credit code.")
        if row.kind != "enterprise":
            raise Conflict("Mandates are for enterprises. People of an agency act by their roles in it.")
        return row

    async def _check_represents(self, session: AsyncSession, person_id: str, uscc: str) -> None:
        held = await list_in_force(session, person_id, self._clock())
        if not any(each.uscc == uscc and each.is_representative for each in held):
            raise Forbidden("Only the legal representative gives and takes mandates.")

    async def _check_person(self, session: AsyncSession, person_id: str) -> None:
        if (await load_person(session, person_id)).assurance_level < REAL_NAME_LEVEL:
            raise Conflict(NEEDS_REAL_NAME)

    def _row(self, uscc: str, person_id: str, capacity: Capacity, term: Term, actor: Actor) -> MandateRow:
        return MandateRow(
            id=new_id(),
            uscc=uscc,
            person_id=person_id,
            capacity=capacity,
            valid_from=term.since,
            valid_to=term.until,
            offered_at=self._clock(),
            offered_by=actor.id,
        )

    async def _end(self, session: AsyncSession, row: MandateRow, because: str, actor: Actor) -> None:
        if row.ended_at is not None:
            return
        row.ended_at, row.ended_by, row.ended_because = self._clock(), actor.id, because
        await self._end_acting(session, row.id, because)
        await self._record(session, "idp.mandate.end", row, actor, because=because)

    async def _record(
        self, session: AsyncSession, action: str, row: MandateRow, actor: Actor, **detail: object
    ) -> None:
        told = {"organisation": row.uscc, "person": row.person_id, "capacity": row.capacity, "powers": list(row.powers)}
        await self._audit.record(session, AuditEvent(action, actor, f"mandate:{row.id}", detail=told | detail))


def _representatives(uscc: str) -> Select[MandateRow]:
    return select(MandateRow).where(
        MandateRow.uscc == uscc, MandateRow.capacity == Capacity.REPRESENTATIVE, MandateRow.ended_at.is_(None)
    )


def _is_open(state: MandateState) -> bool:
    return state in {MandateState.OFFERED, MandateState.WAITING, MandateState.IN_FORCE}


def _check_powers(names: Collection[str]) -> frozenset[Power]:
    try:
        powers = frozenset(Power(name) for name in names)
    except ValueError as unknown:
        raise _field_error("powers", "Choose from the listed powers.") from unknown
    if not powers:
        raise _field_error("powers", "Choose at least one power.")
    return powers


def _field_error(field: str, message: str) -> InvalidInput:
    return InvalidInput("Check the following.", fields=[FieldError(field, message)])
