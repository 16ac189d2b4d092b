"""A company, its representative, and somebody whom they may appoint."""

from dataclasses import dataclass

import pytest

from idp.persons.person import RealName
from tests.idp.conftest import Provider
from tests.idp.people import enter_person

USCC, NAME = "91990000MA0000002E", "信印示范有限公司"
OTHER_USCC = "91990000MA0000003H"


@dataclass
class Company:
    """Who is who."""

    provider: Provider
    representative: str
    agent: str
    stranger: str


async def known(provider: Provider, username: str, number: str) -> str:
    """A person whose real name is confirmed."""
    person_id = await enter_person(provider, username)
    await provider.services.persons.bind_real_name(person_id, RealName("111", number, username), 3)
    return person_id


@pytest.fixture
async def company(provider: Provider) -> Company:
    """`ming` leads the company; `hong` and `wei` have nothing to do with it yet."""
    services = provider.services
    await services.organisations.create(USCC, NAME, "enterprise")
    people = [await known(provider, name, f"99010119900307{n}") for name, n in (("ming", "8033"), ("hong", "8041"))]
    stranger = await known(provider, "wei", "990101199003078068")
    await services.mandates.enter_representative(USCC, people[0])
    return Company(provider, *people, stranger)
