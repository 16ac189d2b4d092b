"""What verification is made of, and how an application mounts it."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from fastapi import APIRouter
from starlette.routing import BaseRoute

from kernel.clock import Clock
from kernel.crypto.envelope import Envelope
from kernel.ephemeral.pacing import Pace
from kernel.ephemeral.store import EphemeralStore
from licence_vault.layout.fonts import FontBook
from seal.client import ReportSealer
from verify.offline import routes as offline_routes
from verify.qr import routes as qr_routes
from verify.qr.service import QrVerification
from verify.qr.throttle import GuessThrottle
from verify.receipt.receipt import ReceiptSigner
from verify.regions.service import Regions
from verify.regions.trust import FederatedTrust
from verify.signed_reports import routes as report_routes
from verify.signed_reports.basis import Bases, Circumstances, Software
from verify.signed_reports.kept import KeptReports
from verify.signed_reports.service import ReportParts, SignedReports
from verify.standing import LicenceStandings, Presentations
from verify.trust_list import routes as trust_list_routes
from verify.trust_list.pack import StatusTokens, TrustPacks
from verify.trust_list.service import TrustListPublication
from verify.trust_list.source import TrustSource
from verify.upload import routes as upload_routes
from verify.upload.budget import WorkBudget
from verify.upload.judging.findings import Judges
from verify.upload.service import UploadVerification

REPORTS_PER_MINUTE = 60
"""How often one network may fetch kept reports: a printed one costs us as much as a licence."""


@dataclass(frozen=True)
class VerifyServices:
    """Found by the routes at `request.app.state.verify`. `domain` is the real one, shown large on every page."""

    domain: str
    qr: QrVerification
    upload: UploadVerification
    reports: SignedReports
    report_pace: Pace
    trust_list: TrustListPublication
    judges: Judges
    packs: TrustPacks
    public_url: str
    regions: Regions | None
    figure_key: bytes


@dataclass(frozen=True)
class Reporting:
    """What signed reports are made with. `fonts`: for those to print; asked for in a thread. `seconds`: how long a
    report is kept for whoever has its address; 0 keeps none."""

    sealer: ReportSealer
    fonts: Callable[[], FontBook]
    envelope: Envelope
    software: Software
    circumstances: Circumstances | None = None
    seconds: int = 3600


@dataclass(frozen=True)
class Neighbours:
    """Whom verification asks: the vault for standings and presentations, the root for trust and signatures."""

    standings: LicenceStandings
    presentations: Presentations
    trust: TrustSource
    receipts: ReceiptSigner
    store: EphemeralStore
    judges: Judges
    status_tokens: StatusTokens
    reporting: Reporting
    regions: Regions | None = None
    """Other regions that are believed; None: nobody else is."""
    figure_key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    """Draws the figure that all genuine pages show; the same in every process."""


def build_services(neighbours: Neighbours, *, public_url: str, clock: Clock) -> VerifyServices:
    """Wire the services. `public_url` is the address that people and receipts know, without a path."""
    regions = neighbours.regions
    trust = FederatedTrust(neighbours.trust, regions, clock) if regions else None
    qr = QrVerification(
        standings=neighbours.standings,
        presentations=neighbours.presentations,
        trust=trust or neighbours.trust,
        regions=trust,
        throttle=GuessThrottle(neighbours.store),
        clock=clock,
    )
    reports = _build_reports(neighbours, public_url)
    upload = UploadVerification(
        trust=trust or neighbours.trust,
        regions=trust,
        standings=neighbours.standings,
        qr=qr,
        reports=reports,
        budget=WorkBudget(neighbours.store),
        judges=neighbours.judges,
        clock=clock,
    )
    publication = TrustListPublication(
        source=neighbours.trust, signer=neighbours.receipts, issuer=public_url, clock=clock
    )
    return VerifyServices(
        domain=urlsplit(public_url).netloc or public_url,
        qr=qr,
        upload=upload,
        reports=reports,
        report_pace=Pace(neighbours.store, "verify-report", per_minute=REPORTS_PER_MINUTE),
        trust_list=publication,
        judges=neighbours.judges,
        packs=TrustPacks(publication, neighbours.status_tokens, clock),
        public_url=public_url,
        regions=regions,
        figure_key=neighbours.figure_key,
    )


def _build_reports(neighbours: Neighbours, public_url: str) -> SignedReports:
    reporting = neighbours.reporting
    return SignedReports(
        ReportParts(
            receipts=neighbours.receipts,
            sealer=reporting.sealer,
            fonts=reporting.fonts,
            bases=Bases(reporting.circumstances, public_url=public_url, software=reporting.software),
            kept=KeptReports(neighbours.store, reporting.envelope, seconds=reporting.seconds),
            issuer=public_url,
        )
    )


def page_routes() -> list[BaseRoute]:
    """Pages: `/v/{code}`, `/verify`, `/verify/offline/`. The offline page comes first: `/verify` has no parameters."""
    return [*qr_routes.routes(), *upload_routes.page_routes(), *report_routes.page_routes(), *offline_routes.routes()]


def api_router() -> APIRouter:
    """`POST /api/v1/verifications` and `GET /api/v1/trust-list`."""
    router = APIRouter()
    router.include_router(upload_routes.api_router())
    router.include_router(report_routes.api_router())
    router.include_router(trust_list_routes.api_router())
    return router
