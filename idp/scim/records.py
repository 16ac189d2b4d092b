"""Rows: people as an agency knows them, and what SCIM knows of groups besides."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Boolean, Index, LargeBinary, String, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from idp.organisations.records import MembershipRow
from idp.schema import Base
from kernel.database.schema import UTCDateTime, sealed


class ScimUserRow(Base):
    """One person at one agency. `managed`: the account came by SCIM. The document holds what the client sent."""

    __tablename__ = "idp_scim_user"
    __table_args__ = (
        Index("ix_idp_scim_user_person_id", "person_id"),
        Index("ix_idp_scim_user_uscc_person_id", "uscc", "person_id", unique=True),
        Index("ix_idp_scim_user_uscc_user_name_index", "uscc", "user_name_index", unique=True),
        Index("ix_idp_scim_user_external_id_index", "external_id_index"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(40))
    uscc: Mapped[str] = mapped_column(String(18))
    user_name_index: Mapped[str] = mapped_column(String(64))
    external_id_index: Mapped[str | None] = mapped_column(String(64))
    managed: Mapped[bool] = mapped_column(Boolean)
    active: Mapped[bool] = mapped_column(Boolean)
    suspended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """When we disabled the account; whoever disabled it since decides alone."""
    document_sealed: Mapped[bytes] = mapped_column(LargeBinary, info=sealed("idp.scim.user:{id}"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)


class ScimGroupRow(Base):
    """What a client said of a group."""

    __tablename__ = "idp_scim_group"

    group_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    external_id: Mapped[str | None] = mapped_column(String(255))
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)


def is_number(text: str) -> bool:
    """Whether this may be the id of a row; databases refuse some texts."""
    return 0 < len(text) <= 40 and text.isascii() and text.isprintable()


async def find_user(
    session: AsyncSession, usccs: Collection[str], user_id: str, *, lock: bool = False
) -> ScimUserRow | None:
    """The record of this id at one of these agencies."""
    if not is_number(user_id):
        return None
    statement = select(ScimUserRow).where(ScimUserRow.id == user_id, ScimUserRow.uscc.in_(usccs))
    found: ScimUserRow | None = await session.scalar(statement.with_for_update() if lock else statement)
    return found


async def list_users(
    session: AsyncSession, usccs: Collection[str], *, after: str = "", offset: int = 0, limit: int
) -> list[ScimUserRow]:
    """Records in the order they came."""
    statement = select(ScimUserRow).where(ScimUserRow.uscc.in_(usccs), ScimUserRow.id > after)
    return list(await session.scalars(statement.order_by(ScimUserRow.id).offset(offset).limit(limit)))


async def find_users_by(session: AsyncSession, usccs: Collection[str], column: str, value: str) -> list[ScimUserRow]:
    """Records whose id or blind index is this."""
    if column == "id" and not is_number(value):
        return []
    statement = select(ScimUserRow).where(ScimUserRow.uscc.in_(usccs), getattr(ScimUserRow, column) == value)
    return list(await session.scalars(statement.order_by(ScimUserRow.id)))


async def find_users_of(
    session: AsyncSession, usccs: Collection[str], person_ids: Collection[str]
) -> dict[str, ScimUserRow]:
    """The record of each of these persons; the first of somebody who has several."""
    found: dict[str, ScimUserRow] = {}
    ids = sorted(person_ids)
    for start in range(0, len(ids), 500):
        statement = select(ScimUserRow).where(
            ScimUserRow.uscc.in_(usccs), ScimUserRow.person_id.in_(ids[start : start + 500])
        )
        for row in await session.scalars(statement.order_by(ScimUserRow.id)):
            found.setdefault(row.person_id, row)
    return found


async def count_users(session: AsyncSession, usccs: Collection[str]) -> int:
    """How many records these agencies have."""
    return int(await session.scalar(select(func.count()).where(ScimUserRow.uscc.in_(usccs))) or 0)


async def members_without_record(
    session: AsyncSession, usccs: Collection[str], limit: int
) -> Sequence[tuple[str, str]]:
    """People of these agencies (USCC, person) who came by another way than SCIM and have no record yet."""
    statement = (
        select(MembershipRow.uscc, MembershipRow.person_id)
        .outerjoin(
            ScimUserRow,
            (ScimUserRow.uscc == MembershipRow.uscc) & (ScimUserRow.person_id == MembershipRow.person_id),
        )
        .where(MembershipRow.uscc.in_(usccs), ScimUserRow.id.is_(None))
        .order_by(MembershipRow.uscc, MembershipRow.person_id)
        .limit(limit)
    )
    return [(uscc, person_id) for uscc, person_id in await session.execute(statement)]
