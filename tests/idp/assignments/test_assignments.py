"""Roles for a time and a place: when they count, who may give them, and that the three administrators stay three."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from idp.assignments.authority import OPERATOR, Authority
from idp.assignments.service import AssignmentService, NewAssignment
from idp.mandates.records import Acting
from idp.roles.scopes import Role
from idp.tokens.subject import Subject, find_subject
from idp.units.service import NewUnit
from kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from tests.idp.conftest import Provider
from tests.idp.people import enter_person, register_client, signed_in_browser
from tests.idp.relying_party import RelyingParty

BUREAU, ELSEWHERE = "11990000MB0000001M", "11990000MB0000002Q"


@dataclass
class Town:
    """Two cities of a province with a bureau each; `li` works in one, `wu` in the other."""

    provider: Provider
    units: dict[str, str]
    people: dict[str, str]

    @property
    def service(self) -> AssignmentService:
        return self.provider.services.assignments

    async def subject(self, name: str) -> Subject:
        async with self.provider.database.reading() as session:
            found = await find_subject(session, self.people[name], Acting(None, self.provider.clock()))
        assert found is not None
        return found

    async def give(self, name: str, role: str, unit: str | None = None, by: Authority = OPERATOR) -> str:
        place = self.units[unit] if unit else None
        order = NewAssignment(role, person_id=self.people[name], unit_id=place)
        return (await self.service.give(order, by)).id


@pytest.fixture
async def town(provider: Provider) -> Town:
    services = provider.services
    units: dict[str, str] = {}
    for uscc, name in ((BUREAU, "bureau"), (ELSEWHERE, "elsewhere")):
        await services.organisations.create(uscc, name, "agency")
    for name, kind, parent, uscc in (
        ("province", "region", None, None),
        ("city", "region", "province", None),
        ("far", "region", "province", None),
        ("bureau", "agency", "city", BUREAU),
        ("elsewhere", "agency", "far", ELSEWHERE),
    ):
        order = NewUnit(name, kind, units[parent] if parent else None, uscc)
        units[name] = (await services.units.create(order)).id
    people = {name: await enter_person(provider, name) for name in ("li", "wu", "admin", "stray")}
    for name, uscc in (("li", BUREAU), ("admin", BUREAU), ("wu", ELSEWHERE)):
        await services.organisations.add_member(uscc, people[name], "clerk")
    return Town(provider, units, people)


@pytest.mark.parametrize(
    ("unit", "person", "counts"),
    [
        (None, "li", True),
        ("province", "li", True),
        ("city", "li", True),
        ("bureau", "li", True),
        ("far", "li", False),
        ("elsewhere", "li", False),
        ("province", "wu", True),
        ("city", "wu", False),
        (None, "stray", True),
        ("province", "stray", False),
    ],
)
async def test_a_role_counts_in_its_unit_and_below_alone(
    town: Town, unit: str | None, person: str, *, counts: bool
) -> None:
    await town.give(person, "verifier", unit)
    assert (Role.VERIFIER in (await town.subject(person)).roles) is counts


async def test_a_role_begins_and_ends_by_itself_and_no_token_outlives_it(town: Town) -> None:
    clock = town.provider.clock
    since, until = clock() + timedelta(minutes=1), clock() + timedelta(minutes=3)
    order = NewAssignment("verifier", person_id=town.people["li"], since=since, until=until)
    await town.service.give(order)
    assert Role.VERIFIER not in (await town.subject("li")).roles
    clock.advance(minutes=1)
    assert Role.VERIFIER in (await town.subject("li")).roles
    party = RelyingParty(town.provider, *await register_client(town.provider, scopes=("openid", "verify:batch")))
    tokens = await party.tokens(await signed_in_browser(town.provider, "li"), "openid verify:batch")
    told = await party.introspect(tokens["access_token"])
    assert (told["exp"], told["roles"]) == (int(until.timestamp()), ["citizen", "verifier"])
    clock.advance(minutes=2)
    assert Role.VERIFIER not in (await town.subject("li")).roles
    assert await party.introspect(tokens["access_token"]) == {"active": False}


async def test_who_loses_a_role_must_sign_in_again(town: Town) -> None:
    given = await town.give("li", "verifier")
    party = RelyingParty(town.provider, *await register_client(town.provider, scopes=("openid", "verify:batch")))
    tokens = await party.tokens(await signed_in_browser(town.provider, "li"), "openid verify:batch")
    town.provider.clock.advance(seconds=1)
    await town.service.end(given)
    assert await party.introspect(tokens["access_token"]) == {"active": False}
    assert Role.VERIFIER not in (await town.subject("li")).roles


async def test_a_group_gives_its_members_its_roles_until_they_leave(town: Town) -> None:
    group = await town.service.create_group("inspectors")
    await town.service.give(NewAssignment("verifier", group_id=group, unit_id=town.units["city"]))
    await town.service.add_member(group, town.people["li"])
    await town.service.add_member(group, town.people["wu"])
    assert Role.VERIFIER in (await town.subject("li")).roles
    # The group's role is the city's: it does not count at another city's bureau.
    assert Role.VERIFIER not in (await town.subject("wu")).roles
    await town.service.remove_member(group, town.people["li"])
    assert Role.VERIFIER not in (await town.subject("li")).roles


Way = Callable[[Town, str], Awaitable[object]]


async def _plainly(town: Town, role: str) -> object:
    return await town.provider.services.roles.assign(town.people["li"], [role])


async def _directly(town: Town, role: str) -> object:
    return await town.give("li", role)


async def _later(town: Town, role: str) -> object:
    since = town.provider.clock() + timedelta(days=30)
    return await town.service.give(NewAssignment(role, person_id=town.people["li"], since=since))


async def _by_joining(town: Town, role: str) -> object:
    group = await town.service.create_group(f"joined {role}")
    await town.service.give(NewAssignment(role, group_id=group))
    return await town.service.add_member(group, town.people["li"])


async def _by_the_group(town: Town, role: str) -> object:
    group = await town.service.create_group(f"given {role}")
    await town.service.add_member(group, town.people["li"])
    return await town.service.give(NewAssignment(role, group_id=group))


WAYS = (_plainly, _directly, _later, _by_joining, _by_the_group)


@pytest.mark.parametrize("second", WAYS)
@pytest.mark.parametrize("first", WAYS)
async def test_no_way_leads_to_two_administrators_in_one_person(town: Town, first: Way, second: Way) -> None:
    await first(town, "security_admin")
    if first is second is _plainly:
        # Plain roles are replaced as a whole: the first one is gone.
        return
    with pytest.raises((Conflict, InvalidInput)):
        await second(town, "audit_admin")


@pytest.fixture
async def delegate(town: Town) -> Authority:
    """The administrator of the city: of `bureau`, not of `elsewhere`."""
    await town.give("admin", "unit_admin", "city")
    return Authority(town.people["admin"])


@pytest.mark.parametrize(
    ("person", "role", "unit", "allowed"),
    [
        ("li", "officer", "bureau", True),
        ("li", "approver", "city", True),
        ("li", "verifier", "city", True),
        ("li", "officer", "province", False),
        ("li", "officer", "far", False),
        ("li", "officer", None, False),
        ("wu", "officer", "bureau", False),
        ("stray", "officer", "bureau", False),
        ("admin", "officer", "bureau", False),
        ("li", "unit_admin", "bureau", False),
        ("li", "system_admin", None, False),
        ("li", "security_admin", None, False),
        ("li", "audit_admin", None, False),
    ],
)
async def test_an_agencys_administrator_manages_only_their_subtree(
    town: Town, delegate: Authority, person: str, role: str, unit: str | None, *, allowed: bool
) -> None:
    if allowed:
        assert await town.give(person, role, unit, delegate)
        return
    with pytest.raises(Forbidden):
        await town.give(person, role, unit, delegate)


async def test_a_delegate_takes_back_and_groups_only_within_the_subtree(town: Town, delegate: Authority) -> None:
    far, near = await town.give("wu", "officer", "far"), await town.give("li", "officer", "bureau")
    await town.service.end(near, delegate)
    with pytest.raises(Forbidden):
        await town.service.end(far, delegate)
    own = await town.service.create_group("own", town.units["city"], delegate)
    await town.service.add_member(own, town.people["li"], delegate)
    for person in ("wu", "admin", "stray"):
        with pytest.raises(Forbidden):
            await town.service.add_member(own, town.people[person], delegate)
    with pytest.raises(Forbidden):
        await town.service.create_group("not theirs", town.units["far"], delegate)
    others = await town.service.create_group("others")
    with pytest.raises(Forbidden):
        await town.service.add_member(others, town.people["li"], delegate)


async def test_without_any_role_nobody_gives_anything(town: Town) -> None:
    with pytest.raises(Forbidden):
        await town.give("li", "officer", "bureau", Authority(town.people["stray"]))


async def test_when_the_delegation_ends_so_does_what_it_allowed(town: Town) -> None:
    until = town.provider.clock() + timedelta(days=1)
    order = NewAssignment("unit_admin", person_id=town.people["admin"], unit_id=town.units["city"], until=until)
    await town.service.give(order)
    town.provider.clock.advance(days=1)
    with pytest.raises(Forbidden):
        await town.give("li", "officer", "bureau", Authority(town.people["admin"]))


@pytest.mark.parametrize(
    ("order", "error"),
    [
        (NewAssignment("emperor", person_id="x"), InvalidInput),
        (NewAssignment("officer"), InvalidInput),
        (NewAssignment("officer", person_id="x", group_id="y"), InvalidInput),
        (NewAssignment("citizen", person_id="x"), Conflict),
        (NewAssignment("unit_admin", person_id="x"), Conflict),
        (NewAssignment("officer", person_id="nobody"), NotFound),
        (NewAssignment("officer", group_id="none"), NotFound),
        (NewAssignment("officer", person_id="x", unit_id="nowhere"), NotFound),
    ],
)
async def test_what_makes_no_sense_is_refused(town: Town, order: NewAssignment, error: type[Exception]) -> None:
    with pytest.raises(error):
        await town.service.give(order)


async def test_assignments_are_listed_in_pages_by_unit_and_by_person(town: Town) -> None:
    for role in ("officer", "approver", "verifier"):
        await town.give("li", role, "bureau")
    await town.give("wu", "officer", "far")
    first = await town.service.list(unit_id=town.units["city"], limit=2)
    rest = await town.service.list(unit_id=town.units["city"], after=first[-1].id)
    assert [each.role for each in (*first, *rest)] == [Role.OFFICER, Role.APPROVER, Role.VERIFIER]
    assert len(await town.service.list(person_id=town.people["wu"])) == 1
