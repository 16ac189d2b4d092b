"""An application that would like to be surer (`acr_values`): the person may confirm their name on the way, or not."""

from tests.idp.browser import query_of
from tests.idp.conftest import Provider
from tests.idp.people import PASSWORD, enter_person, register_client, signed_in_browser
from tests.idp.relying_party import RelyingParty

L3 = "urn:xinyin:acr:l3"
CARD = {"name": "张小明", "id_number": "990101199003078033"}


async def acr_of(party: RelyingParty, address: str) -> str:
    tokens = (await party.exchange(query_of(address)["code"])).json()
    claims = await party.judge(tokens["access_token"], "https://idp.test")
    return str(claims["acr"])


async def test_a_signed_in_person_confirms_and_goes_on(provider: Provider) -> None:
    await enter_person(provider)
    party, browser = RelyingParty(provider, *await register_client(provider)), await signed_in_browser(provider)
    page = await browser.get(party.authorization_address(acr_values=L3))
    assert page.url.path == "/account/realname"
    assert "https://rp.test" in page.headers["content-security-policy"]
    wrong = await browser.submit(page, name="李四", id_number=CARD["id_number"])
    assert wrong.status_code == 400
    back = await browser.submit(wrong, **CARD)
    assert await acr_of(party, back.headers["location"]) == L3


async def test_it_comes_after_signing_in(provider: Provider) -> None:
    await enter_person(provider)
    party, browser = RelyingParty(provider, *await register_client(provider)), provider.browser()
    page = await browser.sign_in("ming", PASSWORD, await browser.get(party.authorization_address(acr_values=L3)))
    assert page.url.path == "/account/realname"
    back = await browser.submit(page, **CARD)
    assert await acr_of(party, back.headers["location"]) == L3


async def test_somebody_who_would_rather_not_goes_on_with_what_there_is(provider: Provider) -> None:
    await enter_person(provider)
    party, browser = RelyingParty(provider, *await register_client(provider)), await signed_in_browser(provider)
    page = await browser.get(party.authorization_address(acr_values=L3))
    back = await browser.submit(page, answer="later")
    assert await acr_of(party, back.headers["location"]) == "urn:xinyin:acr:l1"


async def test_it_is_a_wish_that_prompt_none_and_foreign_words_pass_over(provider: Provider) -> None:
    await enter_person(provider)
    party, browser = RelyingParty(provider, *await register_client(provider)), await signed_in_browser(provider)
    for extra in (
        {"acr_values": L3, "prompt": "none"},
        {"acr_values": "urn:other:gold"},
        {"acr_values": f"{L3} urn:xinyin:acr:l1"},
    ):
        back = await browser.get(party.authorization_address(**extra))
        assert await acr_of(party, back.headers["location"]) == "urn:xinyin:acr:l1"


async def test_a_level_that_no_page_can_give_does_not_hold_anybody_up(provider: Provider) -> None:
    await enter_person(provider)
    party, browser = RelyingParty(provider, *await register_client(provider)), await signed_in_browser(provider)
    address = party.authorization_address(acr_values="urn:xinyin:acr:l4")
    back = await browser.submit(await browser.get(address), **CARD)
    assert await acr_of(party, back.headers["location"]) == L3
    assert await acr_of(party, (await browser.get(address)).headers["location"]) == L3
