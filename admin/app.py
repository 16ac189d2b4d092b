"""What the console is made of, where its rail leads, and how an application mounts it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from starlette.routing import BaseRoute

from admin.audit import routes as audit_routes
from admin.audit.service import AuditReading
from admin.batches import routes as batch_routes
from admin.clients import routes as client_routes
from admin.collection import review as collection_review
from admin.collection import routes as collection_routes
from admin.collection.routes import CollectionDesk
from admin.dashboard import routes as dashboard_routes
from admin.dashboard.routes import DashboardDesk, Figure, Task
from admin.licences import amending as licence_amending_routes
from admin.licences import changes as licence_change_routes
from admin.licences import routes as licence_routes
from admin.licences.routes import LicenceDesk
from admin.logout_notices import routes as logout_notice_routes
from admin.neighbours import routes as neighbour_routes
from admin.organisations import routes as organisation_routes
from admin.people import routes as people_routes
from admin.people.routes import PeopleDesk
from admin.regions import routes as region_routes
from admin.sealing import routes as sealing_routes
from admin.seals import routes as seal_routes
from idp.app import IdpServices
from idp.clients.service import ClientService
from idp.organisations.service import OrganisationService
from idp.single_logout.service import SingleLogout
from kernel.audit.chain import AuditTrail
from kernel.database.engine import Database
from kernel.principal import Principal
from kernel.web.templates import NavLink
from licence_vault.app import VaultServices
from licence_vault.issuing.changes import LicenceChanges
from licence_vault.neighbours.register import NeighbourRegister
from seal.app import SealServices
from seal.seals.outside.importing import SealImports
from seal.seals.service import SealRegister
from seal.seals.uses import UseLog
from seal.signing.jobs.service import SealJobs
from verify.regions.service import Regions

USERS = frozenset({"admin:users"})
PEOPLE = frozenset({"admin:users", "admin:security"})
AUDIT = frozenset({"admin:audit"})
SECURITY = frozenset({"admin:security"})
LICENCES = frozenset({"licence:read"})
SEALING = frozenset({"seal:use"})
SEALS = frozenset({"seal:apply", "seal:approve", "seal:use"})

NAVIGATION = (
    NavLink("Overview", "/console/overview"),
    NavLink("Licences", "/console/licences", LICENCES, "Licences and seals"),
    NavLink("Batches", "/console/batches", LICENCES, "Licences and seals"),
    NavLink("Legacy licences", "/console/collections", LICENCES, "Licences and seals"),
    NavLink("Seals", "/console/seals", SEALS, "Licences and seals"),
    NavLink("Seal files", "/console/sealing", SEALING, "Licences and seals"),
    NavLink("People", "/console/people", PEOPLE, "Administration"),
    NavLink("Organisations", "/console/organisations", USERS, "Administration"),
    NavLink("Applications", "/console/clients", USERS, "Administration"),
    NavLink("Neighbouring vaults", "/console/neighbours", USERS, "Administration"),
    NavLink("Logout notices", "/console/logout-notices", USERS, "Administration"),
    NavLink("Other regions", "/console/regions", SECURITY, "Administration"),
    NavLink("Audit trail", "/console/audit", AUDIT, "Administration"),
)
"""The rail, for `kernel.web.templates.Navigation(console=…)`."""

TASKS = (
    Task("Issue a licence", "Sealed and in force at once.", "/console/licences/new", frozenset({"licence:issue"})),
    Task("Issue from a file", "Every row is checked first.", "/console/batches/new", frozenset({"licence:issue"})),
    Task(
        "Collect legacy licences",
        "Cleaned, looked at, converted.",
        "/console/collections/new",
        frozenset({"licence:issue"}),
    ),
    Task("Find a licence", "By its holder's number or its identifier.", "/console/licences", LICENCES),
    Task("Apply for a seal", "Somebody else approves it.", "/console/seals/new", frozenset({"seal:apply"})),
    Task("Approve seals", "Those waiting come first.", "/console/seals", frozenset({"seal:approve"})),
    Task("Seal files", "PDF and OFD, one or many.", "/console/sealing", SEALING),
    Task("Enter a person", "They can sign in at once.", "/console/people/new", USERS),
    Task("Give roles", "Decide who may issue, approve and audit.", "/console/people", frozenset({"admin:security"})),
    Task("Register an application", "Let a program sign people in or call the APIs.", "/console/clients/new", USERS),
    Task("Read the audit trail", "Who did what, and proof that nothing was changed.", "/console/audit", AUDIT),
)


@dataclass(frozen=True)
class AdminServices:
    """Found by the routes at `request.app.state.admin`."""

    dashboard: DashboardDesk
    people: PeopleDesk
    organisations: OrganisationService
    clients: ClientService
    single_logout: SingleLogout
    licences: LicenceDesk
    licence_changes: LicenceChanges
    collections: CollectionDesk
    seals: SealRegister
    seal_uses: UseLog
    seal_imports: SealImports
    seal_jobs: SealJobs
    audit: AuditReading
    neighbours: NeighbourRegister
    regions: Regions | None


@dataclass(frozen=True)
class AuditParts:
    """What proving the trail needs; `key` seals the heads of its chains."""

    database: Database
    trail: AuditTrail
    key: bytes


@dataclass(frozen=True)
class Neighbours:
    """The packages whose services the console shows."""

    idp: IdpServices
    seal: SealServices
    licence_vault: VaultServices
    regions: Regions | None = None


def build_services(neighbours: Neighbours, audit: AuditParts) -> AdminServices:
    """Wire the console to the services of the other packages."""
    idp, seal, vault = neighbours.idp, neighbours.seal, neighbours.licence_vault
    reading = AuditReading(audit.database, audit.trail, audit.key)

    async def licences_of(principal: Principal) -> int:
        return (await vault.lookup.counts(principal)).total

    figures = (
        Figure("Licences", "/console/licences", LICENCES, licences_of),
        Figure("Seals", "/console/seals", SEALS, _counted(seal.register.seals)),
        Figure("Organisations", "/console/organisations", USERS, _counted(idp.organisations.list)),
        Figure("Applications", "/console/clients", USERS, _counted(idp.clients.list)),
        Figure("Audit events", "/console/audit", AUDIT, lambda _principal: reading.count()),
    )
    return AdminServices(
        dashboard=DashboardDesk(figures, TASKS),
        people=PeopleDesk(idp.persons, idp.roles, idp.organisations, idp.mandates),
        organisations=idp.organisations,
        clients=idp.clients,
        single_logout=idp.single_logout,
        licences=LicenceDesk(
            vault.catalogue, vault.issuing, vault.lookup, vault.clock, vault.batches, vault.batch_runner
        ),
        licence_changes=vault.changes,
        collections=CollectionDesk(vault.catalogue, vault.collections, vault.review, vault.scans, vault.collector),
        seals=seal.register,
        seal_uses=seal.uses,
        seal_imports=seal.imports,
        seal_jobs=seal.jobs,
        audit=reading,
        neighbours=vault.neighbours,
        regions=neighbours.regions,
    )


def page_routes() -> list[BaseRoute]:
    """Everything under `/console`."""
    return [
        *dashboard_routes.routes(),
        *people_routes.routes(),
        *organisation_routes.routes(),
        *client_routes.routes(),
        *logout_notice_routes.routes(),
        *neighbour_routes.routes(),
        *region_routes.routes(),
        *licence_routes.routes(),
        *licence_amending_routes.routes(),
        *licence_change_routes.routes(),
        *batch_routes.routes(),
        *collection_routes.routes(),
        *collection_review.routes(),
        *seal_routes.routes(),
        *sealing_routes.routes(),
        *audit_routes.routes(),
    ]


def _counted(listing: Callable[[], Awaitable[Sequence[object]]]) -> Callable[[Principal], Awaitable[int]]:
    async def count(_principal: Principal) -> int:
        return len(await listing())

    return count
