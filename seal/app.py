"""Sealing put together: read this first.

`build_services` makes every room by name; `SealServices.start` sets the authority up; `api_router` lists the addresses.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.routing import BaseRoute

from kernel.audit.chain import AuditTrail
from kernel.blobs.store import BlobStore
from kernel.clock import Clock
from kernel.crypto.envelope import Envelope
from kernel.database.engine import Database
from kernel.ephemeral.pacing import Pace
from kernel.ephemeral.store import EphemeralStore
from kernel.outbound.fetch import GuardedFetcher
from seal.authority import routes as authority_routes
from seal.authority.enrolment import Enrolment
from seal.authority.held_keys import HeldKeys
from seal.authority.making import SealMaker
from seal.authority.outside.lists import OutsideLists
from seal.authority.own_certificates import AuthorityParts
from seal.authority.profiles import Naming
from seal.authority.responder import OcspResponder
from seal.authority.service import Authority
from seal.seals import routes as seal_routes
from seal.seals.outside.importing import SealImports
from seal.seals.outside.signers import OutsideParts, OutsideSigners
from seal.seals.publication import SealPublication
from seal.seals.service import RegisterParts, SealRegister
from seal.seals.uses import UseLog
from seal.signing.intents.journal import IntentJournal
from seal.signing.jobs import routes as job_routes
from seal.signing.jobs.late_stamps import LateStampParts, LateStamps
from seal.signing.jobs.protection import JobData
from seal.signing.jobs.running import JobRunner, RunnerParts
from seal.signing.jobs.service import KEEP, JobParts, SealJobs
from seal.signing.pressing.here import PressHere
from seal.signing.pressing.order import Press
from seal.signing.raising import LevelRaiser
from seal.signing.reports import ReportSigning
from seal.signing.service import SigningParts, SigningService
from seal.timestamp import routes as timestamp_routes
from seal.timestamp.authority import AuthorityWiring
from seal.timestamp.service import TimestampParts, TimestampService
from seal.timestamp.settings import TimestampSettings
from seal.validation.trust import TrustStore, load_certificates

if TYPE_CHECKING:  # a name for a type: only `signing` and `authority` open keys
    from kernel.crypto.keystore import KeyStore

ROOT = Path(__file__).parent
"""Where this package's translations lie."""


@dataclass(frozen=True)
class Foundations:
    """What the composition root hands in.

    `public_url`: without a slash at the end; certificates point there. `font`: a TrueType or OpenType file with Chinese
    characters, for the pictures of seals. `blobs`: where the files of seal jobs are kept, theirs alone, for as long as
    `job_files_kept`. `press`: where documents are sealed; this process when left out. `organisation`: how the built-in
    authority calls itself. `ephemeral`: where requests are counted. `maker_trust`: a trust folder with the roots (and
    lists) of makers whose seals may be taken in. `ca_requests_per_minute`: how often one network may ask for lists and
    answers about certificates. `fetcher`: for revocation lists of outside authorities; none are fetched without.
    """

    keystore: "KeyStore"
    database: Database
    audit: AuditTrail
    clock: Clock
    ephemeral: EphemeralStore
    blobs: BlobStore
    envelope: Envelope = field(repr=False)
    public_url: str
    font: Path
    press: Press | None = None
    job_files_kept: timedelta = KEEP
    maker_trust: Path | None = None
    organisation: str = "Xinyin"
    ca_requests_per_minute: int = 1200
    fetcher: GuardedFetcher | None = None
    timestamps: TimestampSettings = field(default_factory=TimestampSettings)


@dataclass(frozen=True)
class SealServices:
    """Found by the routes at `request.app.state.seal`. Call `start` before serving, `stop` after."""

    authority: Authority
    register: SealRegister
    imports: SealImports
    uses: UseLog
    publication: SealPublication
    signing: SigningService
    reports: ReportSigning
    intents: IntentJournal
    timestamps: TimestampService
    responder: OcspResponder
    ca_pace: Pace
    enrolment: Enrolment
    outside_signers: OutsideSigners
    outside_lists: OutsideLists
    jobs: SealJobs
    clock: Clock
    public_url: str

    async def start(self) -> None:
        """Make or load the authority; give up what a crash left half-sealed; begin to stamp."""
        await self.authority.bootstrap()
        await self.intents.abandon_expired()
        await self.timestamps.start()

    async def stop(self) -> None:
        """Stop stamping."""
        await self.timestamps.stop()


def build_services(parts: Foundations) -> SealServices:
    """Wire the services."""
    authority_parts = _authority_parts(parts)
    authority = Authority(authority_parts)
    timestamps = _build_timestamps(parts, authority)
    enrolment = Enrolment(authority_parts, authority)
    makers = TrustStore.load(parts.maker_trust) if parts.maker_trust else TrustStore()
    outside_lists = OutsideLists(parts.database, parts.fetcher)
    publication = SealPublication(
        parts.database, authority, parts.clock, outside_lists, timestamp_anchors=timestamps.anchors, makers=makers
    )
    register = SealRegister(
        RegisterParts(
            database=parts.database,
            audit=parts.audit,
            clock=parts.clock,
            authority=authority,
            maker=SealMaker(authority, parts.clock),
            publication=publication,
            font=parts.font,
        )
    )
    intents = IntentJournal(parts.database, parts.audit, parts.clock)
    raiser = LevelRaiser(timestamps, parts.clock)
    signing = SigningService(
        SigningParts(
            press=parts.press or PressHere(parts.keystore),
            database=parts.database,
            audit=parts.audit,
            clock=parts.clock,
            authority=authority,
            publication=publication,
            journal=intents,
            raiser=raiser,
        )
    )
    data = JobData(parts.envelope, parts.blobs)
    return SealServices(
        authority=authority,
        register=register,
        imports=SealImports(register, HeldKeys(parts.keystore), makers, parts.clock),
        uses=UseLog(parts.database, parts.clock),
        publication=publication,
        signing=signing,
        reports=ReportSigning(authority, parts.database, timestamps.stamper, parts.clock),
        intents=intents,
        timestamps=timestamps,
        responder=OcspResponder(authority_parts, authority),
        ca_pace=Pace(parts.ephemeral, "ca", per_minute=parts.ca_requests_per_minute),
        enrolment=enrolment,
        outside_lists=outside_lists,
        outside_signers=_build_outside_signers(parts, authority, enrolment, publication),
        jobs=_build_jobs(
            parts,
            RunnerParts(parts.database, parts.clock, data, signing, intents),
            LateStampParts(parts.database, parts.audit, data, raiser, timestamps.pending, publication),
        ),
        clock=parts.clock,
        public_url=parts.public_url.rstrip("/"),
    )


def _authority_parts(parts: Foundations) -> AuthorityParts:
    return AuthorityParts(
        keystore=parts.keystore,
        database=parts.database,
        audit=parts.audit,
        clock=parts.clock,
        naming=Naming(parts.organisation, parts.public_url.rstrip("/")),
    )


def _build_outside_signers(
    parts: Foundations, authority: Authority, enrolment: Enrolment, publication: SealPublication
) -> OutsideSigners:
    return OutsideSigners(
        OutsideParts(
            database=parts.database,
            audit=parts.audit,
            clock=parts.clock,
            authority=authority,
            enrolment=enrolment,
            maker=SealMaker(authority, parts.clock),
            publication=publication,
        )
    )


def _build_timestamps(parts: Foundations, authority: Authority) -> TimestampService:
    wiring = AuthorityWiring(
        stamping=lambda is_sm3: authority.stamping("sm2" if is_sm3 else "p256"),
        database=parts.database,
        audit=parts.audit,
        clock=parts.clock,
    )
    anchors = load_certificates(parts.timestamps.anchors) if parts.timestamps.anchors else ()
    return TimestampService(TimestampParts(wiring, parts.ephemeral, anchors), parts.timestamps)


def _build_jobs(parts: Foundations, runner: RunnerParts, late_stamps: LateStampParts) -> SealJobs:
    return SealJobs(
        JobParts(
            database=parts.database,
            audit=parts.audit,
            clock=parts.clock,
            store=parts.ephemeral,
            data=runner.data,
            signing=runner.signing,
            runner=JobRunner(runner, LateStamps(late_stamps)),
            keep=parts.job_files_kept,
        )
    )


def page_routes() -> list[BaseRoute]:
    """None: people meet seals in the console and on verification pages."""
    return []


def api_router() -> APIRouter:
    """`/api/v1/seals`, `/api/v1/seal-jobs`, `/ca/…`, `/tsa`."""
    router = APIRouter()
    for feature in (seal_routes, job_routes, authority_routes, timestamp_routes):
        router.include_router(feature.api_router())
    return router
