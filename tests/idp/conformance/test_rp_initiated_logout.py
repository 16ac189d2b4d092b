"""oidcc-rp-initiated-logout-certification-test-plan."""

from typing import Any

import httpx

from tests.idp.browser import ORIGIN
from tests.idp.conformance.conftest import Party, Suite

BYE = "https://rp.test/bye"


async def signed_in(suite: Suite) -> tuple[Party, str]:
    party = await suite.register()
    return party, (await party.tokens())["id_token"]


async def logout(suite: Suite, **parameters: Any) -> httpx.Response:
    return await suite.browser.get("/oauth2/logout", params=parameters)


async def is_signed_in(suite: Suite, party: Party) -> bool:
    return "code" in party.back(await party.authorize(prompt="none"))


async def test_oidcc_rp_initiated_logout_discovery_endpoint_verification(suite: Suite) -> None:
    assert (await suite.discovery())["end_session_endpoint"].startswith(ORIGIN)


async def test_oidcc_rp_initiated_logout(suite: Suite) -> None:
    party, hint = await signed_in(suite)
    answer = await logout(suite, id_token_hint=hint, post_logout_redirect_uri=BYE, state="s-1")
    assert answer.headers["location"] == f"{BYE}?state=s-1"
    assert not await is_signed_in(suite, party)


async def test_oidcc_rp_initiated_logout_bad_post_logout_redirect_uri(suite: Suite) -> None:
    party, hint = await signed_in(suite)
    answer = await logout(suite, id_token_hint=hint, post_logout_redirect_uri="https://rp.test/other", state="s")
    assert (answer.status_code, "location" in answer.headers) == (400, False)
    assert await is_signed_in(suite, party)


async def test_oidcc_rp_initiated_logout_modified_id_token_hint(suite: Suite) -> None:
    party, hint = await signed_in(suite)
    head, body, signature = hint.split(".")
    answer = await logout(suite, id_token_hint=f"{head}.{body}.{signature[::-1]}", post_logout_redirect_uri=BYE)
    assert answer.status_code == 400
    assert await is_signed_in(suite, party)


async def test_oidcc_rp_initiated_logout_bad_id_token_hint(suite: Suite) -> None:
    party, _hint = await signed_in(suite)
    assert (await logout(suite, id_token_hint="bad", post_logout_redirect_uri=BYE)).status_code == 400
    assert await is_signed_in(suite, party)


async def test_oidcc_rp_initiated_logout_no_id_token_hint(suite: Suite) -> None:
    party, _hint = await signed_in(suite)
    page = await logout(suite, client_id=party.client_id, post_logout_redirect_uri=BYE, state="s-1")
    assert page.status_code == 200
    assert await is_signed_in(suite, party)
    page = await logout(suite, client_id=party.client_id, post_logout_redirect_uri=BYE, state="s-1")
    done = await suite.browser.submit(page)
    assert done.headers["location"] == f"{BYE}?state=s-1"
    assert not await is_signed_in(suite, party)


async def test_oidcc_rp_initiated_logout_no_params(suite: Suite) -> None:
    party, _hint = await signed_in(suite)
    page = await logout(suite)
    assert page.status_code == 200
    done = await suite.browser.submit(page)
    assert done.url.path == "/logout/done"
    assert not await is_signed_in(suite, party)


async def test_oidcc_rp_initiated_logout_no_post_logout_redirect_uri(suite: Suite) -> None:
    party, hint = await signed_in(suite)
    done = await logout(suite, id_token_hint=hint, state="s")
    assert done.url.path == "/logout/done"
    assert not await is_signed_in(suite, party)


async def test_oidcc_rp_initiated_logout_no_state(suite: Suite) -> None:
    _party, hint = await signed_in(suite)
    answer = await logout(suite, id_token_hint=hint, post_logout_redirect_uri=BYE)
    assert answer.headers["location"] == BYE


async def test_oidcc_rp_initiated_logout_only_state(suite: Suite) -> None:
    party, _hint = await signed_in(suite)
    page = await logout(suite, state="s")
    assert page.status_code == 200
    await suite.browser.submit(page)
    assert not await is_signed_in(suite, party)


async def test_oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri(suite: Suite) -> None:
    party, hint = await signed_in(suite)
    answer = await logout(suite, id_token_hint=hint, post_logout_redirect_uri=f"{BYE}?foo=bar")
    assert answer.status_code == 400
    assert await is_signed_in(suite, party)
