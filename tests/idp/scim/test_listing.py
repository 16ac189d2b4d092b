"""Finding people: filters, order, pages, and what answers show."""

import pytest

from idp.units.service import NewUnit
from tests.idp.scim.conftest import ENTERPRISE_URN, Town


@pytest.fixture
async def crowd(town: Town) -> Town:
    for number, (name, family) in enumerate([("chen", "陈"), ("an", "安"), ("bai", "白"), ("du", "杜"), ("en", "恩")]):
        await town.bureau.enter(
            name,
            externalId=f"E{number}",
            name={"familyName": family},
            emails=[{"value": f"{name}@bureau.test", "type": "work"}],
            active=name != "du",
            **{ENTERPRISE_URN: {"department": "登记" if number % 2 else "监察"}},
        )
    return town


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["chen", "an", "bai", "du", "en"]),
        ('?filter=userName eq "AN"', ["an"]),
        ('?filter=externalId eq "E2"', ["bai"]),
        ('?filter=externalId eq "e2"', []),
        ('?filter=userName eq "an" and active eq false', []),
        ("?filter=active eq false", ["du"]),
        ('?filter=emails.value co "bai@" or name.familyName eq "杜"', ["bai", "du"]),
        (f'?filter={ENTERPRISE_URN}:department eq "登记"&sortBy=userName', ["an", "du"]),
        ("?sortBy=userName", ["an", "bai", "chen", "du", "en"]),
        ("?sortBy=userName&sortOrder=descending&count=2", ["en", "du"]),
        ("?sortBy=emails&startIndex=2&count=2", ["bai", "chen"]),
        ("?startIndex=4&count=10", ["du", "en"]),
        ("?startIndex=-3&count=1", ["chen"]),
        ("?startIndex=99", []),
        ("?count=0", []),
        ("?COUNT=1&StartIndex=2", ["an"]),
    ],
)
async def test_lists(crowd: Town, query: str, names: list[str]) -> None:
    assert await crowd.bureau.names(query) == names


async def test_pages_by_cursor_meet_everybody_once_though_people_come_and_go(crowd: Town) -> None:
    for query in ("?count=2", "?count=2&sortBy=userName", "?count=2&filter=userName pr"):
        met, cursor = [], ""
        while True:
            page = (await crowd.bureau.call("GET", f"/Users{query}&cursor={cursor}")).json()
            assert page["totalResults"] == 5
            assert "startIndex" not in page
            met += [each["userName"] for each in page["Resources"]]
            cursor = page.get("nextCursor", "")
            if not cursor:
                break
        assert sorted(met) == ["an", "bai", "chen", "du", "en"]


@pytest.mark.parametrize(
    ("query", "keyword"),
    [
        ("?filter=userName", "invalidFilter"),
        ('?filter=password eq "x"', "invalidFilter"),
        ("?count=many", "invalidValue"),
        ("?cursor=%21%21", "invalidCursor"),
        ("?cursor=AAAA", "invalidCursor"),
        ("?cursor=&count=x", "invalidCount"),
        ("?sortBy=a b", "invalidPath"),
        ("?attributes=userName&excludedAttributes=emails", "invalidValue"),
        ("?attributes=a,,b", "invalidValue"),
    ],
)
async def test_what_cannot_be_asked(crowd: Town, query: str, keyword: str) -> None:
    answer = await crowd.bureau.call("GET", "/Users" + query)
    assert answer.status_code == 400
    assert answer.json()["scimType"] == keyword
    assert answer.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert answer.json()["status"] == "400"


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("attributes=userName", {"schemas", "id", "userName"}),
        (f"attributes={ENTERPRISE_URN}:department", {"schemas", "id", ENTERPRISE_URN}),
        (f"attributes={ENTERPRISE_URN}", {"schemas", "id", ENTERPRISE_URN}),
        ("attributes=name.familyName,meta.location", {"schemas", "id", "name", "meta"}),
        ("attributes=password", {"schemas", "id"}),
    ],
)
async def test_answers_show_what_was_asked_for(crowd: Town, query: str, keys: set[str]) -> None:
    page = (await crowd.bureau.call("GET", f"/Users?count=1&{query}")).json()
    assert set(page["Resources"][0]) == keys
    one = page["Resources"][0]["id"]
    assert set((await crowd.bureau.call("GET", f"/Users/{one}?{query}")).json()) == keys


async def test_what_is_left_out(crowd: Town) -> None:
    query = "?count=1&excludedAttributes=emails,name.familyName,id"
    one = (await crowd.bureau.call("GET", "/Users" + query)).json()["Resources"][0]
    assert "emails" not in one
    assert one["name"] == {}
    assert "id" in one


async def test_searches_by_post(crowd: Town) -> None:
    await crowd.bureau.group("clerks")
    body = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "filter": 'userName sw "c" or displayName sw "c"',
        "attributes": ["userName", "displayName"],
    }
    users = (await crowd.bureau.call("POST", "/Users/.search", body)).json()
    assert [each["userName"] for each in users["Resources"]] == ["chen"]
    both = (await crowd.bureau.call("POST", "/.search", body)).json()
    assert [each.get("userName") or each.get("displayName") for each in both["Resources"]] == ["chen", "clerks"]
    assert (await crowd.bureau.call("POST", "/Users/.search", {})).status_code == 400


async def test_an_agency_that_joins_the_tree_later_is_seen_from_above(town: Town) -> None:
    services = town.provider.services
    await services.organisations.create("11330000002482300G", "new office", "agency")
    await services.units.create(NewUnit("new", "agency", town.units["bureau"], "11330000002482300G"))
    await town.bureau.enter("wu", **{ENTERPRISE_URN: {"organization": "11330000002482300G"}})
    assert await town.bureau.names() == ["wu"]
