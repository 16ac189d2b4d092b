"""`/Groups`, what they give, and `/Bulk`."""

from typing import Any

from sqlalchemy import select

from idp.assignments.service import NewAssignment
from idp.persons.records import PersonRow
from idp.scim.bulk import REQUEST_URN
from tests.idp.people import enter_person
from tests.idp.scim.conftest import GROUP_URN, USER_URN, Town


async def test_a_group_comes_changes_and_goes(town: Town) -> None:
    one, two = [await town.bureau.enter(name) for name in ("one", "two")]
    made = await town.bureau.group("clerks", one["id"])
    assert [each["value"] for each in made["members"]] == [one["id"]]
    assert (await town.bureau.call("GET", f"/Users/{one['id']}")).json()["groups"][0]["display"] == "clerks"
    path = f"/Groups/{made['id']}"
    changed = await town.bureau.patch(
        path,
        {"op": "Add", "path": "members", "value": [{"value": two["id"]}]},
        {"op": "Remove", "path": f'members[value eq "{one["id"]}"]'},
        {"op": "replace", "path": "externalId", "value": "g-1"},
    )
    assert [each["value"] for each in changed.json()["members"]] == [two["id"]]
    assert changed.json()["externalId"] == "g-1"
    found = await town.bureau.call("GET", f'/Groups?filter=members.value eq "{two["id"]}"&excludedAttributes=meta')
    assert [each["displayName"] for each in found.json()["Resources"]] == ["clerks"]
    bare = (await town.bureau.call("GET", "/Groups?excludedAttributes=members")).json()["Resources"][0]
    assert "members" not in bare
    replaced = await town.bureau.call("PUT", path, {"schemas": [GROUP_URN], "displayName": "people"})
    assert "members" not in replaced.json()
    assert (await town.bureau.call("DELETE", path)).status_code == 204
    assert (await town.bureau.call("GET", path)).status_code == 404


async def test_two_agencies_may_name_a_group_alike_one_may_not(town: Town) -> None:
    await town.bureau.group("clerks")
    await town.library.group("clerks")
    refused = await town.bureau.call("POST", "/Groups", {"schemas": [GROUP_URN], "displayName": "clerks"})
    assert (refused.status_code, refused.json()["scimType"]) == (409, "uniqueness")


async def test_a_program_gives_roles_by_groups_but_never_administration(town: Town) -> None:
    """Whoever holds an agency's token must not make themselves administrator."""
    services = town.provider.services
    user = await town.bureau.enter("fang")
    async with town.provider.database.reading() as session:
        person = (await session.scalars(select(PersonRow.id))).one()
    group = await town.bureau.group("officers")
    await services.assignments.give(NewAssignment("officer", group_id=group["id"], unit_id=town.units["bureau"]))
    put_in = {"op": "add", "path": "members", "value": [{"value": user["id"]}]}
    assert (await town.bureau.patch(f"/Groups/{group['id']}", put_in)).status_code == 200
    held = await services.assignments.list(person_id=person)
    assert [each.role.value for each in held] == ["officer"]
    admins = await town.bureau.group("admins")
    await services.assignments.give(NewAssignment("security_admin", group_id=admins["id"]))
    refused = await town.bureau.patch(f"/Groups/{admins['id']}", put_in)
    assert refused.status_code == 403
    assert (await town.bureau.call("DELETE", f"/Groups/{admins['id']}")).status_code == 403


async def test_members_from_elsewhere_are_neither_shown_nor_taken_out(town: Town) -> None:
    services = town.provider.services
    stranger = await enter_person(town.provider, "ming")
    group = await town.bureau.group("clerks")
    await services.assignments.add_member(group["id"], stranger)
    path = f"/Groups/{group['id']}"
    assert "members" not in (await town.bureau.call("GET", path)).json()
    await town.bureau.call("PUT", path, {"schemas": [GROUP_URN], "displayName": "clerks"})
    await services.assignments.give(NewAssignment("verifier", group_id=group["id"]))
    assert len(await services.assignments.list(person_id=stranger)) == 1
    assert (await town.bureau.call("DELETE", path)).status_code == 403


async def test_somebody_suspended_is_not_put_into_groups(town: Town) -> None:
    user = await town.bureau.enter("fang", active=False)
    body = {"schemas": [GROUP_URN], "displayName": "clerks", "members": [{"value": user["id"]}]}
    assert (await town.bureau.call("POST", "/Groups", body)).status_code == 400


def bulk(*operations: dict[str, Any], **more: object) -> dict[str, Any]:
    return {"schemas": [REQUEST_URN], "Operations": list(operations), **more}


def entering(name: str, **more: object) -> dict[str, Any]:
    data = {"schemas": [USER_URN], "userName": name, **more}
    return {"method": "POST", "path": "/Users", "bulkId": name, "data": data}


async def test_bulk_with_a_group_before_its_members(town: Town) -> None:
    group = {"schemas": [GROUP_URN], "displayName": "all", "members": [{"value": "bulkId:a"}, {"value": "bulkId:b"}]}
    answer = await town.bureau.call(
        "POST",
        "/Bulk",
        bulk(
            {"method": "POST", "path": "/Groups", "bulkId": "g", "data": group},
            entering("a"),
            entering("b"),
            {"method": "DELETE", "path": "/Users/bulkId:b"},
        ),
    )
    done = answer.json()["Operations"]
    assert [each["status"] for each in done] == ["201", "201", "201", "204"]
    shown = (await town.bureau.call("GET", "/Groups")).json()["Resources"][0]
    assert len(shown.get("members", [])) <= 2
    assert await town.bureau.names() == ["a"]


async def test_bulk_stops_after_as_many_errors_as_were_said(town: Town) -> None:
    wrong = [entering("bad name"), entering("worse name"), entering("fine")]
    done = (await town.bureau.call("POST", "/Bulk", bulk(*wrong, failOnErrors=2))).json()["Operations"]
    assert [each["status"] for each in done] == ["400", "400"]
    done = (await town.bureau.call("POST", "/Bulk", bulk(*wrong))).json()["Operations"]
    assert [each["status"] for each in done] == ["400", "400", "201"]


async def test_bulk_in_a_circle_ends(town: Town) -> None:
    circle = [
        {"method": "POST", "path": "/Users", "bulkId": "a", "data": {"manager": "bulkId:b"}},
        {"method": "POST", "path": "/Users", "bulkId": "b", "data": {"manager": "bulkId:a"}},
        {"method": "PATCH", "path": "/Users/bulkId:c", "data": {}},
    ]
    done = (await town.bureau.call("POST", "/Bulk", bulk(*circle))).json()["Operations"]
    assert {each["status"] for each in done} == {"409"}


async def test_bulk_is_bounded(town: Town) -> None:
    assert (await town.bureau.call("POST", "/Bulk", bulk(*[entering("a")] * 1001))).status_code == 413
    assert (await town.bureau.call("POST", "/Bulk", bulk())).status_code == 400
