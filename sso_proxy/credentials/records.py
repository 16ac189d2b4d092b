"""The table of accounts and its queries."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Integer, LargeBinary, String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.schema import UTCDateTime, sealed
from sso_proxy.schema import Base


class CredentialRow(Base):
    """One person's account at one application. `version` counts replacements and is part of the context."""

    __tablename__ = "proxy_credential"

    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    site: Mapped[str] = mapped_column(String(63), primary_key=True)
    username_enc: Mapped[bytes] = mapped_column(
        LargeBinary, info=sealed("credential:{subject}:{site}:{version}:username")
    )
    secret_enc: Mapped[bytes] = mapped_column(LargeBinary, info=sealed("credential:{subject}:{site}:{version}"))
    version: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)


async def find(session: AsyncSession, subject: str, site: str) -> CredentialRow | None:
    """One person's account at one application."""
    return await session.get(CredentialRow, (subject, site), populate_existing=True)


async def of_subject(session: AsyncSession, subject: str) -> Sequence[CredentialRow]:
    """Every account of one person."""
    return (await session.scalars(select(CredentialRow).where(CredentialRow.subject == subject))).all()
