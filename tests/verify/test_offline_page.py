"""The offline page in a real browser: WebCrypto judges signed codes, also with the network gone."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest
import uvicorn
from playwright.async_api import Page, async_playwright

from tests import servers
from tests.verify.world import HANDLE, World, qr_text, signed_claims

CHROMIUM = "/usr/bin/chromium"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

pytestmark = pytest.mark.browser


@pytest.fixture
async def page(world: World) -> AsyncIterator[Page]:
    """A phone's browser at a running service."""
    port = servers.spare_port()
    server = uvicorn.Server(uvicorn.Config(world.app, port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        context = await browser.new_context(
            base_url=f"http://127.0.0.1:{port}", locale="en", viewport={"width": 390, "height": 844}
        )
        while not server.started:
            await asyncio.sleep(0.05)
        yield await context.new_page()
        await browser.close()
    server.should_exit = True
    await asyncio.to_thread(thread.join)


async def verdict(page: Page, text: str) -> str:
    await page.fill("#field-qr", text)
    await page.click("main button[type=submit]")
    result = page.locator("[data-offline-result] .verdict__title")
    await result.wait_for()
    return await result.inner_text()


async def test_genuine_and_changed_codes_are_told_apart(world: World, page: Page) -> None:
    await page.goto("/verify/offline/")
    text = qr_text(world.trust.qr_key)
    assert await verdict(page, text) == "The signature holds"
    await page.goto("/verify/offline/")
    assert await verdict(page, text[:-8] + "AAAAAAAA") == "Do not accept it"
    await page.goto("/verify/offline/")
    assert await verdict(page, text.split("#")[0]) == "There is no signature in this text"


async def test_the_page_keeps_working_with_no_network(world: World, page: Page) -> None:
    await page.goto("/verify/offline/")
    await page.evaluate("navigator.serviceWorker.ready")
    await page.wait_for_function("caches.keys().then((names) => names.length > 0)")
    await page.reload()
    await page.context.set_offline(True)
    await page.reload()
    assert await verdict(page, qr_text(world.trust.qr_key)) == "The signature holds"


async def test_the_verdict_page_checks_the_part_that_never_reached_the_server(world: World, page: Page) -> None:
    await page.goto(f"/v/{HANDLE}#{signed_claims(world.trust.qr_key)}")
    place = page.locator("[data-signed-claims]")
    await place.wait_for()
    assert await place.get_attribute("data-result") == "holds"


@pytest.mark.parametrize("path", [f"/v/{HANDLE}", "/verify", "/verify/offline/"])
async def test_nothing_overflows_on_a_phone_and_nothing_is_blocked(page: Page, path: str) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(path)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert complaints == []
