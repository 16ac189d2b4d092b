"""Who may call, whom they see, and how refusals read."""

import pytest

from tests.idp.people import enter_person
from tests.idp.scim.conftest import BUREAU, ENTERPRISE_URN, LIBRARY, USER_URN, Town, provisioner


async def test_nobody_without_a_token(town: Town) -> None:
    for path in ("/Users", "/Groups", "/ServiceProviderConfig", "/Schemas"):
        answer = await town.http.get("/scim/v2" + path)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]


async def test_no_program_without_the_scope(town: Town) -> None:
    other = await provisioner(town.provider, town.http, BUREAU, scope="licence:read")
    assert (await other.call("GET", "/Users")).status_code == 403


async def test_no_program_whose_client_lost_its_agency_or_was_kept_out(town: Town) -> None:
    bad = await provisioner(town.provider, town.http, "91999999MA02DE34XH")
    answer = await bad.call("GET", "/Users")
    assert (answer.status_code, answer.json()["detail"]) == (403, "This application acts for no agency.")


async def test_agencies_do_not_see_each_others_people(town: Town) -> None:
    """Not by id, name, filter, membership, error, nor by what is refused as taken."""
    theirs = await town.library.enter("fang", externalId="7")
    group = await town.library.group("readers", theirs["id"])
    mine = town.bureau
    assert await mine.names() == []
    assert await mine.names(f'?filter=id eq "{theirs["id"]}"') == []
    gone = await mine.call("GET", "/Users/nobody")
    for method, path, body in (
        ("GET", f"/Users/{theirs['id']}", None),
        ("PUT", f"/Users/{theirs['id']}", {"schemas": [USER_URN], "userName": "x"}),
        ("DELETE", f"/Users/{theirs['id']}", None),
        ("GET", f"/Groups/{group['id']}", None),
        ("DELETE", f"/Groups/{group['id']}", None),
    ):
        answer = await mine.call(method, path, body)
        assert answer.status_code == 404
        assert answer.json()["detail"].split()[:4] == gone.json()["detail"].split()[:4]
    twin = await mine.enter("fang", externalId="7")
    assert twin["id"] != theirs["id"]
    refused = await mine.patch(
        f"/Users/{twin['id']}", {"op": "add", "path": f"{ENTERPRISE_URN}:organization", "value": LIBRARY}
    )
    assert refused.status_code == 400
    own = await mine.group("readers", twin["id"])
    refused = await mine.patch(f"/Groups/{own['id']}", {"op": "add", "path": "members", "value": [theirs["id"]]})
    assert (refused.status_code, refused.json()["scimType"]) == (400, "invalidValue")


async def test_those_below_do_not_see_those_above(town: Town) -> None:
    above = await town.bureau.enter("chief")
    below = await town.office.enter("clerk")
    assert await town.bureau.names() == ["chief", "clerk"]
    assert await town.office.names() == ["clerk"]
    assert (await town.office.call("GET", f"/Users/{above['id']}")).status_code == 404
    assert (await town.bureau.call("GET", f"/Users/{below['id']}")).status_code == 200


async def test_citizens_are_no_agencys_people(town: Town) -> None:
    await enter_person(town.provider, "ming")
    assert await town.bureau.names() == []
    assert await town.bureau.names('?filter=userName eq "ming"') == []
    assert (await town.bureau.enter("ming"))["userName"] == "ming"


async def test_a_name_is_taken_once_within_the_agency(town: Town) -> None:
    await town.bureau.enter("Fang", externalId="7")
    for body in ({"userName": "FANG"}, {"userName": "ｆａｎｇ"}, {"userName": "li", "externalId": "7"}):
        refused = await town.bureau.call("POST", "/Users", {"schemas": [USER_URN], **body})
        assert (refused.status_code, refused.json()["scimType"]) == (409, "uniqueness")


@pytest.mark.parametrize(
    ("body", "keyword"),
    [
        ([], "invalidSyntax"),
        ({"userName": "a"}, "invalidSyntax"),
        ({"schemas": ["urn:x"], "userName": "a"}, "invalidSyntax"),
        ({"schemas": [USER_URN]}, "invalidValue"),
        ({"schemas": [USER_URN], "userName": " "}, "invalidValue"),
        ({"schemas": [USER_URN], "userName": "a b"}, "invalidValue"),
        ({"schemas": [USER_URN], "userName": "a" * 101}, "invalidValue"),
        ({"schemas": [USER_URN], "userName": 7}, "invalidValue"),
        ({"schemas": [USER_URN], "userName": "a", "active": "maybe"}, "invalidValue"),
        ({"schemas": [USER_URN], "userName": "a", "title": "\x00"}, "invalidValue"),
        ({"schemas": [USER_URN], "userName": "a", "name": "x"}, "invalidValue"),
        ({"schemas": [USER_URN], "userName": "a", "password": "short"}, "invalidValue"),
        ({"schemas": [USER_URN], "userName": "a", "USERNAME": "b"}, "invalidSyntax"),
        ({"schemas": [USER_URN], "userName": "a", "emails": [{"value": "x", "primary": True}] * 1}, ""),
        (
            {
                "schemas": [USER_URN],
                "userName": "b",
                "emails": [{"value": "x", "primary": True}, {"value": "y", "primary": True}],
            },
            "invalidValue",
        ),
    ],
)
async def test_bodies(town: Town, body: object, keyword: str) -> None:
    answer = await town.bureau.call("POST", "/Users", body)
    assert answer.status_code == (400 if keyword else 201)
    assert answer.json().get("scimType", "") == keyword


async def test_other_forms_and_addresses(town: Town) -> None:
    headers = {"Authorization": f"Bearer {town.bureau.token}"}
    text = await town.http.post("/scim/v2/Users", content="x", headers={**headers, "Content-Type": "text/plain"})
    assert text.status_code == 415
    broken = await town.http.post(
        "/scim/v2/Users", content="{", headers={**headers, "Content-Type": "application/json"}
    )
    assert broken.json()["scimType"] == "invalidSyntax"
    assert (await town.bureau.call("GET", "/Me")).status_code == 501
    assert (await town.bureau.call("GET", "/Nothing")).json()["status"] == "404"
    assert (await town.bureau.call("GET", "/Users/%00")).status_code == 404


async def test_entity_tags(town: Town) -> None:
    made = await town.bureau.enter("fang")
    path, tag = f"/Users/{made['id']}", made["meta"]["version"]
    same = await town.bureau.call("GET", path, If_None_Match=tag)
    assert (same.status_code, same.headers["etag"]) == (304, tag)
    title = {"op": "add", "path": "title", "value": "clerk"}
    changed = await town.bureau.patch(path, title, If_Match=tag)
    assert changed.headers["etag"] != tag
    for answer in (
        await town.bureau.patch(path, {**title, "value": "boss"}, If_Match=tag),
        await town.bureau.call("PUT", path, {"schemas": [USER_URN], "userName": "f"}, If_Match=tag),
        await town.bureau.call("DELETE", path, If_Match=tag),
    ):
        assert answer.status_code == 412
    assert (await town.bureau.call("DELETE", path, If_Match=changed.headers["etag"])).status_code == 204


async def test_what_it_says_of_itself(town: Town) -> None:
    config = (await town.bureau.call("GET", "/ServiceProviderConfig")).json()
    assert all(config[name]["supported"] for name in ("patch", "bulk", "filter", "sort", "etag", "changePassword"))
    types = (await town.bureau.call("GET", "/ResourceTypes")).json()
    assert [each["id"] for each in types["Resources"]] == ["User", "Group"]
    schemas = (await town.bureau.call("GET", "/Schemas")).json()
    for each in schemas["Resources"]:
        assert (await town.bureau.call("GET", f"/Schemas/{each['id']}")).json() == each
    assert (await town.bureau.call("GET", "/Schemas?filter=id pr")).status_code == 403
    assert (await town.bureau.call("GET", "/ResourceTypes/Robot")).status_code == 404
