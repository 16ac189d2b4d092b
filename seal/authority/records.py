"""Certificates that were issued, and the revocation lists that were published."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Index, Integer, LargeBinary, String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.schema import UTCDateTime
from seal.schema import Base


class CertificateRow(Base):
    """One certificate. `name` is set for the authorities' own (`sm2-root`, …), `seal_id` for a seal's."""

    __tablename__ = "seal_certificate"
    __table_args__ = (Index("ix_seal_certificate_seal_id", "seal_id"),)

    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str | None] = mapped_column(String(32), unique=True)
    issuer: Mapped[str] = mapped_column(String(32))
    serial: Mapped[str] = mapped_column(String(40))
    seal_id: Mapped[str | None] = mapped_column(String(32))
    der: Mapped[bytes] = mapped_column(LargeBinary)
    issued_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revocation_reason: Mapped[int | None] = mapped_column(Integer)


class CrlRow(Base):
    """The newest revocation list of an authority."""

    __tablename__ = "seal_crl"

    issuer: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int] = mapped_column(Integer)
    der: Mapped[bytes] = mapped_column(LargeBinary)
    issued_at: Mapped[datetime] = mapped_column(UTCDateTime)


async def find_named(session: AsyncSession, name: str) -> CertificateRow | None:
    """An authority's own certificate."""
    return (await session.scalars(select(CertificateRow).where(CertificateRow.name == name))).one_or_none()


async def certificates_of_seal(session: AsyncSession, seal_id: str) -> Sequence[CertificateRow]:
    """Every certificate issued for a seal."""
    return (await session.scalars(select(CertificateRow).where(CertificateRow.seal_id == seal_id))).all()


async def revoked_by(session: AsyncSession, issuer: str) -> Sequence[CertificateRow]:
    """What an authority has revoked, oldest first."""
    statement = (
        select(CertificateRow)
        .where(CertificateRow.issuer == issuer, CertificateRow.revoked_at.is_not(None))
        .order_by(CertificateRow.revoked_at, CertificateRow.serial)
    )
    return (await session.scalars(statement)).all()
