"""People are entered by the system administrator and given roles by the security administrator, never by themselves."""

import re

from idp.persons.person import RealName
from idp.roles.scopes import Role
from tests.admin.conftest import Console


async def entered(console: Console, **data: str) -> str:
    """Enter a person and give their id."""
    given = {"username": "lisi", "display_name": "李四", "password": ""} | data
    page = await console.post("/console/people/new", "/console/people/new", **given)
    assert page.status_code == 200, page.text
    return re.search(r"/console/people/([0-9a-f]{32})", page.text).group(1)


async def test_a_stranger_is_sent_to_sign_in_and_comes_back(console: Console) -> None:
    answer = await console.get("/console/people")
    assert (answer.status_code, answer.headers["location"]) == (303, "/session/start?next=%2Fconsole%2Fpeople")


async def test_an_officer_may_not_enter_people(console: Console) -> None:
    console.sit(Role.OFFICER)
    assert (await console.get("/console/people")).status_code == 403


async def test_a_person_entered_without_password_gets_one_that_is_shown_once(console: Console) -> None:
    console.sit(Role.SYSTEM_ADMIN)
    form = "/console/people/new"
    page = await console.post(form, form, username="lisi", display_name="李四", password="")
    password = re.search(r'class="secret"><code class="code">([^<]+)<', page.text).group(1)
    assert page.headers["cache-control"] == "no-store"
    record = await console.provider.services.persons.find_password("lisi")
    assert record is not None
    assert await console.provider.services.hasher.matches(record.hash, password)
    assert password not in (await console.get(f"/console/people/{record.person.id}")).text
    assert "李四" in (await console.get("/console/people")).text


async def test_what_is_wrong_stands_beside_its_field(console: Console) -> None:
    console.sit(Role.SYSTEM_ADMIN)
    form = "/console/people/new"
    page = await console.post(form, form, username="a b", display_name="李四", password="")
    assert page.status_code == 400
    assert 'href="#field-username"' in page.text
    assert "李四" in page.text
    await entered(console)
    page = await console.post(form, form, username="lisi", display_name="李五", password="")
    assert "This user name is taken." in page.text


async def test_roles_are_given_by_the_security_administrator_alone(console: Console) -> None:
    console.sit(Role.SYSTEM_ADMIN)
    person = await entered(console)
    page = f"/console/people/{person}"
    assert (await console.post("/console/people/new", f"{page}/roles", roles=["officer"])).status_code == 403
    console.sit(Role.SECURITY_ADMIN, subject="guard")
    answer = await console.post(page, f"{page}/roles", roles=["officer"])
    assert answer.status_code == 303
    assert Role.OFFICER in await console.provider.services.roles.of(person)


async def test_two_administrator_roles_never_meet_in_one_person(console: Console) -> None:
    console.sit(Role.SYSTEM_ADMIN)
    person = await entered(console)
    console.sit(Role.SECURITY_ADMIN, subject="guard")
    page = f"/console/people/{person}"
    answer = await console.post(page, f"{page}/roles", roles=["system_admin", "audit_admin"])
    assert answer.status_code == 400
    assert "One person cannot hold two administrator roles" in answer.text
    assert await console.provider.services.roles.of(person) == {Role.CITIZEN}


async def test_nobody_gives_roles_to_themselves(console: Console) -> None:
    console.sit(Role.SYSTEM_ADMIN)
    person, other = await entered(console), await entered(console, username="wangwu")
    console.sit(Role.SECURITY_ADMIN, subject=person)
    answer = await console.post(f"/console/people/{other}", f"/console/people/{person}/roles", roles=["officer"])
    assert answer.status_code == 403
    assert 'name="roles"' not in (await console.get(f"/console/people/{person}")).text


async def test_an_account_is_closed_and_opened_again(console: Console) -> None:
    console.sit(Role.SYSTEM_ADMIN)
    person = await entered(console)
    page = f"/console/people/{person}"
    await console.post(page, f"{page}/state", state="disabled")
    assert "Closed" in (await console.get(page)).text
    await console.post(page, f"{page}/state", state="active")
    assert (await console.provider.services.persons.load(person)).is_active


async def test_a_form_from_another_site_changes_nothing(console: Console) -> None:
    console.sit(Role.SYSTEM_ADMIN)
    person = await entered(console)
    answer = await console.client.post(f"/console/people/{person}/state", data={"state": "disabled"})
    assert answer.status_code == 403
    assert (await console.provider.services.persons.load(person)).is_active


async def test_a_long_list_goes_on_the_next_page(console: Console) -> None:
    console.sit(Role.SYSTEM_ADMIN)
    for number in range(51):
        await console.provider.services.persons.create_unnamed(f"Person {number:02d}", "en")
    first = await console.get("/console/people")
    assert "Person 49" in first.text
    assert "Person 50" not in first.text
    following = re.search(r'href="(\?after=[0-9a-f]+)"', first.text).group(1)
    assert "Person 50" in (await console.get(f"/console/people{following}")).text


async def test_a_person_acts_for_an_organisation(console: Console) -> None:
    console.sit(Role.SYSTEM_ADMIN)
    person = await entered(console)
    wrong = {"uscc": "91430000MA4L0R6Q5X", "name": "示例有限公司", "kind": "enterprise"}
    page = await console.post("/console/organisations", "/console/organisations", **wrong)
    assert page.status_code == 400
    assert 'id="field-uscc"' in page.text
    right = wrong | {"uscc": "11430000006122244L"}
    assert (await console.post("/console/organisations", "/console/organisations", **right)).status_code == 303
    path = f"/console/people/{person}"
    await console.post(path, f"{path}/organisations", uscc="11430000006122244L", role="法定代表人")
    assert "示例有限公司" in (await console.get(path)).text
    assert "法定代表人" in (await console.get(path)).text


async def test_an_administrator_enters_a_legal_representative_and_takes_the_mandate_back(console: Console) -> None:
    console.sit(Role.SYSTEM_ADMIN)
    services, uscc = console.provider.services, "91990000MA0000002E"
    person_id = await entered(console)
    await services.organisations.create(uscc, "信印示范有限公司", "enterprise")
    page = f"/console/people/{person_id}"
    refused = await console.post(page, f"{page}/mandates", uscc=uscc)
    # Nobody acts for a company whose real name is not confirmed.
    assert refused.status_code == 409
    await services.persons.bind_real_name(person_id, RealName("111", "990101199003078033", "张小明"), 3)
    assert (await console.post(page, f"{page}/mandates", uscc=uscc)).status_code == 303
    (mandate,) = await services.mandates.in_force(person_id)
    assert mandate.is_representative
    assert "信印示范有限公司" in (await console.get(page)).text
    assert (await console.post(page, f"{page}/mandates/nothing/revoke")).status_code == 404
    assert (await console.post(page, f"{page}/mandates/{mandate.id}/revoke")).status_code == 303
    assert await services.mandates.in_force(person_id) == []
    console.sit(Role.SECURITY_ADMIN)
    assert (await console.post(page, f"{page}/mandates", uscc=uscc)).status_code == 403
