"""Rows: passkeys."""

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Index, LargeBinary, String, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from idp.schema import Base
from kernel.database.schema import JSONDocument, UTCDateTime


class PasskeyRow(Base):
    """One credential. `public_key` is a COSE key; `is_synced` when its maker may copy it to other devices.

    `regressed_at` is when its signature counter went back: somebody may hold a copy.
    """

    __tablename__ = "idp_passkey"
    __table_args__ = (Index("ix_idp_passkey_person_id", "person_id"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1023), unique=True)
    person_id: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(64))
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    transports: Mapped[list[str]] = mapped_column(JSONDocument)
    is_synced: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    regressed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


async def list_passkeys(session: AsyncSession, person_id: str) -> list[PasskeyRow]:
    """A person's passkeys, the oldest first."""
    statement = select(PasskeyRow).where(PasskeyRow.person_id == person_id).order_by(PasskeyRow.id)
    return list(await session.scalars(statement))


async def count_passkeys(session: AsyncSession, person_id: str) -> int:
    """How many passkeys a person has."""
    statement = select(func.count()).select_from(PasskeyRow).where(PasskeyRow.person_id == person_id)
    return int(await session.scalar(statement) or 0)


async def find_by_credential(session: AsyncSession, credential_id: bytes) -> PasskeyRow | None:
    """The passkey of this credential id."""
    statement = select(PasskeyRow).where(PasskeyRow.credential_id == credential_id)
    found: PasskeyRow | None = await session.scalar(statement)
    return found


async def claim_count(session: AsyncSession, passkey_id: str, count: int, now: datetime) -> bool:
    """Note a use; False when the counter did not go up (Level 3 §6.1.1). A counter that stays 0 counts nothing."""
    rises = or_(PasskeyRow.sign_count < count, (PasskeyRow.sign_count == 0) & (count == 0))
    claimed = await session.execute(
        update(PasskeyRow)
        .where(PasskeyRow.id == passkey_id, rises)
        .values(sign_count=count, used_at=now)
        .returning(PasskeyRow.id)
    )
    return claimed.first() is not None
