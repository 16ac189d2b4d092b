"""What a token may say about the person it is for, read at the moment of issuing so that it is never stale."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from idp.assignments.records import find_assigned
from idp.mandates.mandate import Mandate
from idp.mandates.records import Acting, find_acting
from idp.organisations.service import Membership, memberships_of
from idp.persons.person import Person, acr
from idp.persons.records import PersonRow
from idp.persons.service import public
from idp.roles.records import find_roles
from idp.roles.scopes import NEEDS_SECOND_FACTOR, Role, permitted_scopes


@dataclass(frozen=True)
class Subject:
    """A person with their roles and organisations. `mandate`: the one they act under; None: for themselves."""

    person: Person
    roles: frozenset[Role]
    memberships: tuple[Membership, ...]
    mandate: Mandate | None = None
    roles_end: datetime | None = None
    """When the first of the roles ends by itself."""

    @property
    def subject_type(self) -> str:
        """`legal` for somebody who acts for an organisation under a mandate, else `natural`."""
        return "legal" if self.mandate is not None else "natural"

    @property
    def effective_roles(self) -> frozenset[Role]:
        """The roles that count here: under a mandate nobody is an officer or administrator."""
        return self.roles if self.mandate is None else frozenset({Role.CITIZEN})

    @property
    def permitted_scopes(self) -> frozenset[str]:
        """Every scope this person may grant."""
        return permitted_scopes(self.effective_roles)

    @property
    def needs_second_factor(self) -> bool:
        """Whether one of the roles asks for a second factor at sign-in."""
        return bool(self.roles & NEEDS_SECOND_FACTOR)

    @property
    def acr(self) -> str:
        """The assurance level reached."""
        return acr(self.person.assurance_level)

    @property
    def organisation(self) -> dict[str, str] | None:
        """The organisation the person acts for: their mandate's, else the first agency that they belong to."""
        if self.mandate is not None:
            return self.mandate.organisation
        agencies = [each.organisation for each in self.memberships if each.organisation.kind == "agency"]
        return {"uscc": agencies[0].uscc, "name": agencies[0].name} if agencies else None


async def find_subject(session: AsyncSession, person_id: str, acting: Acting | None = None) -> Subject | None:
    """The subject of this `sub`, active or not; None too when the mandate that they act under is not in force."""
    row = await session.get(PersonRow, person_id)
    if row is None:
        return None
    mandate = await find_acting(session, person_id, acting) if acting is not None else None
    if acting is not None and acting.mandate_id is not None and mandate is None:
        return None
    roles, memberships = await find_roles(session, person_id), await memberships_of(session, person_id)
    subject = Subject(public(row), roles, tuple(memberships), mandate)
    if acting is None:
        return subject
    uscc = next((each.organisation.uscc for each in memberships if each.organisation.kind == "agency"), None)
    held = await find_assigned(session, person_id, uscc, acting.at)
    ends = [each.until for each in held if each.until is not None]
    return replace(subject, roles=roles | {each.role for each in held}, roles_end=min(ends, default=None))
