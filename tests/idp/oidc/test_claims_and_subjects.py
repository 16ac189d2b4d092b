"""Claims asked for one by one, subjects by sector, formats of tokens, algorithms: all by the client's registration."""

import json
from typing import Any

import pytest
from jose import jwt
from joserfc import jws
from joserfc.jwk import KeySet

from idp.clients.metadata import ClientMetadata
from tests.idp.browser import hidden_fields, query_of
from tests.idp.conftest import Provider
from tests.idp.people import CALLBACK, enter_person, register_client, signed_in_browser
from tests.idp.relying_party import RelyingParty

LEDGER = "https://ledger.test/"


async def party_with(provider: Provider, **members: Any) -> RelyingParty:
    return RelyingParty(provider, *await register_client(provider, metadata=ClientMetadata(**members)))


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "PS256", "EdDSA"])
async def test_id_tokens_are_signed_as_the_client_wants(provider: Provider, algorithm: str) -> None:
    await enter_person(provider)
    party = await party_with(provider, id_token_signed_response_alg=algorithm)
    token = (await party.tokens(await signed_in_browser(provider)))["id_token"]
    keys = KeySet.import_key_set((await party.http.get("/oauth2/jwks")).json())
    verified = jws.deserialize_compact(token, keys, algorithms=[algorithm])
    assert verified.headers()["alg"] == algorithm
    assert json.loads(verified.payload)["aud"] == party.client.client_id


async def test_a_rotation_renews_every_family(provider: Provider) -> None:
    await provider.services.keys.ensure("EdDSA")
    await provider.services.keys.rotate()
    algorithms = [key["alg"] for key in provider.services.keys.jwks()["keys"]]
    assert sorted(algorithms) == ["ES256", "ES256", "EdDSA", "EdDSA"]


async def test_a_pairwise_subject_is_the_same_everywhere_and_nobody_elses(provider: Provider) -> None:
    person_id = await enter_person(provider)
    browser = await signed_in_browser(provider)
    party = await party_with(provider, subject_type="pairwise")
    other = RelyingParty(
        provider,
        *await register_client(
            provider,
            redirect_uris=(CALLBACK, "https://other.test/cb"),
            metadata=ClientMetadata(subject_type="pairwise", sector_identifier_uri="https://other.test/uris"),
        ),
    )
    tokens = await party.tokens(browser)
    sub = jwt.get_unverified_claims(tokens["id_token"])["sub"]
    assert sub != person_id
    assert (await party.userinfo(tokens["access_token"])).json()["sub"] == sub
    assert (await party.introspect(tokens["access_token"]))["sub"] == sub
    assert (await party.introspect(tokens["refresh_token"]))["sub"] == sub
    renewed = (await party.refresh(tokens["refresh_token"])).json()
    assert jwt.get_unverified_claims(renewed["id_token"])["sub"] == sub
    assert jwt.get_unverified_claims((await other.tokens(browser))["id_token"])["sub"] not in {sub, person_id}
    await party.tokens(browser, prompt="none", id_token_hint=tokens["id_token"])


async def test_opaque_access_tokens_say_nothing_and_count_as_much(provider: Provider) -> None:
    await enter_person(provider)
    party = await party_with(provider, access_token_format="opaque")
    access = (await party.tokens(await signed_in_browser(provider)))["access_token"]
    assert "." not in access
    assert (await party.introspect(access))["active"] is True
    assert (await party.userinfo(access)).status_code == 200
    await party.http.post("/oauth2/revoke", data={"token": access}, auth=(party.client.client_id, party.secret))
    assert await party.introspect(access) == {"active": False}


async def test_a_token_is_meant_for_the_resource_that_was_named(provider: Provider) -> None:
    await enter_person(provider)
    browser = await signed_in_browser(provider)
    party = await party_with(provider, resources=(LEDGER,))
    tokens = await party.tokens(browser, resource=LEDGER)
    assert jwt.get_unverified_claims(tokens["access_token"])["aud"] == LEDGER
    back = await browser.get(party.authorization_address(resource="https://elsewhere.test/"))
    assert query_of(back.headers["location"])["error"] == "invalid_target"
    code = await party.obtain_code(browser)
    assert (await party.exchange(code, resource=LEDGER)).json()["error"] == "invalid_target"


async def test_userinfo_is_signed_for_clients_that_want_it(provider: Provider) -> None:
    await enter_person(provider)
    party = await party_with(provider, userinfo_signed_response_alg="ES256")
    answer = await party.userinfo((await party.tokens(await signed_in_browser(provider)))["access_token"])
    assert answer.headers["content-type"] == "application/jwt"
    assert (await party.judge(answer.text, party.client.client_id))["name"] == "小明"


async def test_real_names_are_in_no_token_even_when_asked_for(provider: Provider) -> None:
    await enter_person(provider)
    party = RelyingParty(provider, *await register_client(provider, may_realname=True))
    claims = json.dumps({"id_token": {"id_number": {"essential": True}, "organisations": None, "locale": None}})
    tokens = await party.tokens(await signed_in_browser(provider), "openid realname", claims=claims)
    told = jwt.get_unverified_claims(tokens["id_token"])
    assert "locale" in told
    assert {"id_number", "organisations"}.isdisjoint(told)


async def test_a_claim_needs_consent_to_its_scope(provider: Provider) -> None:
    await enter_person(provider)
    party = RelyingParty(provider, *await register_client(provider, first_party=False))
    browser = await signed_in_browser(provider)
    claims = json.dumps({"userinfo": {"phone_number": None}})
    page = await browser.get(party.authorization_address("openid", claims=claims))
    assert "See your phone number" in page.text


@pytest.mark.parametrize("text", ["[]", "{", '{"id_token": []}', '{"id_token": {"acr": 7}}', "x" * 5000])
async def test_a_claims_parameter_that_is_none_is_refused(provider: Provider, text: str) -> None:
    await enter_person(provider)
    party = await party_with(provider)
    browser = await signed_in_browser(provider)
    back = await browser.get(party.authorization_address(claims=text))
    assert query_of(back.headers["location"])["error"] == "invalid_request"


@pytest.mark.parametrize("acr", ["urn:xinyin:acr:l4", "urn:other:acr"])
async def test_an_essential_acr_that_is_not_reached_is_said_so(provider: Provider, acr: str) -> None:
    await enter_person(provider)
    party = await party_with(provider)
    browser = await signed_in_browser(provider)
    claims = json.dumps({"id_token": {"acr": {"essential": True, "value": acr}}})
    back = await browser.get(party.authorization_address(claims=claims, prompt="none"))
    assert query_of(back.headers["location"])["error"] == "unmet_authentication_requirements"
    voluntary = json.dumps({"id_token": {"acr": {"value": acr}}})
    back = await browser.get(party.authorization_address(claims=voluntary, prompt="none"))
    assert "code" in query_of(back.headers["location"])


async def test_another_person_than_the_claims_name_must_sign_in(provider: Provider) -> None:
    await enter_person(provider)
    party = await party_with(provider)
    browser = await signed_in_browser(provider)
    claims = json.dumps({"id_token": {"sub": {"value": "somebody else"}}})
    back = await browser.get(party.authorization_address(claims=claims, prompt="none"))
    assert query_of(back.headers["location"])["error"] == "login_required"


async def test_an_answer_in_the_fragment(provider: Provider) -> None:
    await enter_person(provider)
    party = await party_with(provider)
    back = await (await signed_in_browser(provider)).get(party.authorization_address(response_mode="fragment"))
    assert back.headers["location"].startswith(f"{CALLBACK}#code=")


async def test_a_client_keeps_to_its_response_modes(provider: Provider) -> None:
    await enter_person(provider)
    party = await party_with(provider, response_modes=("form_post",))
    browser = await signed_in_browser(provider)
    refused = await browser.get(party.authorization_address(response_mode="fragment"))
    assert hidden_fields(refused.text)["error"] == "invalid_request"
    assert "code" in hidden_fields((await browser.get(party.authorization_address())).text)
