"""Asking people before an application that is not ours learns anything."""

import html

from idp.consent.words import SCOPE_WORDS
from idp.roles.scopes import ALL_SCOPES
from tests.idp.browser import hidden_fields, query_of
from tests.idp.conftest import Provider
from tests.idp.people import PASSWORD, enter_person, register_client, signed_in_browser
from tests.idp.relying_party import RelyingParty


async def third_party(provider: Provider, name: str = "Tax helper") -> RelyingParty:
    return RelyingParty(provider, *await register_client(provider, first_party=False, name=name))


async def test_a_third_party_is_asked_about_in_plain_words(provider: Provider) -> None:
    await enter_person(provider)
    party, browser = await third_party(provider), provider.browser()
    page = await browser.get(party.authorization_address("openid profile email"))
    assert "to go on to Tax helper" in page.text
    page = await browser.sign_in("ming", PASSWORD, page)
    assert page.url.path == "/login/consent"
    text = html.unescape(page.text)
    assert "Allow Tax helper?" in text
    assert "See your email address" in text
    assert "See your phone number" not in text
    back = await browser.submit(page, answer="allow")
    tokens = (await party.exchange(query_of(back.headers["location"])["code"])).json()
    assert tokens["scope"] == "openid profile email"


async def test_the_question_is_asked_in_chinese_too(provider: Provider) -> None:
    await enter_person(provider)
    party, browser = await third_party(provider), provider.browser(language="zh-CN")
    page = await browser.sign_in("ming", PASSWORD, await browser.get(party.authorization_address("openid email")))
    assert "查看你的电子邮箱" in page.text


async def test_an_answer_is_remembered_until_more_is_asked(provider: Provider) -> None:
    await enter_person(provider)
    party, browser = await third_party(provider), await signed_in_browser(provider)
    await browser.submit(await browser.get(party.authorization_address("openid profile")), answer="allow")
    assert "code" in query_of((await browser.get(party.authorization_address("openid"))).headers["location"])
    assert (await browser.get(party.authorization_address("openid email"))).url.path == "/login/consent"


async def test_prompt_consent_asks_again(provider: Provider) -> None:
    await enter_person(provider)
    party, browser = await third_party(provider), await signed_in_browser(provider)
    await browser.submit(await browser.get(party.authorization_address()), answer="allow")
    page = await browser.get(party.authorization_address(prompt="consent"))
    assert page.url.path == "/login/consent"
    assert "code" in query_of((await browser.submit(page, answer="allow")).headers["location"])


async def test_a_no_is_told_to_the_application_and_not_remembered_as_yes(provider: Provider) -> None:
    await enter_person(provider)
    party, browser = await third_party(provider), await signed_in_browser(provider)
    back = await browser.submit(await browser.get(party.authorization_address()), answer="refuse")
    assert query_of(back.headers["location"])["error"] == "access_denied"
    assert (await browser.get(party.authorization_address())).url.path == "/login/consent"


async def test_prompt_none_cannot_ask(provider: Provider) -> None:
    await enter_person(provider)
    party, browser = await third_party(provider), await signed_in_browser(provider)
    answer = await browser.get(party.authorization_address(prompt="none"))
    assert query_of(answer.headers["location"])["error"] == "consent_required"


async def test_nobody_answers_by_a_forged_form(provider: Provider) -> None:
    await enter_person(provider)
    party, browser = await third_party(provider), await signed_in_browser(provider)
    page = await browser.get(party.authorization_address())
    form = {"request": hidden_fields(page.text)["request"], "answer": "allow"}
    assert (await browser.post("/login/consent", form)).status_code == 403


async def test_consent_taken_back_on_the_account_page_ends_the_tokens(provider: Provider) -> None:
    await enter_person(provider)
    party, browser = await third_party(provider), await signed_in_browser(provider)
    back = await browser.submit(await browser.get(party.authorization_address("openid offline_access")), answer="allow")
    tokens = (await party.exchange(query_of(back.headers["location"])["code"])).json()
    page = await browser.get("/account")
    assert "Tax helper" in page.text
    fields = hidden_fields(page.text)
    form = {"csrf_token": fields["csrf_token"], "client_id": party.client.client_id}
    assert "Tax helper" not in (await browser.post("/account/applications/withdraw", form)).text
    assert (await party.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await party.userinfo(tokens["access_token"])).status_code == 401
    assert (await browser.get(party.authorization_address())).url.path == "/login/consent"


def test_every_scope_has_its_words() -> None:
    assert set(SCOPE_WORDS) == ALL_SCOPES
