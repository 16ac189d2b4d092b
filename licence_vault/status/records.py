"""Rows of status lists, and the queries that fill a list."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Integer, LargeBinary, Row, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.schema import UTCDateTime, sealed
from licence_vault.licences.licence import LicenceStatus
from licence_vault.licences.records import LicenceEventRow, LicenceRow
from licence_vault.schema import Base

STANDING_ACTIONS = ("revoke", "suspend", "resume", "supersede")
"""The steps of a licence's life that change what a list says of it."""


class StatusListRow(Base):
    """A list: its secret (encrypted) and the next running number that is free."""

    __tablename__ = "vault_status_list"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    secret: Mapped[bytes] = mapped_column(LargeBinary(256), info=sealed("status list:{number}"))
    next_free: Mapped[int] = mapped_column(Integer)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)


async def lock_newest(session: AsyncSession) -> StatusListRow | None:
    """The list that is being filled, locked until the transaction ends."""
    statement = select(StatusListRow).order_by(StatusListRow.number.desc()).limit(1).with_for_update()
    return (await session.scalars(statement)).one_or_none()


async def list_numbers(session: AsyncSession) -> Sequence[int]:
    """Every list there is."""
    return (await session.scalars(select(StatusListRow.number).order_by(StatusListRow.number))).all()


async def marked_now(session: AsyncSession, number: int) -> Sequence[Row[int, str]]:
    """Index and state of the licences of a list that are not simply valid."""
    statement = select(type_coerce(LicenceRow.status_index, Integer), LicenceRow.status).where(
        LicenceRow.status_list == number, LicenceRow.status != LicenceStatus.VALID
    )
    return (await session.execute(statement)).all()


async def changes_until(session: AsyncSession, number: int, at: datetime) -> Sequence[Row[int, str]]:
    """Index and action of everything that happened to the licences of a list up to `at`, in order."""
    statement = (
        select(type_coerce(LicenceRow.status_index, Integer), LicenceEventRow.action)
        .join(LicenceEventRow, LicenceEventRow.licence_id == LicenceRow.id)
        .where(LicenceRow.status_list == number, LicenceEventRow.at <= at)
        .where(LicenceEventRow.action.in_(STANDING_ACTIONS))
        .order_by(LicenceEventRow.at, LicenceEventRow.id)
    )
    return (await session.execute(statement)).all()
