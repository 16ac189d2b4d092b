"""Tokens bound to a DPoP key (RFC 9449): at the token endpoint, in refreshing, at userinfo."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.idp.conftest import ISSUER, HandClock, Provider, run_provider
from tests.idp.keyed_party import Key, KeyedParty, ath, keyed_party
from tests.idp.people import enter_person, register_client, signed_in_browser
from tests.idp.relying_party import RelyingParty


@pytest.fixture
async def party(provider: Provider) -> KeyedParty:
    await enter_person(provider)
    return await keyed_party(provider)


@pytest.mark.parametrize(
    "change",
    [
        {"htm": "GET"},
        {"htu": f"{ISSUER}/oauth2/par"},
        {"htu": "https://elsewhere.test/oauth2/token"},
        {"iat": 0},
        {"iat": 10**10},
        {"iat": None},
        {"jti": None},
        {"jti": ""},
        {"nonce": "not ours"},
        {"nonce": 7},
    ],
)
async def test_a_proof_must_fit_its_request(provider: Provider, party: KeyedParty, change: dict[str, object]) -> None:
    code = await party.code(await signed_in_browser(provider))
    answer = await party.exchange(code, proof=party.proof("POST", "/oauth2/token", **change))
    assert answer.status_code == 400
    assert answer.json()["error"] in {"invalid_dpop_proof", "use_dpop_nonce"}


@pytest.mark.parametrize("offset", [-10, 10])
async def test_a_clock_ten_seconds_off_is_forgiven(provider: Provider, party: KeyedParty, offset: int) -> None:
    code = await party.code(await signed_in_browser(provider))
    proof = party.proof("POST", "/oauth2/token", iat=party.now + offset)
    assert (await party.exchange(code, proof=proof)).json()["token_type"] == "DPoP"


async def test_the_address_is_compared_after_normalisation(provider: Provider, party: KeyedParty) -> None:
    code = await party.code(await signed_in_browser(provider))
    proof = party.proof("POST", "/oauth2/token", htu="HTTPS://IDP.test:443/oauth2/token?x=y#z")
    assert (await party.exchange(code, proof=proof)).status_code == 200


async def test_a_code_bound_by_dpop_jkt_needs_that_key(provider: Provider, party: KeyedParty) -> None:
    browser = await signed_in_browser(provider)
    pushed = await party.push(proof=party.proof("POST", "/oauth2/par"))
    back = await party.visit(browser, request_uri=pushed.json()["request_uri"])
    code = back.headers["location"].split("code=")[1].split("&")[0]
    assert (await party.exchange(code, proof=party.proof("POST", "/oauth2/token", key=Key()))).status_code == 400


async def test_a_dpop_jkt_beside_another_key_is_refused(party: KeyedParty) -> None:
    answer = await party.push(proof=party.proof("POST", "/oauth2/par"), dpop_jkt="A" * 43)
    assert answer.json()["error"] == "invalid_dpop_proof"


async def test_refresh_tokens_of_public_clients_are_bound_to_the_key(provider: Provider) -> None:
    await enter_person(provider)
    party = await keyed_party(provider, public=True)
    tokens = await party.tokens(await signed_in_browser(provider))
    thief = party.proof("POST", "/oauth2/token", key=Key())
    assert (await party.refresh(tokens["refresh_token"], proof=thief)).status_code == 400
    assert (await party.refresh(tokens["refresh_token"])).status_code == 400
    owner = await party.refresh(tokens["refresh_token"], proof=party.proof("POST", "/oauth2/token"))
    assert owner.status_code == 200


async def test_introspection_tells_the_key(provider: Provider, party: KeyedParty) -> None:
    tokens = await party.tokens(await signed_in_browser(provider))
    told = (await party.post("/oauth2/introspect", {"token": tokens["access_token"]})).json()
    assert told["token_type"] == "DPoP"
    assert len(told["cnf"]["jkt"]) == 43


async def test_userinfo_wants_the_proof_of_this_token(provider: Provider, party: KeyedParty) -> None:
    tokens = await party.tokens(await signed_in_browser(provider))
    access = tokens["access_token"]
    for proof in (
        None,
        party.proof("GET", "/oauth2/userinfo", ath=ath("another")),
        party.proof("GET", "/oauth2/userinfo", key=Key(), ath=ath(access)),
        party.proof("POST", "/oauth2/userinfo", ath=ath(access)),
    ):
        answer = await party.userinfo(access, proof)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("DPoP ")


async def test_a_bearer_token_with_a_proof_is_not_a_bound_one(provider: Provider, party: KeyedParty) -> None:
    code = await party.code(await signed_in_browser(provider))
    access = (await party.exchange(code)).json()["access_token"]
    assert (await party.userinfo(access, scheme="Bearer")).status_code == 200
    answer = await party.userinfo(access, party.proof("GET", "/oauth2/userinfo", ath=ath(access)))
    assert answer.status_code == 401


@pytest.fixture
async def strict_provider(tmp_path: Path, clock: HandClock) -> AsyncIterator[Provider]:
    async for built in run_provider(tmp_path, clock, lambda values: values.update(dpop_requires_nonce=True)):
        yield built


async def test_a_nonce_of_ours_where_it_is_required(strict_provider: Provider) -> None:
    await enter_person(strict_provider)
    party = await keyed_party(strict_provider)
    code = await party.code(await signed_in_browser(strict_provider))
    refused = await party.exchange(code, proof=party.proof("POST", "/oauth2/token"))
    assert refused.json()["error"] == "use_dpop_nonce"
    nonce = refused.headers["dpop-nonce"]
    answer = await party.exchange(code, proof=party.proof("POST", "/oauth2/token", nonce=nonce))
    assert answer.status_code == 200
    strict_provider.clock.advance(minutes=5)
    late = await party.refresh(answer.json()["refresh_token"], proof=party.proof("POST", "/oauth2/token", nonce=nonce))
    assert late.json()["error"] == "use_dpop_nonce"


async def test_clients_without_proofs_are_served_as_before(provider: Provider) -> None:
    await enter_person(provider)
    party = RelyingParty(provider, *await register_client(provider))
    assert (await party.tokens(await signed_in_browser(provider)))["token_type"] == "Bearer"
