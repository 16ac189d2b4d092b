"""Seals and what they were used for."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Index, Integer, LargeBinary, String, and_, func, or_, select, text, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.schema import UTCDateTime
from seal.schema import Base
from seal.seals.seal import SealSearch


class SealRow(Base):
    """One seal. `esl` and the certificates come with approval; `cause` says why it has been so since `state_since`.

    A seal `holds_code` until its application is rejected or another seal takes the code on (`replaced_by`).
    """

    __tablename__ = "seal_seal"
    __table_args__ = (
        Index("ix_seal_seal_owner_uscc", "owner_uscc"),
        Index(
            "uq_seal_seal_code_held",
            "code",
            unique=True,
            sqlite_where=text("holds_code"),
            postgresql_where=text("holds_code"),
        ),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    code: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(128))
    owner_uscc: Mapped[str] = mapped_column(String(18))
    owner_name: Mapped[str] = mapped_column(String(128))
    shape: Mapped[str] = mapped_column(String(8), default="round", server_default="round")
    picture: Mapped[bytes] = mapped_column(LargeBinary)
    picture_format: Mapped[str] = mapped_column(String(8), default="PNG", server_default="PNG")
    size_mm: Mapped[int] = mapped_column(Integer)
    height_mm: Mapped[int | None] = mapped_column(Integer)
    """As high as wide when empty."""
    valid_from: Mapped[datetime] = mapped_column(UTCDateTime)
    valid_to: Mapped[datetime] = mapped_column(UTCDateTime)
    filing_number: Mapped[str | None] = mapped_column(String(64))
    basis: Mapped[str | None] = mapped_column(String(256))
    state: Mapped[str] = mapped_column(String(16))
    state_since: Mapped[datetime] = mapped_column(UTCDateTime)
    cause: Mapped[str | None] = mapped_column(String(32))
    applied_by: Mapped[str] = mapped_column(String(128))
    applied_at: Mapped[datetime] = mapped_column(UTCDateTime)
    approved_by: Mapped[str | None] = mapped_column(String(128))
    approved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    esl: Mapped[bytes | None] = mapped_column(LargeBinary)
    sm2_certificate: Mapped[bytes | None] = mapped_column(LargeBinary)
    p256_certificate: Mapped[bytes | None] = mapped_column(LargeBinary)
    bindings: Mapped[dict[str, list[str]]] = mapped_column(JSON, default=dict, server_default="{}")
    """As `Bindings.to_dict`: every seal that this row ever held, its makers and signers."""
    use_policy: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")
    """As `UsePolicy.to_dict`; empty is the default policy."""
    stated_owner: Mapped[str | None] = mapped_column(String(256))
    """Whose an imported seal says it is, where that is not its owner here."""
    origin: Mapped[str] = mapped_column(String(16), default="made", server_default="made")
    key_name: Mapped[str | None] = mapped_column(String(128))
    """Where an imported seal's SM2 key is kept; a seal made here has its own names."""
    holds_code: Mapped[bool] = mapped_column(Boolean, default=True, server_default=true())
    replaces: Mapped[str | None] = mapped_column(String(32))
    replaced_by: Mapped[str | None] = mapped_column(String(32))


class SealEventRow(Base):
    """One change in a seal's life: what, who, when, and why (a cause's code and, of a rejection, a sentence)."""

    __tablename__ = "seal_event"
    __table_args__ = (Index("ix_seal_event_seal_id", "seal_id", "id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    seal_id: Mapped[str] = mapped_column(String(32))
    action: Mapped[str] = mapped_column(String(16))
    cause: Mapped[str | None] = mapped_column(String(32))
    note: Mapped[str | None] = mapped_column(String(256))
    actor_kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[str] = mapped_column(String(128))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


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
    """A seal by its id or by the code it holds; with `lock`, kept from changing until the transaction ends."""
    holder = and_(SealRow.code == id_or_code, SealRow.holds_code)
    statement = select(SealRow).where(or_(SealRow.id == id_or_code, holder))
    return (await session.scalars(statement.with_for_update() if lock else statement)).one_or_none()


async def list_seals(session: AsyncSession, search: SealSearch, *, limit: int) -> Sequence[SealRow]:
    """Seals, newest first."""
    statement = select(SealRow).order_by(SealRow.id.desc()).limit(limit)
    if search.owner_uscc is not None:
        statement = statement.where(SealRow.owner_uscc == search.owner_uscc)
    if search.state == "expired" and search.now:
        statement = statement.where(SealRow.state == "active", SealRow.valid_to < search.now)
    elif search.state == "active" and search.now:
        statement = statement.where(SealRow.state == "active", SealRow.valid_to >= search.now)
    elif search.state:
        statement = statement.where(SealRow.state == search.state)
    if search.text:
        name = SealRow.name.contains(search.text, autoescape=True)
        statement = statement.where(or_(name, SealRow.code.startswith(search.text, autoescape=True)))
    if search.expiring_before and search.now:
        in_use = SealRow.state.in_(("active", "suspended"))
        statement = statement.where(in_use, SealRow.valid_to.between(search.now, search.expiring_before))
    if search.before:
        statement = statement.where(SealRow.id < search.before)
    return (await session.scalars(statement)).all()


async def list_events(session: AsyncSession, seal_id: str) -> Sequence[SealEventRow]:
    """A seal's life, oldest first."""
    statement = select(SealEventRow).where(SealEventRow.seal_id == seal_id).order_by(SealEventRow.id)
    return (await session.scalars(statement)).all()


async def highest_code(session: AsyncSession, area_code: str) -> str | None:
    """The highest seal code (14 digits) given in an area."""
    ours = and_(SealRow.code.like(f"{area_code}%"), func.length(SealRow.code) == 14, SealRow.origin == "made")
    result: str | None = await session.scalar(select(func.max(SealRow.code)).where(ours))
    return result
