"""Pages of ours as one more application: the web shell signs browsers in with this provider."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from idp.persons.person import RealName
from idp.roles.scopes import ALL_SCOPES
from kernel.crypto.envelope import Envelope
from kernel.web.bearer import BearerAuthenticator, TokenRules, TokenVerifier
from kernel.web.holders import HolderDirectory, userinfo_client
from kernel.web.relying_party.client import ClientRegistration, OidcClient
from kernel.web.relying_party.sessions import SessionStore
from kernel.web.sign_in import SignIn, require_sign_in
from tests.idp.conftest import ISSUER, MASTER_KEY, HandClock, Provider, run_provider
from tests.idp.people import PASSWORD, code_now, enter_person, register_client

NUMBER = "990101199003078033"


async def whoami(request: Request) -> Response:
    principal = await require_sign_in(request)
    return PlainTextResponse(f"{principal.name} {principal.acr} {' '.join(sorted(principal.roles))}")


async def my_number(request: Request) -> Response:
    principal = await require_sign_in(request, acr="urn:xinyin:acr:l3")
    holder = await request.app.state.holders.of(principal)
    return PlainTextResponse(" ".join(each.number for each in holder.numbers))


@pytest.fixture
async def provider(tmp_path: Path, clock: HandClock) -> AsyncIterator[Provider]:
    async for built in run_provider(tmp_path, clock):
        _, secret = await register_client(
            built,
            client_id="pages",
            redirect_uris=(f"{ISSUER}/session/callback",),
            post_logout_redirect_uris=(f"{ISSUER}/",),
            scopes=tuple(ALL_SCOPES),
            may_realname=True,
        )
        transport = httpx.ASGITransport(built.app)
        registration = ClientRegistration(
            ISSUER, "pages", f"{ISSUER}/session/callback", f"{ISSUER}/", secret, tuple(ALL_SCOPES)
        )
        client = OidcClient(registration, transport=transport, clock=clock)
        bearer = BearerAuthenticator(
            TokenVerifier(client.jwks, TokenRules(ISSUER, frozenset({ISSUER})), clock),
            is_revoked=built.services.tokens.is_revoked,
        )
        sessions = SessionStore(built.services.ephemeral, Envelope(MASTER_KEY))
        built.app.state.sign_in = SignIn(client, bearer, sessions, secure=True, clock=clock)
        built.app.state.holders = HolderDirectory(userinfo_client(client.userinfo_endpoint, transport))
        built.app.routes.extend(built.app.state.sign_in.routes())
        built.app.routes.extend([Route("/whoami", whoami), Route("/my-number", my_number)])
        yield built


async def test_a_page_sends_to_sign_in_and_gets_the_person_back(provider: Provider) -> None:
    await enter_person(provider)
    browser = provider.browser()
    page = await browser.get("/whoami")
    assert page.url.path == "/login"
    back = await browser.sign_in("ming", PASSWORD, page)
    assert (back.url.path, back.text) == ("/whoami", "小明 urn:xinyin:acr:l1 citizen")


async def test_an_officer_comes_with_role_and_scopes(provider: Provider) -> None:
    await enter_person(provider, "officer", "officer")
    browser = provider.browser()
    page = await browser.sign_in("officer", PASSWORD, await browser.get("/whoami"))
    assert (await browser.submit(page, code=code_now(provider))).text.endswith("citizen officer")


async def test_the_session_outlives_its_access_token(provider: Provider) -> None:
    await enter_person(provider)
    browser = provider.browser()
    await browser.sign_in("ming", PASSWORD, await browser.get("/whoami"))
    for _ in range(3):
        provider.clock.advance(minutes=15)
        assert (await browser.get("/whoami")).text.startswith("小明")


async def test_a_page_that_needs_the_real_name_gets_it_on_the_way(provider: Provider) -> None:
    await enter_person(provider)
    browser = provider.browser()
    await browser.sign_in("ming", PASSWORD, await browser.get("/whoami"))
    page = await browser.get("/my-number")
    assert page.url.path == "/account/realname"
    assert (await browser.submit(page, name="张小明", id_number=NUMBER)).text == NUMBER


async def test_holders_numbers_come_by_userinfo(provider: Provider) -> None:
    person_id = await enter_person(provider)
    uscc = "11990000MB0000001M"
    await provider.services.persons.bind_real_name(person_id, RealName("111", NUMBER, "张小明"), 3)
    await provider.services.organisations.create(uscc, "信印示范有限公司", "enterprise")
    await provider.services.mandates.enter_representative(uscc, person_id)
    browser = provider.browser()
    assert (await browser.sign_in("ming", PASSWORD, await browser.get("/my-number"))).text == f"{NUMBER} {uscc}"


async def test_signing_out_on_a_page_signs_out_everywhere(provider: Provider) -> None:
    await enter_person(provider)
    browser = provider.browser()
    await browser.sign_in("ming", PASSWORD, await browser.get("/whoami"))
    await browser.submit(await browser.get("/session/end"))
    assert (await browser.get("/whoami")).url.path == "/login"
    assert (await browser.get("/account")).url.path == "/login"


async def test_signing_out_at_the_provider_ends_the_pages_session_too(provider: Provider) -> None:
    await enter_person(provider)
    browser = provider.browser()
    await browser.sign_in("ming", PASSWORD, await browser.get("/whoami"))
    await browser.submit(await browser.get("/logout"))
    assert (await browser.get("/whoami")).url.path == "/login"


async def test_the_account_page_shows_the_account_menu(provider: Provider) -> None:
    await enter_person(provider)
    browser = provider.browser()
    await browser.sign_in("ming", PASSWORD, await browser.get("/whoami"))
    assert 'class="account-menu"' in (await browser.get("/account")).text
