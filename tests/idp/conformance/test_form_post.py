"""oidcc-formpost-basic-certification-test-plan: the basic plan's ways with `response_mode=form_post`."""

import pytest

from tests.idp.browser import ORIGIN
from tests.idp.conformance.conftest import Suite
from tests.idp.people import CALLBACK

FORM_POST = {"response_mode": "form_post"}


async def test_oidcc_server(suite: Suite) -> None:
    party = await suite.register()
    page = await party.authorize(response_mode="form_post")
    back = party.back(page)
    assert (back["state"], back["iss"]) == ("state-1", ORIGIN)
    assert '<form method="post"' in page.text
    assert "<script>" not in page.text
    assert f"form-action 'self' {CALLBACK.removesuffix('/callback')}" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    assert (await party.redeem(back["code"])).status_code == 200


async def test_oidcc_response_type_missing(suite: Suite) -> None:
    party = await suite.register()
    back = party.back(await party.authorize(response_type=None, response_mode="form_post"))
    assert back["error"] == "invalid_request"


async def test_oidcc_prompt_none_not_logged_in(suite: Suite) -> None:
    party = await suite.register()
    back = party.back(await party.authorize(prompt="none", response_mode="form_post"))
    assert (back["error"], back["state"]) == ("login_required", "state-1")


async def test_oidcc_ensure_registered_redirect_uri(suite: Suite) -> None:
    party = await suite.register()
    page = await party.authorize(redirect_uri="https://evil.test/", response_mode="form_post")
    assert page.status_code == 400
    assert 'action="https://evil' not in page.text


@pytest.mark.parametrize("parameter", ["nonce", "scope"])
async def test_oidcc_claims_and_codes_are_as_in_the_basic_plan(suite: Suite, parameter: str) -> None:
    party = await suite.register()
    tokens = await party.tokens(**{parameter: {"nonce": "other", "scope": "openid profile"}[parameter]}, **FORM_POST)
    claims = await party.claims(tokens["id_token"])
    assert claims["nonce"] == ("other" if parameter == "nonce" else "nonce-1")
