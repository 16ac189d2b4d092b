"""The tree and its assignments on both databases: paths are compared and moved by the database itself."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from idp.assignments.service import NewAssignment
from idp.units.service import NewUnit
from tests.idp.conftest import HandClock, Provider, run_provider
from tests.idp.people import enter_person


@pytest.fixture
async def anywhere(tmp_path: Path, clock: HandClock, any_database_url: str) -> AsyncIterator[Provider]:
    async for built in run_provider(tmp_path, clock, database_url=any_database_url):
        yield built


async def test_a_subtree_moves_and_its_roles_with_it(anywhere: Provider) -> None:
    units, assignments = anywhere.services.units, anywhere.services.assignments
    one, two = [await units.create(NewUnit(name, "region")) for name in ("one", "two")]
    inner = await units.create(NewUnit("inner", "region", one.id))
    person = await enter_person(anywhere, "li")
    given = await assignments.give(NewAssignment("verifier", person_id=person, unit_id=inner.id))
    assert [each.id for each in await assignments.list(unit_id=one.id)] == [given.id]
    moved = await units.move(inner.id, two.id)
    assert moved.path == f"{two.path}{inner.id}/"
    assert await assignments.list(unit_id=one.id) == []
    assert [each.id for each in await assignments.list(unit_id=two.id)] == [given.id]
    assert {each.name for each in await units.list(under=two.id)} == {"two", "inner"}
