"""What the vault is made of, and how an application mounts it."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import APIRouter
from starlette.routing import BaseRoute

from kernel.audit.chain import AuditTrail
from kernel.blobs.store import BlobStore
from kernel.clock import Clock
from kernel.crypto.envelope import Envelope
from kernel.database.engine import Database
from kernel.ephemeral.store import EphemeralStore
from kernel.messages.message import Channels, MessageSender
from licence_vault.batches import routes as batch_routes
from licence_vault.batches.runner import BatchRunner
from licence_vault.batches.service import Batches, BatchParts
from licence_vault.catalogue.service import Catalogue
from licence_vault.collection import routes as collection_routes
from licence_vault.collection.matching import Matching
from licence_vault.collection.parts import CollectionParts
from licence_vault.collection.review import Review
from licence_vault.collection.runner import Collector
from licence_vault.collection.scans.service import Scans
from licence_vault.collection.service import Collections
from licence_vault.forms import routes as form_routes
from licence_vault.forms.service import FormParts, LicenceForms
from licence_vault.grants import routes as grant_routes
from licence_vault.grants.service import Agencies, Grants, no_agencies
from licence_vault.issuing import routes as issuing_routes
from licence_vault.issuing.changes import LicenceChanges
from licence_vault.issuing.idempotency import IdempotencyKeys
from licence_vault.issuing.service import Issuing, IssuingParts, SealOfAuthority
from licence_vault.layout.fonts import FontBook
from licence_vault.ledger import routes as ledger_routes
from licence_vault.ledger.service import Ledger
from licence_vault.licences.protection import LicenceData
from licence_vault.lookup import routes as lookup_routes
from licence_vault.lookup.service import Lookup
from licence_vault.neighbours import routes as neighbour_routes
from licence_vault.neighbours.breaker import Breaker
from licence_vault.neighbours.peer import Peers
from licence_vault.neighbours.pushing import Pusher
from licence_vault.neighbours.receiving import Directory
from licence_vault.neighbours.register import NeighbourRegister
from licence_vault.neighbours.runner import NeighbourRunner
from licence_vault.notices import routes as notice_routes
from licence_vault.notices.gathering import Gatherer
from licence_vault.notices.notice import Contacts, NoContacts
from licence_vault.notices.runner import NoticeRunner
from licence_vault.notices.sending import NoticeSender
from licence_vault.notices.service import Notices
from licence_vault.pages import routes as pages_routes
from licence_vault.pages.preview import Previews
from licence_vault.presentations import routes as presentation_routes
from licence_vault.presentations.service import Presentations
from licence_vault.sharing import routes as sharing_routes
from licence_vault.sharing.relaying import Relay
from licence_vault.sharing.service import Sharing, SharingParts
from licence_vault.sharing.throttle import SharingThrottle
from licence_vault.status import routes as status_routes
from licence_vault.status.service import StatusLists
from licence_vault.wallets import routes as wallet_routes
from licence_vault.wallets.service import WalletParts, Wallets
from seal.client import Sealer

ROOT = Path(__file__).parent


@dataclass(frozen=True)
class Foundations:
    """What the composition root hands in."""

    database: Database
    ephemeral: EphemeralStore
    blobs: BlobStore
    envelope: Envelope
    audit: AuditTrail
    clock: Clock
    sealer: Sealer
    seal_of: SealOfAuthority
    fonts: FontBook
    public_url: str
    agencies: Agencies = no_agencies
    messages: MessageSender = field(default_factory=Channels)
    contacts: Contacts = field(default_factory=NoContacts)


@dataclass(frozen=True)
class VaultServices:
    """Found by the routes at `request.app.state.licence_vault`. Call `start` before serving."""

    public_url: str
    clock: Clock
    catalogue: Catalogue
    issuing: Issuing
    batches: Batches
    batch_runner: BatchRunner
    collections: Collections
    review: Review
    scans: Scans
    collector: Collector
    changes: LicenceChanges
    lookup: Lookup
    forms: LicenceForms
    wallets: Wallets
    presentations: Presentations
    ledger: Ledger
    statuses: StatusLists
    previews: Previews
    grants: Grants
    sharing: Sharing
    notices: Notices
    notice_runner: NoticeRunner
    neighbours: NeighbourRegister
    directory: Directory
    pusher: Pusher
    relay: Relay
    neighbour_runner: NeighbourRunner
    peers: Peers

    async def start(self) -> None:
        """Publish the licence types that come with the product."""
        await self.catalogue.ensure_shipped()

    async def stop(self) -> None:
        """End what is open to others."""
        await self.peers.close()


def build_services(parts: Foundations) -> VaultServices:
    """Make everything by plain constructors."""
    database, audit, clock, data = parts.database, parts.audit, parts.clock, LicenceData(parts.envelope)
    catalogue = Catalogue(database, audit, clock)
    ledger = Ledger(database, parts.sealer, clock, f"{urlsplit(parts.public_url).netloc}/log", envelope=parts.envelope)
    lookup = Lookup(database, parts.blobs, data, clock)
    statuses = StatusLists(database, parts.sealer, parts.envelope, clock, parts.public_url)
    issuing = Issuing(_issuing_parts(parts, catalogue, data, ledger, statuses))
    forms = LicenceForms(FormParts(database, catalogue, statuses, parts.sealer, clock, parts.public_url))
    grants = Grants(database, parts.envelope, audit, clock, parts.agencies)
    sharing_parts = SharingParts(
        database=database,
        audit=audit,
        clock=clock,
        data=data,
        catalogue=catalogue,
        lookup=lookup,
        grants=grants,
        throttle=SharingThrottle(parts.ephemeral),
        statuses=statuses,
        ledger=ledger,
        sealer=parts.sealer,
        seal_of=parts.seal_of,
        fonts=parts.fonts,
    )
    breaker, peers = Breaker(parts.ephemeral), Peers()
    neighbours = NeighbourRegister(database, parts.envelope, audit, clock, breaker)
    pusher = Pusher(database, data, parts.ephemeral, peers, clock)
    batch_parts = BatchParts(database, audit, clock, parts.envelope, catalogue, issuing, parts.seal_of, parts.fonts)
    collection_parts = _collection_parts(parts, batch_parts, data)
    return VaultServices(
        public_url=parts.public_url,
        clock=clock,
        catalogue=catalogue,
        issuing=issuing,
        batches=Batches(batch_parts),
        batch_runner=BatchRunner(batch_parts),
        collections=Collections(collection_parts),
        review=Review(collection_parts),
        scans=collection_parts.scans,
        collector=Collector(collection_parts),
        changes=LicenceChanges(database, audit, clock, data, ledger),
        lookup=lookup,
        forms=forms,
        wallets=_build_wallets(parts, catalogue, lookup, forms),
        presentations=Presentations(parts.ephemeral, lookup, database, audit, clock),
        ledger=ledger,
        statuses=statuses,
        previews=Previews(),
        grants=grants,
        sharing=Sharing(sharing_parts),
        notices=Notices(database, parts.envelope, parts.contacts, clock),
        notice_runner=_notice_runner(parts),
        neighbours=neighbours,
        directory=Directory(database, clock),
        pusher=pusher,
        relay=Relay(database, neighbours, peers, breaker, audit, clock),
        neighbour_runner=NeighbourRunner(database, neighbours, pusher, clock),
        peers=peers,
    )


def _collection_parts(parts: Foundations, batches: BatchParts, data: LicenceData) -> CollectionParts:
    return CollectionParts(
        database=batches.database,
        audit=batches.audit,
        clock=batches.clock,
        envelope=batches.envelope,
        catalogue=batches.catalogue,
        issuing=batches.issuing,
        seal_of=batches.seal_of,
        fonts=batches.fonts,
        matching=Matching(parts.database, data),
        scans=Scans(parts.database, parts.blobs, parts.envelope, parts.clock),
    )


def _issuing_parts(
    parts: Foundations, catalogue: Catalogue, data: LicenceData, ledger: Ledger, statuses: StatusLists
) -> IssuingParts:
    return IssuingParts(
        database=parts.database,
        audit=parts.audit,
        clock=parts.clock,
        blobs=parts.blobs,
        catalogue=catalogue,
        data=data,
        sealer=parts.sealer,
        seal_of=parts.seal_of,
        ledger=ledger,
        statuses=statuses,
        fonts=parts.fonts,
        keys=IdempotencyKeys(parts.database, parts.ephemeral, data),
        public_url=parts.public_url,
    )


def _notice_runner(parts: Foundations) -> NoticeRunner:
    gatherer = Gatherer(parts.database, parts.envelope, parts.clock)
    sender = NoticeSender(parts.database, parts.messages, parts.contacts, parts.clock, parts.public_url)
    return NoticeRunner(parts.database, gatherer, sender, parts.clock)


def _build_wallets(parts: Foundations, catalogue: Catalogue, lookup: Lookup, forms: LicenceForms) -> Wallets:
    return Wallets(
        WalletParts(
            store=parts.ephemeral,
            database=parts.database,
            audit=parts.audit,
            clock=parts.clock,
            envelope=parts.envelope,
            catalogue=catalogue,
            lookup=lookup,
            forms=forms,
            public_url=parts.public_url,
        )
    )


def page_routes() -> list[BaseRoute]:
    """The citizen's pages."""
    return pages_routes.page_routes()


def api_router(services: VaultServices) -> APIRouter:
    """Licences for agencies and holders, and the public log."""
    router = APIRouter()
    for part in (
        issuing_routes,
        batch_routes,
        collection_routes,
        lookup_routes,
        form_routes,
        wallet_routes,
        presentation_routes,
        status_routes,
        grant_routes,
        sharing_routes,
        neighbour_routes,
        notice_routes,
    ):
        router.include_router(part.api_router())
    router.include_router(ledger_routes.ledger_routes(services.ledger))
    return router
