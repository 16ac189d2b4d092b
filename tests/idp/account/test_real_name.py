"""The real-name check on the account page."""

import httpx
import pytest

from idp.assurance.register import HttpPopulationRegister
from kernel.errors import Unavailable
from tests.idp.conftest import Provider
from tests.idp.people import enter_person, register_client, signed_in_browser
from tests.idp.relying_party import RelyingParty

NAME, NUMBER = "张小明", "990101199003078033"


async def test_a_match_raises_the_level_and_masks_what_is_shown(provider: Provider) -> None:
    await enter_person(provider)
    browser = await signed_in_browser(provider)
    page = await browser.get("/account/realname")
    account = await browser.submit(page, name=f" {NAME} ", id_number=NUMBER)
    assert account.url.path == "/account"
    assert "Real name confirmed" in account.text
    assert "**************8033" in account.text
    assert NUMBER not in account.text
    assert NAME not in account.text
    party = RelyingParty(provider, *await register_client(provider))
    claims = await party.judge((await party.tokens(browser))["id_token"], party.client.client_id)
    assert claims["acr"] == "urn:xinyin:acr:l3"


@pytest.mark.parametrize(
    ("name", "number", "field"),
    [
        (NAME, "990101199003078034", "id_number"),
        (NAME, "9901011990030780", "id_number"),
        (NAME, "", "id_number"),
        ("", NUMBER, "name"),
    ],
)
async def test_what_is_typed_wrong_is_said_next_to_the_field(
    provider: Provider, name: str, number: str, field: str
) -> None:
    await enter_person(provider)
    browser = await signed_in_browser(provider)
    page = await browser.submit(await browser.get("/account/realname"), name=name, id_number=number)
    assert page.status_code == 400
    assert f'id="error-{field}"' in page.text


async def test_a_number_the_register_knows_otherwise_is_refused(provider: Provider) -> None:
    await enter_person(provider)
    browser = await signed_in_browser(provider)
    page = await browser.submit(await browser.get("/account/realname"), name="李四", id_number=NUMBER)
    assert page.status_code == 400
    assert "The register has no such pair" in page.text


async def test_a_number_of_somebody_else_is_explained(provider: Provider) -> None:
    await enter_person(provider)
    await enter_person(provider, "other")
    for username, status in (("ming", 200), ("other", 409)):
        browser = await signed_in_browser(provider, username)
        page = await browser.submit(await browser.get("/account/realname"), name=NAME, id_number=NUMBER)
        assert page.status_code == status
    assert "This ID number already belongs to another account." in page.text


async def test_guessing_numbers_ends_after_five(provider: Provider) -> None:
    await enter_person(provider)
    browser = await signed_in_browser(provider)
    page = await browser.get("/account/realname")
    statuses = [(await browser.submit(page, name="李四", id_number=NUMBER)).status_code for _ in range(6)]
    assert statuses == [400] * 5 + [429]


async def test_the_page_needs_a_signed_in_person_and_comes_back(provider: Provider) -> None:
    await enter_person(provider)
    browser = provider.browser()
    page = await browser.get("/account/realname")
    assert page.url.path == "/login"
    assert (await browser.sign_in("ming", "correct horse battery", page)).url.path == "/account/realname"


async def test_the_register_is_asked_by_name_and_number() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert str(request.url) == "https://register.test/population/check"
        return httpx.Response(200, json={"match": b'"id_number":"990101199003078033"' in request.content})

    register = HttpPopulationRegister("https://register.test/population/", transport=httpx.MockTransport(answer))
    assert await register.matches(NAME, NUMBER)
    assert not await register.matches(NAME, "99010119850615112X")


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(200, text="no"),
        httpx.Response(200, json={"match": "true"}),
        httpx.Response(200, json=[]),
    ],
)
async def test_a_register_that_stammers_counts_as_away(answer: httpx.Response) -> None:
    register = HttpPopulationRegister("https://register.test", transport=httpx.MockTransport(lambda _: answer))
    with pytest.raises(Unavailable):
        await register.matches(NAME, NUMBER)
