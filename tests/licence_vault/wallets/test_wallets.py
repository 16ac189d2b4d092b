"""A wallet takes a licence: from the holder's page to the credential, and everything that is refused on the way."""

import time
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from jwcrypto.jwk import JWK
from sd_jwt.verifier import SDJWTVerifier

from licence_vault.wallets.metadata import PRE_AUTHORIZED
from tests.houses import CITIZEN_NAME
from tests.licence_vault.forms.wallet import Wallet
from tests.licence_vault.sharing.conftest import Sharers, browser
from tests.licence_vault.sharing.conftest import sharers as sharers
from tests.licence_vault.wallets.taking import WALLET, ask, make_offer, nonce, proof, redeem

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def anyone(sharers: Sharers) -> httpx.AsyncClient:
    return browser(sharers.world, sharers.app)


async def test_a_wallet_finds_its_way_from_the_offer_to_the_credential(
    sharers: Sharers, anyone: httpx.AsyncClient
) -> None:
    licence, wallet = await sharers.issue(), Wallet()
    offered = await make_offer(sharers.holder, anyone, licence)
    issuer = offered.offer["credential_issuer"]
    metadata = (await anyone.get(f"{issuer}/.well-known/openid-credential-issuer")).json()
    assert metadata["credential_issuer"] == issuer
    (server,) = metadata["authorization_servers"]
    parts = urlsplit(server)
    address = f"{parts.scheme}://{parts.netloc}/.well-known/oauth-authorization-server{parts.path}"
    authorization = (await anyone.get(address)).json()
    assert authorization["issuer"] == server
    assert authorization["grant_types_supported"] == [PRE_AUTHORIZED]
    configuration = metadata["credential_configurations_supported"][offered.configuration]
    assert configuration["format"] == "dc+sd-jwt"
    form = {"grant_type": PRE_AUTHORIZED, "pre-authorized_code": offered.code, "tx_code": offered.digits}
    token = (await anyone.post(authorization["token_endpoint"], data=form)).json()
    assert (token["token_type"], token["expires_in"]) == ("Bearer", 300)
    c_nonce = (await anyone.post(metadata["nonce_endpoint"])).json()["c_nonce"]
    answer = await anyone.post(
        metadata["credential_endpoint"],
        json={
            "credential_configuration_id": offered.configuration,
            "proofs": {"jwt": [proof(wallet, issuer, c_nonce)]},
        },
        headers={"Authorization": f"Bearer {token['access_token']}"},
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    (made,) = answer.json()["credentials"]
    presented = wallet.show(made["credential"], {"name"}, nonce="n-9")
    key = JWK(**(await anyone.get(f"{issuer}/.well-known/jwt-vc-issuer")).json()["jwks"]["keys"][0])
    payload = SDJWTVerifier(presented, lambda *_: key, "https://bank.example", "n-9").get_verified_payload()
    assert payload["holder"] == {"name": CITIZEN_NAME}
    assert payload["vct"] == configuration["vct"]
    report = (await anyone.post("/api/v1/verifications", json={"credential": presented})).json()
    assert report["indication"] == "TOTAL-PASSED"
    seen = (await sharers.holder.get(f"/me/licences/{licence['id']}", headers={"Accept": "text/html"})).text
    assert "Your wallet took it as a credential" in seen
    assert await sharers.audit("licence.offer")
    assert await sharers.audit("licence.credential")


async def test_an_offer_is_good_once(sharers: Sharers, anyone: httpx.AsyncClient) -> None:
    offered = await make_offer(sharers.holder, anyone, await sharers.issue())
    assert (await redeem(anyone, offered)).status_code == 200
    again = await redeem(anyone, offered)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


async def test_three_wrong_guesses_of_the_digits_end_the_offer(sharers: Sharers, anyone: httpx.AsyncClient) -> None:
    offered = await make_offer(sharers.holder, anyone, await sharers.issue())
    wrong = f"{(int(offered.digits) + 1) % 10**6:06}"
    for _guess in range(3):
        assert (await redeem(anyone, offered, tx_code=wrong)).json()["error"] == "invalid_grant"
    assert (await redeem(anyone, offered)).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": "authorization_code"}, "unsupported_grant_type"),
        ({"tx_code": ""}, "invalid_request"),
        ({"pre-authorized_code": ""}, "invalid_request"),
        ({"pre-authorized_code": "guess"}, "invalid_grant"),
    ],
)
async def test_other_token_requests_are_refused(
    sharers: Sharers, anyone: httpx.AsyncClient, changes: dict[str, str], error: str
) -> None:
    offered = await make_offer(sharers.holder, anyone, await sharers.issue())
    answer = await redeem(anyone, offered, **changes)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert answer.headers["cache-control"] == "no-store"


async def test_offers_tokens_and_nonces_end_after_five_minutes(sharers: Sharers, anyone: httpx.AsyncClient) -> None:
    offered = await make_offer(sharers.holder, anyone, await sharers.issue())
    other = await make_offer(sharers.holder, anyone, await sharers.issue())
    token, issuer = (await redeem(anyone, offered)).json()["access_token"], offered.offer["credential_issuer"]
    c_nonce, clock = await nonce(anyone), sharers.world.clock
    clock.advance(seconds=301)
    try:
        late = proof(Wallet(), issuer, c_nonce, iat=int(clock().timestamp()))
        assert (await ask(anyone, token, offered.configuration, late)).json()["error"] == "invalid_token"
        assert (await redeem(anyone, other)).json()["error"] == "invalid_grant"
        fresh = await make_offer(sharers.holder, anyone, await sharers.issue())
        token = (await redeem(anyone, fresh)).json()["access_token"]
        assert (await ask(anyone, token, fresh.configuration, late)).json()["error"] == "invalid_nonce"
    finally:
        clock.advance(seconds=-301)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"typ": "JWT"}, "invalid_proof"),
        ({"aud": "https://other.example"}, "invalid_proof"),
        ({"iat": 1}, "invalid_proof"),
        ({"iat": None}, "invalid_proof"),
        ({"nonce": None}, "invalid_proof"),
        ({"nonce": "made up"}, "invalid_nonce"),
        ({"nonce": "1.a.b"}, "invalid_nonce"),
    ],
)
async def test_a_proof_that_does_not_hold_gets_nothing(
    sharers: Sharers, anyone: httpx.AsyncClient, change: dict[str, Any], error: str
) -> None:
    offered = await make_offer(sharers.holder, anyone, await sharers.issue())
    token = (await redeem(anyone, offered)).json()["access_token"]
    made = proof(Wallet(), offered.offer["credential_issuer"], await nonce(anyone), **change)
    answer = await ask(anyone, token, offered.configuration, made)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert "credentials" not in answer.json()


async def test_a_proof_by_another_key_than_it_brings_and_a_nonce_used_twice(
    sharers: Sharers, anyone: httpx.AsyncClient
) -> None:
    offered = await make_offer(sharers.holder, anyone, await sharers.issue())
    token, issuer = (await redeem(anyone, offered)).json()["access_token"], offered.offer["credential_issuer"]
    wallet, c_nonce = Wallet(), await nonce(anyone)
    claims = {"aud": issuer, "iat": int(time.time()), "nonce": c_nonce}
    forged = wallet.sign(claims, typ="openid4vci-proof+jwt", jwk=Wallet().public_key)
    assert (await ask(anyone, token, offered.configuration, forged)).json()["error"] == "invalid_proof"
    private = wallet.sign(claims, typ="openid4vci-proof+jwt", jwk=wallet.key.as_dict(private=True))
    assert (await ask(anyone, token, offered.configuration, private)).json()["error"] == "invalid_proof"
    right = proof(wallet, issuer, c_nonce)
    assert (await ask(anyone, token, offered.configuration, right)).status_code == 200
    assert (await ask(anyone, token, offered.configuration, right)).json()["error"] == "invalid_nonce"


async def test_requests_that_are_none_are_refused_in_the_protocols_words(
    sharers: Sharers, anyone: httpx.AsyncClient
) -> None:
    offered = await make_offer(sharers.holder, anyone, await sharers.issue())
    token = (await redeem(anyone, offered)).json()["access_token"]
    right = proof(Wallet(), offered.offer["credential_issuer"], await nonce(anyone))
    name = offered.configuration
    for body, error in (
        ({}, "invalid_credential_request"),
        ({"credential_identifier": "x"}, "invalid_credential_request"),
        ({"credential_configuration_id": "other.1"}, "unknown_credential_configuration"),
        ({"credential_configuration_id": name}, "invalid_proof"),
        ({"credential_configuration_id": name, "proofs": {"jwt": []}}, "invalid_proof"),
        ({"credential_configuration_id": name, "proofs": {"jwt": [right, right]}}, "invalid_proof"),
        ({"credential_configuration_id": name, "proofs": {"jwt": [right], "di_vp": []}}, "invalid_proof"),
        (
            {"credential_configuration_id": name, "credential_response_encryption": {}},
            "invalid_encryption_parameters",
        ),
    ):
        answer = await anyone.post(f"{WALLET}/credential", json=body, headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.json()["error"]) == (400, error), body
    refused = await ask(anyone, "guess", name, right)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_token")
    assert refused.headers["www-authenticate"].startswith("Bearer ")


async def test_a_licence_that_was_revoked_meanwhile_is_not_given(sharers: Sharers, anyone: httpx.AsyncClient) -> None:
    licence = await sharers.issue()
    offered = await make_offer(sharers.holder, anyone, licence)
    token = (await redeem(anyone, offered)).json()["access_token"]
    await sharers.issuer.post(f"/api/v1/licences/{licence['id']}/revoke", json={"cause": "查处"})
    made = proof(Wallet(), offered.offer["credential_issuer"], await nonce(anyone))
    assert (await ask(anyone, token, offered.configuration, made)).json()["error"] == "credential_request_denied"


async def test_nobody_offers_somebody_elses_licence(sharers: Sharers, anyone: httpx.AsyncClient) -> None:
    licence = await sharers.issue()
    path = f"/me/licences/{licence['id']}/wallet"
    assert (await sharers.stranger.get(path, headers={"Accept": "text/html"})).status_code == 404
    assert (await anyone.get(f"{WALLET}/offers/guess")).status_code == 404
