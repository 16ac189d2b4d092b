"""Seal jobs and their files. What names people or documents is encrypted; files are blobs, encrypted likewise."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Index, Integer, LargeBinary, String, UniqueConstraint, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.schema import UTCDateTime, sealed, sealed_file
from seal.schema import Base
from seal.signing.intents.records import SealIntentRow


class SealJobRow(Base):
    """One job. `state`: "open", "ended", "cancelled", "expired" (its files are gone). `requester` is "kind:id".

    `wish` is the encrypted order: where, what for, in what form, and how the requester may use the seal.
    """

    __tablename__ = "seal_job"
    __table_args__ = (
        UniqueConstraint("requester", "idempotency_key", name="uq_seal_job_requester_key"),
        Index("ix_seal_job_state_expires_at", "state", "expires_at"),
        Index("ix_seal_job_requester_created_at", "requester", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    requester: Mapped[str] = mapped_column(String(160))
    idempotency_key: Mapped[str | None] = mapped_column(String(200))
    request_digest: Mapped[str] = mapped_column(String(64))
    seal_id: Mapped[str] = mapped_column(String(32))
    wish: Mapped[bytes] = mapped_column(LargeBinary, info=sealed("seal_job.wish:{id}"))
    state: Mapped[str] = mapped_column(String(16))
    total: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)


class SealJobItemRow(Base):
    """One file of a job; its id is that of its intent. `state`: "waiting", "done", "failed", "cancelled".

    `losses` counts attempts that never came back. `name` and `fault` are encrypted. `time_stamp` of a sealed file:
    "pending", "done", "failed" (it came, but the file would not hold with it), or none when none was wanted.
    """

    __tablename__ = "seal_job_item"
    __table_args__ = (
        Index("ix_seal_job_item_job_id_number", "job_id", "number"),
        Index("ix_seal_job_item_state", "state"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    job_id: Mapped[str] = mapped_column(String(32))
    number: Mapped[int] = mapped_column(Integer)
    name: Mapped[bytes | None] = mapped_column(LargeBinary, info=sealed("seal_job.name:{id}"))
    format: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(16))
    losses: Mapped[int] = mapped_column(Integer)
    input_blob: Mapped[str | None] = mapped_column(String(64), info=sealed_file("seal_job.input:{id}", "seal jobs"))
    output_blob: Mapped[str | None] = mapped_column(String(64), info=sealed_file("seal_job.output:{id}", "seal jobs"))
    output_digest: Mapped[str | None] = mapped_column(String(64))
    output_bytes: Mapped[int | None] = mapped_column(Integer)
    fault: Mapped[bytes | None] = mapped_column(LargeBinary, info=sealed("seal_job.fault:{id}"))
    time_stamp: Mapped[str | None] = mapped_column(String(8))


async def find_job(session: AsyncSession, job_id: str, *, lock: bool = False) -> SealJobRow | None:
    """A job; with `lock`, kept from changing until the transaction ends."""
    return await session.get(SealJobRow, job_id, with_for_update=lock)


async def find_by_key(session: AsyncSession, requester: str, key: str) -> SealJobRow | None:
    """The job that a requester's key led to."""
    statement = select(SealJobRow).where(SealJobRow.requester == requester, SealJobRow.idempotency_key == key)
    return (await session.scalars(statement)).one_or_none()


async def items_of(session: AsyncSession, job_id: str) -> Sequence[SealJobItemRow]:
    """The files of a job in order."""
    statement = select(SealJobItemRow).where(SealJobItemRow.job_id == job_id).order_by(SealJobItemRow.number)
    return (await session.scalars(statement)).all()


async def count_waiting(session: AsyncSession, *, job_id: str = "", requester: str = "") -> int:
    """Files still to be sealed, of one job or of one requester."""
    statement = select(func.count()).select_from(SealJobItemRow).where(SealJobItemRow.state == "waiting")
    if job_id:
        statement = statement.where(SealJobItemRow.job_id == job_id)
    if requester:
        statement = statement.join(SealJobRow, SealJobRow.id == SealJobItemRow.job_id)
        statement = statement.where(SealJobRow.requester == requester)
    return (await session.scalar(statement)) or 0


async def claimable_items(session: AsyncSession, now: datetime, limit: int) -> Sequence[str]:
    """Ids of files that nobody is sealing, oldest first: without an intent, or with one whose lease has run out."""
    free = or_(SealIntentRow.id.is_(None), (SealIntentRow.state == "open") & (SealIntentRow.lease_until < now))
    statement = (
        select(SealJobItemRow.id)
        .outerjoin(SealIntentRow, SealIntentRow.id == SealJobItemRow.id)
        .where(SealJobItemRow.state == "waiting", free)
        .order_by(SealJobItemRow.id)
        .limit(limit)
    )
    return (await session.scalars(statement)).all()


async def recent_jobs(session: AsyncSession, requester: str, limit: int) -> Sequence[SealJobRow]:
    """A requester's newest jobs."""
    statement = select(SealJobRow).where(SealJobRow.requester == requester)
    return (await session.scalars(statement.order_by(SealJobRow.created_at.desc()).limit(limit))).all()


async def expired_jobs(session: AsyncSession, now: datetime, limit: int) -> Sequence[SealJobRow]:
    """Jobs whose files need not be kept any longer."""
    statement = select(SealJobRow).where(SealJobRow.state != "expired", SealJobRow.expires_at < now)
    return (await session.scalars(statement.order_by(SealJobRow.expires_at).limit(limit))).all()


async def names_blob(session: AsyncSession, reference: str) -> bool:
    """Whether any file of a job is this blob."""
    column = (SealJobItemRow.input_blob == reference) | (SealJobItemRow.output_blob == reference)
    return (await session.scalars(select(SealJobItemRow.id).where(column).limit(1))).first() is not None
