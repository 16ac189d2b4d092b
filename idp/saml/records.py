"""Rows of SAML: applications, our signing keys, and which application was entered in which session."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary, String, Text, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from idp.schema import Base
from kernel.database.schema import JSONDocument, UTCDateTime, sealed


class SamlApplicationRow(Base):
    """An application: its metadata as it was given, and what the operator said beside it."""

    __tablename__ = "idp_saml_application"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    entity_id: Mapped[str] = mapped_column(String(1024), unique=True)
    name: Mapped[str] = mapped_column(String(128))
    metadata_document: Mapped[str] = mapped_column(Text)
    metadata_url: Mapped[str] = mapped_column(String(2000))
    settings: Mapped[dict[str, Any]] = mapped_column(JSONDocument)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)


class SamlKeyRow(Base):
    """The certificate of a signing key. It signs from `signs_from` on, until another one does."""

    __tablename__ = "idp_saml_key"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    certificate: Mapped[bytes] = mapped_column(LargeBinary)
    signs_from: Mapped[datetime] = mapped_column(UTCDateTime)


class SamlEntryRow(Base):
    """An assertion that was handed out: whom to tell, and by which name, when the session ends.

    `id` is the `SessionIndex`; the name that the application knows the person by is sealed.
    """

    __tablename__ = "idp_saml_entry"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    application_id: Mapped[str] = mapped_column(String(40))
    session_id: Mapped[str] = mapped_column(String(40), index=True)
    person_id: Mapped[str] = mapped_column(String(40))
    name_id_format: Mapped[str] = mapped_column(String(128))
    name_id_sealed: Mapped[bytes] = mapped_column(LargeBinary, info=sealed("idp.saml.entry:{id}"))
    at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


async def list_applications(session: AsyncSession) -> Sequence[SamlApplicationRow]:
    """All of them, by name."""
    return (await session.scalars(select(SamlApplicationRow).order_by(SamlApplicationRow.name))).all()


async def find_by_entity_id(session: AsyncSession, entity_id: str) -> SamlApplicationRow | None:
    """The application that calls itself so."""
    return await session.scalar(select(SamlApplicationRow).where(SamlApplicationRow.entity_id == entity_id))


async def list_keys(session: AsyncSession) -> Sequence[SamlKeyRow]:
    """Our keys, the first to sign first."""
    return (await session.scalars(select(SamlKeyRow).order_by(SamlKeyRow.signs_from, SamlKeyRow.name))).all()


async def open_entries(session: AsyncSession, session_id: str) -> Sequence[SamlEntryRow]:
    """What was entered in a session and not left since, in order."""
    statement = select(SamlEntryRow).where(SamlEntryRow.session_id == session_id, SamlEntryRow.ended_at.is_(None))
    return (await session.scalars(statement.order_by(SamlEntryRow.at, SamlEntryRow.id))).all()


async def delete_old(session: AsyncSession, before: datetime) -> int:
    """Delete entries from before this moment; gives their number."""
    statement = delete(SamlEntryRow).where(SamlEntryRow.at < before)
    return len((await session.execute(statement.returning(SamlEntryRow.id))).all())
