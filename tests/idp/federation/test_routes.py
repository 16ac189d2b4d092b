"""A person's way through the browser: out to a provider, back again, and every way in which that may go wrong."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from idp.federation.base import Surface
from idp.federation.service import FederationService
from tests.idp.federation.conftest import People
from tests.sandbox.serving import IN_WECHAT, MovableClock, press, switch_fault

FAMILIES = ("wechat", "qq", "alipay")


async def leave(site: httpx.AsyncClient, family: str, query: str = "", agent: str = "Browser") -> str:
    """Press the provider's button; gives where the browser is sent."""
    answer = await site.get(f"/login/{family}{query}", headers={"User-Agent": agent})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def come_back(site: httpx.AsyncClient, family: str, params: dict[str, str]) -> httpx.Response:
    return await site.get(f"/login/{family}/callback", params=params)


async def sign_in(site: httpx.AsyncClient, family: str, person: str = "lin") -> dict[str, Any]:
    params = await asyncio.to_thread(press, await leave(site, family), person=person)
    answer = await come_back(site, family, params)
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    return result


@pytest.mark.parametrize("family", FAMILIES)
async def test_a_person_signs_in_and_is_known_the_next_time(site: httpx.AsyncClient, family: str) -> None:
    first, again = await sign_in(site, family), await sign_in(site, family)
    assert first["person"] == again["person"]
    assert (first["amr"], first["acr"]) == ([family], "urn:xinyin:acr:l1")
    assert (await sign_in(site, family, "chen"))["person"] != first["person"]


async def test_a_person_is_the_same_on_a_desktop_and_inside_wechat(site: httpx.AsyncClient) -> None:
    desktop = await sign_in(site, "wechat")
    address = await leave(site, "wechat", agent=IN_WECHAT)
    answer = await come_back(site, "wechat", press(address, agent=IN_WECHAT))
    assert answer.json()["person"] == desktop["person"]


async def test_the_login_flows_own_state_comes_back(site: httpx.AsyncClient) -> None:
    params = press(await leave(site, "qq", "?request=transaction-7"))
    assert (await come_back(site, "qq", params)).json()["return_state"] == "transaction-7"


@pytest.mark.parametrize("family", FAMILIES)
async def test_states_fit_every_providers_alphabet_and_never_repeat(site: httpx.AsyncClient, family: str) -> None:
    states = [httpx.URL(await leave(site, family)).params["state"] for _ in range(3)]
    assert len(set(states)) == 3
    assert all(re.fullmatch("[0-9a-f]{64}", state) for state in states)


async def test_the_cookie_is_kept_from_scripts_and_other_sites(site: httpx.AsyncClient) -> None:
    answer = await site.get("/login/qq")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Max-Age=600" in cookie


@pytest.mark.parametrize("family", ["wechat", "alipay"])
async def test_a_refusal_is_a_page_that_leads_on(site: httpx.AsyncClient, family: str) -> None:
    params = press(await leave(site, family, "?request=transaction-7"), "refuse")
    page = await come_back(site, family, params)
    assert page.status_code == 403
    assert "没有同意授权" in page.text
    assert 'href="/login?request=transaction-7"' in page.text
    assert f'href="/login/{family}?request=transaction-7"' in page.text


async def test_two_identical_callbacks_get_one_result(site: httpx.AsyncClient) -> None:
    params = press(await leave(site, "wechat"))
    first, second = await asyncio.gather(*(come_back(site, "wechat", params) for _ in range(2)))
    assert first.json() == second.json()
    third = await come_back(site, "wechat", params)
    assert third.json() == first.json()


async def test_a_repeated_refusal_is_still_a_refusal(site: httpx.AsyncClient) -> None:
    params = press(await leave(site, "wechat"), "refuse")
    assert [(await come_back(site, "wechat", params)).status_code for _ in range(2)] == [403, 403]


async def test_stepping_back_later_does_not_sign_in_again(site: httpx.AsyncClient, service_clock: MovableClock) -> None:
    params = press(await leave(site, "wechat"))
    assert (await come_back(site, "wechat", params)).status_code == 200
    service_clock.ahead = timedelta(seconds=61)
    assert (await come_back(site, "wechat", params)).status_code == 410


async def test_a_used_state_takes_no_other_code(site: httpx.AsyncClient) -> None:
    params = press(await leave(site, "wechat"))
    other = press(await leave(site, "wechat"), person="chen")
    await come_back(site, "wechat", params)
    assert (await come_back(site, "wechat", params | {"code": other["code"]})).status_code == 410


async def test_a_callback_in_another_browser_is_refused(site: httpx.AsyncClient) -> None:
    params = press(await leave(site, "wechat"))
    site.cookies.clear()
    page = await come_back(site, "wechat", params)
    assert page.status_code == 410
    assert "请在这里重新开始" in page.text
    await leave(site, "qq")
    assert (await come_back(site, "wechat", params)).status_code == 410


async def test_a_state_is_good_for_its_own_provider_alone(site: httpx.AsyncClient) -> None:
    params = press(await leave(site, "qq"))
    assert (await come_back(site, "wechat", params)).status_code == 410
    assert (await come_back(site, "qq", params)).status_code == 200


@pytest.mark.parametrize("state", ["", "abc", "0" * 64, "../../etc"])
async def test_an_invented_state_is_refused(site: httpx.AsyncClient, state: str) -> None:
    assert (await come_back(site, "wechat", {"code": "abc", "state": state})).status_code == 410


async def test_a_repeated_parameter_is_refused(site: httpx.AsyncClient) -> None:
    params = press(await leave(site, "wechat"))
    answer = await site.get(f"/login/wechat/callback?code=x&code={params['code']}&state={params['state']}")
    assert answer.status_code == 410


async def test_a_state_ends_after_ten_minutes(site: httpx.AsyncClient, service_clock: MovableClock) -> None:
    params = press(await leave(site, "wechat"))
    service_clock.ahead = timedelta(minutes=10, seconds=1)
    assert (await come_back(site, "wechat", params)).status_code == 410


async def test_several_sign_ins_run_side_by_side(site: httpx.AsyncClient) -> None:
    ways = [press(await leave(site, family)) for family in FAMILIES]
    answers = [await come_back(site, family, params) for family, params in zip(FAMILIES, ways, strict=True)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]


@pytest.mark.parametrize("family", FAMILIES)
async def test_when_the_provider_was_away_the_page_may_be_reloaded(
    site: httpx.AsyncClient, sandbox: str, family: str
) -> None:
    params = press(await leave(site, family))
    switch_fault(f"{sandbox}/{family}", "server-error", 1)
    away = await come_back(site, family, params)
    assert (away.status_code, "暂时没有回应" in away.text) == (503, True)
    assert (await come_back(site, family, params)).status_code == 200


async def test_a_tampered_answer_signs_nobody_in(site: httpx.AsyncClient, sandbox: str) -> None:
    params = press(await leave(site, "alipay"))
    switch_fault(f"{sandbox}/alipay", "tampered-content", 1)
    page = await come_back(site, "alipay", params)
    assert (page.status_code, "无法核实" in page.text) == (503, True)


async def test_a_provider_that_is_not_set_up_is_not_there(site: httpx.AsyncClient) -> None:
    assert (await site.get("/login/weibo")).status_code == 404
    assert (await site.get("/login/weibo/callback")).status_code == 404


async def test_a_program_gets_a_problem_document(site: httpx.AsyncClient) -> None:
    answer = await site.get("/login/wechat/callback", headers={"Accept": "application/json"})
    assert answer.status_code == 410
    assert answer.headers["content-type"] == "application/problem+json"


async def test_linking_needs_a_form_of_ours(site: httpx.AsyncClient) -> None:
    answer = await site.post("/account/link/qq", headers={"X-Person": "p1"}, data={"csrf_token": "invented"})
    assert answer.status_code == 403


async def link(site: httpx.AsyncClient, family: str, person: str) -> httpx.Response:
    token = (await site.get("/form")).text
    headers = {"X-Person": person}
    answer = await site.post(f"/account/link/{family}", headers=headers, data={"csrf_token": token})
    assert answer.status_code == 303, answer.text
    return await come_back(site, family, press(answer.headers["location"]))


async def test_a_linked_account_signs_in_as_its_owner(site: httpx.AsyncClient, people: People) -> None:
    person = (await sign_in(site, "wechat"))["person"]
    answer = await link(site, "qq", person)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert (await sign_in(site, "qq"))["person"] == person
    assert [each.family for each in await people.accounts.linked(person)] == ["wechat", "qq"]


async def test_an_account_that_belongs_to_somebody_is_a_conflict_page(site: httpx.AsyncClient) -> None:
    await sign_in(site, "qq")
    page = await link(site, "qq", (await sign_in(site, "wechat"))["person"])
    assert page.status_code == 409
    assert "已经关联到另一个账号" in page.text
    assert 'href="/account"' in page.text
    assert 'href="/login/qq"' not in page.text


def test_a_linking_form_knows_which_origin_it_leads_to(service: FederationService, sandbox: str) -> None:
    assert [service.leads_to(family, Surface.DESKTOP) for family in FAMILIES] == [sandbox] * 3
