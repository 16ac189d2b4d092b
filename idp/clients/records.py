"""Rows: clients."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Boolean, LargeBinary, String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from idp.schema import Base
from kernel.database.schema import JSONDocument, UTCDateTime


class ClientRow(Base):
    """One client; `secret_hash` is the SHA-256 of a high-entropy secret."""

    __tablename__ = "idp_client"

    client_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(128))
    role: Mapped[str] = mapped_column(String(16))
    secret_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    redirect_uris: Mapped[list[str]] = mapped_column(JSONDocument)
    post_logout_redirect_uris: Mapped[list[str]] = mapped_column(JSONDocument)
    scopes: Mapped[list[str]] = mapped_column(JSONDocument)
    grant_types: Mapped[list[str]] = mapped_column(JSONDocument)
    organisation_uscc: Mapped[str | None] = mapped_column(String(18))
    organisation_name: Mapped[str | None] = mapped_column(String(200))
    requires_pkce: Mapped[bool] = mapped_column(Boolean)
    first_party: Mapped[bool] = mapped_column(Boolean)
    may_realname: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    secret_changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


async def list_clients(session: AsyncSession) -> Sequence[ClientRow]:
    """All of them, by name."""
    return list(await session.scalars(select(ClientRow).order_by(ClientRow.name, ClientRow.client_id)))
