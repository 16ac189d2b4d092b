"""Registering and finding applications."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError as UniqueViolation

from idp.saml.applications.application import SamlApplication, SamlSettings
from idp.saml.applications.metadata import MOST_BYTES, ApplicationMetadata, read_metadata
from idp.saml.records import SamlApplicationRow, find_by_entity_id, list_applications
from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.errors import Conflict, InvalidInput, NotFound
from kernel.ids.time_ordered import new_id
from kernel.outbound.fetch import GuardedFetcher

KEEP = timedelta(seconds=1)
ACCEPT = "application/samlmetadata+xml, application/xml, text/xml"


@dataclass(frozen=True)
class SamlRegistration:
    """What an operator gives: the metadata itself, or where to read it; a name, if not the one in it."""

    document: bytes = b""
    url: str = ""
    name: str = ""
    settings: SamlSettings = field(default_factory=SamlSettings)


class SamlApplications:
    """The applications. The list is kept for a second: other processes see a change within it."""

    def __init__(self, database: Database, audit: AuditTrail, clock: Clock, fetcher: GuardedFetcher) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._fetcher = fetcher
        self._kept: tuple[datetime, Sequence[SamlApplication]] | None = None

    async def register(self, registration: SamlRegistration, actor: Actor) -> SamlApplication:
        """Add an application. Raises `InvalidInput`, `Conflict` for one that is there, and for an address what
        `GuardedFetcher.get` raises."""
        document = await self._document(registration.document, registration.url)
        metadata = read_metadata(document)
        now = self._clock()
        row = SamlApplicationRow(
            id=new_id(),
            entity_id=metadata.entity_id,
            name=(registration.name.strip() or _own_name(metadata)),
            metadata_document=document.decode("utf-8-sig"),
            metadata_url=registration.url,
            settings=asdict(registration.settings),
            created_at=now,
            updated_at=now,
        )
        application = SamlApplication(row.id, row.name, metadata, registration.settings)
        application.check()
        try:
            async with self._database.transaction() as session:
                session.add(row)
                event = AuditEvent(
                    "idp.saml.register", actor, application.client_id, detail={"entity_id": row.entity_id}
                )
                await self._audit.record(session, event)
        except UniqueViolation as violation:
            raise Conflict("There is already an application with this entityID.") from violation
        self._kept = None
        return application

    async def refresh(self, application_id: str, actor: Actor, document: bytes = b"") -> SamlApplication:
        """Take new metadata, given or read where it was read first. The entityID stays. Raises as `register`."""
        async with self._database.reading() as session:
            row = await session.get(SamlApplicationRow, application_id)
        if row is None:
            raise NotFound("There is no such application.")
        document = await self._document(document, row.metadata_url)
        metadata = read_metadata(document)
        if metadata.entity_id != row.entity_id:
            raise InvalidInput("This is the metadata of another application.")
        application = SamlApplication(row.id, row.name, metadata, SamlSettings(**row.settings))
        application.check()
        async with self._database.transaction() as session:
            stored = await session.get(SamlApplicationRow, application_id)
            if stored is None:
                raise NotFound("There is no such application.")
            stored.metadata_document, stored.updated_at = document.decode("utf-8-sig"), self._clock()
            await self._audit.record(session, AuditEvent("idp.saml.refresh", actor, application.client_id))
        self._kept = None
        return application

    async def remove(self, application_id: str, actor: Actor) -> None:
        """Let nobody sign in there any more. Raises `NotFound`."""
        async with self._database.transaction() as session:
            row = await session.get(SamlApplicationRow, application_id)
            if row is None:
                raise NotFound("There is no such application.")
            await session.delete(row)
            await self._audit.record(session, AuditEvent("idp.saml.remove", actor, f"saml:{application_id}"))
        self._kept = None

    async def list(self) -> Sequence[SamlApplication]:
        """Every application, by name."""
        now = self._clock()
        if self._kept is None or not timedelta() <= now - self._kept[0] < KEEP:
            async with self._database.reading() as session:
                self._kept = (now, [_application(row) for row in await list_applications(session)])
        return self._kept[1]

    async def find(self, entity_id: str) -> SamlApplication | None:
        """The application that calls itself so."""
        async with self._database.reading() as session:
            row = await find_by_entity_id(session, entity_id)
        return _application(row) if row is not None else None

    async def find_by_id(self, application_id: str) -> SamlApplication | None:
        """The application of this id."""
        async with self._database.reading() as session:
            row = await session.get(SamlApplicationRow, application_id)
        return _application(row) if row is not None else None

    async def _document(self, given: bytes, url: str) -> bytes:
        if given:
            return given
        if not url:
            raise InvalidInput("Give the application's metadata, or its address.")
        answer = await self._fetcher.get(url, accept=ACCEPT, most_bytes=MOST_BYTES)
        if answer.status != 200:
            raise InvalidInput("There is no metadata at this address.")
        return answer.body


def _own_name(metadata: ApplicationMetadata) -> str:
    """What it calls itself: in Chinese before English before anything; its entityID when it has no name."""
    names = metadata.names
    chinese = [name for language, name in names.items() if language.startswith("zh")]
    return (
        next(iter([*chinese, *[names[each] for each in ("en",) if each in names], *names.values()]), "")
        or (metadata.entity_id[:128])
    )


def _application(row: SamlApplicationRow) -> SamlApplication:
    metadata = read_metadata(row.metadata_document.encode())
    return SamlApplication(row.id, row.name, metadata, SamlSettings(**row.settings))
