"""Logout asked for by an application (OpenID Connect RP-Initiated Logout 1.0)."""

import pytest

from tests.idp.browser import Browser, hidden_fields
from tests.idp.conftest import Provider
from tests.idp.people import enter_person, register_client, signed_in_browser
from tests.idp.relying_party import RelyingParty

BYE = "https://rp.test/bye"


@pytest.fixture
async def party(provider: Provider) -> RelyingParty:
    await enter_person(provider)
    return RelyingParty(provider, *await register_client(provider))


async def is_signed_in(browser: Browser) -> bool:
    return (await browser.get("/account")).url.path == "/account"


async def test_with_the_id_token_the_person_leaves_at_once_and_tokens_end(
    provider: Provider, party: RelyingParty
) -> None:
    browser = await signed_in_browser(provider)
    tokens = await party.tokens(browser, "openid profile offline_access")
    query = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": BYE, "state": "s1"}
    end = await browser.get("/oauth2/logout", params=query)
    assert end.headers["location"] == f"{BYE}?state=s1"
    assert not await is_signed_in(browser)
    assert (await party.userinfo(tokens["access_token"])).status_code == 401
    assert (await party.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_an_id_token_that_has_ended_still_proves_it(provider: Provider, party: RelyingParty) -> None:
    browser = await signed_in_browser(provider)
    hint = (await party.tokens(browser))["id_token"]
    provider.clock.advance(minutes=30)
    await browser.get("/oauth2/logout", params={"id_token_hint": hint})
    assert not await is_signed_in(browser)


async def test_without_it_the_person_is_asked(provider: Provider, party: RelyingParty) -> None:
    browser = await signed_in_browser(provider)
    query = {"client_id": party.client.client_id, "post_logout_redirect_uri": BYE}
    page = await browser.get("/oauth2/logout", params=query)
    assert "Sign out?" in page.text
    assert await is_signed_in(browser)
    end = await browser.submit(page)
    assert end.headers["location"] == BYE
    assert not await is_signed_in(browser)


async def test_somebody_elses_id_token_asks_first(provider: Provider, party: RelyingParty) -> None:
    await enter_person(provider, "other")
    hint = (await party.tokens(await signed_in_browser(provider, "other")))["id_token"]
    browser = await signed_in_browser(provider)
    assert "Sign out?" in (await browser.get("/oauth2/logout", params={"id_token_hint": hint})).text
    assert await is_signed_in(browser)


@pytest.mark.parametrize(
    "query",
    [
        {"post_logout_redirect_uri": "https://evil.test/"},
        {"post_logout_redirect_uri": BYE + "/"},
        {"post_logout_redirect_uri": BYE, "client_id": "nobody"},
        {"id_token_hint": "made.up.hint"},
    ],
)
async def test_an_unproven_address_is_shown_and_nobody_leaves(
    provider: Provider, party: RelyingParty, query: dict[str, str]
) -> None:
    browser = await signed_in_browser(provider)
    shown = await browser.get("/oauth2/logout", params=query)
    assert shown.status_code == 400
    assert "We stopped here" in shown.text
    assert await is_signed_in(browser)


async def test_posting_works_as_getting_does(provider: Provider, party: RelyingParty) -> None:
    browser = await signed_in_browser(provider)
    hint = (await party.tokens(browser))["id_token"]
    end = await browser.post("/oauth2/logout", {"id_token_hint": hint, "post_logout_redirect_uri": BYE})
    assert end.headers["location"] == BYE
    assert not await is_signed_in(browser)


async def test_a_forged_answer_to_the_question_is_refused(provider: Provider, party: RelyingParty) -> None:
    browser = await signed_in_browser(provider)
    page = await browser.get("/oauth2/logout")
    forged = {**hidden_fields(page.text), "csrf_token": "forged"}
    assert (await browser.post("/oauth2/logout", forged)).status_code == 403
    assert await is_signed_in(browser)


async def test_offline_access_of_a_third_party_outlives_the_session(provider: Provider, party: RelyingParty) -> None:
    third = RelyingParty(provider, *await register_client(provider, first_party=False))
    browser = await signed_in_browser(provider)
    page = await browser.get(third.authorization_address("openid offline_access"))
    back = await browser.submit(page, answer="allow")
    code = back.headers["location"].partition("code=")[2].partition("&")[0]
    tokens = (await third.exchange(code)).json()
    await browser.submit(await browser.get("/logout"))
    assert (await third.refresh(tokens["refresh_token"])).status_code == 200
