"""What an access token lets its holder know: each scope its claims, the real name only where it may."""

import pytest

from idp.persons.person import RealName
from tests.idp.browser import query_of
from tests.idp.conftest import Provider
from tests.idp.people import enter_person, register_client, signed_in_browser
from tests.idp.relying_party import RelyingParty

USCC = "11990000MB0000001M"
NUMBER = "990101199003078033"


@pytest.fixture
async def person_id(provider: Provider) -> str:
    person_id = await enter_person(provider)
    services = provider.services
    await services.persons.bind_real_name(person_id, RealName("111", NUMBER, "张小明"), 4)
    await services.persons.set_contact(person_id, phone="+8613800000000", email="ming@mail.test")
    await services.organisations.create(USCC, "信印示范有限公司", "enterprise")
    await services.mandates.enter_representative(USCC, person_id)
    return person_id


async def claims_for(provider: Provider, scope: str, **client: object) -> dict[str, object]:
    party = RelyingParty(provider, *await register_client(provider, **client))
    tokens = await party.tokens(await signed_in_browser(provider), scope)
    response = await party.userinfo(tokens["access_token"])
    assert response.status_code == 200
    claims: dict[str, object] = response.json()
    return claims


async def test_openid_alone_says_who_and_nothing_about_them(provider: Provider, person_id: str) -> None:
    claims = await claims_for(provider, "openid")
    assert claims == {"sub": person_id, "subject_type": "natural", "acr": "urn:xinyin:acr:l4", "roles": ["citizen"]}


async def test_each_scope_has_its_claims(provider: Provider, person_id: str) -> None:
    claims = await claims_for(provider, "openid profile phone email organisation")
    assert claims["name"] == "小明"
    assert claims["preferred_username"] == "ming"
    assert claims["locale"] == "zh-CN"
    assert (claims["phone_number"], claims["phone_number_verified"]) == ("+8613800000000", True)
    assert (claims["email"], claims["email_verified"]) == ("ming@mail.test", True)
    # A mandate is used by choice: somebody who acts for themselves brings no organisation along.
    assert not {"id_number", "organisation", "organisations"} & set(claims)


async def test_a_client_that_may_gets_the_real_name(provider: Provider, person_id: str) -> None:
    claims = await claims_for(provider, "openid profile realname", may_realname=True)
    assert (claims["id_type"], claims["id_number"], claims["name"]) == ("111", NUMBER, "张小明")
    powers = ["applications", "authorise", "present", "see"]
    told = {"uscc": USCC, "name": "信印示范有限公司", "role": "representative", "powers": powers}
    assert claims["organisations"] == [told]


async def test_a_client_that_may_not_never_gets_the_scope(provider: Provider, person_id: str) -> None:
    party = RelyingParty(provider, *await register_client(provider))
    tokens = await party.tokens(await signed_in_browser(provider), "openid realname")
    assert tokens["scope"] == "openid"
    assert "id_number" not in (await party.userinfo(tokens["access_token"])).json()


async def test_a_third_party_gets_the_real_name_only_after_a_yes(provider: Provider, person_id: str) -> None:
    party = RelyingParty(provider, *await register_client(provider, may_realname=True, first_party=False))
    browser = await signed_in_browser(provider)
    page = await browser.get(party.authorization_address("openid realname"))
    assert "See your real name and ID number" in page.text
    back = await browser.submit(page, answer="allow")
    tokens = (await party.exchange(query_of(back.headers["location"])["code"])).json()
    assert (await party.userinfo(tokens["access_token"])).json()["id_number"] == NUMBER


async def test_the_real_name_stands_in_no_token(provider: Provider, person_id: str) -> None:
    party = RelyingParty(provider, *await register_client(provider, may_realname=True))
    tokens = await party.tokens(await signed_in_browser(provider), "openid profile realname")
    access = await party.judge(tokens["access_token"], "https://idp.test")
    identity = await party.judge(tokens["id_token"], party.client.client_id)
    assert identity["name"] == "小明"
    assert not {"id_number", "id_type", "organisations"} & (set(access) | set(identity))
    assert "张小明" not in str(access) + str(identity)


async def test_post_with_the_token_in_the_body_does_too(provider: Provider, person_id: str) -> None:
    party = RelyingParty(provider, *await register_client(provider))
    token = (await party.tokens(await signed_in_browser(provider)))["access_token"]
    header = {"Authorization": f"Bearer {token}"}
    assert (await party.http.post("/oauth2/userinfo", headers=header)).json()["sub"] == person_id
    assert (await party.http.post("/oauth2/userinfo", data={"access_token": token})).json()["sub"] == person_id
    both = await party.http.post("/oauth2/userinfo", data={"access_token": token}, headers=header)
    assert (both.status_code, both.json()["error"]) == (400, "invalid_request")


async def test_a_token_in_the_address_is_not_read(provider: Provider, person_id: str) -> None:
    party = RelyingParty(provider, *await register_client(provider))
    token = (await party.tokens(await signed_in_browser(provider)))["access_token"]
    assert (await party.http.get("/oauth2/userinfo", params={"access_token": token})).status_code == 401


async def test_refusals_carry_the_challenge(provider: Provider, person_id: str) -> None:
    party = RelyingParty(provider, *await register_client(provider, scopes=("openid", "profile")))
    missing = await party.http.get("/oauth2/userinfo")
    assert missing.headers["www-authenticate"] == 'Bearer realm="xinyin", DPoP algs="ES256 PS256 EdDSA Ed25519"'
    wrong = await party.userinfo("made.up.token")
    assert wrong.status_code == 401
    assert 'error="invalid_token"' in wrong.headers["www-authenticate"]
    unscoped = (await party.tokens(await signed_in_browser(provider), "profile"))["access_token"]
    narrow = await party.userinfo(unscoped)
    assert narrow.status_code == 403
    assert 'error="insufficient_scope"' in narrow.headers["www-authenticate"]
