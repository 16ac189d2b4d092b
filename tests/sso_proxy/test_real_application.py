"""An unmodified application from PyPI behind the gateway: people sign in to Xinyin and are signed in there."""

import pytest
from sqlalchemy import text

from sso_proxy.probe.probe import probe
from tests.sso_proxy.conftest import World
from xinyin.legacy_app.application import LegacyApplication

pytestmark = [pytest.mark.xdist_group("legacy-application"), pytest.mark.slow]


async def test_the_account_is_asked_for_once_and_then_the_books_are_there(world: World, calibre: str) -> None:
    url = await world.add("books", calibre)
    visitor = world.visitor()
    page = await visitor.open(f"{url}/")
    assert "Your account at Books" in page.text
    page = await visitor.submit(page, username="wang", password="Wang!2026pass")
    assert page.status_code == 200
    assert "梦溪笔谈" in page.text
    assert [card.credentials_state for card in await world.services.applications_for(world.subject)] == ["active"]

    another = world.visitor()
    page = await another.open(f"{url}/")
    assert "梦溪笔谈" in page.text
    assert {cookie.name for cookie in another.client.cookies.jar if "books" in cookie.domain} == {
        "xinyin_gw",
        "xinyin_gw_begin",
    }


async def test_a_wrong_password_is_not_kept(world: World, calibre: str) -> None:
    url = await world.add("books", calibre)
    visitor = world.visitor("zh-CN")
    page = await visitor.open(f"{url}/")
    page = await visitor.submit(page, username="wang", password="wrong")
    assert page.status_code == 422
    assert "Books 不接受" in page.text
    assert "wrong" not in page.text
    assert await world.services.credentials.state_of(world.subject, "books") == "none"


async def test_a_password_changed_there_makes_the_stored_one_stale(
    world: World, calibre: str, legacy: LegacyApplication
) -> None:
    legacy.create_account("liu", "Liu!2026first")
    url = await world.add("books", calibre)
    page = await (first := world.visitor()).open(f"{url}/")
    await first.submit(page, username="liu", password="Liu!2026first")
    legacy.set_password("liu", "Liu!2026second")
    second = world.visitor()
    page = await second.open(f"{url}/me")
    assert "The stored password no longer works" in page.text
    assert [card.credentials_state for card in await world.services.applications_for(world.subject)] == ["stale"]
    page = await second.submit(page, username="liu", password="Liu!2026second")
    assert str(page.url) == f"{url}/me"
    assert page.status_code == 200


async def test_signing_out_there_lasts_until_one_asks_again(world: World, calibre: str) -> None:
    url = await world.add("books", calibre)
    visitor = world.visitor()
    await visitor.submit(await visitor.open(f"{url}/"), username="wang", password="Wang!2026pass")
    page = await visitor.get(f"{url}/logout")
    assert "You signed out of Books" in page.text
    page = await visitor.get(f"{url}/.xinyin/resume")
    assert "梦溪笔谈" in page.text


async def test_every_sign_in_is_in_the_audit_trail_without_secrets(world: World, calibre: str) -> None:
    url = await world.add("books", calibre)
    visitor = world.visitor()
    page = await visitor.open(f"{url}/")
    page = await visitor.submit(page, username="wang", password="wrong")
    await visitor.submit(page, username="wang", password="Wang!2026pass")
    async with world.database.reading() as session:
        rows = (await session.execute(text("SELECT action, outcome, detail FROM audit_event ORDER BY sequence"))).all()
        stored = (await session.execute(text("SELECT username_enc, secret_enc FROM proxy_credential"))).all()
    assert [row[1] for row in rows if row[0] == "proxy.sign_in"] == ["refused", "success"]
    assert "wang" not in str(rows).lower()
    assert "wang" not in repr(stored).lower()


async def test_the_probe_finds_the_form(calibre: str) -> None:
    proposal = await probe(calibre, slug="books", name="Books")
    assert (proposal.site.mode, proposal.site.login_path, proposal.site.logout_path) == ("form", "/login", "/logout")
    assert (proposal.username_field, proposal.password_field) == ("username", "password")
    assert "csrf_token" in proposal.field_names
