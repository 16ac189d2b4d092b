"""How mandates come about and end, by the service."""

from datetime import timedelta

import pytest

from idp.mandates.mandate import MandateState, Term
from idp.mandates.service import Offer
from kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from tests.idp.mandates.conftest import OTHER_USCC, USCC, Company
from tests.idp.people import enter_person


def offer(company: Company, username: str = "hong", *powers: str, days: int = 30, uscc: str = USCC) -> Offer:
    now = company.provider.clock()
    return Offer(uscc, username, powers or ("see",), Term(now, now + timedelta(days=days)))


async def states(company: Company, person_id: str) -> list[MandateState]:
    found = await company.provider.services.mandates.of_person(person_id)
    return [each.state(company.provider.clock()) for each in found]


async def test_an_agent_acts_once_they_accept_and_until_the_term_is_over(company: Company) -> None:
    mandates, clock = company.provider.services.mandates, company.provider.clock
    given = await mandates.offer(company.representative, offer(company))
    assert await states(company, company.agent) == [MandateState.OFFERED]
    assert await mandates.in_force(company.agent) == []
    await mandates.accept(company.agent, given.id)
    assert [each.uscc for each in await mandates.in_force(company.agent)] == [USCC]
    clock.advance(days=30)
    assert await mandates.in_force(company.agent) == []
    assert await states(company, company.agent) == [MandateState.LAPSED]
    assert await mandates.end_lapsed() == 1
    assert await mandates.end_lapsed() == 0
    assert [each.ended_because for each in await mandates.of_person(company.agent)] == ["term over"]


async def test_a_mandate_that_begins_later_waits(company: Company) -> None:
    mandates, clock = company.provider.services.mandates, company.provider.clock
    later = Offer(USCC, "hong", ("see",), Term(clock() + timedelta(days=1)))
    await mandates.accept(company.agent, (await mandates.offer(company.representative, later)).id)
    assert await states(company, company.agent) == [MandateState.WAITING]
    clock.advance(days=1)
    assert await states(company, company.agent) == [MandateState.IN_FORCE]


async def test_only_the_representative_appoints_and_only_for_their_own_company(company: Company) -> None:
    services = company.provider.services
    await services.organisations.create(OTHER_USCC, "别家公司", "enterprise")
    for giver, order in (
        (company.stranger, offer(company)),
        (company.representative, offer(company, uscc=OTHER_USCC)),
        (company.agent, offer(company, "wei")),
    ):
        with pytest.raises(Forbidden):
            await services.mandates.offer(giver, order)
    given = await services.mandates.offer(company.representative, offer(company, "hong", "see", "present"))
    await services.mandates.accept(company.agent, given.id)
    with pytest.raises(Forbidden):
        # An agent hands nothing on.
        await services.mandates.offer(company.agent, offer(company, "wei"))


@pytest.mark.parametrize(
    ("username", "powers", "days", "field"),
    [
        ("nobody", ("see",), 30, "username"),
        ("ming", ("see",), 30, "username"),
        ("hong", ("everything",), 30, "powers"),
        ("hong", ("see",), 0, "until"),
    ],
)
async def test_what_cannot_be_offered_names_its_field(
    company: Company, username: str, powers: tuple[str, ...], days: int, field: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        await company.provider.services.mandates.offer(
            company.representative, offer(company, username, *powers, days=days)
        )
    assert [each.field for each in refusal.value.fields] == [field]


async def test_nobody_answers_for_others_or_twice(company: Company) -> None:
    mandates = company.provider.services.mandates
    given = await mandates.offer(company.representative, offer(company))
    with pytest.raises(NotFound):
        await mandates.accept(company.stranger, given.id)
    with pytest.raises(Conflict):
        await mandates.offer(company.representative, offer(company))
    await mandates.decline(company.agent, given.id)
    for answer in (mandates.accept, mandates.decline):
        with pytest.raises(Conflict):
            await answer(company.agent, given.id)
    with pytest.raises(Forbidden):
        await mandates.end(company.stranger, given.id)


async def test_without_a_confirmed_real_name_nobody_acts(company: Company) -> None:
    services = company.provider.services
    unknown = await enter_person(company.provider, "lan")
    given = await services.mandates.offer(company.representative, offer(company, "lan"))
    with pytest.raises(Conflict):
        await services.mandates.accept(unknown, given.id)
    with pytest.raises(Conflict):
        await services.mandates.enter_representative(USCC, unknown)


async def test_a_new_representative_takes_the_place_of_the_old_one(company: Company) -> None:
    mandates = company.provider.services.mandates
    await mandates.enter_representative(USCC, company.stranger)
    assert await mandates.in_force(company.representative) == []
    assert [each.ended_because for each in await mandates.of_person(company.representative)] == ["replaced"]
    assert [each.is_representative for each in await mandates.in_force(company.stranger)] == [True]
    with pytest.raises(Conflict):
        await mandates.enter_representative(USCC, company.stranger)


async def test_agencies_act_by_roles_and_not_by_mandates(company: Company) -> None:
    services = company.provider.services
    await services.organisations.create("11990000MB0000001M", "市场监督管理局", "agency")
    with pytest.raises(Conflict):
        await services.mandates.enter_representative("11990000MB0000001M", company.agent)
    with pytest.raises(NotFound):
        await services.mandates.enter_representative(OTHER_USCC, company.agent)
