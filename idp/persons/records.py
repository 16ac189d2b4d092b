"""Rows: persons and their passwords."""

from datetime import datetime

from sqlalchemy import Integer, LargeBinary, String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from idp.schema import Base
from kernel.database.schema import UTCDateTime, sealed
from kernel.errors import NotFound


class PersonRow(Base):
    """One person. `id` is the `sub` of every token; `…_sealed` columns hold envelopes of `kernel.crypto.envelope`."""

    __tablename__ = "idp_person"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    username: Mapped[str | None] = mapped_column(String(128), unique=True)
    display_name: Mapped[str] = mapped_column(String(128))
    locale: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(16))
    assurance_level: Mapped[int] = mapped_column(Integer)
    assured_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    name_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, info=sealed("idp.person.name:{id}"))
    id_type: Mapped[str | None] = mapped_column(String(8))
    id_number_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, info=sealed("idp.person.id_number:{id}"))
    id_number_index: Mapped[str | None] = mapped_column(String(64), unique=True)
    phone_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, info=sealed("idp.person.phone:{id}"))
    email_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, info=sealed("idp.person.email:{id}"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    signed_out_before: Mapped[datetime | None] = mapped_column(UTCDateTime)


class PasswordRow(Base):
    """The argon2id hash of a person's password."""

    __tablename__ = "idp_password"

    person_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    hash: Mapped[str] = mapped_column(String(256))
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)


async def load_person(session: AsyncSession, person_id: str) -> PersonRow:
    """The person of this id. Raises `NotFound`."""
    row = await session.get(PersonRow, person_id)
    if row is None:
        raise NotFound("There is no such person.")
    return row


async def end_sign_ins(session: AsyncSession, person_id: str, at: datetime) -> None:
    """Let no session or token from before `at` count any more. Raises `NotFound`."""
    (await load_person(session, person_id)).signed_out_before = at


async def find_by_username(session: AsyncSession, username: str) -> PersonRow | None:
    """The person of this user name, in the form that `service.canonical_username` gives."""
    found: PersonRow | None = await session.scalar(select(PersonRow).where(PersonRow.username == username))
    return found


async def find_by_id_number(session: AsyncSession, index: str) -> PersonRow | None:
    """The person bound to the ID number of this blind index."""
    found: PersonRow | None = await session.scalar(select(PersonRow).where(PersonRow.id_number_index == index))
    return found


async def list_persons(session: AsyncSession, *, after: str, limit: int) -> list[PersonRow]:
    """Persons in the order they came, those after the id `after`."""
    statement = select(PersonRow).where(PersonRow.id > after).order_by(PersonRow.id).limit(limit)
    return list(await session.scalars(statement))
