"""`/v/{code}` says at once how a licence stands, to people and to programs, and tells guessers nothing."""

from dataclasses import replace

import httpx
import pytest

from tests.verify.world import CODE, HANDLE, World, standing
from verify.standing import LicenceState

PERSON = {"Accept": "text/html"}


async def test_a_program_gets_state_checks_and_public_face(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"/v/{HANDLE}")
    verdict = answer.json()
    assert answer.status_code == 200
    assert (verdict["state"], verdict["code"]) == ("valid", 0)
    assert verdict["licence"]["type_name"] == "营业执照"
    assert verdict["licence"]["valid_to"] == "2029-03-01"
    assert {check["result"] for check in verdict["checks"]} == {"PASSED", "WARNING"}


async def test_upper_case_paths_of_qr_codes_lead_to_the_same_answer(client: httpx.AsyncClient) -> None:
    lower, upper = await client.get(f"/v/{HANDLE.lower()}"), await client.get(f"/V/{HANDLE}")
    assert lower.json()["licence"] == upper.json()["licence"]


async def test_a_person_sees_the_verdict_the_real_domain_and_what_was_not_checked(client: httpx.AsyncClient) -> None:
    page = (await client.get(f"/v/{HANDLE}", headers=PERSON)).text
    assert "zhengzhao.example.cn" in page
    assert page.index("Valid") < page.index("What was checked") < page.index("The licence</h2>")
    assert "Nothing here shows that the person in front of you is the holder." in page


async def test_a_revocation_is_seen_on_the_next_scan_and_nothing_may_keep_answers(
    world: World, client: httpx.AsyncClient
) -> None:
    first = await client.get(f"/v/{HANDLE}")
    assert first.headers["cache-control"] == "no-store"
    world.registry.by_handle[HANDLE] = standing(LicenceState.REVOKED, cause="Obtained by deceit")
    second = await client.get(f"/v/{HANDLE}")
    assert (second.status_code, second.json()["state"], second.json()["code"]) == (200, "revoked", 3)
    page = (await client.get(f"/v/{HANDLE}", headers=PERSON)).text
    assert "Revoked" in page
    assert "Do not accept it." in page
    assert "Obtained by deceit" in page


@pytest.mark.parametrize(
    ("state", "code", "title"),
    [
        (LicenceState.NOT_YET_VALID, 1, "Not valid yet"),
        (LicenceState.SUSPENDED, 2, "Suspended"),
        (LicenceState.EXPIRED, 3, "Expired"),
        (LicenceState.SUPERSEDED, 3, "Replaced by a newer version"),
    ],
)
async def test_every_state_has_its_own_words_and_its_national_code(
    world: World, client: httpx.AsyncClient, state: LicenceState, code: int, title: str
) -> None:
    world.registry.by_handle[HANDLE] = standing(state)
    assert (await client.get(f"/v/{HANDLE}")).json()["code"] == code
    assert title in (await client.get(f"/v/{HANDLE}", headers=PERSON)).text


async def test_a_code_on_a_phone_shows_what_the_holder_chose(world: World, client: httpx.AsyncClient) -> None:
    world.registry.presented[CODE] = replace(standing(), disclosed={"holder_name": "张小明"})
    assert (await client.get(f"/v/{CODE}")).json()["licence"]["disclosed"] == {"holder_name": "张小明"}
    assert "张小明" in (await client.get(f"/v/{CODE}", headers=PERSON)).text


async def test_a_lapsed_code_is_gone_and_says_what_to_do(world: World, client: httpx.AsyncClient) -> None:
    world.registry.lapsed.add(CODE)
    answer = await client.get(f"/v/{CODE}")
    assert (answer.status_code, answer.json()["state"]) == (410, "presentation_expired")
    assert "licence" not in answer.json()
    assert "Ask the holder to show a new code." in (await client.get(f"/v/{CODE}", headers=PERSON)).text


async def test_an_unknown_code_shows_nothing(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v/ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    assert (answer.status_code, answer.json()["state"], answer.json()["code"]) == (404, "unknown", 5)
    assert "licence" not in answer.json()


async def test_guessing_ends_in_a_wait_even_for_codes_that_exist(world: World, client: httpx.AsyncClient) -> None:
    statuses = [(await client.get(f"/v/GUESS{number:021d}")).status_code for number in range(21)]
    assert statuses == [404] * 20 + [429]
    refused = await client.get(f"/v/{HANDLE}")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    world.pass_time(seconds=61)
    assert (await client.get(f"/v/{HANDLE}")).status_code == 200


async def test_good_codes_never_make_a_busy_counter_wait(client: httpx.AsyncClient) -> None:
    assert {(await client.get(f"/v/{HANDLE}")).status_code for _scan in range(40)} == {200}


async def test_the_page_speaks_chinese_by_default(client: httpx.AsyncClient) -> None:
    page = (await client.get(f"/v/{HANDLE}", headers=PERSON | {"Accept-Language": "zh-CN"})).text
    assert "有效" in page
    assert "核验了什么" in page
