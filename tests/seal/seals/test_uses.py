"""The log of uses: every use can be found again, page by page, by day, and as a table."""

from datetime import timedelta

import pytest

from kernel.ids.time_ordered import new_id
from seal.seals.records import SealUseRow
from seal.seals.uses import UseSearch
from tests.seal.world import OTHER_OWNER, SealWorld


async def used(world: SealWorld, seal_id: str, *purposes: str) -> None:
    for purpose in purposes:
        async with world.database.transaction() as session:
            session.add(
                SealUseRow(
                    id=new_id(),
                    seal_id=seal_id,
                    digest=f"{len(purpose):064x}",
                    format="pdf",
                    purpose=purpose,
                    actor_kind="user",
                    actor_id="li",
                    at=world.clock(),
                )
            )


async def test_uses_are_read_page_by_page_and_filtered(world: SealWorld) -> None:
    seal = await world.active_seal()
    await used(world, seal["id"], "licence:1", "licence:2", "notice:3")
    log = world.services.uses

    first = await log.page(seal["id"], UseSearch(), limit=2)
    rest = await log.page(seal["id"], UseSearch(before=first.next), limit=2)

    assert [use.purpose for use in first.uses] == ["notice:3", "licence:2"]
    assert ([use.purpose for use in rest.uses], rest.next) == (["licence:1"], None)
    for query, count in [("purpose=licence", 2), ("format=ofd", 0), ("actor=li", 3), (f"digest={9:064x}", 2)]:
        response = await world.client.get(f"/api/v1/seals/{seal['id']}/uses?{query}", headers=world.user)
        assert len(response.json()["uses"]) == count, query
    later = (world.clock() + timedelta(hours=1)).isoformat()
    response = await world.client.get(f"/api/v1/seals/{seal['id']}/uses", params={"since": later}, headers=world.user)
    assert response.json() == {"uses": [], "next": None}


async def test_uses_are_saved_as_a_table_that_no_spreadsheet_runs(world: SealWorld) -> None:
    seal = await world.active_seal()
    await used(world, seal["id"], "=HYPERLINK(1)", "第二次")

    response = await world.client.get(f"/api/v1/seals/{seal['id']}/uses?as=csv", headers=world.user)

    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in response.headers["content-disposition"]
    lines = response.content.decode("utf-8-sig").split("\r\n")
    assert response.content.startswith(b"\xef\xbb\xbf")
    assert lines[0].startswith("Time,Purpose,")
    assert lines[1].split(",")[:2] == ["2026-11-21T18:00:00+08:00", "第二次"]
    assert lines[2].split(",")[1] == "'=HYPERLINK(1)"


async def test_uses_are_counted_by_day_in_chinas_time(world: SealWorld) -> None:
    seal = await world.active_seal()
    await used(world, seal["id"], "one")
    world.clock.advance(hours=6)  # midnight in China
    await used(world, seal["id"], "two", "three")

    days = await world.services.uses.by_day(seal["id"], 3)

    assert [(day.isoformat(), count) for day, count in days] == [
        ("2026-11-20", 0),
        ("2026-11-21", 1),
        ("2026-11-22", 2),
    ]
    assert await world.services.uses.count(seal["id"]) == 3


async def test_uses_of_other_organisations_seals_are_not_shown(world: SealWorld) -> None:
    seal = await world.active_seal()
    stranger = world.headers("stranger", "seal:use", organisation=OTHER_OWNER)

    assert (await world.client.get(f"/api/v1/seals/{seal['id']}/uses", headers=stranger)).status_code == 404


@pytest.mark.parametrize("query", ["format=doc", "since=yesterday", "digest=XYZ", "as=xlsx", "page=2"])
async def test_what_is_wrong_with_a_search_is_said(world: SealWorld, query: str) -> None:
    seal = await world.active_seal()

    refused = await world.client.get(f"/api/v1/seals/{seal['id']}/uses?{query}", headers=world.user)

    assert refused.status_code in (400, 422)
    assert refused.json()["errors"][0]["field"]
