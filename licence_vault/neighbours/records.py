"""Rows: neighbours, changes to be told, and the directory of those below."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import Date, Index, Integer, LargeBinary, String, and_, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.schema import UTCDateTime, sealed
from licence_vault.schema import Base


class NeighbourRow(Base):
    """Another vault. `credentials`: our secret there and the exchange key, encrypted."""

    __tablename__ = "vault_neighbour"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    side: Mapped[str] = mapped_column(String(8))
    uscc: Mapped[str] = mapped_column(String(18))
    name: Mapped[str] = mapped_column(String(200))
    url: Mapped[str] = mapped_column(String(300))
    client_id: Mapped[str] = mapped_column(String(128))
    credentials: Mapped[bytes] = mapped_column(LargeBinary, info=sealed("vault_neighbour:{id}"))
    their_client_id: Mapped[str] = mapped_column(String(128), unique=True)
    added_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_heard_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reconciled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    next_try_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    failures: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    last_error: Mapped[str] = mapped_column(String(100), default="", server_default="")


class DirectoryChangeRow(Base):
    """A licence of which a neighbour above is to be told, written in the transaction of what happened to it."""

    __tablename__ = "vault_directory_change"
    __table_args__ = (Index("ix_vault_directory_change_neighbour_id", "neighbour_id", "id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    neighbour_id: Mapped[str] = mapped_column(String(32))
    licence_id: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class DirectoryEntryRow(Base):
    """A licence of a vault below (`entries.Entry`). Every index begins with the neighbour, by which it can be split."""

    __tablename__ = "vault_directory_entry"
    __table_args__ = (
        Index("ix_vault_directory_entry_identifier", "neighbour_id", "identifier"),
        Index("ix_vault_directory_entry_holder_key", "neighbour_id", "holder_key"),
        Index("ix_vault_directory_entry_ofd_sha256", "neighbour_id", "ofd_sha256"),
        Index("ix_vault_directory_entry_pdf_sha256", "neighbour_id", "pdf_sha256"),
    )

    neighbour_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    record: Mapped[str] = mapped_column(String(32), primary_key=True)
    identifier: Mapped[str] = mapped_column(String(160))
    type: Mapped[str] = mapped_column(String(21))
    version: Mapped[int] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(String(16))
    cause_code: Mapped[str] = mapped_column(String(2))
    revision: Mapped[int] = mapped_column(Integer)
    issuer: Mapped[str] = mapped_column(String(18))
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    holder_key: Mapped[str] = mapped_column(String(64))
    content_digest: Mapped[str] = mapped_column(String(64))
    ofd_sha256: Mapped[str] = mapped_column(String(64))
    pdf_sha256: Mapped[str] = mapped_column(String(64))


class PassedCopyRow(Base):
    """A purpose-bound copy that a vault below made and we passed on; by its digest (SHA-256, hex) it is found again."""

    __tablename__ = "vault_passed_copy"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    neighbour_id: Mapped[str] = mapped_column(String(32), index=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)


async def neighbour_rows(session: AsyncSession, side: str = "") -> Sequence[NeighbourRow]:
    """All neighbours, or those of a side, by their short names."""
    statement = select(NeighbourRow).order_by(NeighbourRow.code)
    return (await session.scalars(statement.where(NeighbourRow.side == side) if side else statement)).all()


async def neighbour_with(session: AsyncSession, **column: str) -> NeighbourRow | None:
    """The neighbour with this value in a unique column."""
    return (await session.scalars(select(NeighbourRow).filter_by(**column))).one_or_none()


async def oldest_changes(session: AsyncSession, neighbour_id: str, most: int) -> Sequence[DirectoryChangeRow]:
    """What a neighbour is to be told of, the oldest first."""
    statement = select(DirectoryChangeRow).where(DirectoryChangeRow.neighbour_id == neighbour_id)
    return (await session.scalars(statement.order_by(DirectoryChangeRow.id).limit(most))).all()


async def delete_changes(session: AsyncSession, ids: Collection[str]) -> None:
    """Forget what was told."""
    await session.execute(delete(DirectoryChangeRow).where(DirectoryChangeRow.id.in_(ids)))


async def waiting(session: AsyncSession, neighbour_id: str) -> tuple[int, datetime | None]:
    """How many changes a neighbour was not told of yet, and since when the oldest waits."""
    statement = select(func.count(), func.min(DirectoryChangeRow.at))
    count, since = (await session.execute(statement.where(DirectoryChangeRow.neighbour_id == neighbour_id))).one()
    return count, since


async def count_entries(session: AsyncSession, neighbour_id: str) -> int:
    """How many entries of a neighbour there are."""
    statement = select(func.count()).select_from(DirectoryEntryRow)
    return (await session.execute(statement.where(DirectoryEntryRow.neighbour_id == neighbour_id))).scalar_one()


async def entries_between(
    session: AsyncSession, neighbour_id: str, after: str, upto: str, most: int
) -> Sequence[DirectoryEntryRow]:
    """A neighbour's entries after a record up to and with another, in order."""
    entry = DirectoryEntryRow
    statement = select(entry).where(entry.neighbour_id == neighbour_id, entry.record > after, entry.record <= upto)
    return (await session.scalars(statement.order_by(entry.record).limit(most))).all()


async def with_holder(
    session: AsyncSession, holder_keys: Collection[tuple[str, str]], type_code: str
) -> Sequence[DirectoryEntryRow]:
    """Entries of a type for a holder, given the pairs of neighbour and the holder's key there."""
    entry = DirectoryEntryRow
    whose = [and_(entry.neighbour_id == neighbour, entry.holder_key == key) for neighbour, key in holder_keys]
    return (await session.scalars(select(entry).where(or_(*whose), entry.type == type_code))).all() if whose else ()


async def neighbours_with_identifier(
    session: AsyncSession, neighbours: Collection[str], identifier: str
) -> Sequence[str]:
    """Whoever says that it has this licence: one, or two if somebody is wrong."""
    entry = DirectoryEntryRow
    statement = select(entry.neighbour_id).where(entry.neighbour_id.in_(neighbours), entry.identifier == identifier)
    return (await session.scalars(statement.limit(2))).all()


async def neighbour_of_file(session: AsyncSession, neighbours: Collection[str], digest: str) -> str | None:
    """The neighbour that a file with this SHA-256 (hex) comes from."""
    entry = DirectoryEntryRow
    for column in (entry.ofd_sha256, entry.pdf_sha256):
        statement = select(entry.neighbour_id).where(entry.neighbour_id.in_(neighbours), column == digest)
        if found := (await session.scalars(statement.limit(1))).first():
            return found
    copy = await session.get(PassedCopyRow, digest)
    return copy.neighbour_id if copy is not None else None
