"""Signing in with a browser: only the one that asked gets in, and it lands on one of our own pages."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from kernel.crypto.envelope import Envelope
from kernel.ephemeral.memory import InProcessStore
from kernel.web import problems
from kernel.web.bearer import BearerAuthenticator, TokenRules, TokenVerifier
from kernel.web.csrf import CsrfGuard
from kernel.web.relying_party.client import ClientRegistration, OidcClient
from kernel.web.relying_party.sessions import SessionStore
from kernel.web.sign_in import SignIn, authenticated, require_sign_in
from kernel.web.templates import Pages
from tests.kernel.web.provider import ISSUER, Provider

ORIGIN = "https://pages.example"


class HandClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def timestamp(self) -> float:
        return self.now.timestamp()


@dataclass
class House:
    """Our pages and somebody else's provider."""

    app: Starlette
    provider: Provider
    clock: HandClock
    store: InProcessStore

    def browser(self) -> httpx.AsyncClient:
        both = {ORIGIN: self.app, ISSUER: self.provider.app()}
        mounts = {f"{origin}": httpx.ASGITransport(app) for origin, app in both.items()}
        return httpx.AsyncClient(mounts=mounts, base_url=ORIGIN, headers={"Accept": "text/html"}, follow_redirects=True)


async def _whoami(request: Request) -> Response:
    principal = await require_sign_in(request, acr=request.query_params.get("acr"))
    return PlainTextResponse(f"{principal.name} {principal.subject}")


async def _change(request: Request) -> Response:
    return PlainTextResponse((await authenticated(request)).subject)


@pytest.fixture
async def house() -> House:
    clock = HandClock()
    provider = Provider(now=clock.timestamp)
    store = InProcessStore(clock)
    registration = ClientRegistration(ISSUER, "pages", f"{ORIGIN}/session/callback", f"{ORIGIN}/")
    client = OidcClient(registration, transport=httpx.ASGITransport(provider.app()), clock=clock)
    bearer = BearerAuthenticator(TokenVerifier(client.jwks, TokenRules(ISSUER, frozenset({ORIGIN})), clock))
    sign_in = SignIn(client, bearer, SessionStore(store, Envelope(bytes(32))), secure=True, clock=clock)
    app = Starlette(
        routes=[Route("/", _whoami), Route("/whoami", _whoami), Route("/change", _change, methods=["POST"])]
    )
    app.router.routes.extend(sign_in.routes())
    app.state.pages = Pages([], csrf=CsrfGuard(b"k" * 32, ORIGIN))
    app.router.routes.extend(app.state.pages.static.routes())
    app.state.sign_in, app.state.bearer = sign_in, bearer
    problems.install(app)
    return House(app, provider, clock, store)


async def _callback_address(browser: httpx.AsyncClient, start: str = "/session/start") -> str:
    """Where the provider sends the browser back to, without going there."""
    to_provider = await browser.get(start, follow_redirects=False)
    back = await browser.get(to_provider.headers["location"], follow_redirects=False)
    return str(back.headers["location"])


async def test_a_visitor_signs_in_and_comes_back_to_the_page(house: House) -> None:
    async with house.browser() as browser:
        page = await browser.get("/whoami?tab=2")
    assert (str(page.url), page.text) == (f"{ORIGIN}/whoami?tab=2", "小明 u-1")


async def test_the_cookie_says_nothing_and_the_store_keeps_no_token_in_the_clear(house: House) -> None:
    async with house.browser() as browser:
        answer = await browser.get(await _callback_address(browser), follow_redirects=False)
        session_id = browser.cookies["__Host-xinyin_session_page"]
    cookie = next(each for each in answer.headers.get_list("set-cookie") if "session_page" in each)
    assert {"Secure", "HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert len(session_id) == 43
    kept = str(vars(house.store))
    assert session_id not in kept
    assert "access_token" not in kept


async def test_a_state_we_did_not_make_is_refused(house: House) -> None:
    async with house.browser() as browser:
        address = await _callback_address(browser)
        state = parse_qs(urlsplit(address).query)["state"][0]
        forged = await browser.get(address.replace(state, "x" * len(state)))
    assert forged.status_code == 401


async def test_an_answer_is_taken_once(house: House) -> None:
    async with house.browser() as browser:
        address = await _callback_address(browser)
        await browser.get(address)
        browser.cookies.delete("__Host-xinyin_session_page")
        again = await browser.get(address, follow_redirects=False)
    assert again.status_code == 401


async def test_another_browser_cannot_finish_what_one_began(house: House) -> None:
    async with house.browser() as mine, house.browser() as theirs:
        address = await _callback_address(mine)
        await theirs.get("/session/start", follow_redirects=False)
        answer = await theirs.get(address, follow_redirects=False)
    assert answer.status_code == 401
    assert "__Host-xinyin_session_page" not in theirs.cookies


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"nonce": "another"}, "an ID token of another sign-in"),
        ({"aud": "another-client"}, "an ID token for another client"),
        ({"iss": "https://evil.example"}, "an ID token of another issuer"),
        ({"azp": "another-client"}, "an ID token another client obtained"),
        ({"sub": "somebody-else"}, "tokens of two people"),
        ({"exp": 1}, "an old ID token"),
    ],
)
async def test_an_id_token_that_does_not_fit_signs_nobody_in(house: House, said: dict[str, object], why: str) -> None:
    house.provider.id_token = said
    async with house.browser() as browser:
        answer = await browser.get(await _callback_address(browser), follow_redirects=False)
    assert answer.status_code == 401, why
    assert "__Host-xinyin_session_page" not in browser.cookies


@pytest.mark.parametrize("answer", [{"iss": "https://evil.example"}, {"error": "access_denied"}, {"code": ""}])
async def test_an_answer_from_elsewhere_or_without_a_code_is_refused(house: House, answer: dict[str, str]) -> None:
    house.provider.answer = answer
    async with house.browser() as browser:
        page = await browser.get("/whoami")
    assert page.status_code == 401


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
    ],
)
async def test_nobody_is_sent_to_another_site_afterwards(house: House, elsewhere: str) -> None:
    async with house.browser() as browser:
        start = str(httpx.URL("/session/start", params={"next": elsewhere}))
        answer = await browser.get(await _callback_address(browser, start), follow_redirects=False)
    assert answer.headers["location"] == "/"


async def test_a_weaker_sign_in_than_asked_for_does_not_pass(house: House) -> None:
    async with house.browser() as browser:
        page = await browser.get("/whoami", params={"acr": "urn:xinyin:acr:l3"})
    assert page.status_code == 403


async def test_many_requests_at_once_renew_once(house: House) -> None:
    async with house.browser() as browser:
        await browser.get("/whoami")
        house.clock.now += timedelta(minutes=10)
        pages = await asyncio.gather(*(browser.get("/whoami") for _ in range(8)))
    assert {page.text for page in pages} == {"小明 u-1"}
    assert house.provider.refreshes == 1


async def test_a_session_ends_when_idle_and_after_half_a_day(house: House) -> None:
    async with house.browser() as browser:
        await browser.get("/whoami")
        house.clock.now += timedelta(minutes=31)
        assert (await browser.get("/whoami", follow_redirects=False)).status_code == 303
        await browser.get("/whoami")
        for _ in range(36):
            house.clock.now += timedelta(minutes=20)
            assert (await browser.get("/whoami", follow_redirects=False)).status_code == 200
        house.clock.now += timedelta(minutes=20)
        assert (await browser.get("/whoami", follow_redirects=False)).status_code == 303


async def test_only_our_own_page_signs_out(house: House) -> None:
    async with house.browser() as browser:
        await browser.get("/whoami")
        assert (await browser.post("/session/end")).status_code == 403
        form = (await browser.get("/session/end")).text
        token = form.split('name="csrf_token" value="')[1].split('"')[0]
        answer = await browser.post("/session/end", data={"csrf_token": token}, follow_redirects=False)
        assert answer.headers["location"].startswith(f"{ISSUER}/logout?")
        assert (await browser.get("/whoami", follow_redirects=False)).status_code == 303


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": ORIGIN}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": ORIGIN}, 403),
        ({}, 403),
        ({"X-CSRF-Token": "a.b"}, 403),
    ],
)
async def test_a_browsers_changing_call_comes_from_our_own_page(
    house: House, headers: dict[str, str], status: int
) -> None:
    async with house.browser() as browser:
        await browser.get("/whoami")
        assert (await browser.post("/change", headers=headers)).status_code == status


async def test_a_program_without_a_token_gets_no_redirect(house: House) -> None:
    async with house.browser() as browser:
        answer = await browser.get("/whoami", headers={"Accept": "application/json"}, follow_redirects=False)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
