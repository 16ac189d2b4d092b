"""SAML put together: what it stands on, and its pages."""

from dataclasses import dataclass

from starlette.routing import BaseRoute

from idp.claims.service import PersonClaims
from idp.consent.service import ConsentService
from idp.keys import NamedKeys
from idp.login.service import LoginService
from idp.login.sign_out import SignOut
from idp.persons.protection import PersonalData
from idp.saml.applications.registry import SamlApplications
from idp.saml.keys import SamlKeys
from idp.saml.logout.chain import ChainParts, LogoutChain
from idp.saml.logout.notices import SamlNotices
from idp.saml.logout.routes import SamlLogoutPages
from idp.saml.logout.service import SamlLogout
from idp.saml.names import Telling
from idp.saml.routes import SamlPages
from idp.saml.sign_in import SamlSignIn, SamlSignInParts
from idp.sessions.routes import Visitors
from kernel.audit.chain import AuditTrail
from kernel.clock import Clock
from kernel.crypto.envelope import Envelope
from kernel.database.engine import Database
from kernel.ephemeral.store import EphemeralStore
from kernel.outbound.fetch import GuardedFetcher


@dataclass(frozen=True)
class SamlFoundations:
    """The rooms that SAML stands on. `issuer`: our public address."""

    database: Database
    ephemeral: EphemeralStore
    audit: AuditTrail
    clock: Clock
    envelope: Envelope
    fetcher: GuardedFetcher
    named_keys: NamedKeys
    issuer: str


@dataclass(frozen=True)
class SamlRooms:
    """What others of the house use of SAML."""

    foundations: SamlFoundations
    applications: SamlApplications
    keys: SamlKeys
    chain: LogoutChain

    @classmethod
    def build(cls, parts: SamlFoundations) -> "SamlRooms":
        """Make everything by plain constructors."""
        applications = SamlApplications(parts.database, parts.audit, parts.clock, parts.fetcher)
        keys = SamlKeys(parts.database, parts.audit, parts.clock, parts.named_keys, parts.issuer)
        chain = LogoutChain(
            ChainParts(
                database=parts.database,
                ephemeral=parts.ephemeral,
                audit=parts.audit,
                clock=parts.clock,
                envelope=parts.envelope,
                issuer=parts.issuer,
                keys=keys,
                applications=applications,
            )
        )
        return cls(parts, applications, keys, chain)

    def notices(self) -> SamlNotices:
        """What tells applications directly."""
        parts = self.foundations
        return SamlNotices(parts.database, self.applications, self.chain, parts.fetcher, parts.clock)


@dataclass(frozen=True)
class SamlNeighbours:
    """What the pages need of the rest of the provider. `sign_in_seconds`: how long a sign-in may take."""

    consents: ConsentService
    login: LoginService
    personal_data: PersonalData
    visitors: Visitors
    sign_out: SignOut
    sign_in_seconds: int


def saml_routes(rooms: SamlRooms, near: SamlNeighbours) -> list[BaseRoute]:
    """Every address of the protocol."""
    parts = rooms.foundations
    sign_in = SamlSignIn(
        SamlSignInParts(
            database=parts.database,
            ephemeral=parts.ephemeral,
            audit=parts.audit,
            clock=parts.clock,
            envelope=parts.envelope,
            issuer=parts.issuer,
            keys=rooms.keys,
            applications=rooms.applications,
            telling=Telling(PersonClaims(near.personal_data), parts.envelope.blind_index, parts.clock),
            consents=near.consents,
            login=near.login,
            seconds=near.sign_in_seconds,
        )
    )
    stores = (parts.database, parts.ephemeral, parts.clock)
    logout = SamlLogout(stores, rooms.applications, rooms.chain, near.sign_out, parts.issuer)
    return [
        *SamlPages(sign_in, rooms.keys, near.visitors, parts.clock, parts.issuer).routes(),
        *SamlLogoutPages(logout, rooms.chain, near.visitors).routes(),
    ]
