"""Requests that break a rule: shown to the person until the redirect URI is proven, told to the client after."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.oauth2.authorize.checks import CHECKS, SHOWN_CHECKS
from idp.oauth2.authorize.request import Attempt
from idp.oauth2.errors import OAuthError
from idp.oauth2.parameters import Parameters
from tests.idp.browser import query_of
from tests.idp.conftest import ISSUER, Provider
from tests.idp.people import CALLBACK, enter_person, register_client, signed_in_browser
from tests.idp.relying_party import RelyingParty


@pytest.mark.parametrize(
    "change",
    [
        {"redirect_uri": "https://evil.test/callback"},
        {"redirect_uri": CALLBACK + "/"},
        {"redirect_uri": CALLBACK + "?x=1"},
        {"redirect_uri": CALLBACK.upper()},
        {"redirect_uri": ""},
        {"client_id": "nobody"},
        {"client_id": ""},
    ],
)
async def test_nothing_is_redirected_before_the_address_is_proven(provider: Provider, change: dict[str, str]) -> None:
    await enter_person(provider)
    party = RelyingParty(provider, *await register_client(provider))
    browser = await signed_in_browser(provider)
    request = {**query_of(party.authorization_address()), **change}
    shown = await browser.client.get("/oauth2/authorize", params=request)
    assert shown.status_code == 400
    assert "location" not in shown.headers
    assert "We stopped here" in shown.text


@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "scope", "state", "code_challenge"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_parameter_sent_twice_is_shown(provider: Provider, name: str, method: str) -> None:
    party = RelyingParty(provider, *await register_client(provider))
    pairs = [*query_of(party.authorization_address()).items(), (name, "again")]
    body = urlencode(pairs)
    browser = provider.browser()
    if method == "GET":
        shown = await browser.client.get(f"/oauth2/authorize?{body}")
    else:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        shown = await browser.client.post("/oauth2/authorize", content=body, headers=form)
    assert shown.status_code == 400
    assert f"&#39;{name}&#39; was sent more than once" in shown.text


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": ""}, "invalid_request"),
        ({"response_mode": "query.jwt"}, "invalid_request"),
        ({"scope": "licence:issue"}, "invalid_scope"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"code_challenge": "", "code_challenge_method": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": ""}, "invalid_request"),
        ({"code_challenge": "too-short"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "whatever"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"request": "eyJhbGciOiJub25lIn0.e30."}, "invalid_request_object"),
        ({"request_uri": "urn:x"}, "invalid_request_uri"),
        ({"id_token_hint": "not.a.token"}, "invalid_request"),
        ({"nonce": "n" * 1025}, "invalid_request"),
    ],
)
async def test_everything_else_is_told_to_the_client(provider: Provider, change: dict[str, str], error: str) -> None:
    await enter_person(provider)
    party = RelyingParty(provider, *await register_client(provider))
    browser = await signed_in_browser(provider)
    request = {**query_of(party.authorization_address()), **change}
    answer = await browser.client.get("/oauth2/authorize", params=request)
    assert answer.headers["location"].startswith(CALLBACK + "?")
    told = query_of(answer.headers["location"])
    assert (told["error"], told["state"], told["iss"]) == (error, "state-1", ISSUER)
    assert "code" not in told


async def test_a_client_registered_without_pkce_may_leave_it_out(provider: Provider) -> None:
    await enter_person(provider)
    party = RelyingParty(provider, *await register_client(provider, requires_pkce=False))
    request = query_of(party.authorization_address())
    del request["code_challenge"], request["code_challenge_method"]
    browser = await signed_in_browser(provider)
    code = query_of((await browser.get("/oauth2/authorize", params=request)).headers["location"])["code"]
    with_verifier = await party.exchange(code)
    assert with_verifier.json()["error"] == "invalid_grant"
    code = query_of((await browser.get("/oauth2/authorize", params=request)).headers["location"])["code"]
    assert (await party.exchange(code, code_verifier="")).status_code == 200


async def test_a_client_without_the_grant_gets_no_code(provider: Provider) -> None:
    await enter_person(provider)
    party = RelyingParty(provider, *await register_client(provider, grant_types=("refresh_token",)))
    answer = await (await signed_in_browser(provider)).get(party.authorization_address())
    assert query_of(answer.headers["location"])["error"] == "unauthorized_client"


def test_the_checks_that_are_shown_come_first() -> None:
    assert CHECKS[: len(SHOWN_CHECKS)] == SHOWN_CHECKS


@given(st.lists(st.tuples(st.sampled_from(["client_id", "scope", "redirect_uri", "x"]), st.text()), max_size=12))
def test_whatever_is_sent_without_a_client_is_refused_and_never_redirected(pairs: list[tuple[str, str]]) -> None:
    attempt = Attempt(Parameters.of(pairs), None)
    with pytest.raises(OAuthError) as refusal:
        for check in CHECKS:
            check(attempt)
    assert not refusal.value.redirectable
    assert all(" " <= character <= "~" for character in refusal.value.description)
