"""Rows: organisations and memberships."""

from datetime import datetime

from sqlalchemy import Index, String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from idp.schema import Base
from kernel.database.schema import UTCDateTime


class OrganisationRow(Base):
    """One organisation; `kind` is agency or enterprise."""

    __tablename__ = "idp_organisation"

    uscc: Mapped[str] = mapped_column(String(18), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class MembershipRow(Base):
    """One person acting for one organisation; `role` is what the organisation calls it."""

    __tablename__ = "idp_membership"
    __table_args__ = (Index("ix_idp_membership_person_id", "person_id"),)

    uscc: Mapped[str] = mapped_column(String(18), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    role: Mapped[str] = mapped_column(String(64))
    joined_at: Mapped[datetime] = mapped_column(UTCDateTime)


async def find_memberships(session: AsyncSession, person_id: str) -> list[tuple[OrganisationRow, MembershipRow]]:
    """A person's organisations, the earliest first."""
    found = await session.execute(
        select(OrganisationRow, MembershipRow)
        .join(MembershipRow, MembershipRow.uscc == OrganisationRow.uscc)
        .where(MembershipRow.person_id == person_id)
        .order_by(MembershipRow.joined_at, OrganisationRow.uscc)
    )
    return [(organisation, membership) for organisation, membership in found]


async def list_organisations(session: AsyncSession) -> list[OrganisationRow]:
    """All of them, by USCC."""
    return list(await session.scalars(select(OrganisationRow).order_by(OrganisationRow.uscc)))


async def page_of_organisations(session: AsyncSession, after: str, limit: int) -> list[OrganisationRow]:
    """`limit` of them after a USCC, by USCC."""
    statement = select(OrganisationRow).where(OrganisationRow.uscc > after).order_by(OrganisationRow.uscc)
    return list(await session.scalars(statement.limit(limit)))
