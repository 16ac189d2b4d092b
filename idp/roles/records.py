"""Rows: who holds which role."""

from datetime import datetime

from sqlalchemy import String, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from idp.roles.scopes import Role
from idp.schema import Base
from kernel.database.schema import UTCDateTime


class RoleAssignmentRow(Base):
    """One role of one person."""

    __tablename__ = "idp_role_assignment"

    person_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    role: Mapped[str] = mapped_column(String(20), primary_key=True)
    assigned_at: Mapped[datetime] = mapped_column(UTCDateTime)


async def find_roles(session: AsyncSession, person_id: str) -> frozenset[Role]:
    """The roles of a person; everyone is a citizen."""
    found = await session.scalars(select(RoleAssignmentRow.role).where(RoleAssignmentRow.person_id == person_id))
    return frozenset({Role.CITIZEN, *(Role(role) for role in found)})


async def replace_roles(session: AsyncSession, person_id: str, roles: frozenset[Role], at: datetime) -> None:
    """Make `roles` the roles of a person."""
    await session.execute(delete(RoleAssignmentRow).where(RoleAssignmentRow.person_id == person_id))
    session.add_all(
        RoleAssignmentRow(person_id=person_id, role=role.value, assigned_at=at)
        for role in sorted(roles - {Role.CITIZEN})
    )
