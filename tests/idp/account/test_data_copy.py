"""A copy of one's own data: whole, for oneself alone, after a fresh sign-in, without secrets."""

from idp.persons.person import RealName
from tests.idp.browser import hidden_fields
from tests.idp.conftest import Provider
from tests.idp.people import PASSWORD, enter_person, register_client, signed_in_browser
from tests.idp.relying_party import RelyingParty

NUMBER = "990101199003078033"


async def test_the_copy_holds_what_is_kept_and_no_secret(provider: Provider) -> None:
    services = provider.services
    person_id = await enter_person(provider)
    await services.persons.bind_real_name(person_id, RealName("111", NUMBER, "张小明"), 3)
    await services.persons.set_contact(person_id, phone="+8613800000000", email="ming@mail.test")
    await services.organisations.create("91990000MA0000002E", "信印示范有限公司", "enterprise")
    await services.mandates.enter_representative("91990000MA0000002E", person_id)
    browser = await signed_in_browser(provider)
    party = RelyingParty(provider, *await register_client(provider))
    await party.tokens(browser, "openid profile")
    form = {"csrf_token": hidden_fields((await browser.get("/account")).text)["csrf_token"]}
    answer = await browser.client.post("/account/data", data=form)
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="xinyin-20261121.json"'
    assert answer.headers["cache-control"] == "no-store"
    copy = answer.json()
    person = copy["person"]
    assert (person["id_number"], person["name"], person["phone"]) == (NUMBER, "张小明", "+8613800000000")
    assert [each["capacity"] for each in copy["mandates"]] == ["representative"]
    assert [each["scopes"] for each in copy["consents"]] == [["openid", "profile"]]
    assert (len(copy["sessions"]), len(copy["tokens"])) == (1, 1)
    record = await services.persons.find_password("ming")
    assert record is not None
    assert record.hash not in answer.text


async def test_the_copy_is_one_persons_alone(provider: Provider) -> None:
    await enter_person(provider)
    other = await enter_person(provider, "hong")
    await signed_in_browser(provider, "hong")
    browser = await signed_in_browser(provider)
    form = {"csrf_token": hidden_fields((await browser.get("/account")).text)["csrf_token"]}
    assert other not in (await browser.client.post("/account/data", data=form)).text


async def test_an_old_sign_in_does_not_do(provider: Provider) -> None:
    await enter_person(provider)
    browser = await signed_in_browser(provider)
    form = {"csrf_token": hidden_fields((await browser.get("/account")).text)["csrf_token"]}
    provider.clock.advance(minutes=11)
    answer = await browser.client.post("/account/data", data=form)
    assert answer.is_redirect
    assert answer.headers["location"].startswith("/login?")
    # Nor does a form of somebody else's making.
    await browser.sign_in("ming", PASSWORD, await browser.get(answer.headers["location"]))
    assert (await browser.client.post("/account/data", data={})).status_code == 403
