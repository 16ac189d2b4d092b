"""Rows: clients, and the tokens by which programs may register some."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Integer, LargeBinary, String, select, update
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
    members: Mapped[dict[str, Any]] = mapped_column(JSONDocument, server_default="{}")
    """Its other metadata, by their registered names (RFC 7591)."""
    registration_token_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    """Of the token by which it manages its own registration (RFC 7592)."""


class InitialAccessTokenRow(Base):
    """A token by which programs may register clients (RFC 7591 §3), by its SHA-256."""

    __tablename__ = "idp_initial_access_token"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    label: Mapped[str] = mapped_column(String(80))
    uses_left: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)


async def claim_initial_access_token(session: AsyncSession, token_hash: bytes, now: datetime) -> bool:
    """Use a token up by one; False when there is none, or nothing left of it."""
    claimed = await session.execute(
        update(InitialAccessTokenRow)
        .where(
            InitialAccessTokenRow.token_hash == token_hash,
            InitialAccessTokenRow.uses_left > 0,
            InitialAccessTokenRow.expires_at > now,
        )
        .values(uses_left=InitialAccessTokenRow.uses_left - 1)
        .returning(InitialAccessTokenRow.label)
    )
    return claimed.first() is not None


async def list_clients(session: AsyncSession) -> Sequence[ClientRow]:
    """All of them, by name."""
    return list(await session.scalars(select(ClientRow).order_by(ClientRow.name, ClientRow.client_id)))
