"""The identity provider put together: read this first.

`build_services` makes every room by name; `page_routes` is the one list of addresses.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from fastapi import APIRouter
from starlette.routing import BaseRoute

from idp.account.data.routes import DataPages
from idp.account.data.service import DataCopies, DataParts
from idp.account.mandates.routes import MandatePages
from idp.account.routes import AccountPages
from idp.account.security.contacts import ContactPages, ContactParts, WaysToSignIn
from idp.account.security.routes import SecurityPages, SecurityParts
from idp.account.security.secrets import SecretPages, SecretParts
from idp.account.service import AccountParts, AccountService
from idp.administration.accounts import AccountsApi, AdministeredParts
from idp.administration.routes import AdministrationApi, AdministrationParts
from idp.assignments.service import AssignmentService, held_later
from idp.assurance.register import HttpPopulationRegister, NoPopulationRegister, PopulationRegister
from idp.assurance.routes import RealNamePages
from idp.assurance.service import AssuranceService
from idp.cas.applications import CasApplications
from idp.cas.logout import CasLogout
from idp.cas.records import delete_old
from idp.cas.rooms import CasParts, cas_routes
from idp.clients.declared import DeclaredClients
from idp.clients.service import ClientService
from idp.consent.service import ConsentService
from idp.contacts.codes import ContactCodes
from idp.contacts.service import ContactService
from idp.factors.recovery import RecoveryCodes
from idp.factors.standing import SecondFactors
from idp.factors.totp import TotpService
from idp.federation.accounts import ExternalAccounts
from idp.federation.base import CallbackConnector
from idp.federation.pending import PendingSignIns
from idp.federation.routes import Doors, federation_routes
from idp.federation.service import FederationService
from idp.keys import TokenKeys
from idp.login.by_code.routes import CodePages
from idp.login.logout_routes import LogoutPages
from idp.login.password import PasswordSignIn
from idp.login.requests import LoginRequests
from idp.login.routes import LoginPages, LoginParts
from idp.login.second_factor.routes import FactorPages
from idp.login.service import LoginService, SessionParts
from idp.login.sign_out import Endings, MandateEnding, SignOut
from idp.login.throttle import AttemptThrottle
from idp.mandates.service import MandateService
from idp.oauth2.registration.service import RegistrationParts, RegistrationService
from idp.oidc.logout import LogoutService
from idp.oidc.logout_routes import RelyingPartyLogout
from idp.organisations.service import OrganisationService
from idp.passkeys.ceremony import Ceremony
from idp.passkeys.service import PasskeyService
from idp.persons.directory import PersonDirectory
from idp.persons.passwords import PasswordHasher
from idp.persons.protection import PersonalData
from idp.persons.records import end_sign_ins
from idp.persons.service import PersonService
from idp.protocols import ProtocolParts, Protocols, build_fetcher
from idp.roles.service import RoleService
from idp.saml.records import delete_old as delete_old_entries
from idp.saml.rooms import SamlFoundations, SamlNeighbours, SamlRooms, saml_routes
from idp.scim.documents import Documents
from idp.scim.routes import ROOT as SCIM_ROOT
from idp.scim.routes import ScimApi
from idp.scim.users import ScimParts
from idp.sessions.routes import Visitors
from idp.sessions.service import SessionService
from idp.settings import IdpSettings
from idp.single_logout.service import SingleLogout, SingleLogoutParts
from idp.tokens.service import TokenService
from idp.tokens.subject_names import SubjectNames
from idp.units.service import UnitService
from kernel.audit.chain import AuditTrail
from kernel.clock import Clock
from kernel.crypto.envelope import Envelope
from kernel.database.engine import Database
from kernel.ephemeral.store import EphemeralStore
from kernel.messages.message import Channels, MessageSender
from kernel.outbound.fetch import GuardedFetcher

KEPT_AFTER_THE_END = timedelta(days=30)
ROOT = Path(__file__).parent
"""Where this package's templates, static files and translations lie."""


@dataclass(frozen=True)
class Foundations:
    """What the composition root hands in. `register` overrides the setting; `connectors` are the providers set up."""

    settings: IdpSettings
    database: Database
    ephemeral: EphemeralStore
    audit: AuditTrail
    envelope: Envelope
    keys: TokenKeys
    clock: Clock
    register: PopulationRegister | None = None
    connectors: Mapping[str, CallbackConnector] | None = None
    messages: MessageSender = field(default_factory=Channels)
    """What sends codes; by default nothing does."""
    fetcher: GuardedFetcher | None = None
    """What calls addresses that clients name, where it is not made from the settings."""


@dataclass(frozen=True)
class IdpServices:
    """Every room of the identity provider. Call `start` before serving and `stop` after."""

    settings: IdpSettings
    database: Database
    ephemeral: EphemeralStore
    audit: AuditTrail
    clock: Clock
    keys: TokenKeys
    hasher: PasswordHasher
    personal_data: PersonalData
    persons: PersonService
    roles: RoleService
    organisations: OrganisationService
    units: UnitService
    assignments: AssignmentService
    clients: ClientService
    consents: ConsentService
    sessions: SessionService
    mandates: MandateService
    tokens: TokenService
    throttle: AttemptThrottle
    login: LoginService
    assurance: AssuranceService
    federation: FederationService | None
    envelope: Envelope
    fetcher: GuardedFetcher
    names: SubjectNames
    registration: RegistrationService
    single_logout: SingleLogout
    cas_applications: CasApplications
    sign_out: SignOut
    saml: SamlRooms
    codes: ContactCodes
    contacts: ContactService

    @property
    def totp(self) -> TotpService:
        """Codes of an app."""
        return self.login.factors.totp

    @property
    def passkeys(self) -> PasskeyService:
        """Passkeys."""
        return self.login.factors.passkeys

    @property
    def recovery(self) -> RecoveryCodes:
        """Codes on paper."""
        return self.login.factors.recovery

    @property
    def declared_clients(self) -> DeclaredClients:
        """Clients as an operator's file has them."""
        return DeclaredClients(self.database, self.audit, self.clock, self.clients)

    async def start(self) -> None:
        """Open the signing keys, making the first one; begin to deliver logout notices."""
        await self.keys.load()
        self.single_logout.start()

    async def purge(self) -> int:
        """Forget sessions, tokens and notices that ended a month ago; says how many rows. For a daily job."""
        before = self.clock() - KEPT_AFTER_THE_END
        async with self.database.transaction() as session:
            notices = await self.single_logout.purge(session, before) + await delete_old(session, before)
            notices += await delete_old_entries(session, before)
        return notices + await self.tokens.purge(before) + await self.sessions.purge(before)

    async def stop(self) -> None:
        """Deliver no more; let the hashing threads go."""
        await self.single_logout.stop()
        self.hasher.close()


def build_services(parts: Foundations) -> IdpServices:
    """Make everything by plain constructors."""
    settings, database, audit, clock = parts.settings, parts.database, parts.audit, parts.clock
    hasher = _hasher(settings)
    personal_data = PersonalData(parts.envelope)
    roles = RoleService(database, audit, clock, end_sign_ins, held_later)
    persons = PersonService(database, audit, clock, personal_data, hasher, roles)
    persons.password_minimum_length = settings.password_minimum_length
    consents = ConsentService(database, audit, clock)
    throttle = AttemptThrottle(parts.ephemeral, clock, settings)
    clients = ClientService(database, audit, clock)
    fetcher = parts.fetcher or build_fetcher(settings)
    factors = _second_factors(parts)
    cas_applications = CasApplications(database, audit, clock)
    tokens = TokenService(database, audit, clock, parts.keys, settings)
    saml = _saml(parts, fetcher)
    endings = Endings(tokens, _single_logout(parts, clients, fetcher, cas_applications, saml))
    sessions = SessionService(database, audit, clock, settings, endings.of_session)
    mandates = MandateService(database, audit, clock, MandateEnding(sessions, endings))
    login = _login_service(
        parts,
        PasswordSignIn(persons, hasher, throttle, database, audit),
        factors,
        SessionParts(sessions, consents, mandates, clock),
    )
    return IdpServices(
        settings=settings,
        database=database,
        ephemeral=parts.ephemeral,
        audit=audit,
        clock=clock,
        keys=parts.keys,
        hasher=hasher,
        personal_data=personal_data,
        persons=persons,
        roles=roles,
        organisations=OrganisationService(database, audit, clock),
        units=UnitService(database, audit, clock),
        assignments=AssignmentService(database, audit, clock),
        clients=clients,
        consents=consents,
        sessions=sessions,
        mandates=mandates,
        tokens=tokens,
        throttle=throttle,
        login=login,
        assurance=AssuranceService(persons, _register(parts), throttle, database, audit),
        federation=_federation(parts, persons),
        envelope=parts.envelope,
        fetcher=fetcher,
        names=SubjectNames(parts.envelope.blind_index),
        registration=RegistrationService(RegistrationParts(database, audit, clock, settings, clients, fetcher)),
        single_logout=endings.single_logout,
        cas_applications=cas_applications,
        sign_out=SignOut(database, sessions, endings, saml.chain),
        saml=saml,
        codes=ContactCodes(parts.ephemeral, parts.envelope, parts.messages, settings.issuer, settings.code_limits),
        contacts=ContactService(database, clock, parts.envelope, persons, parts.messages),
    )


def _second_factors(parts: Foundations) -> SecondFactors:
    database, audit, clock, ephemeral = parts.database, parts.audit, parts.clock, parts.ephemeral
    ceremony = Ceremony(parts.settings.issuer, "Xinyin 信印")
    return SecondFactors(
        TotpService(database, audit, clock, parts.envelope, ephemeral),
        PasskeyService(database, audit, clock, ephemeral, ceremony),
        RecoveryCodes(database, audit, clock, parts.envelope),
    )


def _hasher(settings: IdpSettings) -> PasswordHasher:
    return PasswordHasher(
        memory_kib=settings.password_hash_memory_kib,
        passes=settings.password_hash_passes,
        threads=settings.password_hash_threads,
    )


def _saml(parts: Foundations, fetcher: GuardedFetcher) -> SamlRooms:
    return SamlRooms.build(
        SamlFoundations(
            database=parts.database,
            ephemeral=parts.ephemeral,
            audit=parts.audit,
            clock=parts.clock,
            envelope=parts.envelope,
            fetcher=fetcher,
            named_keys=parts.keys.beside(),
            issuer=parts.settings.issuer,
        )
    )


def _login_service(
    parts: Foundations, password: PasswordSignIn, factors: SecondFactors, sessions: SessionParts
) -> LoginService:
    requests = LoginRequests(parts.ephemeral, parts.settings.login_request_seconds)
    return LoginService(parts.database, requests, password, factors, sessions)


def _single_logout(
    parts: Foundations, clients: ClientService, fetcher: GuardedFetcher, cas: CasApplications, saml: SamlRooms
) -> SingleLogout:
    others = (CasLogout(cas, parts.clock), saml.notices())
    issuer = parts.settings.issuer
    return SingleLogout(
        SingleLogoutParts(parts.database, parts.audit, parts.clock, issuer, parts.keys, clients, fetcher, others)
    )


def _register(parts: Foundations) -> PopulationRegister:
    if parts.register is not None:
        return parts.register
    address = parts.settings.population_register_url
    return HttpPopulationRegister(address) if address else NoPopulationRegister()


def _federation(parts: Foundations, persons: PersonService) -> FederationService | None:
    if not parts.connectors:
        return None
    accounts = ExternalAccounts(parts.database, parts.audit, parts.clock, parts.envelope, PersonDirectory(persons))
    pending = PendingSignIns(parts.ephemeral, parts.clock)
    return FederationService(pending, accounts, parts.connectors, parts.settings.issuer)


def page_routes(services: IdpServices) -> list[BaseRoute]:
    """Every address of the identity provider."""
    visitors = Visitors(services.sessions, services.settings)
    sign_out = services.sign_out
    login = _login_pages(services, visitors)
    account = AccountPages(_account_service(services), visitors, sign_out, services.clock)
    ways = WaysToSignIn(services.persons, services.passkeys, services.federation)
    return [
        *login.routes(),
        *FactorPages(login, services.login, services.persons).routes(),
        *CodePages(login, services.login, services.codes, services.contacts).routes(),
        *LogoutPages(visitors, sign_out).routes(),
        *_federation_routes(services, login, account),
        *account.routes(),
        *SecretPages(_secret_parts(services, visitors)).routes(),
        *SecurityPages(SecurityParts(services.passkeys, visitors, services.clock)).routes(),
        *ContactPages(ContactParts(services.contacts, services.codes, visitors, services.clock, ways)).routes(),
        *MandatePages(services.mandates, services.persons, services.sessions, visitors, services.clock).routes(),
        *DataPages(_data_copies(services), visitors, services.clock).routes(),
        *RealNamePages(services.assurance, visitors, services.login).routes(),
        *_protocols(services).routes(visitors),
        *cas_routes(_cas_parts(services), visitors, sign_out),
        *saml_routes(services.saml, _saml_neighbours(services, visitors)),
        *_scim(services).routes(),
        *RelyingPartyLogout(_logout_service(services), visitors, sign_out).routes(),
    ]


def _scim(services: IdpServices) -> ScimApi:
    return ScimApi(
        ScimParts(
            database=services.database,
            audit=services.audit,
            clock=services.clock,
            hasher=services.hasher,
            persons=services.persons,
            documents=Documents(services.envelope, services.settings.issuer + SCIM_ROOT),
        )
    )


def _secret_parts(services: IdpServices, visitors: Visitors) -> SecretParts:
    return SecretParts(
        services.database,
        services.persons,
        services.login.factors,
        services.recovery,
        services.throttle,
        visitors,
        services.clock,
    )


def _logout_service(services: IdpServices) -> LogoutService:
    return LogoutService(services.keys, services.clients, services.sessions, services.names)


def _protocols(services: IdpServices) -> Protocols:
    return Protocols(
        ProtocolParts(
            settings=services.settings,
            database=services.database,
            ephemeral=services.ephemeral,
            audit=services.audit,
            clock=services.clock,
            envelope=services.envelope,
            keys=services.keys,
            clients=services.clients,
            consents=services.consents,
            tokens=services.tokens,
            login=services.login,
            personal_data=services.personal_data,
            fetcher=services.fetcher,
            registration=services.registration,
        )
    )


def _cas_parts(services: IdpServices) -> CasParts:
    return CasParts(
        database=services.database,
        ephemeral=services.ephemeral,
        audit=services.audit,
        clock=services.clock,
        applications=services.cas_applications,
        login=services.login,
        sessions=services.sessions,
        fetcher=services.fetcher,
        sign_in_seconds=services.settings.login_request_seconds,
    )


def _saml_neighbours(services: IdpServices, visitors: Visitors) -> SamlNeighbours:
    return SamlNeighbours(
        consents=services.consents,
        login=services.login,
        personal_data=services.personal_data,
        visitors=visitors,
        sign_out=services.sign_out,
        sign_in_seconds=services.settings.login_request_seconds,
    )


def _data_copies(services: IdpServices) -> DataCopies:
    parts = DataParts(services.database, services.audit, services.clock, services.personal_data, services.federation)
    return DataCopies(parts)


def api_router(services: IdpServices) -> APIRouter:
    """The JSON API of administration; OAuth's endpoints are plain routes."""
    router = AdministrationApi(AdministrationParts(services.persons, services.units, services.assignments)).router()
    router.include_router(_accounts(services).router())
    return router


def _accounts(services: IdpServices) -> AccountsApi:
    return AccountsApi(
        AdministeredParts(
            database=services.database,
            audit=services.audit,
            persons=services.persons,
            organisations=services.organisations,
            clients=services.clients,
            declared=services.declared_clients,
            totp=services.totp,
            passkeys=services.passkeys,
            keys=services.keys,
        )
    )


def _login_pages(services: IdpServices, visitors: Visitors) -> LoginPages:
    families = services.federation.families if services.federation else ()
    return LoginPages(
        LoginParts(
            login=services.login,
            visitors=visitors,
            settings=services.settings,
            clock=services.clock,
            families=families,
            sends_codes=services.codes.is_possible,
        )
    )


def _account_service(services: IdpServices) -> AccountService:
    return AccountService(
        AccountParts(
            database=services.database,
            persons=services.persons,
            personal_data=services.personal_data,
            sessions=services.sessions,
            consents=services.consents,
            clients=services.clients,
            tokens=services.tokens,
            federation=services.federation,
            mandates=services.mandates,
            saml_applications=services.saml.applications,
        )
    )


def _federation_routes(services: IdpServices, login: LoginPages, account: AccountPages) -> list[BaseRoute]:
    if services.federation is None:
        return []
    doors = Doors(login.complete_login, account.freshly_signed_in, services.settings.secure)
    return federation_routes(services.federation, doors)
