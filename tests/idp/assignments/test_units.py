"""The tree: where units may stand, moving subtrees, no cycles."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idp.units.service import NewUnit, Unit, UnitService
from kernel.errors import Conflict, InvalidInput, NotFound
from tests.idp.conftest import Provider

AGENCY = "11990000MB0000001M"


async def grow(units: UnitService) -> dict[str, Unit]:
    """Province > city > bureau > two departments; another city beside."""
    found: dict[str, Unit] = {}
    for name, kind, parent in (
        ("province", "region", None),
        ("city", "region", "province"),
        ("other", "region", "province"),
        ("bureau", "agency", "city"),
        ("office", "department", "bureau"),
        ("desk", "department", "office"),
    ):
        found[name] = await units.create(NewUnit(name, kind, found[parent].id if parent else None))
    return found


async def names(units: UnitService, under: Unit) -> set[str]:
    return {each.name for each in await units.list(under=under.id)}


async def test_a_subtree_moves_as_a_whole(provider: Provider) -> None:
    units = provider.services.units
    tree = await grow(units)
    assert await names(units, tree["city"]) == {"city", "bureau", "office", "desk"}
    await units.move(tree["bureau"].id, tree["other"].id)
    assert await names(units, tree["city"]) == {"city"}
    assert await names(units, tree["other"]) == {"other", "bureau", "office", "desk"}
    desk = await units.load(tree["desk"].id)
    assert desk.path == f"/{tree['province'].id}/{tree['other'].id}/{tree['bureau'].id}/{tree['office'].id}/{desk.id}/"


@pytest.mark.parametrize(("unit", "parent"), [("city", "city"), ("province", "city"), ("office", "desk")])
async def test_a_cycle_is_refused(provider: Provider, unit: str, parent: str) -> None:
    units = provider.services.units
    tree = await grow(units)
    with pytest.raises(Conflict):
        await units.move(tree[unit].id, tree[parent].id)
    assert (await units.load(tree[unit].id)).path == tree[unit].path


@pytest.mark.parametrize(
    ("kind", "parent", "error"),
    [
        ("department", None, Conflict),
        ("department", "city", Conflict),
        ("region", "bureau", Conflict),
        ("agency", "office", Conflict),
        ("kingdom", None, InvalidInput),
        ("region", "nowhere", NotFound),
    ],
)
async def test_units_stand_only_where_they_may(
    provider: Provider, kind: str, parent: str | None, error: type[Exception]
) -> None:
    units = provider.services.units
    tree = await grow(units)
    place = tree[parent].id if parent in tree else parent
    with pytest.raises(error):
        await units.create(NewUnit("new", kind, place))


async def test_a_unit_stands_for_one_agency_and_an_agency_for_one_unit(provider: Provider) -> None:
    services = provider.services
    tree = await grow(services.units)
    with pytest.raises(InvalidInput):
        await services.units.create(NewUnit("bureau 2", "agency", tree["city"].id, AGENCY))
    await services.organisations.create(AGENCY, "市场监督管理局", "agency")
    made = await services.units.create(NewUnit("bureau 2", "agency", tree["city"].id, AGENCY))
    assert await services.units.find_of(AGENCY) == made
    with pytest.raises(Conflict):
        await services.units.create(NewUnit("bureau 3", "agency", tree["city"].id, AGENCY))


async def test_units_are_listed_in_pages(provider: Provider) -> None:
    units = provider.services.units
    tree = await grow(units)
    seen, after = [], ""
    while page := await units.list(after=after, limit=2):
        seen += [each.name for each in page]
        after = page[-1].path
    assert sorted(seen) == sorted(tree)


@given(moves=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=8))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_however_it_is_moved_it_stays_a_tree(provider: Provider, moves: list[tuple[int, int]]) -> None:
    units = provider.services.units
    made = [await units.create(NewUnit(f"r{number}", "region")) for number in range(5)]
    for moved, below in moves:
        try:
            await units.move(made[moved].id, made[below].id)
        except Conflict:
            continue
    for each in made:
        now = await units.load(each.id)
        above = (await units.load(now.parent_id)).path if now.parent_id else "/"
        assert now.path == f"{above}{now.id}/"
        steps = now.path.strip("/").split("/")
        assert len(steps) == len(set(steps))
