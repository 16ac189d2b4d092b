"""CAS put together: what it stands on, and its pages."""

from dataclasses import dataclass

from starlette.routing import BaseRoute

from idp.cas.applications import CasApplications
from idp.cas.routes import CasPages
from idp.cas.sign_in import CasSignIn, CasSignInParts
from idp.cas.tickets import Tickets
from idp.cas.validation import CasValidation, ValidationParts
from idp.login.service import LoginService
from idp.login.sign_out import SignOut
from idp.sessions.routes import Visitors
from idp.sessions.service import SessionService
from kernel.audit.chain import AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.ephemeral.store import EphemeralStore
from kernel.outbound.fetch import GuardedFetcher


@dataclass(frozen=True)
class CasParts:
    """The rooms that CAS stands on. `sign_in_seconds`: how long a sign-in may take."""

    database: Database
    ephemeral: EphemeralStore
    audit: AuditTrail
    clock: Clock
    applications: CasApplications
    login: LoginService
    sessions: SessionService
    fetcher: GuardedFetcher
    sign_in_seconds: int


def cas_routes(parts: CasParts, visitors: Visitors, sign_out: SignOut) -> list[BaseRoute]:
    """Every address of the protocol."""
    tickets = Tickets(parts.ephemeral)
    sign_in = CasSignIn(
        CasSignInParts(
            database=parts.database,
            ephemeral=parts.ephemeral,
            clock=parts.clock,
            applications=parts.applications,
            tickets=tickets,
            login=parts.login,
            seconds=parts.sign_in_seconds,
        )
    )
    validation = CasValidation(
        ValidationParts(
            database=parts.database,
            audit=parts.audit,
            clock=parts.clock,
            applications=parts.applications,
            tickets=tickets,
            sessions=parts.sessions,
            fetcher=parts.fetcher,
        )
    )
    return CasPages(sign_in, validation, parts.applications, visitors, sign_out).routes()
