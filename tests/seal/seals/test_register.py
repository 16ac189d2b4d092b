"""The life of a seal, from application to revocation."""

import asyncio
from base64 import b64encode
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from seal.structures.gbt38540 import load_seal
from seal.validation.trust import SealStatus
from tests.seal.pki import SEAL_PNG
from tests.seal.world import OTHER_OWNER, OWNER, SealWorld


async def stored_esl(world: SealWorld, seal_id: str) -> bytes:
    from seal.seals.records import find_seal

    async with world.database.reading() as session:
        row = await find_seal(session, seal_id)
    assert row is not None
    assert row.esl is not None
    return row.esl


async def test_a_seal_is_applied_for_approved_and_in_use(any_world: SealWorld) -> None:
    world = any_world
    draft = await world.apply(filing_number="备案2026-1")

    assert (draft["state"], draft["owner"], draft["applied_by"]) == ("draft", OWNER, "applicant")
    assert draft["code"] == "99000000000001"
    approved = await world.client.post(f"/api/v1/seals/{draft['id']}/approve", headers=world.approver)

    seal = approved.json()
    assert (seal["state"], seal["approved_by"], seal["filing_number"]) == ("active", "approver", "备案2026-1")
    contents = load_seal(await stored_esl(world, draft["id"])).contents
    assert (contents.seal_code, contents.properties.name) == (draft["code"], OWNER["name"])
    assert contents.picture.width_mm == 42
    assert [action for action, _ in await world.events()][-4:] == [
        "seal.apply",
        "certificate.issue",
        "certificate.issue",
        "seal.approve",
    ]


async def test_who_applied_cannot_approve(world: SealWorld) -> None:
    draft = await world.apply()

    refused = await world.client.post(f"/api/v1/seals/{draft['id']}/approve", headers=world.applicant)

    assert refused.status_code == 403
    assert "Somebody else must approve" in refused.json()["detail"]
    assert (await world.events())[-1] == ("seal.approve", "refused")
    shown = await world.client.get(f"/api/v1/seals/{draft['id']}", headers=world.approver)
    assert shown.json()["state"] == "draft"


async def test_a_seal_stops_and_starts_and_ends_for_good(world: SealWorld) -> None:
    seal = await world.active_seal()

    async def act(action: str) -> tuple[int, str]:
        response = await world.client.post(f"/api/v1/seals/{seal['id']}/{action}", headers=world.approver)
        return response.status_code, response.json().get("state", "")

    assert await act("suspend") == (200, "suspended")
    assert (await act("suspend"))[0] == 409
    assert await act("resume") == (200, "active")
    assert (await act("approve"))[0] == 409
    assert await act("revoke") == (200, "revoked")
    assert (await act("resume"))[0] == 409
    assert (await act("revoke"))[0] == 409


async def test_codes_are_given_in_order_within_an_area(world: SealWorld) -> None:
    codes = [(await world.apply())["code"] for _ in range(3)]

    assert codes == ["99000000000001", "99000000000002", "99000000000003"]


async def test_applications_at_the_same_time_get_codes_of_their_own(world: SealWorld) -> None:
    drafts = await asyncio.gather(world.apply(), world.apply(), world.apply())

    assert len({draft["code"] for draft in drafts}) == 3


async def test_a_code_that_is_taken_is_refused(world: SealWorld) -> None:
    await world.apply(code="33010600000001")
    body = {"name": "x局", "owner": OWNER, "code": "33010600000001"}

    taken = await world.client.post("/api/v1/seals", json=body, headers=world.applicant)

    assert taken.status_code == 409


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"owner": {"uscc": "11990000MB0000000A", "name": "x"}}, "owner.uscc"),
        ({"code": "123"}, "code"),
        ({"size_mm": 5}, "size_mm"),
        ({"picture": "AAAA"}, "picture"),
        ({"picture": "?"}, "picture"),
        ({"valid_to": "2020-01-01T00:00:00Z"}, "valid_to"),
        ({"valid_to": "2046-01-01T00:00:00Z"}, "valid_to"),
    ],
)
async def test_what_is_wrong_is_named(world: SealWorld, changes: dict[str, Any], field: str) -> None:
    body = {"name": OWNER["name"], "owner": OWNER} | changes

    refused = await world.client.post("/api/v1/seals", json=body, headers=world.applicant)

    assert refused.status_code == 400
    assert refused.headers["content-type"] == "application/problem+json"
    assert [error["field"] for error in refused.json()["errors"]] == [field]


async def test_officers_see_and_ask_for_seals_of_their_own_organisation(world: SealWorld) -> None:
    seal = await world.active_seal()
    stranger = world.headers("stranger", "seal:apply seal:use", organisation=OTHER_OWNER)

    applied = await world.client.post("/api/v1/seals", json={"name": OWNER["name"], "owner": OWNER}, headers=stranger)
    shown = await world.client.get(f"/api/v1/seals/{seal['id']}", headers=stranger)
    listed = await world.client.get("/api/v1/seals", headers=stranger)

    assert (applied.status_code, shown.status_code, listed.json()["seals"]) == (403, 404, [])


async def test_seals_are_listed_newest_first(world: SealWorld) -> None:
    first = await world.apply()
    world.clock.advance(minutes=1)
    second = await world.apply()

    listed = await world.client.get("/api/v1/seals", headers=world.user)

    assert [seal["id"] for seal in listed.json()["seals"]] == [second["id"], first["id"]]


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/api/v1/seals", "seal:approve"),
        ("POST", "/api/v1/seals/x/approve", "seal:apply"),
        ("POST", "/api/v1/seals/x/suspend", "seal:use"),
        ("POST", "/api/v1/seals/x/resume", "seal:use"),
        ("POST", "/api/v1/seals/x/revoke", "seal:apply"),
        ("GET", "/api/v1/seals", "licence:read"),
        ("GET", "/api/v1/seals/x/uses", "licence:read"),
        ("POST", "/api/v1/seal-jobs", "seal:approve"),
    ],
)
async def test_scopes_are_needed(world: SealWorld, method: str, path: str, scope: str) -> None:
    body = {"name": OWNER["name"], "owner": OWNER} if path == "/api/v1/seals" else None
    with_other_scope = await world.client.request(method, path, json=body, headers=world.headers("x", scope))
    without_token = await world.client.request(method, path, json=body)

    assert (with_other_scope.status_code, without_token.status_code) == (403, 401)


async def test_the_picture_is_drawn_or_taken_as_sent(world: SealWorld) -> None:
    drawn, sent = await world.apply(), await world.apply(picture=b64encode(SEAL_PNG).decode())

    picture = await world.client.get(drawn["picture"], headers=world.user)
    taken = await world.client.get(sent["picture"], headers=world.user)

    assert picture.headers["content-type"] == "image/png"
    assert Image.open(BytesIO(picture.content)).size == (496, 496)
    assert Image.open(BytesIO(taken.content)).tobytes() == Image.open(BytesIO(SEAL_PNG)).tobytes()


async def test_a_name_that_cannot_be_drawn_is_refused(world: SealWorld) -> None:
    body = {"name": "示例\U0001f600局", "owner": OWNER}

    refused = await world.client.post("/api/v1/seals", json=body, headers=world.applicant)

    assert refused.status_code == 400


async def test_the_standing_is_published_at_once(world: SealWorld) -> None:
    seal = await world.active_seal()

    async def standing() -> SealStatus:
        store = await world.services.publication.trust_store()
        assert store.seal_status is not None
        status = store.seal_status(seal["code"])
        assert status is not None
        return status

    first = await standing()
    assert (first.state, first.since) == ("active", world.clock())
    await world.client.post(f"/api/v1/seals/{seal['id']}/suspend", headers=world.approver)
    suspended = await standing()

    assert suspended.state == "suspended"
    assert [each.state for each in await world.services.publication.published_seals()] == ["suspended"]


async def test_a_seal_expires_by_itself(world: SealWorld) -> None:
    seal = await world.active_seal(valid_to="2027-01-01T00:00:00Z")
    world.clock.advance(days=60)

    shown = await world.client.get(f"/api/v1/seals/{seal['code']}", headers=world.user)

    assert shown.json()["state"] == "expired"


@pytest.mark.parametrize("action", ["approve", "suspend", "resume", "revoke"])
async def test_nobody_decides_about_seals_of_another_organisation(world: SealWorld, action: str) -> None:
    seal = await world.apply() if action == "approve" else await world.active_seal()
    if action == "resume":
        await world.client.post(f"/api/v1/seals/{seal['id']}/suspend", headers=world.approver)
    before = (await world.client.get(f"/api/v1/seals/{seal['id']}", headers=world.approver)).json()["state"]
    stranger = world.headers("stranger", "seal:approve", organisation=OTHER_OWNER)

    refused = await world.client.post(f"/api/v1/seals/{seal['id']}/{action}", headers=stranger)

    after = (await world.client.get(f"/api/v1/seals/{seal['id']}", headers=world.approver)).json()["state"]
    assert (refused.status_code, after) == (404, before)
    assert (f"seal.{action}", "refused") in await world.events()


async def test_a_person_of_the_seal_office_decides_for_all_but_a_program_needs_an_organisation(
    world: SealWorld,
) -> None:
    draft = await world.apply()
    program = world.headers("console", "seal:apply seal:approve seal:use", organisation=None)

    refused = await world.client.post(f"/api/v1/seals/{draft['id']}/approve", headers=program)
    listed = await world.client.get("/api/v1/seals", headers=program)
    applied = await world.client.post("/api/v1/seals", json={"name": OWNER["name"], "owner": OWNER}, headers=program)
    office = world.headers("office", "seal:approve", organisation=None)
    approved = await world.client.post(f"/api/v1/seals/{draft['id']}/approve", headers=office)

    assert (refused.status_code, listed.json()["seals"], applied.status_code) == (404, [], 403)
    assert approved.status_code == 200
