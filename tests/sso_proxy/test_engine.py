"""One sign-in at applications of different habits."""

import gzip
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from kernel.clock import system_clock
from kernel.errors import InvalidInput, Unavailable
from sso_proxy.credentials.service import Credential
from sso_proxy.probe.probe import probe
from sso_proxy.replay.engine import BrowserTraits, SignInResult, UpstreamSignIn
from sso_proxy.sites.site import Site, check_site
from tests.sso_proxy.conftest import World
from tests.sso_proxy.upstreams import serving

FORM = '<form method="post" action="{action}"><input name="u"><input type="password" name="p"></form>'


def container_managed() -> Starlette:
    """Like a servlet container: the form stands at the protected address with status 200; refusals are 200 too."""
    sessions: dict[str, bool] = {}

    async def page(request: Request) -> Response:
        sid = request.cookies.get("JSESSIONID", "")
        if sessions.get(sid):
            return HTMLResponse("<p>the books</p>")
        sid = secrets.token_hex(8)
        sessions[sid] = False
        body = gzip.compress(FORM.format(action=f"check;jsessionid={sid}").encode())
        zipped = "gzip" in request.headers.get("accept-encoding", "")
        headers = {"content-encoding": "gzip"} if zipped else {}
        answer = HTMLResponse(body if zipped else gzip.decompress(body), headers=headers)
        answer.set_cookie("JSESSIONID", sid, httponly=True)
        return answer

    async def check(request: Request) -> Response:
        form = (await request.body()).decode()
        sid = request.cookies.get("JSESSIONID", "")
        if sid not in sessions:
            return HTMLResponse("visit first", 408)
        if form != "u=ming&p=right":
            return HTMLResponse("<p>Wrong. <a href='.'>Back</a></p>")
        sessions[sid] = True
        return RedirectResponse("/app/", 302)

    return Starlette(
        routes=[Route("/app/", page), Route("/app/{rest:path}", check, methods=["POST"]), Route("/app/{x:path}", page)]
    )


@asynccontextmanager
async def elsewhere(target: str) -> AsyncIterator[str]:
    """An application that leads away."""

    async def leave(_request: Request) -> Response:
        return RedirectResponse(target, 302)

    async with serving(Starlette(routes=[Route("/{rest:path}", leave, methods=["GET", "POST"])])) as url:
        yield url


async def attempt(upstream: str, password: str = "right", **changes: object) -> SignInResult:
    site = Site("app", "App", upstream, **changes)  # type: ignore[arg-type]
    async with httpx.AsyncHTTPTransport() as transport:
        return await UpstreamSignIn(transport, system_clock).sign_in(
            site, Credential("ming", password), BrowserTraits()
        )


async def test_a_form_at_the_protected_address() -> None:
    async with serving(container_managed()) as upstream:
        assert (await attempt(upstream, entry_path="/app/")).outcome == "signed_in"
        assert (await attempt(upstream, "wrong", entry_path="/app/")).outcome == "bad_credentials"


async def test_a_form_at_the_protected_address_through_the_gateway(world: World) -> None:
    async with serving(container_managed()) as upstream:
        url = await world.add("books", upstream, entry_path="/app/", login_path=None, logout_path=None)
        visitor = world.visitor()
        page = await visitor.open(f"{url}/app/")
        page = await visitor.submit(page, username="ming", password="right")
        assert page.text == "<p>the books</p>"


async def test_no_form_is_said_so() -> None:
    async with serving(Starlette(routes=[Route("/", lambda _request: HTMLResponse("<p>hello</p>"))])) as upstream:
        assert (await attempt(upstream)).outcome == "no_form"


async def test_nothing_leaves_the_application() -> None:
    async with elsewhere("http://127.0.0.1:9/steal") as upstream:
        result = await attempt(upstream)
    assert (result.outcome, result.detail) == ("rejected", "leads to another site")


async def test_circles_end() -> None:
    async with elsewhere("/again") as upstream:
        assert (await attempt(upstream)).detail == "too many redirects"


async def test_a_form_that_posts_elsewhere_gets_nothing() -> None:
    page = FORM.format(action="http://127.0.0.1:9/steal")
    async with serving(Starlette(routes=[Route("/", lambda _request: HTMLResponse(page))])) as upstream:
        assert (await attempt(upstream)).detail == "leads to another site"


async def test_an_application_that_is_away(spare_port: int) -> None:
    assert (await attempt(f"http://127.0.0.1:{spare_port}")).outcome == "app_down"
    with pytest.raises(Unavailable):
        await probe(f"http://127.0.0.1:{spare_port}")


async def test_the_probe_tells_container_forms_and_public_pages_apart() -> None:
    async with serving(container_managed()) as upstream:
        proposal = await probe(f"{upstream}/app/", slug="books")
        assert (proposal.site.mode, proposal.site.login_path, proposal.site.entry_path) == ("form", None, "/app/")
    async with serving(Starlette(routes=[Route("/", lambda _request: HTMLResponse("<p>hello</p>"))])) as upstream:
        assert (await probe(upstream)).site.mode == "headers"


@pytest.mark.parametrize(
    "changes",
    [
        {"slug": "Not Good"},
        {"slug": "a.b"},
        {"name": ""},
        {"upstream_url": "ftp://x"},
        {"upstream_url": "http://x/path"},
        {"upstream_url": "http://u:p@x"},
        {"upstream_url": "http://x:99999"},
        {"login_path": "login"},
        {"user_header": "X User"},
        {"mode": "magic"},
    ],
)
def test_what_cannot_work_is_not_added(changes: dict[str, str]) -> None:
    values = {"slug": "app", "name": "App", "upstream_url": "http://app.test", **changes}
    with pytest.raises(InvalidInput):
        check_site(Site(**values))  # type: ignore[arg-type]
