"""Rows of licences and what belongs to them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, Index, Integer, LargeBinary, String, UniqueConstraint, column, delete, select, table
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.schema import JSONDocument, UTCDateTime, sealed, sealed_file
from licence_vault.licences.origin import Origin
from licence_vault.schema import Base

KEY_KINDS = {"identifier": 1, "handle": 2, "ofd_digest": 3, "pdf_digest": 4}
"""The columns that are unique over all licences, as `vault_licence_key` numbers them."""

_KEYS = table("vault_licence_key", column("value"), column("kind"), column("licence_id"))
"""PostgreSQL only: kept by triggers, unique over every partition, and the way from a value to its partition."""


class LicenceRow(Base):
    """One version of a licence. Whose it is and what it says stand in `content`, encrypted; `holder_index` finds it.

    On PostgreSQL the table is partitioned by `id`; see docs/decisions/0020-partitions.md.
    """

    __tablename__ = "vault_licence"
    __table_args__ = (
        Index("ix_vault_licence_holder_index", "holder_index", "issued_at"),
        Index("ix_vault_licence_issuer_uscc", "issuer_uscc", "id"),
        Index("ix_vault_licence_status_list", "status_list", "status"),
        Index("ix_vault_licence_valid_to", "valid_to", "id"),
        Index("ix_vault_licence_ofd_blob", "ofd_blob"),
        Index("ix_vault_licence_pdf_blob", "pdf_blob"),
        *(UniqueConstraint(name, info={"only_on": "sqlite"}) for name in KEY_KINDS),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    identifier: Mapped[str] = mapped_column(String(160))
    type_code: Mapped[str] = mapped_column(String(21))
    type_version: Mapped[int] = mapped_column(Integer)
    type_name: Mapped[str] = mapped_column(String(200))
    version: Mapped[int] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(String(16))
    status_cause: Mapped[str] = mapped_column(String(200), default="")
    cause_code: Mapped[str] = mapped_column(String(2), default="01", server_default="01")
    status_changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    holder_index: Mapped[str] = mapped_column(String(64))
    issuer_uscc: Mapped[str] = mapped_column(String(18))
    issuer_name: Mapped[str] = mapped_column(String(200))
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    issued_at: Mapped[datetime] = mapped_column(UTCDateTime)
    handle: Mapped[str] = mapped_column(String(32))
    qr: Mapped[str] = mapped_column(String(4300))
    content: Mapped[bytes] = mapped_column(LargeBinary, info=sealed("licence:{id}"))
    content_digest: Mapped[str] = mapped_column(String(64))
    ofd_blob: Mapped[str] = mapped_column(String(64), info=sealed_file("licence:{id}:ofd", "licences"))
    pdf_blob: Mapped[str] = mapped_column(String(64), info=sealed_file("licence:{id}:pdf", "licences"))
    ofd_digest: Mapped[str] = mapped_column(String(64))
    pdf_digest: Mapped[str] = mapped_column(String(64))
    superseded_by: Mapped[str | None] = mapped_column(String(32))
    status_list: Mapped[int | None] = mapped_column(Integer)
    status_index: Mapped[int | None] = mapped_column(Integer)


class LicenceEventRow(Base):
    """A step in a licence's life."""

    __tablename__ = "vault_licence_event"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    licence_id: Mapped[str] = mapped_column(String(32), index=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    action: Mapped[str] = mapped_column(String(16))
    cause: Mapped[str] = mapped_column(String(200))
    cause_code: Mapped[str] = mapped_column(String(2), default="", server_default="")
    actor_kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[str] = mapped_column(String(128))


class OriginRow(Base):
    """Which row of which collection a licence was converted from, written in the transaction that issues it."""

    __tablename__ = "vault_licence_origin"

    licence_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    collection_id: Mapped[str] = mapped_column(String(32), index=True)
    number: Mapped[int] = mapped_column(Integer)
    credibility: Mapped[str] = mapped_column(String(1))
    original_digest: Mapped[str] = mapped_column(String(64))


class IdempotencyRow(Base):
    """What a key of a caller has led to; it makes a retry safe."""

    __tablename__ = "vault_idempotency"

    caller: Mapped[str] = mapped_column(String(128), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    request_digest: Mapped[str] = mapped_column(String(64))
    licence_id: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class OutboxRow(Base):
    """An event to tell of, written in the transaction of what happened; no personal data.

    `licence_vault.notices` empties it: `delivered_at` is when the holder's notice was written.
    """

    __tablename__ = "vault_outbox"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    kind: Mapped[str] = mapped_column(String(32))
    payload: Mapped[dict[str, Any]] = mapped_column(JSONDocument)
    delivered_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)


class AccessRow(Base):
    """Somebody looked at a licence; shown to its holder in plain words. `about` says why and what, encrypted."""

    __tablename__ = "vault_access"
    __table_args__ = (Index("ix_vault_access_licence_id", "licence_id", "id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    licence_id: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    way: Mapped[str] = mapped_column(String(24))
    who: Mapped[str] = mapped_column(String(200))
    about: Mapped[bytes | None] = mapped_column(LargeBinary, info=sealed("vault_access:{id}"))


async def find_by(session: AsyncSession, **column: str) -> LicenceRow | None:
    """The licence with this value in a unique column."""
    [(name, value)] = column.items()
    if name in KEY_KINDS:
        return next(iter(await _with_key(session, name, [value])), None)
    return (await session.scalars(select(LicenceRow).filter_by(**column))).one_or_none()


async def _with_key(session: AsyncSession, name: str, values: Sequence[str]) -> Sequence[LicenceRow]:
    if session.get_bind().dialect.name == "postgresql":
        keys = select(_KEYS.c.licence_id).where(_KEYS.c.value.in_(values), _KEYS.c.kind == KEY_KINDS[name])
        ids = (await session.scalars(keys)).all()
        # Two short questions: joined, every partition would be looked into for every value.
        return (await session.scalars(select(LicenceRow).where(LicenceRow.id.in_(ids)))).all() if ids else ()
    return (await session.scalars(select(LicenceRow).where(getattr(LicenceRow, name).in_(values)))).all()


async def find_for_update(session: AsyncSession, licence_id: str) -> LicenceRow | None:
    """The licence, locked until the transaction ends."""
    statement = select(LicenceRow).where(LicenceRow.id == licence_id).with_for_update()
    return (await session.scalars(statement)).one_or_none()


async def with_identifiers(session: AsyncSession, identifiers: Sequence[str]) -> Sequence[LicenceRow]:
    """The licences with these identifiers."""
    return await _with_key(session, "identifier", identifiers)


async def of_holders(session: AsyncSession, indexes: Sequence[str]) -> Sequence[LicenceRow]:
    """The licences of these holders, newest first."""
    statement = select(LicenceRow).where(LicenceRow.holder_index.in_(indexes)).order_by(LicenceRow.issued_at.desc())
    return (await session.scalars(statement)).all()


async def of_issuer(session: AsyncSession, uscc: str, before: str | None, limit: int) -> Sequence[LicenceRow]:
    """What an authority issued, newest first; `before` is the last id of the page before."""
    statement = select(LicenceRow).where(LicenceRow.issuer_uscc == uscc)
    if before:
        statement = statement.where(LicenceRow.id < before)
    return (await session.scalars(statement.order_by(LicenceRow.id.desc()).limit(limit))).all()


async def events_of(session: AsyncSession, licence_id: str) -> Sequence[LicenceEventRow]:
    """A licence's life, oldest first."""
    statement = select(LicenceEventRow).where(LicenceEventRow.licence_id == licence_id).order_by(LicenceEventRow.id)
    return (await session.scalars(statement)).all()


async def first_actions(session: AsyncSession, licence_ids: Sequence[str]) -> dict[str, str]:
    """With which step the life of each of these licences began."""
    statement = (
        select(LicenceEventRow.licence_id, LicenceEventRow.action)
        .where(LicenceEventRow.licence_id.in_(licence_ids))
        .order_by(LicenceEventRow.id.desc())
    )
    return {row.licence_id: row.action for row in await session.execute(statement)}


async def accesses_of(
    session: AsyncSession, licence_id: str, before: str | None = None, limit: int = 100
) -> Sequence[AccessRow]:
    """Who looked at a licence, newest first; `before` is the last id of the page before."""
    statement = select(AccessRow).where(AccessRow.licence_id == licence_id)
    if before:
        statement = statement.where(AccessRow.id < before)
    return (await session.scalars(statement.order_by(AccessRow.id.desc()).limit(limit))).all()


async def undelivered(session: AsyncSession, most: int) -> Sequence[OutboxRow]:
    """Events that nobody was told of, the oldest first, locked; those that another process holds are passed over."""
    statement = select(OutboxRow).where(OutboxRow.delivered_at.is_(None)).order_by(OutboxRow.id).limit(most)
    return (await session.scalars(statement.with_for_update(skip_locked=True))).all()


async def delete_delivered(session: AsyncSession, before: datetime, most: int) -> int:
    """Delete events that were told of before a moment, at most so many; gives how many."""
    told = select(OutboxRow.id).where(OutboxRow.delivered_at < before).limit(most)
    return len((await session.scalars(delete(OutboxRow).where(OutboxRow.id.in_(told)).returning(OutboxRow.id))).all())


async def looked_since(session: AsyncSession, licence_id: str, way: str, since: datetime) -> bool:
    """Whether somebody looked in this way after a moment."""
    statement = select(AccessRow.id).where(
        AccessRow.licence_id == licence_id, AccessRow.way == way, AccessRow.at > since
    )
    return (await session.scalars(statement.limit(1))).first() is not None


def origin_row(licence_id: str, origin: Origin) -> OriginRow:
    """What is kept of where a converted licence comes from."""
    return OriginRow(
        licence_id=licence_id,
        collection_id=origin.collection_id,
        number=origin.number,
        credibility=origin.credibility,
        original_digest=origin.digest,
    )
