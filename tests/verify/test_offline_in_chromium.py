"""The offline page and the single file in a real browser, with its network really switched off."""

import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import zxingcpp
from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

from kernel.crypto.cose import sign_cose
from tests.verify.serving import CHROMIUM, QUIET, served
from tests.verify.vectors.making import FILE, Maker, claims, entry, text_of
from tests.verify.world import World

VECTORS: dict[str, Any] = json.loads(FILE.read_bytes())
pytestmark = pytest.mark.browser

JUDGE = """async ({cases, pack, at}) => {
  const base = document.querySelector('script[src*="verify/offline.js"]').src.replace(/offline\\.js$/, "");
  const [{judge}, {readPack}] = await Promise.all([import(base + "judging.js"), import(base + "pack.js")]);
  const answers = {};
  for (const each of cases)
    answers[each.name] = (await judge(each.text, readPack(each.pack ?? pack), new Date(at))).result;
  return answers;
}"""


@pytest.fixture
async def base_url(world: World) -> AsyncIterator[str]:
    async with served(world.app) as address:
        yield address


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        await browser.close()


@pytest.fixture
async def page(browser: Browser, base_url: str) -> Page:
    context = await browser.new_context(base_url=base_url, locale="en", viewport={"width": 390, "height": 844})
    return await context.new_page()


async def go_offline(page: Page) -> None:
    """Open the page until its worker has it, then cut the network and open it again."""
    await page.goto("/verify/offline/")
    await page.evaluate("navigator.serviceWorker.ready")
    await page.reload()
    await page.context.set_offline(True)
    await page.reload()


async def verdict(page: Page, text: str) -> tuple[str, str]:
    await page.fill("#field-qr", text)
    await page.click("form[data-offline-form] button[type=submit]")
    section = page.locator("[data-offline-result] [data-verdict]")
    await section.wait_for()
    return await section.get_attribute("data-verdict") or "", await section.locator("h2").inner_text()


async def test_the_browser_reaches_every_verdict_of_the_vectors_with_no_network(page: Page) -> None:
    await go_offline(page)
    answers = await page.evaluate(JUDGE, {key: VECTORS[key] for key in ("cases", "pack", "at")})
    assert answers == {case["name"]: case["expect"] for case in VECTORS["cases"]}


async def test_without_webcrypto_the_same_verdicts_are_reached(page: Page) -> None:
    await page.add_init_script("Object.defineProperty(globalThis, 'crypto', {value: {}})")
    await page.goto("/verify/offline/")
    answers = await page.evaluate(JUDGE, {key: VECTORS[key] for key in ("cases", "pack", "at")})
    assert answers == {case["name"]: case["expect"] for case in VECTORS["cases"]}


async def test_lists_that_grew_old_offline_make_a_verdict_stale_and_never_valid(world: World, page: Page) -> None:
    maker = _furnished(world, at=datetime.now(UTC) - timedelta(days=3))
    await go_offline(page)
    assert await verdict(page, text_of(sign_cose(claims(), maker.sm2))) == ("stale", "Stale: 3 days old")
    assert "3 days old" in await page.locator("[data-offline-lists]").inner_text()


async def test_a_licence_revoked_before_the_pack_was_made_is_refused_offline(world: World, page: Page) -> None:
    maker = _furnished(world, at=datetime.now(UTC))
    await go_offline(page)
    assert (await verdict(page, text_of(sign_cose(claims(8), maker.es256))))[0] == "revoked"
    await page.goto("/verify/offline/")
    assert (await verdict(page, text_of(sign_cose(claims(7), maker.es256))))[0] == "valid"


async def test_a_picture_of_a_code_is_read_on_the_device(world: World, page: Page, tmp_path: Path) -> None:
    maker = _furnished(world, at=datetime.now(UTC))
    photo = tmp_path / "photo.png"
    photo.write_bytes(photograph(text_of(sign_cose(claims(), maker.es256))))
    await go_offline(page)
    await page.set_input_files("#field-picture", photo)
    section = page.locator("[data-offline-result] [data-verdict]")
    await section.wait_for()
    assert await section.get_attribute("data-verdict") == "valid"


async def test_a_code_of_claims_alone_opens_the_page_and_the_server_learns_nothing(world: World, page: Page) -> None:
    maker = _furnished(world, at=datetime.now(UTC))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    signed = text_of(sign_cose(claims(), maker.sm2), "/V")
    await page.goto(signed)
    section = page.locator("[data-offline-result] [data-verdict]")
    await section.wait_for()
    assert await section.get_attribute("data-verdict") == "valid"
    assert not [url for url in asked if signed[10:60] in url.split("#")[0]]


async def test_the_single_file_judges_from_a_disk_with_no_server(
    world: World, base_url: str, browser: Browser, tmp_path: Path
) -> None:
    maker = _furnished(world, at=datetime.now(UTC))
    async with httpx.AsyncClient(base_url=base_url, headers={"Accept-Language": "en"}) as client:
        answer = await client.get("/verify/offline/verify.html")
    file = tmp_path / "verify.html"
    file.write_bytes(answer.content)
    context = await browser.new_context(locale="en", viewport={"width": 390, "height": 844}, offline=True)
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(file.as_uri())
    assert (await verdict(page, text_of(sign_cose(claims(), maker.es256))))[0] == "valid"
    await page.reload()
    assert (await verdict(page, text_of(sign_cose(claims(8), maker.sm2))))[0] == "revoked"
    assert complaints == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_the_page_can_be_installed(world: World, base_url: str, page: Page) -> None:
    await page.goto("/verify/offline/")
    href = await page.get_attribute("link[rel=manifest]", "href")
    async with httpx.AsyncClient(base_url=base_url, headers={"Accept-Language": "zh-CN"}) as client:
        manifest = await client.get(href or "")
    assert manifest.headers["content-type"].startswith("application/manifest+json")
    assert manifest.json()["start_url"] == manifest.json()["scope"] == "/verify/offline/"
    assert manifest.json()["name"] == "离线核验二维码"


def photograph(text: str) -> bytes:
    """A code on a grey table, askew."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    square = Image.fromarray(code.to_image(scale=6, add_quiet_zones=True)).convert("L")
    table = Image.new("L", (square.width + 300, square.height + 300), 210)
    table.paste(square, (150, 150))
    out = io.BytesIO()
    table.rotate(6, Image.Resampling.BICUBIC, expand=True, fillcolor=210).save(out, "PNG")
    return out.getvalue()


def _furnished(world: World, *, at: datetime) -> Maker:
    """The world publishes a maker's keys, and its status list of this moment."""
    maker = Maker()
    world.status_lists[:] = [maker.list_of(at=at)]
    world.trust.more_qr_keys = [entry(maker.es256), entry(maker.sm2)]
    world.trust.status_keys = [entry(maker.status)]
    world.now = datetime.now(UTC)
    return maker
