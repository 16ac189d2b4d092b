"""Old registers of food licences, as they come out of cupboards and databases."""

from typing import Any

from kernel.audit.chain import Actor
from licence_vault.collection.parts import Collection
from licence_vault.collection.review import Item
from licence_vault.collection.service import RegisterOrder
from licence_vault.collection.states import ItemState
from licence_vault.issuing.service import Requester
from tests.houses import AGENCY, CITIZEN_NUMBER, FOOD, TestHouse
from tests.licence_vault.batches.files import cells, csv_file


def old_cells(number: int, **changes: str) -> dict[str, str]:
    """A right row of an old register, with old heads."""
    row = cells(number)
    renamed = {"持证主体": "姓名", "持证主体代码": "身份证号码"}
    return {renamed.get(head, head): value for head, value in row.items()} | {
        "有效期自": "2021-05-01", "有效期至": "2026-04-30", "发证日期": "2021-05-01"
    } | changes  # fmt: skip


def reviewer(name: str = "reviewer") -> Requester:
    return Requester(Actor("user", name), AGENCY)


def register(rows: list[dict[str, str]], credibility: str = "A", **more: Any) -> RegisterOrder:
    return RegisterOrder(FOOD, credibility, "旧许可系统", csv_file(rows), **more)


async def collected(world: TestHouse, rows: list[dict[str, str]], credibility: str = "A", **more: Any) -> Collection:
    """A register handed in and cleaned, waiting for review."""
    found = await world.house.licence_vault.collections.create(register(rows, credibility, **more), world.requester())
    return await worked(world, found)


async def worked(world: TestHouse, collection: Collection) -> Collection:
    """The collection when there is nothing more to do for it."""
    while await world.house.licence_vault.collector.step(collection.id):
        pass
    return await world.house.licence_vault.collections.load(collection.id, AGENCY.uscc)


async def item(world: TestHouse, collection: Collection, number: int) -> Item:
    found = await world.house.licence_vault.review.load(collection.id, number, AGENCY.uscc)
    assert found is not None
    return found


async def accept_all(world: TestHouse, collection: Collection, *names: str) -> list[ItemState]:
    """Every row that these reviewers may have, claimed and accepted one by one."""
    review, states = world.house.licence_vault.review, []
    for name in names or ("reviewer",):
        while claimed := await review.claim(collection.id, reviewer(name)):
            states.append(await review.accept(collection.id, claimed.number, reviewer(name)))
    return states


_AT = next(index for index in range(14, 17) if CITIZEN_NUMBER[index] != CITIZEN_NUMBER[index + 1])
WRONG_NUMBER = CITIZEN_NUMBER[:_AT] + CITIZEN_NUMBER[_AT + 1] + CITIZEN_NUMBER[_AT] + CITIZEN_NUMBER[_AT + 2 :]
