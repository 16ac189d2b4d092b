"""The session a sign-in begins: whose it is, how long it lasts, and that nobody can plant it."""

from pathlib import Path

from sqlalchemy import select

from idp.sessions.records import SessionRow
from tests.idp.browser import hidden_fields
from tests.idp.conftest import HandClock, Provider, run_provider
from tests.idp.people import PASSWORD, code_now, enter_person, signed_in_browser

COOKIE = "__Host-xinyin_session"


async def test_a_planted_cookie_value_is_never_taken_over(provider: Provider) -> None:
    await enter_person(provider)
    browser = provider.browser()
    browser.client.headers["Cookie"] = f"{COOKIE}=planted"
    page = await browser.client.get("/login")
    form = {**hidden_fields(page.text), "username": "ming", "password": PASSWORD}
    sent = "; ".join(f"{name}={value}" for name, value in page.cookies.items())
    answer = await browser.client.post("/login", data=form, headers={"Cookie": f"{sent}; {COOKIE}=planted"})
    assert answer.cookies[COOKIE] != "planted"
    planted = provider.browser()
    planted.client.cookies.set(COOKIE, "planted")
    assert (await planted.get("/account")).url.path == "/login"


async def test_signing_in_again_changes_the_cookie_and_ends_the_old_value(provider: Provider) -> None:
    await enter_person(provider)
    browser = await signed_in_browser(provider)
    before = browser.client.cookies[COOKIE]
    await browser.sign_in("ming", PASSWORD, await browser.get("/login?again=yes"))
    assert browser.client.cookies[COOKIE] != before
    old = provider.browser()
    old.client.cookies.set(COOKIE, before)
    assert (await old.get("/account")).url.path == "/login"


async def test_the_database_holds_no_cookie_value(provider: Provider) -> None:
    await enter_person(provider)
    browser = await signed_in_browser(provider)
    async with provider.database.reading() as session:
        row = (await session.scalars(select(SessionRow))).one()
    assert browser.client.cookies[COOKIE].encode() not in row.token_hash
    assert len(row.token_hash) == 32


async def test_a_session_left_alone_ends_after_two_hours(provider: Provider) -> None:
    await enter_person(provider)
    browser = await signed_in_browser(provider)
    provider.clock.advance(minutes=119)
    assert (await browser.get("/account")).url.path == "/account"
    provider.clock.advance(minutes=119)
    assert (await browser.get("/account")).url.path == "/account"
    provider.clock.advance(minutes=121)
    assert (await browser.get("/account")).url.path == "/login"


async def test_a_session_in_use_ends_after_twelve_hours(provider: Provider) -> None:
    await enter_person(provider)
    browser = await signed_in_browser(provider)
    for _ in range(11):
        provider.clock.advance(hours=1)
        assert (await browser.get("/account")).url.path == "/account"
    provider.clock.advance(hours=1)
    assert (await browser.get("/account")).url.path == "/login"


async def test_signing_out_ends_the_session_on_the_server_too(provider: Provider) -> None:
    await enter_person(provider)
    browser = await signed_in_browser(provider)
    value = browser.client.cookies[COOKIE]
    done = await browser.submit(await browser.get("/logout"))
    assert "You are signed out" in done.text
    thief = provider.browser()
    thief.client.cookies.set(COOKIE, value)
    assert (await thief.get("/account")).url.path == "/login"


async def test_a_link_alone_signs_nobody_out(provider: Provider) -> None:
    await enter_person(provider)
    browser = await signed_in_browser(provider)
    await browser.get("/logout")
    assert (await browser.get("/account")).url.path == "/account"


async def test_other_browsers_can_be_signed_out_from_the_account_page(provider: Provider) -> None:
    await enter_person(provider)
    here, there = await signed_in_browser(provider), await signed_in_browser(provider)
    page = await here.get("/account")
    token = hidden_fields(page.text)["csrf_token"]
    await here.post("/account/sessions/end-others", {"csrf_token": token})
    assert (await there.get("/account")).url.path == "/login"
    assert (await here.get("/account")).url.path == "/account"


async def test_a_half_finished_sign_in_is_worth_nothing_in_another_browser(provider: Provider) -> None:
    await enter_person(provider, "officer", "officer")
    attacker, victim = provider.browser(), provider.browser()
    page = await attacker.sign_in("officer", PASSWORD)
    await victim.get("/login")
    lured = await victim.get(str(page.url))
    assert "begun in another browser" in lured.text
    form = {**hidden_fields(lured.text), "request": hidden_fields(page.text)["request"], "code": code_now(provider)}
    assert (await victim.post("/login/otp", form)).status_code == 410
    assert COOKIE not in victim.client.cookies


async def test_cookies_are_out_of_reach_of_scripts_and_siblings(provider: Provider) -> None:
    page = await provider.browser().client.get("/login")
    cookies = page.headers.get_list("set-cookie")
    mark = next(cookie for cookie in cookies if cookie.startswith("__Host-xinyin_login="))
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= set(mark.split("; "))


async def test_over_plain_http_cookies_have_their_plain_names(tmp_path: Path, clock: HandClock) -> None:
    async for provider in run_provider(tmp_path, clock, lambda values: values.update(issuer="http://localhost:8000")):
        page = await provider.browser().client.get("/login")
        assert any(cookie.startswith("xinyin_login=") for cookie in page.headers.get_list("set-cookie"))
