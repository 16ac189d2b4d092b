"""What verification is made of, and how an application mounts it."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import APIRouter
from starlette.routing import BaseRoute

from kernel.clock import Clock
from kernel.ephemeral.store import EphemeralStore
from verify.offline import routes as offline_routes
from verify.qr import routes as qr_routes
from verify.qr.service import QrVerification
from verify.qr.throttle import GuessThrottle
from verify.receipt.receipt import ReceiptSigner
from verify.standing import LicenceStandings, Presentations
from verify.trust_list import routes as trust_list_routes
from verify.trust_list.pack import StatusTokens, TrustPacks
from verify.trust_list.service import TrustListPublication
from verify.trust_list.source import TrustSource
from verify.upload import routes as upload_routes
from verify.upload.budget import WorkBudget
from verify.upload.judging.findings import Judges
from verify.upload.service import UploadVerification


@dataclass(frozen=True)
class VerifyServices:
    """Found by the routes at `request.app.state.verify`. `domain` is the real one, shown large on every page."""

    domain: str
    qr: QrVerification
    upload: UploadVerification
    trust_list: TrustListPublication
    judges: Judges
    packs: TrustPacks
    public_url: str


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


def build_services(neighbours: Neighbours, *, public_url: str, clock: Clock) -> VerifyServices:
    """Wire the services. `public_url` is the address that people and receipts know, without a path."""
    qr = QrVerification(
        standings=neighbours.standings,
        presentations=neighbours.presentations,
        trust=neighbours.trust,
        throttle=GuessThrottle(neighbours.store),
        clock=clock,
    )
    upload = UploadVerification(
        trust=neighbours.trust,
        standings=neighbours.standings,
        qr=qr,
        receipts=neighbours.receipts,
        budget=WorkBudget(neighbours.store),
        judges=neighbours.judges,
        issuer=public_url,
        clock=clock,
    )
    publication = TrustListPublication(
        source=neighbours.trust, signer=neighbours.receipts, issuer=public_url, clock=clock
    )
    return VerifyServices(
        domain=urlsplit(public_url).netloc or public_url,
        qr=qr,
        upload=upload,
        trust_list=publication,
        judges=neighbours.judges,
        packs=TrustPacks(publication, neighbours.status_tokens, clock),
        public_url=public_url,
    )


def page_routes() -> list[BaseRoute]:
    """Pages: `/v/{code}`, `/verify`, `/verify/offline/`. The offline page comes first: `/verify` has no parameters."""
    return [*qr_routes.routes(), *upload_routes.page_routes(), *offline_routes.routes()]


def api_router() -> APIRouter:
    """`POST /api/v1/verifications` and `GET /api/v1/trust-list`."""
    router = APIRouter()
    router.include_router(upload_routes.api_router())
    router.include_router(trust_list_routes.api_router())
    return router
