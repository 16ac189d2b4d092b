"""Rows: remembered consent."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Boolean, String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from idp.schema import Base
from kernel.database.schema import JSONDocument, UTCDateTime


class ConsentRow(Base):
    """The scopes that one person allowed one client. `is_implied`: first-party, the person was not asked."""

    __tablename__ = "idp_consent"

    person_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    client_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    scopes: Mapped[list[str]] = mapped_column(JSONDocument)
    is_implied: Mapped[bool] = mapped_column(Boolean)
    given_at: Mapped[datetime] = mapped_column(UTCDateTime)


async def list_consents(session: AsyncSession, person_id: str) -> Sequence[ConsentRow]:
    """What a person allowed, the latest first."""
    statement = select(ConsentRow).where(ConsentRow.person_id == person_id).order_by(ConsentRow.given_at.desc())
    return list(await session.scalars(statement))
