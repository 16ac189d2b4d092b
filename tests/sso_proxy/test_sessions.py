"""Sessions at the application: begun, kept on the server, renewed once for all, never renewed blindly."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urljoin

import httpx
import pytest

from sso_proxy.gateway.address import GatewayAddress
from sso_proxy.gateway.routing import Gateway, GatewayParts
from sso_proxy.replay.jar import CookieJar
from sso_proxy.replay.sessions import AppSessions, SessionKey
from tests.sso_proxy.conftest import Visitor, World
from tests.sso_proxy.upstreams import FormApplication, serving


@pytest.fixture
async def form_app() -> AsyncIterator[tuple[FormApplication, str]]:
    application = FormApplication()
    async with serving(application.app()) as url:
        yield application, url


async def enrolled(world: World, upstream: str, **changes: object) -> tuple[Visitor, str]:
    """A browser whose owner has just given the account at the application."""
    url = await world.add("office", upstream, **changes)
    visitor = world.visitor()
    page = await visitor.open(f"{url}/start")
    page = await visitor.submit(page, username="ming-there", password="first-password")
    assert page.json()["path"] == "/start"
    return visitor, url


async def test_the_session_cookie_stays_on_the_server(world: World, form_app: tuple[FormApplication, str]) -> None:
    application, upstream = form_app
    visitor, url = await enrolled(world, upstream)
    answer = (await visitor.get(f"{url}/data")).json()
    assert answer["headers"]["cookie"].startswith("sid=")
    assert "xinyin" not in str(answer["headers"]["cookie"])
    assert "sid" not in {cookie.name for cookie in visitor.client.cookies.jar}
    stored = b"".join(value for value in [await world.store.get(name) or b"" for name in list(world.store._entries)])
    assert next(iter(application.sessions)).encode() not in stored


async def test_twenty_requests_on_an_ended_session_make_one_sign_in(
    world: World, form_app: tuple[FormApplication, str]
) -> None:
    application, upstream = form_app
    visitor, url = await enrolled(world, upstream)
    application.end_sessions()
    application.logins, application.login_seconds = 0, 0.3
    answers = await asyncio.gather(*(visitor.client.get(f"{url}/item/{number}") for number in range(20)))
    assert [answer.json()["path"] for answer in answers] == [f"/item/{number}" for number in range(20)]
    assert application.logins == 1


async def test_scripts_get_the_renewed_answer_too(world: World, form_app: tuple[FormApplication, str]) -> None:
    application, upstream = form_app
    visitor, url = await enrolled(world, upstream)
    application.end_sessions()
    answer = await visitor.client.get(f"{url}/api", headers={"X-Requested-With": "XMLHttpRequest"})
    assert answer.json()["path"] == "/api"


async def test_a_changed_password_is_tried_once_and_never_again(
    world: World, form_app: tuple[FormApplication, str]
) -> None:
    application, upstream = form_app
    visitor, url = await enrolled(world, upstream)
    application.end_sessions()
    application.password, application.logins = "second-password", 0
    xhr = {"X-Requested-With": "XMLHttpRequest"}
    answers = await asyncio.gather(*(visitor.client.get(f"{url}/{n}", headers=xhr) for n in range(10)))
    assert {answer.status_code for answer in answers} == {401}
    assert answers[0].json()["login_url"] == f"{url}/.xinyin/credentials"
    page = await visitor.get(f"{url}/start?x=1")
    assert "The stored password no longer works" in page.text
    assert application.logins == 1
    page = await visitor.submit(page, username="ming-there", password="second-password")
    assert page.json()["path"] == "/start"


async def test_a_post_on_an_ended_session_is_sent_once(world: World, form_app: tuple[FormApplication, str]) -> None:
    application, upstream = form_app
    visitor, url = await enrolled(world, upstream)
    application.end_sessions()
    answer = await visitor.client.post(f"{url}/save", data={"a": "1"})
    assert answer.status_code == 409
    assert "Please send that again" in answer.text
    assert application.posts == 0
    assert (await visitor.client.post(f"{url}/save", data={"a": "1"})).json()["path"] == "/save"
    assert application.posts == 1


async def test_an_application_that_is_away_is_said_to_be(world: World, spare_port: int) -> None:
    url = await world.add("gone", f"http://127.0.0.1:{spare_port}")
    visitor = world.visitor()
    page = await visitor.open(f"{url}/")
    page = await visitor.submit(page, username="a", password="b")
    assert page.status_code == 502
    assert "does not answer just now" in page.text


async def test_five_wrong_tries_end_trying(world: World, form_app: tuple[FormApplication, str]) -> None:
    application, upstream = form_app
    url = await world.add("office", upstream)
    visitor = world.visitor()
    page = await visitor.open(f"{url}/")
    for _try in range(6):
        page = await visitor.submit(page, username="a", password="wrong")
    assert page.status_code == 429
    assert application.logins == 5


async def test_two_browsers_have_two_sessions(world: World, form_app: tuple[FormApplication, str]) -> None:
    application, upstream = form_app
    _visitor, url = await enrolled(world, upstream)
    await world.visitor().open(f"{url}/")
    assert len(application.sessions) == 2


async def test_a_form_from_another_site_is_refused(world: World, form_app: tuple[FormApplication, str]) -> None:
    _application, upstream = form_app
    visitor, url = await enrolled(world, upstream)
    fields = {"username": "evil", "password": "evil", "csrf_token": "0" * 64}
    answer = await visitor.client.post(f"{url}/.xinyin/credentials", data=fields)
    assert answer.status_code == 403
    page = await visitor.get(f"{url}/.xinyin/credentials")
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    fields["csrf_token"] = token
    answer = await visitor.client.post(
        f"{url}/.xinyin/credentials", data=fields, headers={"Origin": "http://evil.test"}
    )
    assert answer.status_code == 403


async def test_a_ticket_works_once_and_in_its_own_browser(world: World, form_app: tuple[FormApplication, str]) -> None:
    _application, upstream = form_app
    visitor, url = await enrolled(world, upstream)
    used = next(str(each.url) for each in visitor.trail if "ticket=" in str(each.url))
    assert (await visitor.client.get(used)).status_code == 410
    visitor.client.cookies.delete("xinyin_gw")
    answer = await visitor.client.get(f"{url}/")
    while "ticket=" not in answer.headers["location"]:
        answer = await visitor.client.get(urljoin(str(answer.url), answer.headers["location"]))
    thief = world.visitor()
    await thief.client.get(f"{url}/")
    stolen = await thief.client.get(answer.headers["location"])
    assert stolen.status_code == 410
    assert "xinyin_gw" not in thief.client.cookies


async def test_a_stranger_gets_no_further_than_sign_in(world: World, form_app: tuple[FormApplication, str]) -> None:
    application, upstream = form_app
    url = await world.add("office", upstream)
    stranger = world.visitor()
    page = await stranger.client.get(f"{url}/secret")
    assert page.status_code == 303
    assert page.headers["location"].startswith("https://idp.test/oauth2/authorize?")
    script = await stranger.client.get(f"{url}/secret", headers={"Accept": "application/json"})
    assert script.status_code == 401
    assert application.seen == []


async def test_cookies_of_an_older_sign_in_change_nothing(world: World, form_app: tuple[FormApplication, str]) -> None:
    key = SessionKey("somebody", "office", "browser")
    sessions = AppSessions(world.store, world.envelope, world.clock)
    first = await sessions.begin(key, CookieJar("app.test"))
    second = await sessions.begin(key, CookieJar("app.test"))
    await sessions.take_in(key, first.generation, ["sid=old"], "/")
    await sessions.take_in(key, second.generation, ["sid=new"], "/")
    kept = await sessions.find(key)
    assert kept is not None
    assert kept.jar.header("/", world.clock()) == "sid=new"


async def test_static_files_are_served_on_every_host(world: World, form_app: tuple[FormApplication, str]) -> None:
    _application, upstream = form_app
    url = await world.add("office", upstream)
    visitor = world.visitor()
    page = await visitor.open(f"{url}/")
    sheet = page.text.split('rel="stylesheet" href="')[1].split('"')[0]
    assert sheet.startswith("/.xinyin/static/")
    answer: httpx.Response = await visitor.client.get(url + sheet)
    assert answer.headers["content-type"].startswith("text/css")


@pytest.mark.parametrize("end", ["disabled", "signed out", "password changed"])
async def test_who_is_kept_out_or_signs_out_reaches_no_application_any_more(
    world: World, form_app: tuple[FormApplication, str], monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setattr("sso_proxy.sign_in.flow.ASK_AGAIN_SECONDS", 0)
    _application, upstream = form_app
    visitor, url = await enrolled(world, upstream)
    persons, sessions = world.provider.services.persons, world.provider.services.sessions
    if end == "disabled":
        await persons.disable(world.subject)
    elif end == "password changed":
        await persons.set_password(world.subject, "another password altogether")
    else:
        await sessions.end((await sessions.list_open(world.subject))[0].id, "test")
    answer = await visitor.client.get(f"{url}/data", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["title"]) == (401, "sign-in needed")


def test_over_https_no_neighbour_can_plant_a_session() -> None:
    address = GatewayAddress("https://apps.example.cn")
    assert Gateway(GatewayParts(address, "", *[None] * 5))._session_cookie == "__Host-xinyin_gw"  # type: ignore[arg-type]
