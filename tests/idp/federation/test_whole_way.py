"""The whole way in a real browser: from the sign-in page by WeChat to one's account, and a QQ account linked there."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvicorn
from playwright.async_api import Page, async_playwright, expect
from starlette.applications import Starlette

from idp import app as idp_app
from idp.app import Foundations, build_services, page_routes
from idp.federation.base import CallbackConnector
from idp.federation.qq import QQConnector
from idp.federation.wechat import WeChatConnector
from idp.keys import TokenKeys
from idp.settings import IdpSettings
from kernel.audit.chain import AuditTrail
from kernel.clock import system_clock
from kernel.crypto.custody.files import FileKeyStore
from kernel.crypto.envelope import Envelope
from kernel.database.engine import Database
from kernel.ephemeral.memory import InProcessStore
from kernel.web import problems
from kernel.web.locale import LocaleMiddleware
from kernel.web.security_headers import SecurityHeadersMiddleware
from kernel.web.templates import Pages
from tests.idp.federation.conftest import MASTER_KEY
from tests.sandbox.test_pages import QUIET
from tests.servers import spare_port

pytestmark = pytest.mark.browser


@pytest.fixture
async def issuer(tmp_path: Path, database: Database, wechat: WeChatConnector, qq: QQConnector) -> AsyncIterator[str]:
    """The whole identity provider on a real port, with WeChat and QQ set up."""
    port = spare_port()
    address = f"http://localhost:{port}"
    connectors: tuple[CallbackConnector, ...] = (wechat, qq)
    services = build_services(
        Foundations(
            settings=IdpSettings(issuer=address, after_sign_in_path="/account"),
            database=database,
            ephemeral=InProcessStore(system_clock),
            audit=AuditTrail(system_clock, MASTER_KEY),
            envelope=Envelope(MASTER_KEY),
            keys=TokenKeys(FileKeyStore(tmp_path / "keys", MASTER_KEY)),
            clock=system_clock,
            connectors={each.family: each for each in connectors},
        )
    )
    await services.start()
    app = Starlette(routes=page_routes(services))
    problems.install(app)
    app.add_middleware(LocaleMiddleware)
    app.add_middleware(SecurityHeadersMiddleware)
    app.state.pages = Pages([idp_app.ROOT])
    app.routes.extend(app.state.pages.static.routes())
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.05)
    yield address
    server.should_exit = True
    await serving
    await services.stop()


@pytest.fixture
async def page(issuer: str) -> AsyncIterator[Page]:
    """A phone's browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=QUIET)
        context = await browser.new_context(base_url=issuer, locale="zh-CN", viewport={"width": 390, "height": 844})
        yield await context.new_page()
        await browser.close()


async def test_a_person_comes_by_wechat_and_links_qq(page: Page) -> None:
    await page.goto("/login")
    await page.locator('a[href^="/login/wechat"]').click()
    await page.get_by_role("button", name="确认登录").click()
    await page.wait_for_url("**/account")
    await expect(page.locator("main")).to_contain_text("小满")

    await page.locator('form[action="/account/link/qq"] button').click()
    await page.get_by_text("晚晴").check()
    await page.get_by_role("button", name="同意并登录").click()
    await page.wait_for_url("**/account")
    await expect(page.locator("main")).to_contain_text("晚晴")
    assert await page.locator('form[action="/account/link/qq"]').count() == 0


async def test_whoever_refuses_comes_back_to_the_sign_in_page(page: Page) -> None:
    await page.goto("/login")
    await page.locator('a[href^="/login/wechat"]').click()
    await page.get_by_role("button", name="拒绝").click()
    await expect(page.locator("main")).to_contain_text("没有同意授权")
    await page.get_by_role("link", name="换一种方式登录").click()
    await expect(page.locator('input[name="password"]')).to_be_visible()
