"""The story in headless Chromium, clicked as people click it, on a phone and on a desk.

Screenshots of every page go to `artifacts/screenshots/<width>/`.
"""

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.async_api import Browser, Route, async_playwright

from tests.browser.visitor import CHROMIUM, QUIET, Album, Visitor
from tests.demo_house import Demo
from tests.flows.people import FOOD
from tests.flows.relying_party import RelyingParty
from tests.flows.words import zh
from xinyin.sandbox.people import find_person

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("demo")]

CITIZENS = {390: "wu", 1280: "chen"}
"""Each width has a citizen of its own, so that both see everything for the first time."""


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        await browser.close()


@pytest.mark.parametrize("width", [390, 1280])
async def test_the_story(demo: Demo, browser: Browser, width: int, tmp_path: Path) -> None:
    album = Album(width)
    citizen = await Visitor.arrive(browser, album)
    await sign_in_by_wechat(demo, citizen)
    await confirm_real_name(demo, citizen)

    officer = await Visitor.arrive(browser, album)
    await sign_in_with_second_factor(demo, officer, "officer", "/console")
    licence_page = await issue_by_the_form(demo, officer, CITIZENS[width])

    files = await open_and_download(demo, citizen, tmp_path)
    address = await show_the_code(citizen)

    stranger = await Visitor.arrive(browser, album)
    await look_at_the_code(stranger, address)
    await upload(demo, stranger, files["pdf"], "report-of-a-valid-file")
    await upload(demo, stranger, changed(files["ofd"]), "report-of-a-changed-file")

    await revoke(officer, licence_page)
    await stranger.page.goto(address)
    await stranger.look("code-of-a-revoked-licence")
    assert await stranger.page.inner_text("h1") == zh("Revoked")
    await citizen.page.goto(f"{demo.base_url}/me/licences")
    await citizen.look("licences-after-revocation")
    assert await citizen.page.get_by_text(zh("Revoked")).count() == 1
    assert await citizen.page.locator("article a.button").count() == 1, "it can be opened and not shown"

    await allow_a_relying_party(demo, citizen)
    assert album.faults == []


@pytest.mark.parametrize("width", [390, 1280])
async def test_the_applications(demo: Demo, browser: Browser, width: int) -> None:
    album = Album(width, count=40)
    citizen = await Visitor.arrive(browser, album)
    await sign_in_by_password(demo, citizen, "citizen", "/me/apps")
    await citizen.look("applications")
    (library,) = demo.description["apps"]
    await citizen.click(library["name"])
    await citizen.page.wait_for_url(f"{library['url']}**")
    await citizen.look("legacy-application", foreign=True)
    assert await citizen.page.locator("input[type=password]").count() == 0
    assert album.faults == []


@pytest.mark.parametrize("width", [390, 1280])
async def test_the_consoles(demo: Demo, browser: Browser, width: int) -> None:
    album = Album(width, count=50)
    for role, pages in {
        "system_admin": ("people", "organisations", "clients"),
        "audit_admin": ("audit",),
        "approver": ("seals",),
    }.items():
        person = await Visitor.arrive(browser, album)
        await sign_in_with_second_factor(demo, person, role, "/console", silent=True)
        await person.look(f"console-{role}")
        for page in pages:
            await person.page.goto(f"{demo.base_url}/console/{page}")
            await person.look(f"console-{page}")
    assert album.faults == []


@pytest.mark.parametrize("width", [390, 1280])
async def test_pages_for_everybody(demo: Demo, browser: Browser, width: int) -> None:
    album = Album(width, count=70)
    stranger = await Visitor.arrive(browser, album)
    for name, path in {"verify": "/verify", "verify-offline": "/verify/offline/"}.items():
        await stranger.page.goto(f"{demo.base_url}{path}")
        await stranger.look(name)
    for name, path in {"no-such-page": "/no/such/page", "no-such-code": "/v/THISISNOTACODEATALL"}.items():
        await stranger.page.goto(f"{demo.base_url}{path}")
        await stranger.look(name)
    # The browser itself reports an address that answers 404.
    assert [fault for fault in album.faults if "status of 404" not in fault] == []


async def sign_in_by_wechat(demo: Demo, citizen: Visitor) -> None:
    await citizen.page.goto(demo.base_url)
    await citizen.look("home")
    await citizen.click(zh("Sign in"))
    await citizen.look("sign-in")
    await citizen.click(zh("WeChat"))
    await citizen.look("wechat", foreign=True)
    handle = CITIZENS[citizen.album.width]
    await citizen.page.locator(f"[name=person][value={handle}]").check()
    await citizen.click("确认登录")
    await citizen.page.wait_for_url(f"{demo.base_url}/")
    await citizen.look("home-signed-in")


async def confirm_real_name(demo: Demo, citizen: Visitor) -> None:
    person = find_person(CITIZENS[citizen.album.width])
    assert person
    await citizen.click(zh("My licences"))
    await citizen.look("licences-before-the-real-name")
    await citizen.click(zh("Confirm who I am"))
    await citizen.look("real-name")
    await citizen.fill(name=person.name, id_number=person.id_number)
    await citizen.click(zh("Confirm"))
    await citizen.page.wait_for_url(f"{demo.base_url}/account")
    await citizen.look("account")
    assert await citizen.page.get_by_text(zh("this one")).count() == 1
    assert await citizen.page.get_by_text("Chrome").count() == 1, "one browser, one session"
    await citizen.page.goto(f"{demo.base_url}/me/licences")
    await citizen.look("licences-none-yet")


async def sign_in_by_password(demo: Demo, person: Visitor, role: str, path: str) -> None:
    account = demo.account(role)
    await person.page.goto(f"{demo.base_url}{path}")
    await person.fill(username=account["username"], password=account["password"])
    await person.click(zh("Sign in"))


async def sign_in_with_second_factor(
    demo: Demo, person: Visitor, role: str, path: str, *, silent: bool = False
) -> None:
    await sign_in_by_password(demo, person, role, path)
    if not silent:
        await person.look("one-time-code")
    await person.fill(code=await asyncio.to_thread(demo.one_time_code, role))
    await person.click(zh("Sign in"))
    await person.page.wait_for_url(f"{demo.base_url}{path}**")
    if not silent:
        await person.look("console")


async def issue_by_the_form(demo: Demo, officer: Visitor, handle: str) -> str:
    """Gives the address of the licence's page in the console."""
    person = find_person(handle)
    assert person
    await officer.page.goto(f"{demo.base_url}/console/licences")
    await officer.look("console-licences")
    await officer.click(zh("Issue a licence"))
    await officer.look("console-types")
    await officer.click(FOOD)
    await officer.click(zh("Fill in an invented example"))
    await officer.page.select_option("[name='holder.id_type']", "111")
    await officer.page.fill("[name='holder.number']", person.id_number)
    await officer.page.fill("[name='holder.name']", person.name)
    await officer.look("console-issue")
    await officer.click(zh("Issue"))
    await officer.page.wait_for_url("**?done=issue")
    await officer.look("console-issued")
    return officer.page.url.partition("?")[0]


async def open_and_download(demo: Demo, citizen: Visitor, folder: Path) -> dict[str, Path]:
    await citizen.page.goto(f"{demo.base_url}/me/licences")
    await citizen.pictures()
    await citizen.look("licences")
    await citizen.page.locator("article h3 a").first.click()
    await citizen.pictures()
    await citizen.look("licence")
    paths = {}
    for format in ("ofd", "pdf"):
        async with citizen.page.expect_download() as started:
            await citizen.click(zh(f"Download {format.upper()}"))
        download = await started.value
        assert download.suggested_filename.endswith(f".{format}")
        paths[format] = folder / f"licence.{format}"
        await download.save_as(paths[format])
    return paths


async def show_the_code(citizen: Visitor) -> str:
    """Gives the address that a phone's camera reads from the screen."""
    await citizen.click(zh("Show this licence"))
    await citizen.look("show")
    await citizen.click(zh("Show the code"))
    await citizen.look("code")
    picture = await citizen.page.screenshot()
    (read,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)))
    assert read.text == await citizen.page.locator("[data-presentation-code]").get_attribute("href")
    return str(read.text)


async def look_at_the_code(stranger: Visitor, address: str) -> None:
    await stranger.page.goto(address)
    await stranger.look("code-of-a-valid-licence")
    assert await stranger.page.inner_text("h1") == zh("Valid")


async def upload(demo: Demo, stranger: Visitor, file: Path, name: str) -> None:
    await stranger.page.goto(f"{demo.base_url}/verify")
    await stranger.page.set_input_files("[name=file]", file)
    await stranger.click(zh("Check"))
    await stranger.page.wait_for_selector("section.verdict")
    await stranger.look(name)


async def revoke(officer: Visitor, licence_page: str) -> None:
    await officer.page.goto(licence_page)
    await officer.click(zh("Revoke"))
    await officer.page.locator("[name=cause]").first.check()
    await officer.look("console-revoke")
    await officer.page.locator("main form button.button--stop").click()
    await officer.page.wait_for_url("**?done=revoke")
    await officer.look("console-revoked")


async def allow_a_relying_party(demo: Demo, citizen: Visitor) -> None:
    """Somebody else's website: nothing is asked but consent."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
        website = RelyingParty(demo)
        address, _state = website.session.authorization_url(website.endpoints["authorization_endpoint"])

    async def arrive(route: Route) -> None:
        await route.fulfill(content_type="text/html; charset=utf-8", body="<!doctype html><title>演示网站</title>")

    await citizen.page.route(f"{website.redirect_uri}**", arrive)
    await citizen.page.goto(address)
    await citizen.look("consent")
    await citizen.click(zh("Allow"))
    await citizen.page.wait_for_url(f"{website.redirect_uri}?*code=*")


def changed(file: Path) -> Path:
    """A copy with one byte turned over."""
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0xFF
    copy = file.with_stem("changed")
    copy.write_bytes(data)
    return copy
