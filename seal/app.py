"""Sealing put together: read this first.

`build_services` makes every room by name; `SealServices.start` sets the authority up; `api_router` lists the addresses.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.routing import BaseRoute

from kernel.audit.chain import AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database
from seal.authority import routes as authority_routes
from seal.authority.making import SealMaker
from seal.authority.profiles import Naming
from seal.authority.service import Authority, AuthorityParts
from seal.seals import routes as seal_routes
from seal.seals.publication import SealPublication
from seal.seals.service import RegisterParts, SealRegister
from seal.signing import routes as signing_routes
from seal.signing.intents.journal import IntentJournal
from seal.signing.pressing.here import PressHere
from seal.signing.service import SigningParts, SigningService

if TYPE_CHECKING:  # a name for a type: only `signing` and `authority` open keys
    from kernel.crypto.keystore import KeyStore

ROOT = Path(__file__).parent
"""Where this package's translations lie."""


@dataclass(frozen=True)
class Foundations:
    """What the composition root hands in.

    `public_url`: without a slash at the end; certificates point there. `font`: a TrueType or OpenType file with Chinese
    characters, for the pictures of seals. `organisation`: how the built-in authority calls itself.
    """

    keystore: "KeyStore"
    database: Database
    audit: AuditTrail
    clock: Clock
    public_url: str
    font: Path
    organisation: str = "Xinyin"


@dataclass(frozen=True)
class SealServices:
    """Found by the routes at `request.app.state.seal`. Call `start` before serving."""

    authority: Authority
    register: SealRegister
    publication: SealPublication
    signing: SigningService
    intents: IntentJournal

    async def start(self) -> None:
        """Make or load the authority; give up what a crash left half-sealed."""
        await self.authority.bootstrap()
        await self.intents.abandon_expired()


def build_services(parts: Foundations) -> SealServices:
    """Wire the services."""
    authority = Authority(
        AuthorityParts(
            keystore=parts.keystore,
            database=parts.database,
            audit=parts.audit,
            clock=parts.clock,
            naming=Naming(parts.organisation, parts.public_url.rstrip("/")),
        )
    )
    publication = SealPublication(parts.database, authority, parts.clock)
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
    signing = SigningService(
        SigningParts(
            press=PressHere(parts.keystore),
            database=parts.database,
            audit=parts.audit,
            clock=parts.clock,
            authority=authority,
            publication=publication,
            journal=intents,
        )
    )
    return SealServices(authority, register, publication, signing, intents)


def page_routes() -> list[BaseRoute]:
    """None: people meet seals in the console and on verification pages."""
    return []


def api_router() -> APIRouter:
    """`/api/v1/seals`, `/api/v1/seal-jobs`, `/ca/…`."""
    router = APIRouter()
    for feature in (seal_routes, signing_routes, authority_routes):
        router.include_router(feature.api_router())
    return router
