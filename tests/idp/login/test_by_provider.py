"""Signing in by a provider, from the button to the application that asked; linking and unlinking."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from idp.federation.base import AuthorizationStart, ExternalId, ExternalIdentity
from tests.idp.browser import Browser, hidden_fields, query_of
from tests.idp.conftest import HandClock, Provider, run_provider
from tests.idp.people import code_now, enter_person, register_client, signed_in_browser
from tests.idp.relying_party import RelyingParty


class VillageProvider:
    """A provider where the code is the name of whoever signs in."""

    family = "wechat"

    def start(self, request: AuthorizationStart) -> str:
        return f"https://village.test/authorize?state={request.state}"

    async def finish(self, params: Mapping[str, str], record: AuthorizationStart) -> ExternalIdentity:
        return ExternalIdentity("wechat", (ExternalId("openid", "app", params["code"]),), params["code"])


@pytest.fixture
async def provider(tmp_path: Path, clock: HandClock) -> AsyncIterator[Provider]:
    async for built in run_provider(tmp_path, clock, connectors={"wechat": VillageProvider()}):
        yield built


async def come_back(browser: Browser, departure: str, name: str):
    state = query_of(departure)["state"]
    return await browser.get("/login/wechat/callback", params={"state": state, "code": name})


async def sign_in(browser: Browser, name: str, start: str = "/login"):
    page = await browser.get(start)
    request_id = hidden_fields(page.text)["request"]
    assert f'href="/login/wechat?request={request_id}"' in page.text
    away = await browser.get(f"/login/wechat?request={request_id}")
    return await come_back(browser, away.headers["location"], name)


async def test_a_newcomer_reaches_the_application_and_is_known_the_next_time(provider: Provider) -> None:
    party = RelyingParty(provider, *await register_client(provider))
    subjects = []
    for _ in range(2):
        back = await sign_in(provider.browser(), "阿福", party.authorization_address())
        tokens = (await party.exchange(query_of(back.headers["location"])["code"])).json()
        claims = await party.judge(tokens["id_token"], party.client.client_id)
        assert claims["amr"] == ["wechat"]
        subjects.append(claims["sub"])
    assert subjects[0] == subjects[1]


async def test_a_direct_sign_in_ends_at_the_home_page(provider: Provider) -> None:
    browser = provider.browser()
    assert (await sign_in(browser, "阿福")).url.path == "/"
    assert "阿福" in (await browser.get("/account")).text


async def test_an_account_is_linked_and_then_opens_the_same_door(provider: Provider) -> None:
    person_id = await enter_person(provider)
    browser = await signed_in_browser(provider)
    page = await browser.get("/account")
    assert "form-action 'self' https://village.test" in page.headers["content-security-policy"]
    form = {"csrf_token": hidden_fields(page.text)["csrf_token"]}
    away = await browser.post("/account/link/wechat", form)
    assert (await come_back(browser, away.headers["location"], "阿福")).url.path == "/account"
    party = RelyingParty(provider, *await register_client(provider))
    back = await sign_in(provider.browser(), "阿福", party.authorization_address())
    tokens = (await party.exchange(query_of(back.headers["location"])["code"])).json()
    assert (await party.judge(tokens["id_token"], party.client.client_id))["sub"] == person_id


async def test_linking_needs_a_sign_in_minutes_old(provider: Provider) -> None:
    await enter_person(provider)
    browser = await signed_in_browser(provider)
    form = {"csrf_token": hidden_fields((await browser.get("/account")).text)["csrf_token"]}
    provider.clock.advance(minutes=11)
    assert (await browser.post("/account/link/wechat", form)).url.path == "/login"


async def test_the_last_way_in_cannot_be_unlinked(provider: Provider) -> None:
    browser = provider.browser()
    await sign_in(browser, "阿福")
    page = await browser.get("/account")
    form = {name: hidden_fields(page.text)[name] for name in ("csrf_token", "account_id")}
    refused = await browser.post("/account/unlink", form)
    assert refused.status_code == 409
    assert "This is the only way you can sign in." in refused.text


async def test_an_officer_who_comes_by_a_provider_still_needs_the_second_factor(provider: Provider) -> None:
    await enter_person(provider, "officer", "officer")
    browser = await signed_in_browser(provider, "officer")
    form = {"csrf_token": hidden_fields((await browser.get("/account")).text)["csrf_token"]}
    away = await browser.post("/account/link/wechat", form)
    await come_back(browser, away.headers["location"], "阿福")
    fresh = provider.browser()
    page = await sign_in(fresh, "阿福")
    assert page.url.path == "/login/otp"
    provider.clock.advance(seconds=30)
    assert (await fresh.submit(page, code=code_now(provider))).url.path == "/"


async def test_a_disabled_person_does_not_come_in_by_another_door(provider: Provider) -> None:
    first = provider.browser()
    await sign_in(first, "阿福")
    (person,) = await provider.services.persons.list()
    await provider.services.persons.disable(person.id)
    refused = await sign_in(provider.browser(), "阿福")
    assert refused.status_code == 403
    assert "This account is closed." in refused.text
