"""Rows: mandates. They are never deleted: what was given, accepted and taken back stays readable."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Index, Select, String, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from idp.mandates.mandate import Capacity, Mandate, Power, Term
from idp.organisations.records import OrganisationRow
from idp.schema import Base
from kernel.database.schema import JSONDocument, UTCDateTime


class MandateRow(Base):
    """One mandate. `offered_by` and `ended_by` are ids of persons, or of what else acted."""

    __tablename__ = "idp_mandate"
    __table_args__ = (Index("ix_idp_mandate_person_id", "person_id"), Index("ix_idp_mandate_uscc_id", "uscc", "id"))

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    uscc: Mapped[str] = mapped_column(String(18))
    person_id: Mapped[str] = mapped_column(String(40))
    capacity: Mapped[str] = mapped_column(String(16))
    powers: Mapped[list[str]] = mapped_column(JSONDocument)
    valid_from: Mapped[datetime] = mapped_column(UTCDateTime)
    valid_to: Mapped[datetime | None] = mapped_column(UTCDateTime)
    offered_at: Mapped[datetime] = mapped_column(UTCDateTime)
    offered_by: Mapped[str] = mapped_column(String(64))
    accepted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(64))
    ended_because: Mapped[str | None] = mapped_column(String(32))


@dataclass(frozen=True)
class Acting:
    """Under which mandate something is done, and at what moment; None: somebody acts for themselves."""

    mandate_id: str | None
    at: datetime


def in_force(now: datetime) -> ColumnElement[bool]:
    """The condition on `MandateRow` that `Mandate.is_in_force` states."""
    return and_(
        MandateRow.accepted_at.is_not(None),
        MandateRow.ended_at.is_(None),
        MandateRow.valid_from <= now,
        or_(MandateRow.valid_to.is_(None), MandateRow.valid_to > now),
    )


def _with_organisations() -> Select[MandateRow, str]:
    return select(MandateRow, OrganisationRow.name).join(OrganisationRow, OrganisationRow.uscc == MandateRow.uscc)


async def find_mandate(session: AsyncSession, mandate_id: str) -> Mandate | None:
    """The mandate of this id, whatever became of it."""
    found = (await session.execute(_with_organisations().where(MandateRow.id == mandate_id))).first()
    return mandate_of(*found) if found is not None else None


async def find_acting(session: AsyncSession, person_id: str, acting: Acting) -> Mandate | None:
    """The mandate that this person acts under, if it is theirs and in force."""
    mandate = await find_mandate(session, acting.mandate_id) if acting.mandate_id else None
    if mandate is None or mandate.person_id != person_id or not mandate.is_in_force(acting.at):
        return None
    return mandate


async def list_of_person(session: AsyncSession, person_id: str) -> list[Mandate]:
    """Every mandate a person was ever given, the oldest first."""
    statement = _with_organisations().where(MandateRow.person_id == person_id).order_by(MandateRow.id)
    return [mandate_of(row, name) for row, name in await session.execute(statement)]


async def list_in_force(session: AsyncSession, person_id: str, now: datetime) -> list[Mandate]:
    """What a person may act under now, the oldest first."""
    statement = _with_organisations().where(MandateRow.person_id == person_id, in_force(now)).order_by(MandateRow.id)
    return [mandate_of(row, name) for row, name in await session.execute(statement)]


async def list_of_organisation(session: AsyncSession, uscc: str, after: str, limit: int) -> list[Mandate]:
    """The mandates an organisation ever gave, `limit` of them after the id `after`."""
    statement = _with_organisations().where(MandateRow.uscc == uscc, MandateRow.id > after)
    found = await session.execute(statement.order_by(MandateRow.id).limit(limit))
    return [mandate_of(row, name) for row, name in found]


async def list_lapsed(session: AsyncSession, now: datetime, limit: int) -> list[MandateRow]:
    """Mandates whose term is over and that nobody ended yet."""
    statement = select(MandateRow).where(MandateRow.ended_at.is_(None), MandateRow.valid_to <= now).limit(limit)
    return list(await session.scalars(statement))


def mandate_of(row: MandateRow, organisation_name: str) -> Mandate:
    """A row as the rest of the provider handles it."""
    return Mandate(
        id=row.id,
        uscc=row.uscc,
        organisation_name=organisation_name,
        person_id=row.person_id,
        capacity=Capacity(row.capacity),
        powers=frozenset(Power(each) for each in row.powers),
        term=Term(row.valid_from, row.valid_to),
        offered_at=row.offered_at,
        accepted_at=row.accepted_at,
        ended_at=row.ended_at,
        ended_because=row.ended_because,
    )
