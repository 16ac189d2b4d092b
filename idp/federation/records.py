"""Rows: the identifiers by which external accounts are recognised."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import LargeBinary, String, UniqueConstraint, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from idp.schema import Base
from kernel.database.schema import UTCDateTime, sealed


class ExternalIdentityRow(Base):
    """One identifier of one external account of one person.

    An external account has a row for each of its identifiers; they share `account_id`. `value_index` is the keyed hash
    that finds the row, `value_sealed` the envelope that keeps the value.
    """

    __tablename__ = "idp_external_identity"
    __table_args__ = (UniqueConstraint("family", "scope", "kind", "value_index"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(40), index=True)
    person_id: Mapped[str] = mapped_column(String(40), index=True)
    family: Mapped[str] = mapped_column(String(16))
    scope: Mapped[str] = mapped_column(String(128))
    kind: Mapped[str] = mapped_column(String(16))
    value_index: Mapped[str] = mapped_column(String(64))
    value_sealed: Mapped[bytes] = mapped_column(LargeBinary, info=sealed("idp.external_identity.value:{id}"))
    nickname_sealed: Mapped[bytes | None] = mapped_column(
        LargeBinary, info=sealed("idp.external_identity.nickname:{id}")
    )
    linked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime] = mapped_column(UTCDateTime)


async def find_by_indexes(session: AsyncSession, family: str, indexes: Sequence[str]) -> Sequence[ExternalIdentityRow]:
    """The rows of any of these identifiers."""
    wanted = or_(*(ExternalIdentityRow.value_index == index for index in indexes))
    found = await session.scalars(select(ExternalIdentityRow).where(ExternalIdentityRow.family == family, wanted))
    return found.all()


async def list_of_person(session: AsyncSession, person_id: str) -> Sequence[ExternalIdentityRow]:
    """Every row of a person, the longest linked first."""
    found = await session.scalars(
        select(ExternalIdentityRow)
        .where(ExternalIdentityRow.person_id == person_id)
        .order_by(ExternalIdentityRow.linked_at, ExternalIdentityRow.id)
    )
    return found.all()


async def delete_account(session: AsyncSession, account_id: str) -> None:
    """Forget an external account with all its identifiers."""
    await session.execute(delete(ExternalIdentityRow).where(ExternalIdentityRow.account_id == account_id))
