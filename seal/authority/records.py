"""Certificates that were issued, and the revocation lists that were published."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Index, Integer, LargeBinary, String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.schema import UTCDateTime
from seal.schema import Base

OUTSIDE = "outside"
"""The issuer of what we did not issue."""


class CertificateRow(Base):
    """One certificate.

    `name` is set for those of the authority's own that are in use (`sm2-root`, …), `seal_id` for a seal's.
    `purpose`: `own`, `seal`, `person`, `outside` (of a key that is not here), or `outside-root`, `outside-issuer`,
    `outside-signer` (issued elsewhere). `holder_ref`: what the applicant calls
    its holder; no name, no number. `key_name`: where the key is, None when not here or by its old rule.
    `key_hash`: SHA-256 of the SubjectPublicKeyInfo, hex.
    """

    __tablename__ = "seal_certificate"
    __table_args__ = (
        Index("ix_seal_certificate_seal_id", "seal_id"),
        Index("ix_seal_certificate_issuer_serial", "issuer", "serial"),
        Index("ix_seal_certificate_key_hash", "key_hash"),
    )

    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str | None] = mapped_column(String(32), unique=True)
    issuer: Mapped[str] = mapped_column(String(32))
    serial: Mapped[str] = mapped_column(String(40))
    seal_id: Mapped[str | None] = mapped_column(String(32))
    der: Mapped[bytes] = mapped_column(LargeBinary)
    issued_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revocation_reason: Mapped[int | None] = mapped_column(Integer)
    purpose: Mapped[str] = mapped_column(String(16), server_default="seal")
    holder_ref: Mapped[str | None] = mapped_column(String(128))
    key_name: Mapped[str | None] = mapped_column(String(128))
    key_hash: Mapped[str | None] = mapped_column(String(64))


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


async def find_by_serial(session: AsyncSession, serial: str, issuer: str | None = None) -> CertificateRow | None:
    """A certificate by its number (hex, no leading zeros), or None; numbers are random, so no two are alike."""
    statement = select(CertificateRow).where(CertificateRow.serial == serial)
    if issuer is not None:
        statement = statement.where(CertificateRow.issuer == issuer)
    return (await session.scalars(statement)).first()


async def newest_certificates(session: AsyncSession, limit: int) -> Sequence[CertificateRow]:
    """The newest first."""
    statement = select(CertificateRow).order_by(CertificateRow.issued_at.desc(), CertificateRow.serial).limit(limit)
    return (await session.scalars(statement)).all()


async def holders_of_key(session: AsyncSession, key_hash: str) -> Sequence[CertificateRow]:
    """Every certificate over a key."""
    return (await session.scalars(select(CertificateRow).where(CertificateRow.key_hash == key_hash))).all()
