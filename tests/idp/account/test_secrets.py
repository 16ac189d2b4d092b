"""Passwords, codes of an app, recovery codes: changing them, and what must not be possible with them."""

import asyncio
import re

import httpx
import pyotp
import pytest

from idp.persons.strength import check_strength
from kernel.errors import InvalidInput
from tests.idp.browser import Browser, hidden_fields
from tests.idp.conftest import Provider
from tests.idp.people import PASSWORD, enter_person, signed_in_browser

SECURITY = "/account/security"
NEW = "river paper window 7"


def codes_on(page: httpx.Response) -> list[str]:
    return re.findall(r'<li class="code">([0-9A-Z-]+)</li>', page.text)


async def changed(browser: Browser, old: str, new: str, again: str | None = None) -> httpx.Response:
    page = await browser.get(f"{SECURITY}/password")
    return await browser.submit(page, old=old, new=new, again=new if again is None else again)


async def test_a_changed_password_ends_every_session_and_is_the_one_that_counts(provider):
    await enter_person(provider)
    elsewhere, browser = await signed_in_browser(provider), await signed_in_browser(provider)
    provider.clock.advance(seconds=5)
    assert (await changed(browser, PASSWORD, NEW)).url.path == "/login"
    assert (await elsewhere.get("/account")).url.path == "/login"
    assert (await provider.browser().sign_in("ming", PASSWORD)).status_code == 400
    assert (await provider.browser().sign_in("ming", NEW)).url.path == "/"


@pytest.mark.parametrize(
    ("old", "new", "again", "said"),
    [
        ("wrong", NEW, NEW, "This is not your password."),
        (PASSWORD, NEW, NEW + "x", "The two are not the same."),
        (PASSWORD, "password123", "password123", "easily guessed"),
        (PASSWORD, "ming2026", "ming2026", "easily guessed"),
        (PASSWORD, "short", "short", "at least 8 characters"),
    ],
)
async def test_what_is_wrong_is_said_next_to_the_field_and_nothing_changes(provider, old, new, again, said):
    await enter_person(provider)
    browser = await signed_in_browser(provider)
    page = await changed(browser, old, new, again)
    assert page.status_code == 400
    assert said in page.text
    assert (await provider.browser().sign_in("ming", PASSWORD)).url.path == "/"


async def test_a_session_found_lying_about_does_not_try_passwords_for_ever(provider):
    await enter_person(provider)
    browser = await signed_in_browser(provider)
    answers = [(await changed(browser, f"wrong {n}", NEW)).status_code for n in range(8)]
    assert answers[-1] == 429


@pytest.mark.parametrize(
    "password", ["password1", "12345678", "qwertyuiop", "woaini520", "xinyin2026", "Admin123", "aaaaaaaaaaaa"]
)
def test_passwords_that_are_tried_first_are_refused(password):
    with pytest.raises(InvalidInput):
        check_strength(password, ("ming",))


@pytest.mark.parametrize(
    "password", [NEW, PASSWORD, "三思而后行 窗外有雨", "x7$kQ9!mPz2w", "correct horse battery staple" * 8]
)
def test_passwords_that_are_hard_to_guess_are_taken(password):
    check_strength(password, ("ming",))


async def test_an_app_is_set_up_asked_for_and_removed(provider):
    await enter_person(provider)
    browser = await signed_in_browser(provider)
    page = await browser.get(f"{SECURITY}/app")
    secret = re.findall(r"\b([A-Z2-7]{32})\b", page.text)[0]
    wrong = await browser.submit(page, code="000000")
    assert wrong.status_code == 400
    await browser.submit(wrong, code=pyotp.TOTP(secret).at(provider.clock()))
    provider.clock.advance(seconds=60)
    other = provider.browser()
    asked = await other.sign_in("ming", PASSWORD)
    assert asked.url.path == "/login/otp"
    assert (await other.submit(asked, code=pyotp.TOTP(secret).at(provider.clock()))).url.path == "/"
    page = await other.get(f"{SECURITY}/app")
    await other.submit(page)
    assert (await provider.browser().sign_in("ming", PASSWORD)).url.path == "/"


async def test_an_officer_does_not_remove_the_only_second_factor(provider):
    officer = await enter_person(provider, "clerk", "officer")
    browser = await signed_in_browser(provider, "clerk")
    refused = await browser.submit(await browser.get(f"{SECURITY}/app"))
    assert refused.status_code == 409
    assert await provider.services.totp.is_enrolled(officer)


async def test_each_recovery_code_takes_the_place_of_the_phone_once(provider):
    await enter_person(provider, "clerk", "officer")
    browser = await signed_in_browser(provider, "clerk")
    codes = codes_on(await browser.submit(await browser.get(f"{SECURITY}/recovery")))
    assert len(set(codes)) == 10
    assert codes_on(await browser.get(f"{SECURITY}/recovery")) == []
    for typed, lets_in in ((codes[0].lower().replace("-", " "), True), (codes[0], False), (codes[1], True)):
        other = provider.browser()
        asked = await other.sign_in("clerk", PASSWORD)
        answer = await other.post("/login/otp", {**hidden_fields(asked.text), "code": typed})
        assert (answer.url.path == "/") is lets_in
    assert "8 unused codes" in (await browser.get(f"{SECURITY}/recovery")).text


async def test_new_recovery_codes_end_the_old_ones_and_somebody_elses_count_not(provider):
    clerk = await enter_person(provider, "clerk", "officer")
    other = await enter_person(provider, "other", "officer")
    recovery = provider.services.recovery
    old, theirs = await recovery.make(clerk), await recovery.make(other)
    new = await recovery.make(clerk)
    assert not await recovery.take(clerk, old[0])
    assert not await recovery.take(clerk, theirs[0])
    assert await recovery.take(clerk, new[0])


async def test_of_two_who_use_a_recovery_code_at_once_one_gets_in(provider):
    person = await enter_person(provider)
    [code, *_rest] = await provider.services.recovery.make(person)
    take = provider.services.recovery.take
    assert sorted(await asyncio.gather(*(take(person, code) for _ in range(4)))) == [False, False, False, True]


async def test_recovery_codes_are_not_in_the_database(provider: Provider, tmp_path):
    codes = await provider.services.recovery.make(await enter_person(provider))
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("idp.db*"))
    for code in codes:
        assert code.replace("-", "").encode() not in stored


async def test_guessing_recovery_codes_is_stopped(provider):
    await enter_person(provider, "clerk", "officer")
    browser = provider.browser()
    asked = await browser.sign_in("clerk", PASSWORD)
    answers = [
        await browser.post("/login/otp", {**hidden_fields(asked.text), "code": f"AAAA-BBBB-CC{n:02}"}) for n in range(8)
    ]
    assert [each.status_code for each in answers][-1] == 429


@pytest.mark.parametrize("page", ["password", "app", "recovery"])
async def test_an_old_sign_in_reaches_none_of_it(provider, page):
    await enter_person(provider)
    browser = await signed_in_browser(provider)
    provider.clock.advance(minutes=30)
    assert (await browser.get(f"{SECURITY}/{page}")).url.path == "/login"
