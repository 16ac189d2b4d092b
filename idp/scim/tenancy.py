"""For which agencies a caller may act: that of its client, and those below it in the tree."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from idp.clients.records import ClientRow
from idp.organisations.records import OrganisationRow
from idp.roles.scopes import SCIM
from idp.scim.errors import ScimError
from idp.units.records import UnitRow, find_unit_of
from kernel.audit.chain import Actor
from kernel.principal import Principal


@dataclass(frozen=True)
class Tenant:
    """Whom a caller acts for. `usccs`: the agency and those below; `unit_id`, `path`: None for one outside the tree."""

    client_id: str
    uscc: str
    usccs: frozenset[str]
    unit_id: str | None = None
    path: str | None = None

    @property
    def actor(self) -> Actor:
        """The client, for the audit trail."""
        return Actor("client", self.client_id)


def check_caller(principal: Principal) -> None:
    """Raise `ScimError` (403) for people, and for programs without the scope."""
    if not principal.is_program or SCIM not in principal.scopes:
        raise ScimError(403, "This needs a token of a program with the scope scim.")


async def find_tenant(session: AsyncSession, client_id: str) -> Tenant:
    """What a client acts for now, whatever its token says. Raises `ScimError` (403)."""
    client = await session.get(ClientRow, client_id)
    uscc = client.organisation_uscc if client and client.disabled_at is None and SCIM in client.scopes else None
    organisation = await session.get(OrganisationRow, uscc) if uscc else None
    if uscc is None or organisation is None or organisation.kind != "agency":
        raise ScimError(403, "This application acts for no agency.")
    unit = await find_unit_of(session, uscc)
    if unit is None:
        return Tenant(client_id, uscc, frozenset({uscc}))
    below = select(UnitRow.uscc).where(
        func.substr(UnitRow.path, 1, len(unit.path)) == unit.path, UnitRow.uscc.is_not(None)
    )
    usccs = frozenset(str(each) for each in await session.scalars(below))
    return Tenant(client_id, uscc, usccs | {uscc}, unit.id, unit.path)
