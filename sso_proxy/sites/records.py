"""The table of applications and its queries."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import String, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.schema import UTCDateTime
from sso_proxy.schema import Base
from sso_proxy.sites.site import Mode, Site


class SiteRow(Base):
    """One application behind the gateway."""

    __tablename__ = "proxy_site"

    slug: Mapped[str] = mapped_column(String(63), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    upstream_url: Mapped[str] = mapped_column(String(500))
    mode: Mapped[str] = mapped_column(String(16))
    entry_path: Mapped[str] = mapped_column(String(501))
    login_path: Mapped[str | None] = mapped_column(String(501))
    logout_path: Mapped[str | None] = mapped_column(String(501))
    user_header: Mapped[str] = mapped_column(String(64))
    name_header: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    def as_site(self) -> Site:
        """The value that the rest of the package works with."""
        return Site(
            slug=self.slug,
            name=self.name,
            upstream_url=self.upstream_url,
            mode=cast("Mode", self.mode),
            entry_path=self.entry_path,
            login_path=self.login_path,
            logout_path=self.logout_path,
            user_header=self.user_header,
            name_header=self.name_header,
        )


async def find(session: AsyncSession, slug: str) -> SiteRow | None:
    """The application of this slug."""
    return await session.get(SiteRow, slug)


async def all_sites(session: AsyncSession) -> Sequence[SiteRow]:
    """Every application, by name."""
    return (await session.scalars(select(SiteRow).order_by(SiteRow.name))).all()


async def remove(session: AsyncSession, slug: str) -> None:
    """Forget the application."""
    await session.execute(delete(SiteRow).where(SiteRow.slug == slug))
