"""Passkeys: alone, as the second factor, and everything that must not be taken for one."""

import httpx
import pytest

from tests.idp.browser import Browser, hidden_fields
from tests.idp.conftest import Provider
from tests.idp.passkey_device import MAY_BE_COPIED, PRESENT, VERIFIED, PasskeyDevice, options_in
from tests.idp.people import PASSWORD, enter_person, signed_in_browser

SECURITY = "/account/security"
ADD = "/account/security/passkeys"
ALONE, SECOND, FIRST = "/login/passkey", "/login/passkey/second", "/login/passkey/first"


async def add_passkey(browser: Browser, device: PasskeyDevice, name: str = "my phone") -> httpx.Response:
    page = await browser.get(SECURITY)
    answer = device.create(options_in(page.text, ADD))
    return await browser.post(ADD, {**hidden_fields(page.text), "credential": answer, "name": name})


async def sign_in_alone(browser: Browser, device: PasskeyDevice, page: httpx.Response | None = None) -> httpx.Response:
    page = page or await browser.get("/login")
    answer = device.get(options_in(page.text, ALONE))
    return await browser.post(ALONE, {**hidden_fields(page.text), "credential": answer})


@pytest.fixture
async def device(provider: Provider) -> PasskeyDevice:
    """The passkey of `ming`, a citizen."""
    await enter_person(provider)
    device = PasskeyDevice()
    page = await add_passkey(await signed_in_browser(provider), device)
    assert page.status_code == 200
    assert "my phone" in page.text
    return device


async def amr_of(provider: Provider, username: str = "ming") -> tuple[str, ...]:
    person = await provider.services.persons.load_by_username(username)
    return (await provider.services.sessions.list_open(person.id))[0].amr


async def test_somebody_signs_in_by_passkey_alone(provider: Provider, device: PasskeyDevice) -> None:
    browser = provider.browser()
    provider.clock.advance(seconds=5)
    assert (await sign_in_alone(browser, device)).url.path == "/"
    assert (await browser.get("/account")).url.path == "/account"
    assert await amr_of(provider) == ("hwk", "user")


async def test_a_passkey_that_its_maker_copies_between_devices_is_a_software_key(provider: Provider) -> None:
    await enter_person(provider)
    device = PasskeyDevice(flags=PRESENT | VERIFIED | MAY_BE_COPIED, steps=0)
    await add_passkey(await signed_in_browser(provider), device)
    provider.clock.advance(seconds=5)
    browser = provider.browser()
    for _ in range(2):
        assert (await sign_in_alone(browser, device, await browser.get("/login?again=yes"))).url.path == "/"
    assert await amr_of(provider) == ("swk", "user")


async def test_the_options_ask_for_a_discoverable_verified_key_without_attestation(provider: Provider) -> None:
    await enter_person(provider)
    page = await (await signed_in_browser(provider)).get(SECURITY)
    options = options_in(page.text, ADD)
    assert options["rp"]["id"] == "idp.test"
    assert options["attestation"] == "none"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert 'autocomplete="username webauthn"' in (await provider.browser().get("/login")).text


async def test_an_officer_uses_a_passkey_as_second_factor(provider: Provider) -> None:
    await enter_person(provider, "officer", "officer")
    device = PasskeyDevice()
    await add_passkey(await signed_in_browser(provider, "officer"), device)
    provider.clock.advance(seconds=5)
    browser = provider.browser()
    page = await browser.sign_in("officer", PASSWORD)
    assert page.url.path == "/login/otp"
    answer = device.get(options_in(page.text, SECOND))
    done = await browser.post(SECOND, {**hidden_fields(page.text), "credential": answer})
    assert done.url.path == "/"
    assert await amr_of(provider, "officer") == ("pwd", "hwk", "user")


async def test_an_officer_needs_nothing_beside_a_passkey(provider: Provider) -> None:
    await enter_person(provider, "officer", "officer")
    device = PasskeyDevice()
    await add_passkey(await signed_in_browser(provider, "officer"), device)
    browser = provider.browser()
    assert (await sign_in_alone(browser, device)).url.path == "/"


async def test_anothers_passkey_is_no_second_factor(provider: Provider, device: PasskeyDevice) -> None:
    await enter_person(provider, "officer", "officer")
    await add_passkey(await signed_in_browser(provider, "officer"), PasskeyDevice())
    browser = provider.browser()
    page = await browser.sign_in("officer", PASSWORD)
    answer = device.get(options_in(page.text, SECOND))
    refused = await browser.post(SECOND, {**hidden_fields(page.text), "credential": answer})
    assert refused.status_code == 400
    assert (await browser.get("/account")).url.path == "/login"


@pytest.mark.parametrize(
    ("name", "value"),
    [("origin", "https://evil.test"), ("origin", "http://idp.test"), ("rp_id", "evil.test"), ("flags", PRESENT)],
)
async def test_phishing_and_unverified_owners_are_refused(
    provider: Provider, device: PasskeyDevice, name: str, value: object
) -> None:
    setattr(device, name, value)
    browser = provider.browser()
    refused = await sign_in_alone(browser, device)
    assert refused.status_code == 400
    assert "The passkey was not accepted." in refused.text
    assert (await browser.get("/account")).url.path == "/login"


async def test_an_answer_counts_once(provider: Provider, device: PasskeyDevice) -> None:
    browser = provider.browser()
    page = await browser.get("/login")
    answer = device.get(options_in(page.text, ALONE))
    form = {**hidden_fields(page.text), "credential": answer}
    assert (await browser.post(ALONE, form)).url.path == "/"
    other = provider.browser()
    again = await other.get("/login")
    replayed = await other.post(ALONE, {**hidden_fields(again.text), "credential": answer})
    assert replayed.status_code == 400


async def test_an_answer_counts_only_in_the_sign_in_that_asked(provider: Provider, device: PasskeyDevice) -> None:
    victim, attacker = provider.browser(), provider.browser()
    asked = await attacker.get("/login")
    answer = device.get(options_in(asked.text, ALONE))
    page = await victim.get("/login")
    refused = await victim.post(ALONE, {**hidden_fields(page.text), "credential": answer})
    assert refused.status_code == 400


async def test_a_counter_that_goes_back_is_refused_and_shown(provider: Provider, device: PasskeyDevice) -> None:
    owner = provider.browser()
    device.count = 10
    assert (await sign_in_alone(owner, device)).url.path == "/"
    device.count = 4
    copied = await sign_in_alone(provider.browser(), device)
    assert copied.status_code == 400
    assert "somebody may hold a copy" in copied.text
    assert "its counter went back" in (await owner.get(SECURITY)).text


async def test_a_key_that_names_somebody_else_is_refused(provider: Provider, device: PasskeyDevice) -> None:
    other = await enter_person(provider, "other")
    browser = provider.browser()
    page = await browser.get("/login")
    answer = device.get(options_in(page.text, ALONE), handle=other.encode())
    assert (await browser.post(ALONE, {**hidden_fields(page.text), "credential": answer})).status_code == 400


@pytest.mark.parametrize(
    "answer", ["", "{", "[]", "{}", '{"rawId":"x","response":{"clientDataJSON":"!!"}}', "[" * 30000]
)
async def test_nonsense_is_refused_with_a_page(provider: Provider, answer: str) -> None:
    browser = provider.browser()
    page = await browser.get("/login")
    assert (await browser.post(ALONE, {**hidden_fields(page.text), "credential": answer})).status_code == 400


async def test_several_passkeys_are_named_renamed_and_removed(provider: Provider, device: PasskeyDevice) -> None:
    browser = provider.browser()
    await sign_in_alone(browser, device)
    second = PasskeyDevice()
    page = await add_passkey(browser, second, "office  computer")
    assert "office computer" in page.text
    person = await provider.services.persons.load_by_username("ming")
    first, other = await provider.services.passkeys.list(person.id)
    csrf = {"csrf_token": hidden_fields(page.text)["csrf_token"]}
    page = await browser.post(f"{ADD}/rename", {**csrf, "passkey": other.id, "name": "desk"})
    assert "desk" in page.text
    await browser.post(f"{ADD}/remove", {**csrf, "passkey": first.id})
    assert [each.name for each in await provider.services.passkeys.list(person.id)] == ["desk"]
    assert (await sign_in_alone(provider.browser(), device)).status_code == 400
    assert (await sign_in_alone(provider.browser(), second)).url.path == "/"


async def test_nobody_touches_the_passkeys_of_another(provider: Provider, device: PasskeyDevice) -> None:
    owner = await provider.services.persons.load_by_username("ming")
    (passkey,) = await provider.services.passkeys.list(owner.id)
    await enter_person(provider, "mallory")
    browser = await signed_in_browser(provider, "mallory")
    csrf = {"csrf_token": hidden_fields((await browser.get(SECURITY)).text)["csrf_token"]}
    for path, more in (("rename", {"name": "mine"}), ("remove", {})):
        refused = await browser.post(f"{ADD}/{path}", {**csrf, "passkey": passkey.id, **more})
        assert refused.status_code == 404
    assert [each.name for each in await provider.services.passkeys.list(owner.id)] == ["my phone"]


async def test_an_old_session_proves_itself_before_it_adds_a_passkey(provider: Provider) -> None:
    await enter_person(provider)
    browser = await signed_in_browser(provider)
    page = await browser.get(SECURITY)
    answer = PasskeyDevice().create(options_in(page.text, ADD))
    provider.clock.advance(minutes=11)
    late = await browser.post(ADD, {**hidden_fields(page.text), "credential": answer, "name": "x"})
    assert late.url.path == "/login"
    person = await provider.services.persons.load_by_username("ming")
    assert await provider.services.passkeys.list(person.id) == []
    assert (await browser.sign_in("ming", PASSWORD, late)).url.path == SECURITY


async def test_a_passkey_is_added_in_the_session_that_asked(provider: Provider) -> None:
    await enter_person(provider)
    here, there = await signed_in_browser(provider), await signed_in_browser(provider)
    answer = PasskeyDevice().create(options_in((await there.get(SECURITY)).text, ADD))
    page = await here.get(SECURITY)
    refused = await here.post(ADD, {**hidden_fields(page.text), "credential": answer, "name": "planted"})
    assert refused.status_code == 400


async def test_a_disabled_person_stays_out(provider: Provider, device: PasskeyDevice) -> None:
    person = await provider.services.persons.load_by_username("ming")
    await provider.services.persons.disable(person.id)
    assert (await sign_in_alone(provider.browser(), device)).status_code == 403


async def test_a_citizens_passkey_does_not_turn_the_password_off(provider: Provider, device: PasskeyDevice) -> None:
    assert (await provider.browser().sign_in("ming", PASSWORD)).url.path == "/"
