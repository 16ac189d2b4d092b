"""`/Users`: an agency's people from the first day to the last."""

from sqlalchemy import select

from idp.persons.records import PersonRow
from idp.scim.records import ScimUserRow
from kernel.audit.records import AuditEventRow
from tests.idp.people import PASSWORD, enter_person
from tests.idp.scim.conftest import ACCOUNT_URN, BUREAU, ENTERPRISE_URN, OFFICE, USER_URN, Town


async def test_somebody_is_entered_read_changed_and_let_go(town: Town) -> None:
    sent = {
        "schemas": [USER_URN, ENTERPRISE_URN],
        "userName": "Wang.Fang",
        "externalId": "e-7",
        "name": {"familyName": "王", "givenName": "芳"},
        "emails": [{"value": "wang@bureau.test", "type": "work", "primary": True}],
        ENTERPRISE_URN: {"employeeNumber": "0042", "department": "登记科"},
    }
    made = await town.bureau.call("POST", "/Users", sent)
    assert made.status_code == 201
    document = made.json()
    assert made.headers["location"] == document["meta"]["location"]
    assert made.headers["content-type"].startswith("application/scim+json")
    assert document["active"] is True
    assert document[ENTERPRISE_URN] == sent[ENTERPRISE_URN]
    assert document[ACCOUNT_URN] == {
        "agency": BUREAU, "managed": True, "signInName": f"wang.fang@{BUREAU.lower()}",
    }  # fmt: skip
    path = f"/Users/{document['id']}"
    replaced = await town.bureau.call("PUT", path, {"schemas": [USER_URN], "userName": "fang", "title": "科长"})
    assert replaced.json()["title"] == "科长"
    assert "emails" not in replaced.json()
    assert (await town.bureau.call("DELETE", path)).status_code == 204
    assert (await town.bureau.call("GET", path)).status_code == 404
    assert await town.bureau.names() == []
    again = await town.bureau.enter("fang")
    assert again["id"] != document["id"]


async def test_somebody_signs_in_by_the_name_told_until_they_are_made_inactive(town: Town) -> None:
    made = await town.bureau.enter("fang", password=PASSWORD)
    assert "password" not in made
    browser = town.provider.browser()
    page = await browser.sign_in(made[ACCOUNT_URN]["signInName"], PASSWORD)
    assert page.url.path != "/login"
    assert (await browser.client.get("/account")).status_code == 200
    town.provider.clock.advance(seconds=5)
    changed = await town.bureau.patch(f"/Users/{made['id']}", {"op": "replace", "path": "active", "value": False})
    assert changed.json()["active"] is False
    assert (await browser.client.get("/account")).status_code != 200
    await town.bureau.patch(f"/Users/{made['id']}", {"op": "Replace", "path": "active", "value": "True"})
    assert (await browser.client.get("/account")).status_code != 200
    page = await town.provider.browser().sign_in(made[ACCOUNT_URN]["signInName"], PASSWORD)
    assert page.url.path != "/login"


async def test_what_an_agency_says_of_people_lies_sealed(town: Town) -> None:
    await town.bureau.enter(
        "fang",
        displayName="芳",
        externalId="external-4711",
        name={"familyName": "王秘密"},
        phoneNumbers=[{"value": "13900001111"}],
    )
    async with town.provider.database.reading() as session:
        row = (await session.scalars(select(ScimUserRow))).one()
        stored = b"".join(
            each if isinstance(each, bytes) else str(each).encode()
            for each in (getattr(row, column.key) for column in ScimUserRow.__table__.columns)
        )
    for secret in ("王秘密", "13900001111", "external-4711", "fang"):
        assert secret.encode() not in stored


async def test_a_citizen_who_works_there_keeps_their_account(town: Town) -> None:
    """An agency decides about its own accounts, not about those of people who happen to work there."""
    services = town.provider.services
    person = await enter_person(town.provider, "ming")
    await services.organisations.add_member(BUREAU, person, "clerk")
    assert await town.bureau.names() == ["ming"]
    found = (await town.bureau.call("GET", '/Users?filter=userName eq "ming"')).json()["Resources"][0]
    assert found[ACCOUNT_URN]["managed"] is False
    path = f"/Users/{found['id']}"
    refused = await town.bureau.patch(path, {"op": "add", "path": "password", "value": "another good password"})
    assert (refused.status_code, refused.json()["scimType"]) == (400, "mutability")
    renamed = await town.bureau.patch(path, {"op": "replace", "value": {"displayName": "Boss", "userName": "boss"}})
    assert renamed.status_code == 200
    assert (await services.persons.load(person)).display_name == "小明"
    gone = await town.bureau.patch(path, {"op": "replace", "value": {"active": False}})
    assert gone.json()["active"] is False
    assert await services.organisations.of(person) == []
    page = await town.provider.browser().sign_in("ming", PASSWORD)
    assert page.url.path != "/login"
    assert (await town.bureau.call("DELETE", path)).status_code == 204
    assert (await services.persons.load_by_username("ming")).is_active


async def test_an_account_with_a_checked_real_name_is_no_longer_the_agencys_to_take_over(town: Town) -> None:
    from idp.persons.person import RealName

    made = await town.bureau.enter("fang", password=PASSWORD)
    async with town.provider.database.reading() as session:
        person = (await session.scalars(select(PersonRow.id))).one()
    await town.provider.services.persons.bind_real_name(person, RealName("111", "990101199003078033", "张小明"), 3)
    refused = await town.bureau.patch(
        f"/Users/{made['id']}", {"op": "replace", "path": "password", "value": "the agency's password"}
    )
    assert refused.json()["scimType"] == "mutability"


async def test_an_administrators_ban_is_not_lifted_by_a_program(town: Town) -> None:
    made = await town.bureau.enter("fang")
    path = f"/Users/{made['id']}"
    async with town.provider.database.reading() as session:
        person = (await session.scalars(select(PersonRow.id))).one()
    await town.bureau.patch(path, {"op": "replace", "path": "active", "value": False})
    town.provider.clock.advance(seconds=5)
    await town.provider.services.persons.disable(person)
    refused = await town.bureau.patch(path, {"op": "replace", "path": "active", "value": True})
    assert refused.status_code == 403
    assert not (await town.provider.services.persons.load(person)).is_active


async def test_people_are_placed_in_agencies_below_and_moved(town: Town) -> None:
    made = await town.bureau.enter("fang", **{ENTERPRISE_URN: {"organization": OFFICE}})
    assert made[ACCOUNT_URN]["agency"] == OFFICE
    assert await town.office.names() == ["fang"]
    moved = await town.bureau.patch(
        f"/Users/{made['id']}", {"op": "replace", "path": f"{ENTERPRISE_URN}:organization", "value": BUREAU}
    )
    assert moved.json()[ACCOUNT_URN]["agency"] == BUREAU
    assert moved.json()["active"] is True
    assert await town.office.names() == []


async def test_every_change_is_in_the_audit_trail(town: Town) -> None:
    made = await town.bureau.enter("fang")
    await town.bureau.patch(f"/Users/{made['id']}", {"op": "add", "path": "title", "value": "clerk"})
    await town.bureau.call("DELETE", f"/Users/{made['id']}")
    async with town.provider.database.reading() as session:
        rows = list(await session.scalars(select(AuditEventRow).where(AuditEventRow.action.startswith("idp.scim"))))
    assert [row.action for row in rows] == ["idp.scim.user.create", "idp.scim.user.update", "idp.scim.user.delete"]
    assert "clerk" not in str([row.detail for row in rows])
