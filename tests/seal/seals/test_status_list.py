"""The standing of seals for everybody: asked one by one, or as a signed list that works with no connection."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.crypto.jose import InvalidToken, sign_jws
from kernel.crypto.private_keys import generate_key
from seal.seals.status_list import TYPE, SealStatusList, load_status_list
from seal.validation.seal_checks import judge_status
from seal.validation.trust import SealStatus
from tests.seal.world import PUBLIC_URL, SealWorld

KEY = generate_key("ES256")
MEMBERS = st.sampled_from(["iss", "iat", "exp", "seals"])
AT = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def signed(claims: object, typ: str = TYPE) -> str:
    return sign_jws(json.dumps(claims).encode(), KEY, {"typ": typ})


async def listed(world: SealWorld) -> SealStatusList:
    answer = await world.client.get("/api/v1/seals/status-list")
    assert answer.headers["content-type"] == "application/seal-status+jwt"
    keys = [key.spki for key in await world.services.signing.public_keys() if key.purpose == "status"]
    return load_status_list(answer.text, keys)


async def test_anybody_may_ask_how_a_seal_stands(world: SealWorld) -> None:
    seal = await world.active_seal()
    draft = await world.apply()

    for name in (seal["id"], seal["code"]):
        answer = await world.client.get(f"/api/v1/seals/{name}/status")
        assert (answer.status_code, answer.json()["state"], answer.json()["code"]) == (200, "active", seal["code"])
        assert answer.headers["access-control-allow-origin"] == "*"
    assert (await world.client.get(f"/api/v1/seals/{draft['id']}/status")).status_code == 404
    await world.client.post(
        f"/api/v1/seals/{seal['id']}/suspend", json={"cause": "key-at-risk"}, headers=world.approver
    )
    suspended = (await world.client.get(f"/api/v1/seals/{seal['code']}/status")).json()
    assert (suspended["state"], suspended["cause"]) == ("suspended", "key-at-risk")


async def test_of_a_persons_seal_the_name_is_not_published(world: SealWorld) -> None:
    seal = await world.active_seal(shape="name", name="李四")

    answer = await world.client.get(f"/api/v1/seals/{seal['code']}/status")

    assert "李四" not in answer.text
    assert "owner" not in answer.json()


async def test_the_list_holds_every_seal_that_was_ever_in_use_and_follows_changes(world: SealWorld) -> None:
    one, two = await world.active_seal(), await world.active_seal()
    await world.apply()
    first = await listed(world)
    await world.client.post(f"/api/v1/seals/{two['id']}/revoke", headers=world.approver)
    second = await listed(world)

    assert (first.issuer, set(first.standings)) == (PUBLIC_URL, {one["code"], two["code"]})
    assert second.standings[two["code"]].state == "revoked"
    assert second.expires_at - second.issued_at == timedelta(days=1)


def test_a_list_that_is_too_old_still_tells_bad_news_and_says_its_age_for_good_news() -> None:
    standings = {"1": SealStatus("active", AT), "2": SealStatus("suspended", AT)}
    published = SealStatusList.now("x", standings, AT)
    late = AT + timedelta(days=3)

    good, bad = published.standing_at("1", late), published.standing_at("2", late)

    assert judge_status(published.standing_at("1", AT), AT).result == "PASSED"
    judged = judge_status(good, late)
    assert (judged.result, judged.params["day"]) == ("WARNING", "2026-11-21")
    assert judge_status(bad, late).result == "FAILED"
    assert published.standing_at("3", late) is None


def test_a_list_reads_as_it_was_written() -> None:
    made = SealStatusList.now("https://x", {"33010600000001": SealStatus("suspended", AT)}, AT)

    assert load_status_list(signed(made.to_claims()), [KEY.public_spki]) == made


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        signed({"iss": "x", "iat": 1, "exp": 2, "seals": []}, typ="statuslist+jwt"),
        signed({"iss": "x", "iat": 1, "exp": 2}),
        signed({"iss": "x", "iat": True, "exp": 2, "seals": []}),
        signed({"iss": "x", "iat": 1, "exp": 10**30, "seals": []}),
        signed({"iss": "x", "iat": 1, "exp": 2, "seals": [{"code": "1"}]}),
        signed([]),
    ],
)
def test_what_is_no_list_is_refused(token: str) -> None:
    with pytest.raises(InvalidToken):
        load_status_list(token, [KEY.public_spki])


def test_a_list_of_another_key_is_refused() -> None:
    with pytest.raises(InvalidToken):
        load_status_list(signed({"iss": "x", "iat": 1, "exp": 2, "seals": []}), [generate_key("ES256").public_spki])


def test_a_state_of_a_later_edition_is_no_permission() -> None:
    entry = {"code": "1", "state": "dormant", "since": 1}
    loaded = load_status_list(signed({"iss": "x", "iat": 1, "exp": 2, "seals": [entry]}), [KEY.public_spki])

    assert loaded.standings["1"].state == "revoked"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["iss", "iat", "exp", "seals"]), inner)
        ),
        max_leaves=8,
    )
)
def test_whatever_was_signed_is_a_list_or_refused(claims: object) -> None:
    try:
        loaded = load_status_list(signed(claims), [KEY.public_spki])
    except InvalidToken:
        return
    assert loaded.standings == {}
