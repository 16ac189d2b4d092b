"""Entering, renaming and moving units."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from idp.organisations.records import OrganisationRow
from idp.units.records import LONGEST_PATH, UnitRow, find_unit_of, list_below, longest_below, move_paths
from kernel.audit.chain import SYSTEM, Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.errors import Conflict, FieldError, InvalidInput, NotFound
from kernel.ids.time_ordered import new_id

KINDS = ("region", "agency", "department")
MAY_STAND_BELOW = {"region": ("region",), "agency": ("region", "agency"), "department": ("agency", "department")}
NO_UNIT = "There is no such unit."
_TREE_LOCK = 7246871017


@dataclass(frozen=True)
class Unit:
    """A unit as others may see it. `path` holds the ids from the root to itself."""

    id: str
    parent_id: str | None
    path: str
    name: str
    kind: str
    uscc: str | None

    def is_at_or_below(self, other: "Unit") -> bool:
        """Whether it is the other one, or somewhere under it."""
        return self.path.startswith(other.path)


@dataclass(frozen=True)
class NewUnit:
    """A unit to be entered. `uscc`: the agency that it stands for."""

    name: str
    kind: str
    parent_id: str | None = None
    uscc: str | None = None


class UnitService:
    """The tree; every change is in the audit trail. Changes wait for each other, so that no two make a cycle."""

    def __init__(self, database: Database, audit: AuditTrail, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock

    async def create(self, order: NewUnit, *, actor: Actor = SYSTEM) -> Unit:
        """Enter a unit. Raises `InvalidInput`, `NotFound` (its parent or agency), `Conflict`."""
        if order.kind not in KINDS:
            raise _field_error("kind", "The kind of a unit is region, agency or department.")
        if not order.name.strip():
            raise _field_error("name", "Fill in the name of the unit.")
        async with self._database.transaction() as session:
            await _lock_tree(session)
            parent = await _load(session, order.parent_id) if order.parent_id else None
            _check_place(order.kind, parent)
            if order.uscc is not None:
                await _check_agency(session, order)
            unit_id = new_id()
            path = f"{parent.path if parent else '/'}{unit_id}/"
            if len(path) > LONGEST_PATH:
                raise Conflict("The tree cannot grow deeper here.")
            row = UnitRow(id=unit_id, parent_id=order.parent_id, path=path, name=order.name.strip()[:200])
            row.kind, row.uscc, row.created_at = order.kind, order.uscc, self._clock()
            session.add(row)
            await self._record(session, "idp.unit.create", row.id, actor, kind=row.kind, parent=order.parent_id)
        return public(row)

    async def move(self, unit_id: str, parent_id: str | None, *, actor: Actor = SYSTEM) -> Unit:
        """Move a unit, with all that is below, under another one. Raises `NotFound`, `Conflict` (a cycle)."""
        async with self._database.transaction() as session:
            await _lock_tree(session)
            row = await _load(session, unit_id)
            parent = await _load(session, parent_id) if parent_id else None
            _check_place(row.kind, parent)
            if parent is not None and parent.path.startswith(row.path):
                raise Conflict("A unit cannot stand below itself.")
            old, new = row.path, f"{parent.path if parent else '/'}{row.id}/"
            if await longest_below(session, old) - len(old) + len(new) > LONGEST_PATH:
                raise Conflict("The tree cannot grow deeper here.")
            row.parent_id = parent_id
            await session.flush()
            count = await move_paths(session, old, new)
            await session.refresh(row)
            await self._record(session, "idp.unit.move", row.id, actor, parent=parent_id, units=count)
        return public(row)

    async def load(self, unit_id: str) -> Unit:
        """The unit of this id. Raises `NotFound`."""
        async with self._database.reading() as session:
            return public(await _load(session, unit_id))

    async def find_of(self, uscc: str) -> Unit | None:
        """The unit that stands for an agency."""
        async with self._database.reading() as session:
            row = await find_unit_of(session, uscc)
        return public(row) if row is not None else None

    async def list(self, *, under: str | None = None, after: str = "", limit: int = 100) -> Sequence[Unit]:
        """Units in the order of the tree, those at or below `under`, `limit` of them after the path `after`."""
        async with self._database.reading() as session:
            path = (await _load(session, under)).path if under else ""
            return [public(row) for row in await list_below(session, path, after, limit)]

    async def _record(self, session: AsyncSession, action: str, unit_id: str, actor: Actor, **detail: object) -> None:
        await self._audit.record(session, AuditEvent(action, actor, f"unit:{unit_id}", detail=detail))


def public(row: UnitRow) -> Unit:
    """A row as others may see it."""
    return Unit(row.id, row.parent_id, row.path, row.name, row.kind, row.uscc)


async def _lock_tree(session: AsyncSession) -> None:
    """Wait for other changes of the tree; SQLite has one writer at a time anyway."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _TREE_LOCK})


async def _load(session: AsyncSession, unit_id: str) -> UnitRow:
    row = await session.get(UnitRow, unit_id)
    if row is None:
        raise NotFound(NO_UNIT)
    return row


async def _check_agency(session: AsyncSession, order: NewUnit) -> None:
    organisation = await session.get(OrganisationRow, order.uscc)
    if organisation is None or organisation.kind != "agency" or order.kind != "agency":
        raise _field_error("uscc", "There is no agency with this unified social credit code.")
    if await find_unit_of(session, organisation.uscc) is not None:
        raise Conflict("This agency stands in the tree already.")


def _check_place(kind: str, parent: UnitRow | None) -> None:
    if parent is None:
        if kind == "department":
            raise Conflict("A department belongs to an agency.")
    elif parent.kind not in MAY_STAND_BELOW[kind]:
        raise Conflict("Regions stand below regions, agencies below regions or agencies, departments below agencies.")


def _field_error(field: str, message: str) -> InvalidInput:
    return InvalidInput("Check the following.", fields=[FieldError(field, message)])
