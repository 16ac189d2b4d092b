"""A seal is applied for by one person and approved by another; every step of its life leaves a trace."""

from dataclasses import replace

import pytest

from idp.roles.scopes import Role
from kernel.principal import Organisation
from tests.admin.conftest import Console
from tests.seal.pki import SEAL_PNG, SealPki

NEW = "/console/seals/new"
APPLICATION = {
    "name": "示例市市场监督管理局",
    "owner_name": "示例市市场监督管理局",
    "owner_uscc": "11430000006122244L",
    "size_mm": "42",
    "bottom_text": "",
    "valid_to": "",
    "filing_number": "",
}
PICTURE = {"picture": ("seal.png", SEAL_PNG, "image/png")}


async def applied(console: Console) -> str:
    """Apply as an officer and give the address of the seal's page."""
    console.sit(Role.OFFICER, subject="officer-1")
    answer = await console.post(NEW, NEW, **APPLICATION, files=PICTURE)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].split("?")[0]


async def test_who_applied_cannot_approve_and_somebody_else_can(console: Console) -> None:
    page = await applied(console)
    assert "Waiting for approval" in (await console.get("/console/seals")).text
    console.sit(Role.OFFICER, Role.APPROVER, subject="officer-1")
    assert "Somebody else must approve it." in (await console.get(page)).text
    refused = await console.post(f"{page}/revocation", f"{page}/approve")
    assert refused.status_code == 409
    console.sit(Role.APPROVER, subject="approver-1")
    assert (await console.post(page, f"{page}/approve")).status_code == 303
    shown = (await console.get(f"{page}?done=approve")).text
    assert "The seal is made and can be used." in shown
    assert "In use" in shown


async def test_a_seal_is_suspended_taken_up_again_and_revoked_with_a_reason(console: Console) -> None:
    page = await applied(console)
    console.sit(Role.APPROVER, subject="approver-1")
    for step, state in (("approve", "active"), ("suspend", "suspended"), ("resume", "active")):
        assert (await console.post(f"{page}/revocation", f"{page}/{step}")).status_code == 303
        assert (await console.rooms.seals.register.get(page.rsplit("/", 1)[1])).state == state
    without_reason = await console.post(f"{page}/revocation", f"{page}/revoke")
    assert without_reason.status_code == 400
    assert "Choose why the seal is revoked." in without_reason.text
    await console.post(f"{page}/revocation", f"{page}/revoke", reason="cessation")
    assert "Revoked" in (await console.get(page)).text
    assert "/revocation" not in (await console.get(page)).text


async def test_a_wrong_code_of_the_owner_stands_beside_its_field(console: Console) -> None:
    console.sit(Role.OFFICER)
    wrong = APPLICATION | {"owner_uscc": "11430000006122244M", "size_mm": "4.2"}
    answer = await console.post(NEW, NEW, **wrong, files=PICTURE)
    assert answer.status_code == 400
    assert 'href="#field-size_mm"' in answer.text
    answer = await console.post(NEW, NEW, **wrong | {"size_mm": "42"}, files=PICTURE)
    assert 'href="#field-owner_uscc"' in answer.text
    assert "示例市市场监督管理局" in answer.text


@pytest.mark.parametrize("role", [Role.OFFICER, Role.SYSTEM_ADMIN])
async def test_only_approvers_take_steps(console: Console, role: Role) -> None:
    page = await applied(console)
    console.sit(role, subject="somebody")
    answer = await console.client.post(f"{page}/approve", data={})
    assert answer.status_code == 403
    assert (await console.rooms.seals.register.get(page.rsplit("/", 1)[1])).state == "draft"


async def test_the_picture_is_shown_to_those_who_work_with_seals(console: Console) -> None:
    page = await applied(console)
    assert (await console.get(f"{page}/picture")).content.startswith(b"\x89PNG")
    console.sit(Role.CITIZEN)
    assert (await console.get(f"{page}/picture")).status_code == 403


OTHER = Organisation("12990000MB0000000F", "示例市档案馆")


async def test_seals_of_another_organisation_are_not_there(console: Console) -> None:
    page = await applied(console)
    console.sit(Role.APPROVER, subject="approver-2")
    form = (await console.get(f"{page}/revocation")).text
    token = form.split('name="csrf_token" value="')[1].split('"')[0]
    assert console.seat.principal is not None
    console.seat.principal = replace(console.seat.principal, organisation=OTHER)
    for place in ("", "/picture", "/revocation"):
        assert (await console.get(page + place)).status_code == 404
    assert (await console.client.post(f"{page}/approve", data={"csrf_token": token})).status_code == 404
    assert (await console.rooms.seals.register.get(page.rsplit("/", 1)[1])).state == "draft"


async def test_the_picture_is_shown_before_anything_is_applied_for(console: Console) -> None:
    console.sit(Role.OFFICER)
    before = await console.rooms.seals.register.seals()
    oval = APPLICATION | {"shape": "oval", "bottom_text": "发票专用章", "size_mm": ""}
    page = await console.post(NEW, NEW, **oval, preview="yes")
    assert page.status_code == 200
    assert "data:image/png;base64," in page.text
    assert "发票专用章" in page.text
    scripted = await console.post(NEW, "/console/seals/preview", **oval)
    assert scripted.json()["picture"].startswith("data:image/png;base64,")
    wrong = await console.post(NEW, "/console/seals/preview", **oval | {"size_mm": "9999"})
    assert (wrong.status_code, wrong.json()["detail"]) == (400, "A seal is 16 to 60 millimetres wide.")
    assert (await console.post(NEW, "/console/seals/preview", **oval | {"shape": "star"})).status_code == 400
    assert await console.rooms.seals.register.seals() == before


async def test_an_application_is_turned_down_with_a_reason_that_the_applicant_reads(console: Console) -> None:
    page = await applied(console)
    console.sit(Role.APPROVER, subject="approver-1")
    without = await console.post(f"{page}/reject", f"{page}/reject", reason=" ")
    assert without.status_code == 400
    assert "Say why in at most 256 characters." in without.text
    await console.post(f"{page}/reject", f"{page}/reject", reason="名称与批文不符")
    console.sit(Role.OFFICER, subject="officer-1")
    shown = (await console.get(page)).text
    assert "名称与批文不符" in shown
    assert "Not approved" in shown


async def test_only_steps_that_can_be_taken_are_offered_and_the_rest_is_explained(console: Console) -> None:
    page = await applied(console)
    own = (await console.get(page)).text
    assert "Withdraw the application" in own
    assert "Approve and make the seal" not in own
    console.sit(Role.OFFICER, Role.APPROVER, subject="officer-1")
    assert "Approve and make the seal" not in (await console.get(page)).text
    console.sit(Role.OFFICER, subject="officer-2")
    other = (await console.get(page)).text
    assert "Withdraw the application" not in other
    assert "Waiting for somebody with the right to approve seals." in other
    assert (await console.post(NEW, f"{page}/withdraw")).status_code == 409
    console.sit(Role.OFFICER, subject="officer-1")
    assert (await console.post(page, f"{page}/withdraw")).status_code == 303
    assert (await console.rooms.seals.register.get(page.rsplit("/", 1)[1])).state == "rejected"


async def test_a_suspension_says_why_and_stands_in_the_timeline(console: Console) -> None:
    page = await applied(console)
    console.sit(Role.APPROVER, subject="approver-1")
    await console.post(page, f"{page}/approve")
    assert "Its key may be at risk" in (await console.get(f"{page}/suspend")).text
    wrong = await console.post(f"{page}/suspend", f"{page}/suspend", reason="mood")
    assert "Choose why the seal is suspended." in wrong.text
    await console.post(f"{page}/suspend", f"{page}/suspend", reason="key-at-risk")
    shown = (await console.get(page)).text
    assert "Its key may be at risk · by approver-1" in shown
    assert (await console.get(f"{page}/suspend")).status_code == 303
    assert (await console.get(f"{page}/nonsense")).status_code == 303


async def test_a_successor_takes_over_what_the_seal_says(console: Console) -> None:
    page = await applied(console)
    console.sit(Role.APPROVER, subject="approver-1")
    await console.post(page, f"{page}/approve")
    console.sit(Role.OFFICER, subject="officer-1")
    form = f"{NEW}?replaces={page.rsplit('/', 1)[1]}"
    assert 'name="replaces"' in (await console.get(form)).text
    given = APPLICATION | {"replaces": page.rsplit("/", 1)[1]}
    answer = await console.post(form, NEW, **given, files=PICTURE)
    successor = answer.headers["location"].split("?")[0]
    console.sit(Role.APPROVER, subject="approver-1")
    await console.post(successor, f"{successor}/approve")
    assert successor in (await console.get(page)).text
    assert page in (await console.get(successor)).text


async def test_seals_are_searched_and_those_ending_soon_are_found(console: Console) -> None:
    await applied(console)
    assert "示例市市场监督管理局</a>" in (await console.get("/console/seals?q=市场")).text
    assert "No seal matches" in (await console.get("/console/seals?q=公安")).text
    assert "No seal matches" in (await console.get("/console/seals?state=suspended")).text
    assert "No seal matches" in (await console.get("/console/seals?state=expiring")).text


async def test_uses_are_shown_by_day_and_saved_as_a_table(console: Console) -> None:
    page = await applied(console)
    assert "Not used yet" in (await console.get(f"{page}/uses")).text
    assert (await console.get(f"{page}/uses?since=yesterday")).status_code == 400
    saved = await console.get(f"{page}/uses?as=csv")
    assert saved.content.startswith(b"\xef\xbb\xbf")
    console.sit(Role.CITIZEN)
    assert (await console.get(f"{page}/uses")).status_code == 403


async def test_who_may_use_a_seal_is_decided_with_a_pin_that_is_never_shown(console: Console) -> None:
    page = await applied(console)
    console.sit(Role.APPROVER, subject="approver-1")
    await console.post(page, f"{page}/approve")
    rules = f"{page}/use-policy"
    given = {"licence_types": "T1\nT2", "persons": "", "acr_level": "3", "pin": "yes"}
    without = await console.post(rules, rules, **given)
    assert without.status_code == 400
    assert 'href="#field-pin_new"' in without.text
    wrong = await console.post(rules, rules, **given | {"licence_types": "T 1 !", "pin_new": "839201"})
    assert 'href="#field-licence_types"' in wrong.text
    assert (await console.post(rules, rules, **given, pin_new="839201")).status_code == 303
    policy = (await console.rooms.seals.register.get(page.rsplit("/", 1)[1])).use_policy
    assert (policy.licence_types, policy.acr_level, policy.pin) == (("T1", "T2"), 3, True)
    assert (policy.vault, policy.programs) == (False, False)
    shown = (await console.get(rules)).text + (await console.get(page)).text
    assert "839201" not in shown
    assert "Level 3 or higher" in shown
    console.sit(Role.OFFICER, subject="officer-1")
    assert (await console.get(rules)).status_code == 403


async def test_finding_a_seal_is_taken_in_by_a_form_that_says_what_is_wrong_with_it(console: Console) -> None:
    address, owner = (
        "/console/seals/import",
        {"owner_name": APPLICATION["owner_name"], "owner_uscc": APPLICATION["owner_uscc"]},
    )
    console.sit(Role.OFFICER, subject="officer-1")
    assert 'href="/console/seals/import"' in (await console.get("/console/seals")).text
    nonsense = await console.post(
        address, address, **owner, files={"esl": ("a.esl", b"nonsense", "application/octet-stream")}
    )
    stranger = await console.post(
        address, address, **owner, files={"esl": ("a.esl", SealPki().seal, "application/octet-stream")}
    )

    assert nonsense.status_code == stranger.status_code == 400
    assert "not an electronic seal" in nonsense.text
    assert "is not trusted here" in stranger.text
