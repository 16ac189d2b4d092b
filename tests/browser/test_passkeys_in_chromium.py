"""Passkeys in a real browser: Chromium's own virtual authenticator, driven over CDP."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, CDPSession, async_playwright

from tests.browser.visitor import CHROMIUM, QUIET, Album, Visitor
from tests.demo_house import Demo
from tests.flows.words import zh

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("demo")]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        await browser.close()


async def with_authenticator(visitor: Visitor, *, by_itself: bool = False) -> tuple[CDPSession, str]:
    """A platform authenticator that knows its owner. `by_itself`: it answers what the page asks in the background."""
    cdp = await visitor.context.new_cdp_session(visitor.page)
    await cdp.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": by_itself,
    }
    added = await cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return cdp, added["authenticatorId"]


async def answer(cdp: CDPSession, authenticator: str, *, is_present: bool) -> None:
    """Whether somebody touches the authenticator from now on."""
    await cdp.send("WebAuthn.setAutomaticPresenceSimulation", {"authenticatorId": authenticator, "enabled": is_present})


async def sign_in_by_password(demo: Demo, visitor: Visitor, role: str, path: str) -> None:
    account = demo.account(role)
    await visitor.page.goto(f"{demo.base_url}/login?next={path}")
    await visitor.fill(username=account["username"], password=account["password"])
    await visitor.click(zh("Sign in"))
    await visitor.page.wait_for_url(f"{demo.base_url}{path}")


@pytest.mark.parametrize("width", [390, 1280])
async def test_a_citizen_adds_a_passkey_and_signs_in_with_it(demo: Demo, browser: Browser, width: int) -> None:
    album = Album(width, count=100)
    citizen = await Visitor.arrive(browser, album)
    cdp, authenticator = await with_authenticator(citizen)
    await sign_in_by_password(demo, citizen, "citizen", "/account/security")
    await citizen.look("security-without-passkeys")
    await answer(cdp, authenticator, is_present=True)
    name = f"测试手机{width}"
    await citizen.page.fill("#field-name", name)
    await citizen.click(zh("Add a passkey"))
    await citizen.page.get_by_text(name, exact=True).wait_for()
    await citizen.look("security-with-a-passkey")

    await answer(cdp, authenticator, is_present=False)
    await citizen.context.clear_cookies()
    await citizen.page.goto(f"{demo.base_url}/login?next=/account")
    await citizen.look("sign-in-with-passkey")
    await answer(cdp, authenticator, is_present=True)
    # With a key that answers by itself, what the page asks beside the user name signs in without a click.
    if citizen.page.url.startswith(f"{demo.base_url}/login"):
        button = citizen.page.get_by_role("button", name=zh("Sign in with a passkey"))
        if await button.count():
            await button.click(no_wait_after=True)
    await citizen.page.wait_for_url(f"{demo.base_url}/account")
    assert album.faults == []


async def test_a_passkey_is_offered_where_the_user_name_is_typed(demo: Demo, browser: Browser) -> None:
    citizen = await Visitor.arrive(browser, Album(1280, count=110))
    cdp, authenticator = await with_authenticator(citizen, by_itself=True)
    await sign_in_by_password(demo, citizen, "citizen", "/account/security")
    await citizen.page.fill("#field-name", "自动填充")
    await citizen.click(zh("Add a passkey"))
    await citizen.page.get_by_text("自动填充", exact=True).wait_for()
    await citizen.context.clear_cookies()
    await citizen.page.goto(f"{demo.base_url}/login?next=/account")
    await citizen.page.wait_for_url(f"{demo.base_url}/account")
    credentials = await cdp.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})
    assert [each["signCount"] for each in credentials["credentials"]] == [2]


async def test_without_scripts_the_other_ways_are_there(demo: Demo, browser: Browser) -> None:
    context = await browser.new_context(locale="zh-CN", java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{demo.base_url}/login")
    assert await page.get_by_role("button", name=zh("Sign in with a passkey")).count() == 0
    account = demo.account("citizen")
    await page.fill("[name=username]", account["username"])
    await page.fill("[name=password]", account["password"])
    await page.get_by_role("button", name=zh("Sign in"), exact=True).click()
    await page.wait_for_url(f"{demo.base_url}/")
    await page.goto(f"{demo.base_url}/account/security")
    assert await page.get_by_text(
        zh("This browser cannot make passkeys, or its scripts are switched off.")
    ).is_visible()
