"""Rows: second factors."""

from datetime import datetime

from sqlalchemy import Integer, LargeBinary, String, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from idp.schema import Base
from kernel.database.schema import UTCDateTime, sealed


class TotpRow(Base):
    """A person's TOTP secret (an envelope), and the last time step that was accepted."""

    __tablename__ = "idp_totp"

    person_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary, info=sealed("idp.totp.secret:{person_id}"))
    last_step: Mapped[int] = mapped_column(Integer)
    enrolled_at: Mapped[datetime] = mapped_column(UTCDateTime)


async def claim_step(session: AsyncSession, person_id: str, step: int) -> bool:
    """Mark a time step used; of two callers with one code, one is told True (RFC 6238 §5.2)."""
    claimed = await session.execute(
        update(TotpRow)
        .where(TotpRow.person_id == person_id, TotpRow.last_step < step)
        .values(last_step=step)
        .returning(TotpRow.person_id)
    )
    return claimed.first() is not None
