"""Who may see a licence: its holder and its issuing authority; everyone else hears that there is none."""

from dataclasses import replace

import pytest

from kernel.errors import Forbidden, InvalidInput, NotFound
from kernel.principal import AUTHORISE, PRESENT, SEE, Holder, HolderNumber, Organisation, Principal
from licence_vault.lookup.access import Viewer
from tests.houses import (
    AGENCY,
    CITIZEN_NAME,
    CITIZEN_NUMBER,
    COMPANY_NAME,
    COMPANY_NUMBER,
    OTHER_AGENCY,
    TestHouse,
    food_order,
)

READ = frozenset({"licence:read"})


class KnownHolders:
    """Holders as an identity provider would tell them."""

    def __init__(self, *numbers: HolderNumber) -> None:
        self._numbers = numbers

    async def of(self, principal: Principal) -> Holder:
        return Holder(self._numbers)


def officer(uscc: str, scopes: frozenset[str] = READ) -> Principal:
    return Principal("officer", "pages", scopes, organisation=Organisation(uscc, "某局"))


CITIZEN = Principal("citizen", "pages", frozenset({"openid", "realname"}))
OWN_NUMBER = HolderNumber("natural", "111", CITIZEN_NUMBER, CITIZEN_NAME)
OTHER_NUMBER = HolderNumber("natural", "111", "110101200002290018", "周知远")
COMPANY = HolderNumber("legal", "001", COMPANY_NUMBER, COMPANY_NAME)


async def test_the_holder_sees_the_licence(world: TestHouse) -> None:
    vault = world.house.licence_vault
    licence = await vault.issuing.issue(food_order(), world.requester())
    viewer = await vault.lookup.viewer(CITIZEN, KnownHolders(OWN_NUMBER))
    assert (await vault.lookup.load(viewer, licence.id)).id == licence.id
    assert [each.id for each in await vault.lookup.own(viewer)] == [licence.id]


async def test_somebody_else_hears_that_there_is_none(world: TestHouse) -> None:
    vault = world.house.licence_vault
    licence = await vault.issuing.issue(food_order(), world.requester())
    stranger = await vault.lookup.viewer(CITIZEN, KnownHolders(OTHER_NUMBER))
    with pytest.raises(NotFound) as not_yours:
        await vault.lookup.load(stranger, licence.id)
    with pytest.raises(NotFound) as not_there:
        await vault.lookup.load(stranger, "0" * 32)
    assert not_yours.value.text == not_there.value.text
    assert await vault.lookup.own(stranger) == []


async def test_without_the_realname_scope_nothing_is_ones_own(world: TestHouse) -> None:
    vault = world.house.licence_vault
    await vault.issuing.issue(food_order(), world.requester())
    viewer = await vault.lookup.viewer(Principal("citizen", "pages", frozenset({"openid"})), KnownHolders(OWN_NUMBER))
    assert await vault.lookup.own(viewer) == []


async def test_a_representative_sees_the_companys_licences(world: TestHouse) -> None:
    vault = world.house.licence_vault
    holder = {"kind": "legal", "id_type": "001", "number": COMPANY_NUMBER, "name": COMPANY_NAME}
    licence = await vault.issuing.issue(food_order(holder=holder), world.requester())
    viewer = await vault.lookup.viewer(CITIZEN, KnownHolders(OTHER_NUMBER, COMPANY))
    assert [each.id for each in await vault.lookup.own(viewer)] == [licence.id]


async def test_the_issuing_authority_sees_the_licence_and_another_does_not(world: TestHouse) -> None:
    vault = world.house.licence_vault
    licence = await vault.issuing.issue(food_order(), world.requester())
    assert (await vault.lookup.load(Viewer(officer(AGENCY.uscc)), licence.id)).id == licence.id
    for principal in (officer(OTHER_AGENCY.uscc), officer(AGENCY.uscc, frozenset())):
        with pytest.raises(NotFound):
            await vault.lookup.load(Viewer(principal), licence.id)


async def test_an_officer_does_not_show_a_licence_that_is_not_theirs(world: TestHouse) -> None:
    vault = world.house.licence_vault
    licence = await vault.issuing.issue(food_order(), world.requester())
    with pytest.raises(NotFound):
        await vault.lookup.load_own(Viewer(officer(AGENCY.uscc)), licence.id)


async def test_searching_by_holder_number_stays_within_the_authority(any_world: TestHouse) -> None:
    vault = any_world.house.licence_vault
    licence = await vault.issuing.issue(food_order(), any_world.requester())
    found = await vault.lookup.of_holder(officer(AGENCY.uscc), "111", f" {CITIZEN_NUMBER} ")
    assert [each.id for each in found] == [licence.id]
    assert await vault.lookup.of_holder(officer(OTHER_AGENCY.uscc), "111", CITIZEN_NUMBER) == []
    with pytest.raises(Forbidden):
        await vault.lookup.of_holder(officer(AGENCY.uscc, frozenset()), "111", CITIZEN_NUMBER)
    with pytest.raises(InvalidInput):
        await vault.lookup.of_holder(officer(AGENCY.uscc), "111", "110101199003070012")


async def test_a_superseded_version_is_not_among_ones_own(world: TestHouse) -> None:
    vault = world.house.licence_vault
    first = await vault.issuing.issue(food_order(), world.requester())
    second = await vault.issuing.reissue(first.id, {}, world.requester())
    viewer = await vault.lookup.viewer(CITIZEN, KnownHolders(OWN_NUMBER))
    assert [each.id for each in await vault.lookup.own(viewer)] == [second.id]


async def test_people_are_masked_for_those_who_need_not_know_and_organisations_are_named(world: TestHouse) -> None:
    vault = world.house.licence_vault
    person = (await vault.issuing.issue(food_order(), world.requester())).content.holder
    company = {"kind": "legal", "id_type": "001", "number": COMPANY_NUMBER, "name": COMPANY_NAME}
    organisation = (await vault.issuing.issue(food_order(holder=company), world.requester())).content.holder
    assert (person.masked_name, person.masked_number) == ("**满", "*" * 14 + "0011")
    assert (organisation.masked_name, organisation.masked_number) == (COMPANY_NAME, COMPANY_NUMBER)


@pytest.mark.parametrize(("power", "count"), [(SEE, 1), (PRESENT, 0), (AUTHORISE, 0)])
async def test_an_agent_does_with_a_companys_licences_what_the_mandate_names(
    world: TestHouse, power: str, count: int
) -> None:
    vault = world.house.licence_vault
    agent = KnownHolders(replace(COMPANY, powers=frozenset({"see"})))
    viewer = await vault.lookup.viewer(CITIZEN, agent, power)
    assert len(viewer.holder_indexes) == count
