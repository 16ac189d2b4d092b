"""Clients under the FAPI 2.0 security profile: everything is proven, and nothing less is taken."""

import pytest

from idp.clients.client import ClientRegistration
from idp.clients.metadata import FAPI2, ClientMetadata
from kernel.errors import InvalidInput
from tests.idp.browser import query_of
from tests.idp.conftest import ISSUER, Provider
from tests.idp.keyed_party import KeyedParty, ath, keyed_party
from tests.idp.people import CALLBACK, enter_person, signed_in_browser


@pytest.fixture
async def party(provider: Provider) -> KeyedParty:
    await enter_person(provider)
    return await keyed_party(provider, fapi=True)


async def test_the_whole_way(provider: Provider, party: KeyedParty) -> None:
    browser = await signed_in_browser(provider)
    tokens = await party.tokens(browser)
    assert tokens["token_type"] == "DPoP"
    access = tokens["access_token"]
    answer = await party.userinfo(access, party.proof("GET", "/oauth2/userinfo", ath=ath(access)))
    assert answer.json()["name"] == "小明"
    assert (await party.userinfo(access, scheme="Bearer")).status_code == 401
    assert (await party.userinfo(access, party.proof("GET", "/oauth2/userinfo"))).status_code == 401


async def test_a_refresh_token_is_not_rotated(provider: Provider, party: KeyedParty) -> None:
    tokens = await party.tokens(await signed_in_browser(provider))
    for _ in range(3):
        renewed = await party.refresh(tokens["refresh_token"], proof=party.proof("POST", "/oauth2/token"))
        assert renewed.json()["refresh_token"] == tokens["refresh_token"]
    assert (await party.refresh(tokens["refresh_token"])).json()["error"] == "invalid_dpop_proof"


async def test_a_request_that_was_not_pushed_is_refused(provider: Provider, party: KeyedParty) -> None:
    back = await party.visit(await signed_in_browser(provider), **party.request())
    assert query_of(back.headers["location"])["error"] == "invalid_request"


async def test_the_answer_names_the_issuer(provider: Provider, party: KeyedParty) -> None:
    back = await party.visit(await signed_in_browser(provider), request_uri=await party.pushed_uri())
    assert query_of(back.headers["location"])["iss"] == ISSUER


@pytest.mark.parametrize(
    "change",
    [
        {"aud": [ISSUER]},
        {"aud": f"{ISSUER}/oauth2/token"},
        {"aud": f"{ISSUER}/oauth2/par"},
        {"aud": None},
        {"exp": None},
        {"exp": 1},
        {"jti": None},
        {"iss": "somebody"},
        {"iat": 10**11},
    ],
)
async def test_assertions_must_be_exact(party: KeyedParty, change: dict[str, object]) -> None:
    body = party.request() | {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}
    answer = await party.http.post("/oauth2/par", data=body | {"client_assertion": party.assertion(**change)})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_a_clock_a_little_ahead_is_forgiven_and_a_minute_is_not(party: KeyedParty) -> None:
    body = party.request() | {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}
    near = body | {"client_assertion": party.assertion(nbf=party.now + 8)}
    far = body | {"client_assertion": party.assertion(nbf=party.now + 65)}
    assert (await party.http.post("/oauth2/par", data=near)).status_code == 201
    assert (await party.http.post("/oauth2/par", data=far)).status_code == 401


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"token_endpoint_auth_method": "client_secret_basic"}, "token_endpoint_auth_method"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "jwks"),
        ({"id_token_signed_response_alg": "RS256"}, "id_token_signed_response_alg"),
        ({"dpop_bound_access_tokens": False}, "dpop_bound_access_tokens"),
    ],
)
async def test_a_registration_that_falls_short_names_the_member(
    provider: Provider, members: dict[str, object], field: str
) -> None:
    metadata = ClientMetadata(**{"security_profile": FAPI2, "dpop_bound_access_tokens": True, **members})  # type: ignore[arg-type]
    registration = ClientRegistration(name="Bank", redirect_uris=(CALLBACK,), metadata=metadata)
    with pytest.raises(InvalidInput) as refusal:
        await provider.services.clients.create(registration)
    assert field in {each.field for each in refusal.value.fields}
