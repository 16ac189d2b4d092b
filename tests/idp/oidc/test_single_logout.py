"""Applications are told that a session is over: by a call (back-channel), or by the browser (front-channel)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from jose import jwt

from idp.clients.metadata import ClientMetadata
from kernel.audit.chain import SYSTEM
from tests.idp.browser import Browser
from tests.idp.conftest import ISSUER, HandClock, Provider, run_provider
from tests.idp.outside import Outside
from tests.idp.people import enter_person, register_client, signed_in_browser
from tests.idp.relying_party import RelyingParty

ADDRESS = "https://rp.test/backchannel"
EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest.fixture
async def provider(tmp_path: Path, clock: HandClock, outside: Outside) -> AsyncIterator[Provider]:
    async for built in run_provider(tmp_path, clock, outside=outside):
        await built.services.single_logout.stop()  # the tests say when
        yield built


async def party_with(provider: Provider, **members: Any) -> RelyingParty:
    return RelyingParty(provider, *await register_client(provider, metadata=ClientMetadata(**members)))


async def sign_out(browser: Browser) -> None:
    page = await browser.get("/logout")
    assert (await browser.submit(page)).url.path == "/logout/done"


async def test_a_logout_token_reaches_the_application(provider: Provider, outside: Outside) -> None:
    await enter_person(provider)
    party = await party_with(provider, backchannel_logout_uri=ADDRESS)
    browser = await signed_in_browser(provider)
    tokens = await party.tokens(browser)
    outside.set(ADDRESS, httpx.Response(200))
    await sign_out(browser)
    assert await provider.services.single_logout.deliver_due() == 1
    token = outside.forms(ADDRESS)[0]["logout_token"]
    claims = await party.judge(token, party.client.client_id)
    hint = jwt.get_unverified_claims(tokens["id_token"])
    assert (claims["iss"], claims["sid"], claims["sub"]) == (ISSUER, hint["sid"], hint["sub"])
    assert claims["events"] == {EVENT: {}}
    assert "nonce" not in claims
    assert jwt.get_unverified_header(token)["typ"] == "logout+jwt"
    assert await provider.services.single_logout.deliver_due() == 0


async def test_a_failed_notice_is_tried_again_and_shown(provider: Provider, outside: Outside) -> None:
    await enter_person(provider)
    party = await party_with(provider, backchannel_logout_uri=ADDRESS)
    browser = await signed_in_browser(provider)
    await party.tokens(browser)
    outside.set(ADDRESS, httpx.Response(503))
    await sign_out(browser)
    logout = provider.services.single_logout
    await logout.deliver_due()
    assert [(each.attempts, each.last_outcome) for each in await logout.list_notices()] == [(1, "status 503")]
    assert await logout.deliver_due() == 0
    provider.clock.advance(seconds=11)
    outside.set(ADDRESS, httpx.Response(204))
    assert await logout.deliver_due() == 1
    assert [each.last_outcome for each in await logout.list_notices()] == ["delivered"]


async def test_a_dead_application_is_given_up_and_can_be_tried_again(provider: Provider, outside: Outside) -> None:
    await enter_person(provider)
    party = await party_with(provider, backchannel_logout_uri=ADDRESS)
    browser = await signed_in_browser(provider)
    await party.tokens(browser)
    await sign_out(browser)
    logout = provider.services.single_logout
    tries = 0
    while await logout.deliver_due():
        tries += 1
        provider.clock.advance(hours=7)
    assert tries == 7
    notice = (await logout.list_notices())[0]
    assert notice.due_at is None
    outside.set(ADDRESS, httpx.Response(200))
    await logout.retry(notice.id, SYSTEM)
    assert await logout.deliver_due() == 1
    assert (await logout.list_notices())[0].delivered_at is not None


async def test_an_address_in_our_own_network_is_not_called(provider: Provider, outside: Outside) -> None:
    await enter_person(provider)
    party = await party_with(provider, backchannel_logout_uri="https://inside.test/logout")
    browser = await signed_in_browser(provider)
    await party.tokens(browser)
    await sign_out(browser)
    await provider.services.single_logout.deliver_due()
    assert outside.asked == []
    assert (await provider.services.single_logout.list_notices())[0].last_outcome == "not a public address"


async def test_the_browser_loads_the_front_channel_before_it_goes_on(provider: Provider) -> None:
    await enter_person(provider)
    party = await party_with(
        provider, frontchannel_logout_uri="https://rp.test/front?x=1", frontchannel_logout_session_required=True
    )
    browser = await signed_in_browser(provider)
    tokens = await party.tokens(browser)
    query = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": "https://rp.test/bye", "state": "s"}
    page = await browser.client.get("/oauth2/logout", params=query)
    sid = jwt.get_unverified_claims(tokens["id_token"])["sid"]
    assert f'src="https://rp.test/front?x=1&amp;iss=https%3A%2F%2Fidp.test&amp;sid={sid}"' in page.text
    assert "frame-src https://rp.test" in page.headers["content-security-policy"]
    assert 'href="https://rp.test/bye?state=s"' in page.text
    assert (await browser.get("/account")).url.path == "/login"


async def test_only_applications_of_this_session_are_told(provider: Provider, outside: Outside) -> None:
    await enter_person(provider)
    first = await party_with(provider, backchannel_logout_uri=ADDRESS)
    second = await party_with(provider, backchannel_logout_uri="https://other.test/logout")
    here, there = await signed_in_browser(provider), await signed_in_browser(provider)
    await first.tokens(here)
    await second.tokens(there)
    await sign_out(here)
    await provider.services.single_logout.deliver_due()
    assert [outside.address(request) for request in outside.asked] == [ADDRESS]
