"""Rows: assignments, groups, members."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Index, String, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from idp.organisations.records import MembershipRow
from idp.roles.scopes import Role
from idp.schema import Base
from idp.units.records import UnitRow
from kernel.database.schema import UTCDateTime


class AssignmentRow(Base):
    """One role of one person or one group. `unit_id`: only there and below; None: everywhere. Never deleted."""

    __tablename__ = "idp_assignment"
    __table_args__ = (
        Index("ix_idp_assignment_person_id", "person_id"),
        Index("ix_idp_assignment_group_id", "group_id"),
        Index("ix_idp_assignment_unit_id", "unit_id"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    person_id: Mapped[str | None] = mapped_column(String(40))
    group_id: Mapped[str | None] = mapped_column(String(40))
    role: Mapped[str] = mapped_column(String(20))
    unit_id: Mapped[str | None] = mapped_column(String(40))
    valid_from: Mapped[datetime] = mapped_column(UTCDateTime)
    valid_to: Mapped[datetime | None] = mapped_column(UTCDateTime)
    given_at: Mapped[datetime] = mapped_column(UTCDateTime)
    given_by: Mapped[str] = mapped_column(String(64))
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(64))


class GroupRow(Base):
    """Some people who get roles together. `unit_id`: whose administrator manages it."""

    __tablename__ = "idp_group"
    __table_args__ = (Index("ix_idp_group_unit_id_name", "unit_id", "name", unique=True),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    unit_id: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class GroupMemberRow(Base):
    """One person in one group."""

    __tablename__ = "idp_group_member"
    __table_args__ = (Index("ix_idp_group_member_person_id", "person_id"),)

    group_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    joined_at: Mapped[datetime] = mapped_column(UTCDateTime)


@dataclass(frozen=True)
class Held:
    """A role that somebody holds by an assignment: where (a unit's path; None: everywhere) and until when."""

    role: Role
    path: str | None
    until: datetime | None


def _is_for(person_id: str) -> ColumnElement[bool]:
    groups = select(GroupMemberRow.group_id).where(GroupMemberRow.person_id == person_id)
    return or_(AssignmentRow.person_id == person_id, AssignmentRow.group_id.in_(groups))


def _has_begun(at: datetime) -> ColumnElement[bool]:
    return AssignmentRow.valid_from <= at


def is_open(at: datetime) -> ColumnElement[bool]:
    """Neither ended nor lapsed; it may still have to begin."""
    return and_(AssignmentRow.ended_at.is_(None), or_(AssignmentRow.valid_to.is_(None), AssignmentRow.valid_to > at))


async def list_held(session: AsyncSession, person_id: str, at: datetime, *, begun: bool = True) -> list[Held]:
    """What a person holds at a moment, directly and by groups, wherever it counts."""
    statement = (
        select(AssignmentRow.role, UnitRow.path, AssignmentRow.valid_to, AssignmentRow.unit_id)
        .outerjoin(UnitRow, UnitRow.id == AssignmentRow.unit_id)
        .where(_is_for(person_id), is_open(at))
    )
    if begun:
        statement = statement.where(_has_begun(at))
    found = await session.execute(statement)
    # A unit that is gone leaves a role that counts nowhere.
    return [Held(Role(role), path, until) for role, path, until, unit_id in found if unit_id is None or path]


async def find_assigned(session: AsyncSession, person_id: str, uscc: str | None, at: datetime) -> list[Held]:
    """What counts for somebody of the agency `uscc`: what is held everywhere, and what is held at or above it."""
    held = await list_held(session, person_id, at)
    if all(each.path is None for each in held):
        return held
    place = await session.scalar(select(UnitRow.path).where(UnitRow.uscc == uscc)) if uscc else None
    return [each for each in held if each.path is None or _reaches(each, place)]


def _reaches(held: Held, place: str | None) -> bool:
    # Who administers a unit does so whether or not the unit is an agency of theirs.
    return held.role is Role.UNIT_ADMIN or (place is not None and held.path is not None and place.startswith(held.path))


async def members_of(session: AsyncSession, group_id: str) -> list[str]:
    """Everybody in a group."""
    return list(await session.scalars(select(GroupMemberRow.person_id).where(GroupMemberRow.group_id == group_id)))


async def paths_of_person(session: AsyncSession, person_id: str) -> list[str]:
    """Where in the tree a person belongs: the paths of their agencies."""
    statement = (
        select(UnitRow.path)
        .join(MembershipRow, MembershipRow.uscc == UnitRow.uscc)
        .where(MembershipRow.person_id == person_id)
    )
    return list(await session.scalars(statement))


async def list_assignments(
    session: AsyncSession, *, path: str = "", person_id: str = "", after: str = "", limit: int = 100
) -> list[AssignmentRow]:
    """Assignments at or below a path, or of a person; `limit` of them after the id `after`."""
    statement = select(AssignmentRow).where(AssignmentRow.id > after).order_by(AssignmentRow.id).limit(limit)
    if path:
        statement = statement.join(UnitRow, UnitRow.id == AssignmentRow.unit_id).where(
            UnitRow.path.startswith(path, autoescape=True)
        )
    if person_id:
        statement = statement.where(_is_for(person_id))
    return list(await session.scalars(statement))
