"""The sandbox's pages in a real browser, on a phone's screen: nobody can take them for the real ones or get stuck."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, Route, async_playwright

from tests.sandbox.serving import CALLBACKS
from tests.sandbox.test_alipay import authorisation_page
from tests.sandbox.test_qq import sign_in_page
from tests.sandbox.test_wechat import qr_page

pytestmark = pytest.mark.browser
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Headless Chromium."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=QUIET)
        yield chromium
        await chromium.close()


@pytest.fixture
async def page(browser: Browser) -> Page:
    """A tab 390 pixels wide; the site that callbacks lead to answers “arrived”."""
    context = await browser.new_context(viewport={"width": 390, "height": 844})

    async def arrive(route: Route) -> None:
        await route.fulfill(body="arrived")

    await context.route(f"{CALLBACKS['wechat'].partition('/login')[0]}/**", arrive)
    return await context.new_page()


@pytest.mark.parametrize("provider", ["index", "wechat", "qq", "alipay"])
async def test_every_page_says_sandbox_and_fits_a_phone(sandbox: str, page: Page, provider: str) -> None:
    address = {
        "index": sandbox,
        "wechat": qr_page(sandbox),
        "qq": sign_in_page(sandbox),
        "alipay": authorisation_page(sandbox),
    }[provider]
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("requestfailed", lambda request: troubles.append(request.url))
    await page.goto(address)
    assert "沙箱 · Sandbox" in await page.inner_text(".banner")
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    small = "[...document.querySelectorAll('button, label')].filter(e => e.getBoundingClientRect().height < 44).length"
    assert await page.evaluate(small) == 0
    assert troubles == []


@pytest.mark.parametrize(
    ("button", "expected"), [("确认登录", r"\?code=\w{32}&state=abc123$"), ("拒绝", r"\?state=abc123$")]
)
async def test_no_phone_is_needed(sandbox: str, page: Page, button: str, expected: str) -> None:
    await page.goto(qr_page(sandbox))
    await page.get_by_text("晚晴").check()
    await page.get_by_role("button", name=button).click()
    await page.wait_for_url(_matches(expected))


@pytest.mark.parametrize(
    ("button", "expected"), [("确认登录", r"\?code=\w{32}&state=abc123$"), ("取消", r"\?state=abc123$")]
)
async def test_the_screen_follows_the_phone(sandbox: str, page: Page, button: str, expected: str) -> None:
    await page.goto(qr_page(sandbox))
    async with page.expect_popup() as opened:
        await page.get_by_role("link", name="手机").click()
    phone = await opened.value
    await phone.get_by_role("button", name="扫一扫").click()
    await page.get_by_text("扫描成功，请在手机上确认").wait_for()
    await phone.get_by_role("button", name=button).click()
    await page.wait_for_url(_matches(expected))
    assert await phone.get_by_role("status").inner_text() in ("已确认，请看电脑屏幕。", "已取消，电脑上不会登录。")


def _matches(expected: str) -> re.Pattern[str]:
    return re.compile(expected)
