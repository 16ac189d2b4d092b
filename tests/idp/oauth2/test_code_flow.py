"""The authorization code flow, whole: a foreign client gets tokens that a foreign judge accepts."""

import pytest
from jose import JWTError
from jose import jwt as foreign_jwt

from tests.idp.browser import hidden_fields, query_of
from tests.idp.conftest import ISSUER, Provider
from tests.idp.people import (
    CALLBACK,
    PASSWORD,
    code_now,
    enter_person,
    register_client,
    signed_in_browser,
)
from tests.idp.relying_party import RelyingParty


async def party_for(provider: Provider, **changes: object) -> RelyingParty:
    return RelyingParty(provider, *await register_client(provider, **changes))


async def test_from_sign_in_to_tokens_judged_by_a_stranger(provider: Provider) -> None:
    person_id = await enter_person(provider)
    party, browser = await party_for(provider), provider.browser()
    page = await browser.get(party.authorization_address())
    assert page.url.path == "/login"
    back = await browser.sign_in("ming", PASSWORD, page)
    answer = query_of(back.headers["location"])
    assert back.headers["location"].startswith(CALLBACK + "?")
    assert answer["state"] == "state-1"
    assert answer["iss"] == ISSUER
    tokens = (await party.exchange(answer["code"])).json()
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 600
    identity = await party.judge(tokens["id_token"], party.client.client_id, tokens["access_token"])
    assert identity["sub"] == person_id
    assert identity["nonce"] == "nonce-1"
    assert identity["amr"] == ["pwd"]
    assert identity["acr"] == "urn:xinyin:acr:l1"
    assert identity["auth_time"] == int(provider.clock().timestamp())
    access = await party.judge(tokens["access_token"], ISSUER)
    assert access["client_id"] == party.client.client_id
    assert access["scope"] == "openid profile"
    assert access["subject_type"] == "natural"
    assert foreign_jwt.get_unverified_header(tokens["access_token"])["typ"] == "at+jwt"


async def test_an_id_token_is_not_taken_for_an_access_token(provider: Provider) -> None:
    await enter_person(provider)
    party = await party_for(provider)
    tokens = await party.tokens(await signed_in_browser(provider))
    assert (await party.userinfo(tokens["id_token"])).status_code == 401
    with pytest.raises(JWTError):
        await party.judge(tokens["id_token"], ISSUER)


async def test_a_second_application_asks_nothing(provider: Provider) -> None:
    await enter_person(provider)
    browser = await signed_in_browser(provider)
    first, second = await party_for(provider), await party_for(provider, name="Second")
    one = await first.judge((await first.tokens(browser))["id_token"], first.client.client_id)
    two = await second.judge((await second.tokens(browser))["id_token"], second.client.client_id)
    assert one["sid"] == two["sid"]


async def test_two_sign_ins_side_by_side_each_reach_their_application(provider: Provider) -> None:
    await enter_person(provider)
    browser = provider.browser()
    first, second = await party_for(provider), await party_for(provider)
    page = await browser.get(first.authorization_address())
    other_tab = await browser.get(second.authorization_address())
    ends = [await browser.sign_in("ming", PASSWORD, each) for each in (other_tab, page)]
    codes = [query_of(end.headers["location"])["code"] for end in ends]
    assert (await second.exchange(codes[0])).status_code == 200
    assert (await first.exchange(codes[1])).status_code == 200


async def test_a_browser_that_forgets_the_request_field_still_reaches_its_application(provider: Provider) -> None:
    await enter_person(provider)
    party, browser = await party_for(provider), provider.browser()
    page = await browser.get(party.authorization_address())
    token = hidden_fields(page.text)["csrf_token"]
    back = await browser.post("/login", {"username": "ming", "password": PASSWORD, "csrf_token": token})
    assert "code" in query_of(back.headers["location"])


async def test_the_page_names_where_its_form_may_lead(provider: Provider) -> None:
    party = await party_for(provider)
    page = await provider.browser().get(party.authorization_address())
    assert "form-action 'self' https://rp.test;" in page.headers["content-security-policy"]


async def test_the_request_may_be_posted(provider: Provider) -> None:
    await enter_person(provider)
    party, browser = await party_for(provider), await signed_in_browser(provider)
    back = await browser.post("/oauth2/authorize", query_of(party.authorization_address()))
    assert (await party.exchange(query_of(back.headers["location"])["code"])).status_code == 200


async def test_form_post_sends_a_page_that_posts_itself(provider: Provider) -> None:
    await enter_person(provider)
    party, browser = await party_for(provider), await signed_in_browser(provider)
    page = await browser.get(party.authorization_address(response_mode="form_post"))
    fields = hidden_fields(page.text)
    assert f'action="{CALLBACK}"' in page.text
    assert (fields["state"], fields["iss"]) == ("state-1", ISSUER)
    assert "https://rp.test" in page.headers["content-security-policy"]
    assert (await party.exchange(fields["code"])).status_code == 200


async def test_a_client_authenticates_in_the_body_too(provider: Provider) -> None:
    await enter_person(provider)
    party = await party_for(provider)
    code = await party.obtain_code(await signed_in_browser(provider))
    body = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": party.verifier,
        "client_id": party.client.client_id,
        "client_secret": party.secret,
    }
    assert (await party.http.post("/oauth2/token", data=body)).status_code == 200


async def test_a_public_client_proves_itself_by_pkce(provider: Provider) -> None:
    await enter_person(provider)
    party = await party_for(provider, is_public=True)
    code = await party.obtain_code(await signed_in_browser(provider))
    body = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": party.verifier,
        "client_id": party.client.client_id,
    }
    assert (await party.http.post("/oauth2/token", data=body)).status_code == 200


async def test_scopes_are_no_more_than_the_persons_roles_permit(provider: Provider) -> None:
    await enter_person(provider)
    await enter_person(provider, "officer", "officer")
    scopes = ("openid", "licence:issue", "licence:read", "seal:approve", "admin:users")
    party = await party_for(provider, scopes=scopes)
    citizen = await party.tokens(await signed_in_browser(provider), " ".join(scopes))
    officer = await party.tokens(await signed_in_browser(provider, "officer"), " ".join(scopes))
    assert citizen["scope"] == "openid"
    assert officer["scope"] == "openid licence:issue licence:read"
    claims = await party.judge(officer["access_token"], ISSUER)
    assert claims["roles"] == ["citizen", "officer"]
    assert claims["amr"] == ["pwd", "otp"]


async def test_an_officers_token_names_the_agency(provider: Provider) -> None:
    person_id = await enter_person(provider, "officer", "officer")
    uscc = "11990000MB0000001M"
    await provider.services.organisations.create(uscc, "市场监督管理局", "agency")
    await provider.services.organisations.add_member(uscc, person_id, "officer")
    party = await party_for(provider, scopes=("openid", "licence:issue"))
    browser = await signed_in_browser(provider, "officer")
    issuing = await party.tokens(browser, "openid licence:issue")
    claims = await party.judge(issuing["access_token"], ISSUER)
    assert claims["organisation"] == {"uscc": uscc, "name": "市场监督管理局"}
    plain = await party.judge((await party.tokens(browser, "openid"))["access_token"], ISSUER)
    assert "organisation" not in plain


async def test_prompt_login_asks_again_and_max_age_when_it_is_over(provider: Provider) -> None:
    await enter_person(provider)
    party, browser = await party_for(provider), await signed_in_browser(provider)
    provider.clock.advance(minutes=5)
    assert (await browser.get(party.authorization_address(max_age="600"))).headers["location"].startswith(CALLBACK)
    assert (await browser.get(party.authorization_address(max_age="60"))).url.path == "/login"
    page = await browser.get(party.authorization_address(prompt="login"))
    assert page.url.path == "/login"
    back = await browser.sign_in("ming", PASSWORD, page)
    tokens = (await party.exchange(query_of(back.headers["location"])["code"])).json()
    claims = await party.judge(tokens["id_token"], party.client.client_id)
    assert claims["auth_time"] == int(provider.clock().timestamp())


async def test_login_hint_fills_in_the_name(provider: Provider) -> None:
    party = await party_for(provider)
    page = await provider.browser().get(party.authorization_address(login_hint="ming"))
    assert 'name="username" type="text" value="ming"' in page.text


async def test_prompt_none_answers_without_a_page(provider: Provider) -> None:
    await enter_person(provider)
    party, stranger = await party_for(provider), provider.browser()
    refused = await stranger.get(party.authorization_address(prompt="none"))
    assert query_of(refused.headers["location"])["error"] == "login_required"
    browser = await signed_in_browser(provider)
    assert "code" in query_of((await browser.get(party.authorization_address(prompt="none"))).headers["location"])


async def test_an_id_token_hint_of_somebody_else_asks_to_sign_in(provider: Provider) -> None:
    await enter_person(provider)
    await enter_person(provider, "other")
    party = await party_for(provider)
    hint = (await party.tokens(await signed_in_browser(provider, "other")))["id_token"]
    browser = await signed_in_browser(provider)
    silent = await browser.get(party.authorization_address(prompt="none", id_token_hint=hint))
    assert query_of(silent.headers["location"])["error"] == "login_required"
    page = await browser.get(party.authorization_address(id_token_hint=hint))
    assert page.url.path == "/login"
    still_ming = await browser.sign_in("ming", PASSWORD, page)
    assert query_of(still_ming.headers["location"])["error"] == "login_required"


async def test_an_officer_signs_in_with_both_factors_on_the_way(provider: Provider) -> None:
    await enter_person(provider, "officer", "officer")
    party, browser = await party_for(provider, scopes=("openid", "licence:issue")), provider.browser()
    page = await browser.get(party.authorization_address("openid licence:issue"))
    page = await browser.sign_in("officer", PASSWORD, page)
    assert page.url.path == "/login/otp"
    back = await browser.submit(page, code=code_now(provider))
    assert "code" in query_of(back.headers["location"])


async def test_a_finished_request_cannot_be_finished_twice(provider: Provider) -> None:
    await enter_person(provider)
    party, browser = await party_for(provider), provider.browser()
    page = await browser.get(party.authorization_address())
    request_id = hidden_fields(page.text)["request"]
    await browser.sign_in("ming", PASSWORD, page)
    again = await browser.get(f"/oauth2/authorize/continue?request={request_id}")
    assert again.status_code == 410
