"""Publishing: a version that is out never changes; the newest one is used; a type that is wrong is refused."""

import copy
import json
from typing import Any

import pytest

from kernel.errors import Conflict, NotFound
from licence_vault.catalogue.service import SHIPPED
from tests.houses import FOOD, TestHouse


@pytest.fixture(scope="module")
def shipped() -> dict[str, Any]:
    document: dict[str, Any] = json.loads((SHIPPED / "food-business.json").read_text(encoding="utf-8"))
    return document


@pytest.fixture
def document(shipped: dict[str, Any]) -> dict[str, Any]:
    return copy.deepcopy(shipped)


async def test_the_shipped_types_are_published_at_the_start(any_world: TestHouse) -> None:
    catalogue = any_world.house.licence_vault.catalogue
    assert len(await catalogue.list()) == len(list(SHIPPED.glob("*.json")))
    await catalogue.ensure_shipped()
    assert [each.version for each in await catalogue.list()] == [1] * 6


async def test_a_published_version_cannot_change_and_may_be_sent_again(
    world: TestHouse, document: dict[str, Any]
) -> None:
    catalogue = world.house.licence_vault.catalogue
    assert (await catalogue.publish(document)).code == FOOD
    document["name"]["en"] = "Another name"
    with pytest.raises(Conflict, match="cannot change"):
        await catalogue.publish(document)
    assert (await catalogue.load(FOOD)).document["name"]["en"] == "Food Business Licence"


async def test_the_newest_version_is_used_and_the_older_one_stays(
    any_world: TestHouse, document: dict[str, Any]
) -> None:
    catalogue = any_world.house.licence_vault.catalogue
    await catalogue.publish(document | {"version": 10})
    await catalogue.publish(document | {"version": 9})
    assert (await catalogue.load(FOOD)).version == 10
    assert (await catalogue.load(FOOD, 1)).version == 1
    assert [each.version for each in await catalogue.list() if each.code == FOOD] == [10]
    for version in (2, 11):
        with pytest.raises(NotFound):
            await catalogue.load(FOOD, version)


async def test_an_unknown_type_is_not_found(world: TestHouse) -> None:
    with pytest.raises(NotFound):
        await world.house.licence_vault.catalogue.load("11990000MB0000000J999")
