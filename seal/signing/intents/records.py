"""Intents to seal: one row a document, durable before the key is touched."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Boolean, Index, Integer, String, bindparam, false, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.schema import UTCDateTime
from seal.schema import Base


class SealIntentRow(Base):
    """`state` is "open" until the outcome is known, then "done", "failed" (refused or gone wrong) or "abandoned".

    `fence` counts how often the key may have been touched for it: a holder of an earlier number publishes nothing.
    `resumable`: somebody comes back for it when its lease has run out (a seal job).
    Digests are SHA-256 in hexadecimal; `output_digest` is that of the sealed file.
    """

    __tablename__ = "seal_intent"
    __table_args__ = (
        Index("ix_seal_intent_state_lease_until", "state", "lease_until"),
        Index("ix_seal_intent_seal_id", "seal_id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    seal_id: Mapped[str] = mapped_column(String(32))
    input_digest: Mapped[str] = mapped_column(String(64))
    format: Mapped[str] = mapped_column(String(8))
    purpose: Mapped[str] = mapped_column(String(128))
    actor_kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[str] = mapped_column(String(128))
    state: Mapped[str] = mapped_column(String(16))
    fence: Mapped[int] = mapped_column(Integer)
    lease_until: Mapped[datetime] = mapped_column(UTCDateTime)
    output_digest: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str | None] = mapped_column(String(64))
    resumable: Mapped[bool] = mapped_column(Boolean, server_default=false())
    opened_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


async def end_intent(session: AsyncSession, id: str, fence: int, values: dict[str, object]) -> bool:
    """Set the outcome of an open intent that is still held under `fence`; whether it was."""
    held = (SealIntentRow.id == id, SealIntentRow.fence == fence, SealIntentRow.state == "open")
    result = await session.execute(
        update(SealIntentRow).where(*held).values(**values).execution_options(synchronize_session=False)
    )
    return bool(result.rowcount == 1)  # type: ignore[attr-defined]  # an UPDATE gives a CursorResult


async def open_fences(session: AsyncSession, ids: Sequence[str]) -> dict[str, int]:
    """The fences of those of these intents that are open; they stay so until the transaction ends."""
    found = await session.execute(
        select(SealIntentRow.id, SealIntentRow.fence)
        .where(SealIntentRow.id.in_(ids), SealIntentRow.state == "open")
        .order_by(SealIntentRow.id)
        .with_for_update()
    )
    return {row.id: row.fence for row in found}


async def end_intents_well(session: AsyncSession, digests: Mapping[str, str], now: datetime) -> None:
    """Set the outcome of intents whose fences were looked at in this transaction: digests of sealed files by id."""
    table = SealIntentRow.__table__
    statement = (
        update(table)  # type: ignore[arg-type]  # a mapped class has a Table
        .where(table.c.id == bindparam("intent"))
        .values(state="done", output_digest=bindparam("sealed"), ended_at=now)
    )
    connection = await session.connection()
    await connection.execute(statement, [{"intent": id, "sealed": digest} for id, digest in digests.items()])


async def expired_intents(session: AsyncSession, now: datetime, limit: int) -> Sequence[SealIntentRow]:
    """Open intents whose holder has not come back in time, and that nobody takes over; oldest first."""
    statement = (
        select(SealIntentRow)
        .where(SealIntentRow.state == "open", SealIntentRow.lease_until < now, SealIntentRow.resumable.is_(False))
        .order_by(SealIntentRow.lease_until)
        .limit(limit)
    )
    return (await session.scalars(statement)).all()
