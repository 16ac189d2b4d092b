"""A seal's life beyond its making: rejected, withdrawn, replaced; what its timeline tells; who may use it."""

from typing import Any

import httpx
import pytest

from tests.seal.world import OTHER_OWNER, OWNER, SealWorld


async def step(
    world: SealWorld, seal: dict[str, Any], action: str, by: str = "approver", **body: Any
) -> httpx.Response:
    headers = getattr(world, by)
    return await world.client.post(f"/api/v1/seals/{seal['id']}/{action}", json=body or None, headers=headers)


async def timeline(world: SealWorld, seal: dict[str, Any]) -> list[tuple[str, str | None, str]]:
    response = await world.client.get(f"/api/v1/seals/{seal['id']}/events", headers=world.user)
    return [(event["action"], event["cause"], event["actor"]) for event in response.json()["events"]]


async def test_every_step_stands_in_the_timeline_with_who_and_why(world: SealWorld) -> None:
    seal = await world.active_seal()
    await step(world, seal, "suspend", cause="investigation")
    await step(world, seal, "resume")
    await step(world, seal, "revoke", reason="key-compromise")

    assert await timeline(world, seal) == [
        ("apply", None, "applicant"),
        ("approve", None, "approver"),
        ("suspend", "investigation", "approver"),
        ("resume", None, "approver"),
        ("revoke", "key-compromise", "approver"),
    ]
    shown = (await world.client.get(f"/api/v1/seals/{seal['id']}", headers=world.user)).json()
    assert (shown["state"], shown["cause"]) == ("revoked", "key-compromise")


async def test_an_application_is_rejected_with_a_reason_and_gives_its_code_free(world: SealWorld) -> None:
    draft = await world.apply(code="33010600000001", basis="示编办〔2026〕1号")

    without = await step(world, draft, "reject", reason="  ")
    rejected = await step(world, draft, "reject", reason="名称与批文不符")
    again = await step(world, draft, "approve")
    another = await world.apply(code="33010600000001")

    assert (without.status_code, rejected.json()["state"], again.status_code) == (400, "rejected", 409)
    assert without.json()["errors"][0]["field"] == "reason"
    events = (await world.client.get(f"/api/v1/seals/{draft['id']}/events", headers=world.user)).json()["events"]
    assert events[-1]["note"] == "名称与批文不符"
    assert another["code"] == draft["code"]
    assert rejected.json()["basis"] == "示编办〔2026〕1号"


async def test_only_the_applicant_withdraws(world: SealWorld) -> None:
    draft = await world.apply()

    other = await world.client.post(
        f"/api/v1/seals/{draft['id']}/withdraw", headers=world.headers("other", "seal:apply")
    )
    own = await step(world, draft, "withdraw", by="applicant")

    assert (other.status_code, own.json()["state"], own.json()["cause"]) == (403, "rejected", "withdrawn")


async def test_a_new_seal_takes_the_code_on_and_the_lineage_is_seen(world: SealWorld) -> None:
    old = await world.active_seal()
    new = await world.apply(replaces=old["code"], bottom_text="行政审批专用章")
    assert (new["code"], new["replaces"]) == (old["code"], old["id"])
    by_code = await world.client.get(f"/api/v1/seals/{old['code']}", headers=world.user)
    assert by_code.json()["id"] == old["id"]

    approved = await step(world, new, "approve")

    assert approved.status_code == 200, approved.text
    by_code = await world.client.get(f"/api/v1/seals/{old['code']}", headers=world.user)
    before = (await world.client.get(f"/api/v1/seals/{old['id']}", headers=world.user)).json()
    assert by_code.json()["id"] == new["id"]
    assert (before["state"], before["cause"], before["replaced_by"]) == ("replaced", "superseded", new["id"])
    assert (await timeline(world, old))[-1] == ("replace", "superseded", "approver")
    assert (await step(world, old, "resume")).status_code == 409
    store = await world.services.publication.trust_store()
    assert store.seal_status is not None
    standing = store.seal_status(old["code"])
    assert standing is not None
    assert standing.state == "active"


async def test_a_code_is_taken_on_once(world: SealWorld) -> None:
    old = await world.active_seal()
    first, second = await world.apply(replaces=old["id"]), await world.apply(replaces=old["id"])
    assert (await step(world, first, "approve")).status_code == 200

    refused = await step(world, second, "approve")

    assert refused.status_code == 409
    assert (await world.client.get(f"/api/v1/seals/{old['code']}", headers=world.user)).json()["id"] == first["id"]


async def test_only_a_seal_of_ones_own_that_has_not_ended_is_replaced(world: SealWorld) -> None:
    seal = await world.active_seal()
    stranger = world.headers("stranger", "seal:apply", organisation=OTHER_OWNER)
    body = {"name": "示例市档案馆", "owner": OTHER_OWNER, "replaces": seal["id"]}
    foreign = await world.client.post("/api/v1/seals", json=body, headers=stranger)
    await step(world, seal, "revoke")
    ended = await world.client.post(
        "/api/v1/seals", json={"name": "x局", "owner": OWNER, "replaces": seal["id"]}, headers=world.applicant
    )

    assert (foreign.status_code, foreign.json()["errors"][0]["field"]) == (400, "replaces")
    assert ended.status_code == 409


@pytest.mark.parametrize(("shape", "size"), [("round", (42, 42)), ("oval", (40, 30)), ("name", (36, 14))])
async def test_seals_of_every_shape_are_made(world: SealWorld, shape: str, size: tuple[int, int]) -> None:
    seal = await world.active_seal(shape=shape, bottom_text="合同专用章" if shape == "oval" else "")

    assert (seal["size_mm"], seal["height_mm"]) == size


async def test_a_policy_and_a_pin_are_set_and_taken_away(world: SealWorld) -> None:
    seal = await world.active_seal(use_policy={"licence_types": ["T1"]})
    assert seal["use_policy"]["licence_types"] == ["T1"]

    async def put(**body: Any) -> httpx.Response:
        return await world.client.put(f"/api/v1/seals/{seal['id']}/use-policy", json=body, headers=world.approver)

    assert (await put(use_policy={"pin": True})).json()["errors"][0]["field"] == "pin"
    assert (await put(use_policy={"pin": True}, pin="123456")).status_code == 400
    assert (await put(use_policy={"pin": 1})).json()["errors"][0]["field"] == "use_policy.pin"
    assert (await put(use_policy={"pin": True, "acr_level": 2}, pin="839201")).json()["use_policy"]["acr_level"] == 2
    assert (await put(use_policy={"pin": True})).status_code == 200
    assert (await put(use_policy={})).json()["use_policy"]["pin"] is False
    assert (await put(use_policy={"pin": True})).status_code == 400
    assert ("seal.policy", "success") in await world.events()
    user = await world.client.put(f"/api/v1/seals/{seal['id']}/use-policy", json={"use_policy": {}}, headers=world.user)
    assert user.status_code == 403


async def test_an_application_cannot_carry_a_pin(world: SealWorld) -> None:
    body = {"name": OWNER["name"], "owner": OWNER, "use_policy": {"pin": True}}
    refused = await world.client.post("/api/v1/seals", json=body, headers=world.applicant)

    assert refused.json()["errors"][0]["field"] == "use_policy.pin"


async def test_seals_are_searched(world: SealWorld) -> None:
    active = await world.active_seal(name="示例市公安局", valid_to="2026-12-31T00:00:00Z")
    draft = await world.apply(name="示例市税务局")

    async def found(**query: object) -> list[str]:
        response = await world.client.get("/api/v1/seals", params=query, headers=world.user)
        assert response.status_code == 200, response.text
        return [seal["id"] for seal in response.json()["seals"]]

    assert await found(state="draft") == [draft["id"]]
    assert await found(q="公安") == [active["id"]]
    assert await found(q=draft["code"][:14]) == [draft["id"]]
    assert await found(q="%") == []
    assert await found(expiring_days=60) == [active["id"]]
    assert await found(before=draft["id"]) == [active["id"]]
    world.clock.advance(days=60)
    assert await found(state="expired") == [active["id"]]
    assert await found(state="active") == []


@pytest.mark.parametrize("query", [{"state": "lost"}, {"expiring_days": "0"}, {"colour": "red"}, {"q": "x" * 65}])
async def test_searches_that_make_no_sense_are_refused_by_name(world: SealWorld, query: dict[str, str]) -> None:
    refused = await world.client.get("/api/v1/seals", params=query, headers=world.user)

    assert refused.status_code in (400, 422)
    assert refused.headers["content-type"] == "application/problem+json"
