"""Rows: token families ("grants"), their refresh tokens, and access tokens that were taken back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Index, LargeBinary, String, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from idp.clients.records import ClientRow
from idp.mandates.records import MandateRow, in_force
from idp.persons.person import PersonState
from idp.persons.records import PersonRow
from idp.schema import Base
from kernel.database.schema import JSONDocument, UTCDateTime


class TokenGrantRow(Base):
    """One family: every token that came from one authorization code. Ended as one."""

    __tablename__ = "idp_token_grant"
    __table_args__ = (
        Index("ix_idp_token_grant_session_id", "session_id"),
        Index("ix_idp_token_grant_person_id", "person_id"),
        Index("ix_idp_token_grant_mandate_id", "mandate_id"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    client_id: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[str] = mapped_column(String(40))
    session_id: Mapped[str] = mapped_column(String(40))
    scopes: Mapped[list[str]] = mapped_column(JSONDocument)
    auth_time: Mapped[datetime] = mapped_column(UTCDateTime)
    ends_with_session: Mapped[bool] = mapped_column(Boolean)
    acr: Mapped[str] = mapped_column(String(64))
    amr: Mapped[list[str]] = mapped_column(JSONDocument)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revoked_because: Mapped[str | None] = mapped_column(String(64))
    sub: Mapped[str | None] = mapped_column(String(64))
    """How its tokens call the person: None for the person's own number, else a pairwise subject."""
    confirmation: Mapped[dict[str, str] | None] = mapped_column(JSONDocument)
    """The key that its refresh tokens are bound to (RFC 7800 `cnf`)."""
    resources: Mapped[list[str] | None] = mapped_column(JSONDocument)
    requested_claims: Mapped[dict[str, Any] | None] = mapped_column(JSONDocument)
    mandate_id: Mapped[str | None] = mapped_column(String(40))
    """The mandate that the person acts under; None: for themselves."""


class RefreshTokenRow(Base):
    """One refresh token, by its SHA-256. `used_at` is set once; a second use ends the family."""

    __tablename__ = "idp_refresh_token"
    __table_args__ = (Index("ix_idp_refresh_token_grant_id", "grant_id"),)

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    grant_id: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class RevokedAccessTokenRow(Base):
    """An access token that was taken back by itself; kept until it would have ended anyway."""

    __tablename__ = "idp_revoked_access_token"

    jti: Mapped[str] = mapped_column(String(40), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)


class OpaqueTokenRow(Base):
    """An access token that says nothing by itself: its claims, by the token's SHA-256."""

    __tablename__ = "idp_opaque_token"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    claims: Mapped[dict[str, Any]] = mapped_column(JSONDocument)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)


@dataclass(frozen=True)
class Standing:
    """What decides whether an access token still counts."""

    is_taken_back: bool
    family_revoked_at: datetime | None
    auth_time: datetime
    client_disabled_at: datetime | None
    person_state: str
    signed_out_before: datetime | None
    person_id: str
    mandate_id: str | None
    is_mandate_in_force: bool

    @property
    def counts(self) -> bool:
        """Whether nothing speaks against it."""
        if self.is_taken_back or self.family_revoked_at is not None or self.client_disabled_at is not None:
            return False
        if self.person_state != PersonState.ACTIVE:
            return False
        if self.mandate_id is not None and not self.is_mandate_in_force:
            return False
        return self.signed_out_before is None or self.auth_time >= self.signed_out_before


async def find_standing(session: AsyncSession, jti: str, grant_id: str, now: datetime) -> Standing | None:
    """How an access token of a family stands, in one round trip: every introspection and userinfo asks."""
    mandate = exists().where(MandateRow.id == TokenGrantRow.mandate_id, in_force(now))
    statement = (
        select(
            exists().where(RevokedAccessTokenRow.jti == jti),
            TokenGrantRow.revoked_at,
            TokenGrantRow.auth_time,
            ClientRow.disabled_at,
            PersonRow.state,
            PersonRow.signed_out_before,
            PersonRow.id,
            TokenGrantRow.mandate_id,
            mandate,
        )
        .join(PersonRow, PersonRow.id == TokenGrantRow.person_id)
        .outerjoin(ClientRow, ClientRow.client_id == TokenGrantRow.client_id)
        .where(TokenGrantRow.id == grant_id)
    )
    found = (await session.execute(statement)).first()
    return Standing(*found) if found is not None else None


async def is_clients_token_over(session: AsyncSession, jti: str, client_id: str) -> bool:
    """Whether a client's token for itself was taken back, or the client kept out since, in one round trip."""
    disabled = exists().where(ClientRow.client_id == client_id, ClientRow.disabled_at.is_not(None))
    taken_back = exists().where(RevokedAccessTokenRow.jti == jti)
    return bool(await session.scalar(select(taken_back | disabled)))


async def claim_refresh_token(session: AsyncSession, token_hash: bytes, now: datetime) -> bool:
    """Mark a refresh token used; of many callers one is told True."""
    claimed = await session.execute(
        update(RefreshTokenRow)
        .where(RefreshTokenRow.token_hash == token_hash, RefreshTokenRow.used_at.is_(None))
        .values(used_at=now)
        .returning(RefreshTokenRow.grant_id)
    )
    return claimed.first() is not None


async def list_grants_of_session(session: AsyncSession, session_id: str) -> list[TokenGrantRow]:
    """Families that began in this sign-in session, end with it, and still count."""
    statement = select(TokenGrantRow).where(
        TokenGrantRow.session_id == session_id,
        TokenGrantRow.ends_with_session,
        TokenGrantRow.revoked_at.is_(None),
    )
    return list(await session.scalars(statement))


async def list_grants_of_mandate(session: AsyncSession, mandate_id: str) -> list[TokenGrantRow]:
    """Families under a mandate that still count."""
    statement = select(TokenGrantRow).where(TokenGrantRow.mandate_id == mandate_id, TokenGrantRow.revoked_at.is_(None))
    return list(await session.scalars(statement))


async def list_grants_of_client(session: AsyncSession, person_id: str, client_id: str) -> list[TokenGrantRow]:
    """Families of one person at one client that still count."""
    statement = select(TokenGrantRow).where(
        TokenGrantRow.person_id == person_id,
        TokenGrantRow.client_id == client_id,
        TokenGrantRow.revoked_at.is_(None),
    )
    return list(await session.scalars(statement))


async def delete_ended(session: AsyncSession, before: datetime) -> int:
    """Delete every row of this room that ended before this moment; gives their number."""
    deleted = 0
    for row in (RefreshTokenRow, TokenGrantRow, RevokedAccessTokenRow, OpaqueTokenRow):
        result = await session.execute(delete(row).where(row.expires_at < before).returning(row.expires_at))
        deleted += len(result.all())
    return deleted
