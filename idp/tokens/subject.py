"""What a token may say about the person it is for, read at the moment of issuing so that it is never stale."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from idp.organisations.service import Membership, memberships_of
from idp.persons.person import Person, acr
from idp.persons.records import PersonRow
from idp.persons.service import public
from idp.roles.records import find_roles
from idp.roles.scopes import NEEDS_SECOND_FACTOR, Role, permitted_scopes


@dataclass(frozen=True)
class Subject:
    """A person with their roles and organisations."""

    person: Person
    roles: frozenset[Role]
    memberships: tuple[Membership, ...]

    @property
    def permitted_scopes(self) -> frozenset[str]:
        """Every scope this person may grant."""
        return permitted_scopes(self.roles)

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
        """The organisation the person acts for: an agency before an enterprise, the earliest first."""
        ranked = sorted(self.memberships, key=lambda each: each.organisation.kind != "agency")
        if not ranked:
            return None
        return {"uscc": ranked[0].organisation.uscc, "name": ranked[0].organisation.name}


async def find_subject(session: AsyncSession, person_id: str) -> Subject | None:
    """The subject of this `sub`, active or not."""
    row = await session.get(PersonRow, person_id)
    if row is None:
        return None
    return Subject(public(row), await find_roles(session, person_id), tuple(await memberships_of(session, person_id)))
