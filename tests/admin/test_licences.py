"""An officer issues a licence by a form made from its type, finds it again, and changes its state with a cause."""

import re
from typing import Any

import pytest

from idp.roles.scopes import Role
from licence_vault.licences.licence import LicenceStatus
from tests.admin.conftest import Console
from tests.vault_rooms import BUSINESS_LICENCE, HOLDER

NEW = f"/console/licences/new?type={BUSINESS_LICENCE}"
FOOD_LICENCE = "11990000MB0000000J001"


async def filled(console: Console, address: str = NEW, **changes: Any) -> dict[str, Any]:
    """The form with the type's invented example, as a browser would send it."""
    page = (await console.get(f"{address}&example=yes")).text
    values = dict(re.findall(r'name="([\w.]+)" type="\w+" value="([^"]*)"', page))
    values |= dict(re.findall(r'<textarea[^>]* name="([\w.]+)"[^>]*>([^<]*)</textarea>', page))
    values |= dict(re.findall(r'type="hidden" name="(type|once)" value="([^"]*)"', page))
    selects = re.findall(r'<select[^>]* name="([\w.]+)"(.*?)</select>', page, re.DOTALL)
    chosen = [(name, value) for name, body in selects for value in re.findall(r'value="([^"]+)" selected', body)]
    holder = {f"holder.{name}": HOLDER[name] for name in ("id_type", "number", "name")}
    return {**values, **dict(chosen), **holder, **changes}


async def issued(console: Console, **changes: Any) -> str:
    """Issue as an officer; the address of the licence's page."""
    console.sit(Role.OFFICER)
    answer = await console.post(NEW, "/console/licences/new", **await filled(console, **changes))
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].split("?")[0]


async def test_the_form_has_a_field_for_each_of_the_types_with_its_label(console: Console) -> None:
    console.sit(Role.OFFICER)
    assert "Business Licence" in (await console.get("/console/licences/new")).text
    page = (await console.get(NEW)).text
    for label in ("Legal representative", "Registered capital", "Date of establishment", "Business scope"):
        assert label in page
    food = (await console.get(f"/console/licences/new?type={FOOD_LICENCE}")).text
    assert '<option value="catering">Caterer</option>' in food
    assert "JY and 14 digits" in food
    assert "One entry a line." in food


async def test_a_licence_is_issued_and_its_page_shows_life_and_files(console: Console) -> None:
    page = (await console.get(f"{await issued(console)}?done=issue")).text
    for text in ("sealed and recorded", "示例餐饮管理有限公司", "format=ofd", "format=pdf", "林晓棠"):
        assert text in page
    assert '<p class="timeline__title">Issued</p>' in page


async def test_a_second_click_issues_nothing_more(console: Console) -> None:
    console.sit(Role.OFFICER)
    values = await filled(console)
    first = await console.post(NEW, "/console/licences/new", **values)
    second = await console.post(NEW, "/console/licences/new", **values)
    assert first.headers["location"] == second.headers["location"]
    principal = console.seat.principal
    assert principal is not None
    assert (await console.rooms.vault.lookup.counts(principal)).total == 1


async def test_every_mistake_stands_beside_its_field_and_nothing_typed_is_lost(console: Console) -> None:
    console.sit(Role.OFFICER)
    wrong = {"holder.number": "11430000006122244M", "fields.registered_capital": ""}
    page = await console.post(NEW, "/console/licences/new", **await filled(console, **wrong))
    assert page.status_code == 400
    assert 'href="#field-holder.number"' in page.text
    assert 'href="#field-fields.registered_capital"' in page.text
    assert "Fill in Registered capital." in page.text
    assert "林晓棠" in page.text


async def test_a_type_with_choices_lists_and_patterns_is_issued_too(console: Console) -> None:
    console.sit(Role.OFFICER)
    address = f"/console/licences/new?type={FOOD_LICENCE}"
    wrong = await filled(console, address, **{"fields.licence_number": "JY1"})
    assert "must be JY and 14 digits" in (await console.post(address, "/console/licences/new", **wrong)).text
    answer = await console.post(address, "/console/licences/new", **await filled(console, address))
    assert answer.status_code == 303, answer.text
    page = (await console.get(answer.headers["location"])).text
    assert "Caterer" in page
    assert "热食类食品制售；冷食类食品制售" in page


async def test_an_officer_without_authority_cannot_issue(console: Console) -> None:
    console.sit(Role.OFFICER)
    values = await filled(console)
    console.sit(Role.OFFICER, at_authority=False)
    assert (await console.post(NEW, "/console/licences/new", **values)).status_code == 403
    assert "You act for no organisation yet." in (await console.get("/console/licences")).text


async def test_licences_are_found_by_holder_and_by_identifier(console: Console) -> None:
    page = await issued(console)
    licence = (await console.get(page)).text
    identifier = re.search(r"1\.2\.156\.3005\.2\.[0-9A-Z.]+", licence).group()
    where = "/console/licences"
    by_number = await console.post(where, where, id_type="001", number=HOLDER["number"], identifier="")
    by_identifier = await console.post(where, where, id_type="001", number="", identifier=identifier)
    for found in (by_number, by_identifier):
        assert page in found.text
    nothing = await console.post(where, where, id_type="001", number="91110000MA00000000"[:18], identifier="")
    assert nothing.status_code in (200, 400)
    assert page not in nothing.text
    empty = await console.post(where, where, id_type="001", number="", identifier="")
    assert (empty.status_code, "Enter a holder&#39;s number" in empty.text) == (400, True)


async def test_the_licences_of_another_authority_are_not_there(console: Console) -> None:
    page = await issued(console)
    console.sit(Role.OFFICER, at_authority=False)
    assert (await console.get(page)).status_code == 404


async def test_a_licence_is_suspended_resumed_and_revoked_with_its_cause(console: Console) -> None:
    page = await issued(console)
    assert (await console.post(f"{page}/suspend", f"{page}/suspend", cause="", other="")).status_code == 400
    await console.post(f"{page}/suspend", f"{page}/suspend", cause="An annual report is overdue", other="")
    shown = (await console.get(page)).text
    assert "Suspended" in shown
    assert "An annual report is overdue" in shown
    await console.post(f"{page}/resume", f"{page}/resume", cause="", other="")
    answer = await console.post(f"{page}/revoke", f"{page}/revoke", cause="Withdrawn by law", other="法院判决")
    assert answer.headers["location"] == f"{page}?done=revoke"
    shown = (await console.get(page)).text
    assert "法院判决" in shown
    assert f"{page}/resume" not in shown
    found = await console.rooms.vault.lookup.find_by_id(page.rsplit("/", 1)[1])
    assert found is not None
    assert found.status is LicenceStatus.REVOKED


async def test_an_approver_reads_but_changes_nothing(console: Console) -> None:
    page = await issued(console)
    console.sit(Role.APPROVER, subject="approver-1")
    assert (await console.get(page)).status_code == 200
    assert (await console.get(f"{page}/revoke")).status_code == 403


async def test_the_first_page_counts_the_authoritys_licences(console: Console) -> None:
    await issued(console)
    page = (await console.get("/console/overview")).text
    assert re.search(r'href="/console/licences"><span class="figure__number">1</span>', page)


@pytest.mark.parametrize("path", ["/console/overview", "/console/licences", "/console/people", "/console/audit"])
async def test_no_cache_keeps_what_somebody_signed_in_saw(console: Console, path: str) -> None:
    console.sit(Role.OFFICER, Role.SYSTEM_ADMIN, Role.AUDIT_ADMIN)
    for _visit in ("with a new CSRF cookie", "and without"):
        assert (await console.get(path)).headers["cache-control"] == "no-store"
