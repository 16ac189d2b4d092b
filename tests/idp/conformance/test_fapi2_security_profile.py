"""fapi2-security-profile-final-test-plan (private_key_jwt, DPoP, OpenID Connect), each module by its name."""

import base64
import hashlib
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jose import jwt

from idp.clients.client import Client
from idp.clients.metadata import FAPI2
from tests.idp.browser import ORIGIN, query_of
from tests.idp.conformance.conftest import Party, Suite
from tests.idp.keyed_party import ASSERTION_TYPE, Key, KeyedParty, ath
from tests.idp.people import CALLBACK

TOKEN, USERINFO = "/oauth2/token", "/oauth2/userinfo"


class FapiParty(KeyedParty):
    """A client under test: its browser signs in and consents."""

    def __init__(self, suite: Suite, party: Party, client: Client, key: Key) -> None:
        super().__init__(suite.provider, client, key)
        self.suite = suite
        self.party = party

    async def open(self, **parameters: str) -> httpx.Response:
        query = {"client_id": self.client.client_id, **parameters}
        page = await self.suite.browser.get("/oauth2/authorize", params=query)
        return await self.party.through(self.suite.browser, page)

    async def new_code(self, **changes: str) -> str:
        back = await self.open(request_uri=await self.pushed_uri(**changes))
        return query_of(back.headers["location"])["code"]

    async def new_tokens(self, **changes: str) -> dict[str, Any]:
        answer = await self.exchange(await self.new_code(**changes), proof=self.proof("POST", TOKEN))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


async def make(suite: Suite, **metadata: Any) -> FapiParty:
    key = Key()
    party = await suite.register(
        security_profile=FAPI2,
        token_endpoint_auth_method="private_key_jwt",
        dpop_bound_access_tokens=True,
        jwks={"keys": [key.jwk]},
        **metadata,
    )
    client = await suite.provider.services.clients.find(party.client_id)
    assert client is not None
    return FapiParty(suite, party, client, key)


@pytest.fixture
async def party(suite: Suite) -> FapiParty:
    return await make(suite)


async def pushed_with(party: FapiParty, assertion: str, **changes: str) -> httpx.Response:
    body = {**party.request(**changes), "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
    return await party.http.post("/oauth2/par", data=body)


async def test_fapi2_discovery_endpoint_verification(suite: Suite) -> None:
    document = await suite.discovery()
    assert document["authorization_response_iss_parameter_supported"] is True
    assert document["pushed_authorization_request_endpoint"].startswith(ORIGIN)
    assert "S256" in document["code_challenge_methods_supported"]
    assert "private_key_jwt" in document["token_endpoint_auth_methods_supported"]
    assert {"PS256", "ES256"} <= set(document["dpop_signing_alg_values_supported"])


async def test_fapi2_happy_flow(party: FapiParty) -> None:
    tokens = await party.new_tokens()
    claims = await party.party.claims(tokens["id_token"])
    assert claims["nonce"] == "nonce-1"
    answer = await party.userinfo(tokens["access_token"], party.proof("GET", USERINFO, ath=ath(tokens["access_token"])))
    assert answer.json()["sub"] == claims["sub"]


async def test_fapi2_user_rejects_authentication(party: FapiParty) -> None:
    page = await party.suite.browser.get(
        "/oauth2/authorize",
        params={"client_id": party.client.client_id, "request_uri": await party.pushed_uri()},
    )
    page = await party.suite.browser.sign_in("ming", "correct horse battery", page)
    back = await party.suite.browser.submit(page, answer="refuse")
    assert query_of(back.headers["location"])["error"] == "access_denied"


async def test_fapi2_ensure_server_accepts_requests_without_nonce_and_state(party: FapiParty) -> None:
    back = await party.open(request_uri=await party.pushed_uri(nonce="", state=""))
    assert "state" not in query_of(back.headers["location"])


async def test_fapi2_ensure_other_scope_order_succeeds(party: FapiParty) -> None:
    assert (await party.new_tokens(scope="profile openid"))["id_token"]


async def test_fapi2_access_token_type_header_case_sensitivity(party: FapiParty) -> None:
    access = (await party.new_tokens())["access_token"]
    answer = await party.userinfo(access, party.proof("GET", USERINFO, ath=ath(access)), scheme="dPoP")
    assert answer.status_code == 200


async def test_fapi2_ensure_request_object_without_par_fails(party: FapiParty) -> None:
    back = await party.open(**party.request())
    assert query_of(back.headers["location"])["error"] == "invalid_request"


async def test_fapi2_par_attempt_reuse_request_uri_before_completion_succeeds(party: FapiParty) -> None:
    request_uri = await party.pushed_uri()
    query = {"client_id": party.client.client_id, "request_uri": request_uri}
    assert (await party.suite.new_browser().get("/oauth2/authorize", params=query)).url.path == "/login"
    assert "code" in query_of((await party.open(request_uri=request_uri)).headers["location"])


async def test_fapi2_par_attempt_reuse_request_uri_after_completion_fails(party: FapiParty) -> None:
    request_uri = await party.pushed_uri()
    await party.open(request_uri=request_uri)
    again = await party.open(request_uri=request_uri)
    assert (again.status_code, "location" in again.headers) == (400, False)


async def test_fapi2_par_attempt_to_use_expired_request_uri(party: FapiParty) -> None:
    request_uri = await party.pushed_uri()
    party.suite.clock.advance(seconds=100)
    assert (await party.open(request_uri=request_uri)).status_code == 400


async def test_fapi2_par_attempt_to_use_request_uri_for_different_client(suite: Suite, party: FapiParty) -> None:
    other = await make(suite)
    assert (await other.open(request_uri=await party.pushed_uri())).status_code == 400


async def test_fapi2_par_request_uri_in_par_fails(party: FapiParty) -> None:
    inner = await party.pushed_uri()
    assert (await party.push(request_uri=inner)).json()["error"] == "invalid_request"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_fapi2_par_accepts_only_post(party: FapiParty, method: str) -> None:
    assert (await party.http.request(method, "/oauth2/par")).status_code == 405


async def test_fapi2_par_ensure_invalid_redirect_uri_fails(party: FapiParty) -> None:
    answer = await party.push(redirect_uri="https://rp.test/other")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_fapi2_par_without_duplicate_parameters_expects_the_pushed_ones(party: FapiParty) -> None:
    request_uri = await party.pushed_uri(state="pushed")
    back = await party.open(request_uri=request_uri, state="query", scope="openid email")
    assert query_of(back.headers["location"])["state"] == "pushed"


async def test_fapi2_ensure_plain_pkce_fails(party: FapiParty) -> None:
    answer = await party.push(code_challenge="a" * 43, code_challenge_method="plain")
    assert answer.json()["error"] == "invalid_request"


async def test_fapi2_ensure_no_pkce_fails(party: FapiParty) -> None:
    assert (await party.push(code_challenge="", code_challenge_method="")).json()["error"] == "invalid_request"


async def test_fapi2_ensure_pkce_code_verifier_required(party: FapiParty) -> None:
    code = await party.new_code()
    answer = await party.exchange(code, proof=party.proof("POST", TOKEN), code_verifier="")
    assert answer.json()["error"] == "invalid_grant"


async def test_fapi2_incorrect_pkce_code_verifier_rejected(party: FapiParty) -> None:
    code = await party.new_code()
    answer = await party.exchange(code, proof=party.proof("POST", TOKEN), code_verifier="x" * 43)
    assert answer.json()["error"] == "invalid_grant"


@pytest.mark.parametrize("response_type", ["token", "code id_token", "id_token"])
async def test_fapi2_ensure_response_type_code_only(party: FapiParty, response_type: str) -> None:
    assert (await party.push(response_type=response_type)).json()["error"] == "unsupported_response_type"


async def test_fapi2_ensure_authorization_code_is_bound_to_client(suite: Suite, party: FapiParty) -> None:
    other = await make(suite)
    other.verifier = party.verifier
    answer = await other.exchange(await party.new_code(), proof=other.proof("POST", TOKEN))
    assert answer.json()["error"] == "invalid_grant"


async def test_fapi2_attempt_reuse_authorization_code_after_one_second(party: FapiParty) -> None:
    code = await party.new_code()
    first = (await party.exchange(code, proof=party.proof("POST", TOKEN))).json()
    party.suite.clock.advance(seconds=1)
    assert (await party.exchange(code, proof=party.proof("POST", TOKEN))).json()["error"] == "invalid_grant"
    access = first["access_token"]
    assert (await party.userinfo(access, party.proof("GET", USERINFO, ath=ath(access)))).status_code == 401


async def test_fapi2_authorization_code_expires_within_a_minute(party: FapiParty) -> None:
    code = await party.new_code()
    party.suite.clock.advance(seconds=61)
    assert (await party.exchange(code, proof=party.proof("POST", TOKEN))).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "audience",
    [[ORIGIN], [ORIGIN, "https://other.test"], f"{ORIGIN}/oauth2/token", f"{ORIGIN}/oauth2/par", "https://other.test"],
    ids=["array", "multiple", "token-endpoint", "par-endpoint", "another"],
)
async def test_fapi2_ensure_client_assertion_with_wrong_aud_fails(party: FapiParty, audience: object) -> None:
    answer = await pushed_with(party, party.assertion(aud=audience))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_fapi2_ensure_client_assertion_with_iss_aud_succeeds(party: FapiParty) -> None:
    assert (await pushed_with(party, party.assertion(aud=ORIGIN))).status_code == 201


@pytest.mark.parametrize(
    ("change", "status"),
    [({"nbf": 8}, 201), ({"iat": 8}, 201), ({"nbf": 61}, 401), ({"exp": -31}, 401), ({"exp": None}, 401)],
    ids=["nbf-8s", "iat-8s", "nbf-over-60s", "expired", "no-exp"],
)
async def test_fapi2_client_assertion_times(party: FapiParty, change: dict[str, int | None], status: int) -> None:
    moved = {name: party.now + value if value is not None else None for name, value in change.items()}
    assert (await pushed_with(party, party.assertion(**moved))).status_code == status


async def test_fapi2_ensure_client_assertion_with_no_sub_or_another_fails(party: FapiParty) -> None:
    for sub in (None, "another"):
        assert (await pushed_with(party, party.assertion(sub=sub))).status_code == 401


async def test_fapi2_ensure_client_assertion_in_token_endpoint(party: FapiParty) -> None:
    body = {"grant_type": "authorization_code", "code": await party.new_code(), "redirect_uri": CALLBACK}
    body |= {"code_verifier": party.verifier, "client_id": party.client.client_id}
    answer = await party.http.post(TOKEN, data=body, headers={"DPoP": party.proof("POST", TOKEN)})
    assert answer.json()["error"] == "invalid_client"


async def test_fapi2_ensure_signed_client_assertion_with_rs256_fails(party: FapiParty) -> None:
    private = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    claims = {"iss": party.client.client_id, "sub": party.client.client_id, "aud": ORIGIN, "jti": "x"}
    claims |= {"exp": party.now + 60}
    answer = await pushed_with(party, jwt.encode(claims, private.decode(), algorithm="RS256"))
    assert answer.status_code == 401


@pytest.mark.parametrize("offset", [-10, 10])
async def test_fapi2_dpop_iat_is_within_10_seconds_succeeds(party: FapiParty, offset: int) -> None:
    proof = party.proof("POST", TOKEN, iat=party.now + offset)
    assert (await party.exchange(await party.new_code(), proof=proof)).status_code == 200


async def test_fapi2_ensure_mismatched_dpop_jkt_fails(party: FapiParty) -> None:
    digest = base64.urlsafe_b64encode(hashlib.sha256(b"other").digest()).rstrip(b"=").decode()
    code = await party.new_code(dpop_jkt=digest)
    assert (await party.exchange(code, proof=party.proof("POST", TOKEN))).json()["error"] == "invalid_grant"


async def test_fapi2_ensure_mismatched_dpop_proof_jkt_with_dpop_jkt_fails(party: FapiParty) -> None:
    answer = await party.push(proof=party.proof("POST", "/oauth2/par"), dpop_jkt="A" * 43)
    assert answer.status_code == 400


async def test_fapi2_ensure_token_endpoint_fails_with_mismatched_dpop_jkt(party: FapiParty) -> None:
    pushed = await party.push(proof=party.proof("POST", "/oauth2/par"))
    back = await party.open(request_uri=pushed.json()["request_uri"])
    code = query_of(back.headers["location"])["code"]
    answer = await party.exchange(code, proof=party.proof("POST", TOKEN, key=Key()))
    assert answer.json()["error"] == "invalid_grant"


async def test_fapi2_ensure_holder_of_key_required(party: FapiParty) -> None:
    answer = await party.exchange(await party.new_code())
    assert answer.json()["error"] == "invalid_dpop_proof"


async def test_fapi2_access_token_is_refused_as_bearer(party: FapiParty) -> None:
    access = (await party.new_tokens())["access_token"]
    assert (await party.userinfo(access, scheme="Bearer")).status_code == 401
    by_query = await party.http.get(USERINFO, params={"access_token": access})
    assert by_query.status_code == 401


async def test_fapi2_refresh_token(party: FapiParty) -> None:
    tokens = await party.new_tokens(scope="openid offline_access")
    renewed = (await party.refresh(tokens["refresh_token"], proof=party.proof("POST", TOKEN))).json()
    assert renewed["refresh_token"] == tokens["refresh_token"]
    old, new = [await party.party.claims(each["id_token"]) for each in (tokens, renewed)]
    assert (old["sub"], old["iss"], old["aud"]) == (new["sub"], new["iss"], new["aud"])


async def test_fapi2_authorization_response_names_the_issuer(party: FapiParty) -> None:
    back = await party.open(request_uri=await party.pushed_uri())
    assert query_of(back.headers["location"])["iss"] == ORIGIN
