"""Adding, listing, removing and finding applications."""

from dataclasses import asdict

from kernel.audit.chain import SYSTEM, Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.errors import Conflict, NotFound
from sso_proxy.sites import records
from sso_proxy.sites.records import SiteRow
from sso_proxy.sites.site import Site, check_site

KEEP_SECONDS = 1.0


class SiteService:
    """The register of applications. `find` is asked for every request and remembers its answers for a second."""

    def __init__(self, database: Database, audit: AuditTrail, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._known: dict[str, tuple[float, Site | None]] = {}

    async def add(self, site: Site, actor: Actor = SYSTEM) -> Site:
        """Put an application behind the gateway. Raises InvalidInput, Conflict."""
        check_site(site)
        async with self._database.transaction() as session:
            if await records.find(session, site.slug) is not None:
                raise Conflict("There is already an application at {slug}.", slug=site.slug)
            session.add(SiteRow(**asdict(site), created_at=self._clock()))
            await self._audit.record(
                session, AuditEvent("proxy.site.add", actor, f"site:{site.slug}", detail={"mode": site.mode})
            )
        self._known.pop(site.slug, None)
        return site

    async def change(self, site: Site, actor: Actor = SYSTEM) -> Site:
        """Have an application be as given. Raises InvalidInput, NotFound."""
        check_site(site)
        async with self._database.transaction() as session:
            row = await records.find(session, site.slug)
            if row is None:
                raise NotFound("There is no application at {slug}.", slug=site.slug)
            changed = [name for name, value in asdict(site).items() if getattr(row, name) != value]
            for name in changed:
                setattr(row, name, getattr(site, name))
            event = AuditEvent("proxy.site.change", actor, f"site:{site.slug}", detail={"changed": changed})
            await self._audit.record(session, event)
        self._known.pop(site.slug, None)
        return site

    async def list(self) -> list[Site]:
        """Every application, by name."""
        async with self._database.reading() as session:
            return [row.as_site() for row in await records.all_sites(session)]

    async def remove(self, slug: str, actor: Actor = SYSTEM) -> None:
        """Take an application away from the gateway; nobody's account there is forgotten. Raises NotFound."""
        async with self._database.transaction() as session:
            if await records.find(session, slug) is None:
                raise NotFound("There is no application at {slug}.", slug=slug)
            await records.remove(session, slug)
            await self._audit.record(session, AuditEvent("proxy.site.remove", actor, f"site:{slug}"))
        self._known.pop(slug, None)

    async def find(self, slug: str) -> Site | None:
        """The application of this slug; seen by other processes within a second of a change."""
        now = self._clock().timestamp()
        known = self._known.get(slug)
        if known is not None and 0 <= now - known[0] < KEEP_SECONDS:
            return known[1]
        async with self._database.reading() as session:
            row = await records.find(session, slug)
        if len(self._known) > 1000:
            self._known.clear()
        site = row.as_site() if row is not None else None
        self._known[slug] = (now, site)
        return site
