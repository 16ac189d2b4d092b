"""A seal is applied for by one person and approved by another; every step of its life leaves a trace."""

from dataclasses import replace

import pytest

from idp.roles.scopes import Role
from kernel.principal import Organisation
from tests.admin.conftest import Console
from tests.seal.pki import SEAL_PNG

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
        assert (await console.post(page, f"{page}/{step}")).status_code == 303
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
