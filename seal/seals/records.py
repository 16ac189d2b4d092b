"""Seals and what they were used for."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, Integer, LargeBinary, String, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.schema import UTCDateTime
from seal.schema import Base


class SealRow(Base):
    """One seal. `esl` and the certificates come with approval. `state_since` is when the present state began."""

    __tablename__ = "seal_seal"
    __table_args__ = (Index("ix_seal_seal_owner_uscc", "owner_uscc"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    code: Mapped[str] = mapped_column(String(14), unique=True)
    name: Mapped[str] = mapped_column(String(128))
    owner_uscc: Mapped[str] = mapped_column(String(18))
    owner_name: Mapped[str] = mapped_column(String(128))
    picture: Mapped[bytes] = mapped_column(LargeBinary)
    size_mm: Mapped[int] = mapped_column(Integer)
    valid_from: Mapped[datetime] = mapped_column(UTCDateTime)
    valid_to: Mapped[datetime] = mapped_column(UTCDateTime)
    filing_number: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    state_since: Mapped[datetime] = mapped_column(UTCDateTime)
    applied_by: Mapped[str] = mapped_column(String(128))
    applied_at: Mapped[datetime] = mapped_column(UTCDateTime)
    approved_by: Mapped[str | None] = mapped_column(String(128))
    approved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    esl: Mapped[bytes | None] = mapped_column(LargeBinary)
    sm2_certificate: Mapped[bytes | None] = mapped_column(LargeBinary)
    p256_certificate: Mapped[bytes | None] = mapped_column(LargeBinary)
    use_policy: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")
    """As `UsePolicy.to_dict`; empty is the default policy."""


class SealPinRow(Base):
    """A seal's PIN as argon2id, how often it was wrong in a row, and when it may be tried again."""

    __tablename__ = "seal_pin"

    seal_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    hash: Mapped[str] = mapped_column(String(128))
    failures: Mapped[int] = mapped_column(Integer, default=0)
    not_before: Mapped[datetime | None] = mapped_column(UTCDateTime)


class SealUseRow(Base):
    """One use: the SHA-256 of what was sealed, what for, by whom."""

    __tablename__ = "seal_use"
    __table_args__ = (Index("ix_seal_use_seal_id_at", "seal_id", "at"), Index("ix_seal_use_digest", "digest"))

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    seal_id: Mapped[str] = mapped_column(String(32))
    digest: Mapped[str] = mapped_column(String(64))
    format: Mapped[str] = mapped_column(String(8))
    purpose: Mapped[str] = mapped_column(String(128))
    actor_kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[str] = mapped_column(String(128))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


async def find_seal(session: AsyncSession, id_or_code: str, *, lock: bool = False) -> SealRow | None:
    """A seal by its id or its code; with `lock`, kept from changing until the transaction ends."""
    statement = select(SealRow).where(or_(SealRow.id == id_or_code, SealRow.code == id_or_code))
    return (await session.scalars(statement.with_for_update() if lock else statement)).one_or_none()


async def list_seals(session: AsyncSession, *, owner_uscc: str | None, limit: int) -> Sequence[SealRow]:
    """Seals, newest first; of one owner if given."""
    statement = select(SealRow).order_by(SealRow.applied_at.desc(), SealRow.id.desc()).limit(limit)
    if owner_uscc is not None:
        statement = statement.where(SealRow.owner_uscc == owner_uscc)
    return (await session.scalars(statement)).all()


async def list_uses(session: AsyncSession, seal_id: str, *, before: str | None, limit: int) -> Sequence[SealUseRow]:
    """A seal's uses, newest first; `before` is the id of the last one seen."""
    statement = select(SealUseRow).where(SealUseRow.seal_id == seal_id)
    if before:
        statement = statement.where(SealUseRow.id < before)
    return (await session.scalars(statement.order_by(SealUseRow.id.desc()).limit(limit))).all()


async def count_uses(session: AsyncSession, seal_id: str) -> int:
    """How often a seal was used."""
    statement = select(func.count()).select_from(SealUseRow).where(SealUseRow.seal_id == seal_id)
    return (await session.scalar(statement)) or 0


async def highest_code(session: AsyncSession, area_code: str) -> str | None:
    """The highest seal code given in an area."""
    result: str | None = await session.scalar(select(func.max(SealRow.code)).where(SealRow.code.like(f"{area_code}%")))
    return result
