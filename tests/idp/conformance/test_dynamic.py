"""oidcc-dynamic-certification-test-plan: clients that register themselves."""

import secrets

import httpx
import pytest
from jose import jwt

from tests.idp.browser import ORIGIN
from tests.idp.conformance.conftest import Party, Suite
from tests.idp.keyed_party import ASSERTION_TYPE, Key
from tests.idp.people import CALLBACK

SECTOR = "https://sector.test/uris.json"
JWKS = "https://rp.test/jwks"


async def test_oidcc_idtoken_rs256(suite: Suite) -> None:
    party = await suite.register(id_token_signed_response_alg="RS256")
    tokens = await party.tokens()
    assert jwt.get_unverified_header(tokens["id_token"])["alg"] == "RS256"
    await party.claims(tokens["id_token"], "RS256")


async def test_oidcc_userinfo_rs256(suite: Suite) -> None:
    party = await suite.register(userinfo_signed_response_alg="RS256")
    answer = await party.userinfo((await party.tokens())["access_token"])
    assert answer.headers["content-type"] == "application/jwt"
    claims = await party.claims(answer.text, "RS256")
    assert claims["aud"] == party.client_id


async def test_oidcc_ensure_redirect_uri_in_authorization_request(suite: Suite) -> None:
    party = await suite.register()
    assert (await party.authorize(redirect_uri=None)).status_code == 400


async def test_oidcc_redirect_uri_query_ok(suite: Suite) -> None:
    address = f"{CALLBACK}?foo=bar"
    party = await suite.register(redirect_uris=[address])
    back = party.back(await party.authorize(redirect_uri=address))
    assert back["foo"] == "bar"
    assert (await party.redeem(back["code"], redirect_uri=address)).status_code == 200


@pytest.mark.parametrize("sent", [CALLBACK, f"{CALLBACK}?foo=other", f"{CALLBACK}?foo=bar&more=1"])
async def test_oidcc_redirect_uri_query_mismatch_and_added(suite: Suite, sent: str) -> None:
    party = await suite.register(redirect_uris=[f"{CALLBACK}?foo=bar"])
    assert (await party.authorize(redirect_uri=sent)).status_code == 400


async def test_oidcc_redirect_uri_regfrag(suite: Suite) -> None:
    answer = await suite.register_raw(redirect_uris=[f"{CALLBACK}#foo"])
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_redirect_uri")


async def test_oidcc_registration_logo_policy_tos_uri(suite: Suite) -> None:
    named = {name: f"https://rp.test/{name}" for name in ("logo_uri", "policy_uri", "tos_uri", "client_uri")}
    party = await suite.register(**named)
    assert named.items() <= party.registered.items()


async def test_oidcc_registration_jwks_uri(suite: Suite) -> None:
    key = Key()
    suite.outside.set(JWKS, httpx.Response(200, json={"keys": [{**key.jwk, "kid": "one"}]}))
    party = await suite.register(token_endpoint_auth_method="private_key_jwt", jwks_uri=JWKS)
    assert (await _with_assertion(party, key, await party.code(), kid="one")).status_code == 200


async def test_oidcc_registration_sector_uri(suite: Suite) -> None:
    addresses = [CALLBACK, "https://other.test/cb"]
    suite.outside.set(SECTOR, httpx.Response(200, json=addresses))
    first = await suite.register(redirect_uris=addresses, subject_type="pairwise", sector_identifier_uri=SECTOR)
    second = await suite.register(redirect_uris=[CALLBACK], subject_type="pairwise", sector_identifier_uri=SECTOR)
    third = await suite.register(subject_type="pairwise")
    subs = [(await each.claims((await each.tokens())["id_token"]))["sub"] for each in (first, second, third)]
    assert subs[0] == subs[1]
    assert subs[0] != subs[2]
    tokens = await third.tokens()
    assert (await third.userinfo(tokens["access_token"])).json()["sub"] == subs[2]


async def test_oidcc_registration_sector_bad(suite: Suite) -> None:
    suite.outside.set(SECTOR, httpx.Response(200, json=["https://other.test/cb"]))
    answer = await suite.register_raw(subject_type="pairwise", sector_identifier_uri=SECTOR)
    assert answer.json()["error"] == "invalid_client_metadata"


async def test_oidcc_server_rotate_keys(suite: Suite) -> None:
    party = await suite.register()
    old = (await party.tokens())["id_token"]
    await suite.rotate_keys()
    new = (await party.tokens())["id_token"]
    assert jwt.get_unverified_header(old)["kid"] != jwt.get_unverified_header(new)["kid"]
    await party.claims(old)
    await party.claims(new)


async def test_oidcc_refresh_token_rp_key_rotation(suite: Suite) -> None:
    old, new = Key(), Key()
    suite.outside.set(JWKS, httpx.Response(200, json={"keys": [{**old.jwk, "kid": "old"}]}))
    party = await suite.register(token_endpoint_auth_method="private_key_jwt", jwks_uri=JWKS)
    tokens = (await _with_assertion(party, old, await party.code(scope="openid offline_access"), kid="old")).json()
    suite.outside.set(JWKS, httpx.Response(200, json={"keys": [{**new.jwk, "kid": "new"}]}))
    suite.clock.advance(seconds=15)
    body = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    answer = await suite.http.post("/oauth2/token", data={**body, **_assertion(party, new, kid="new")})
    assert answer.status_code == 200


async def test_oidcc_request_uri_signed_rs256(suite: Suite) -> None:
    """With ES256, which the suite's variant allows as well."""
    key, address = Key(), "https://rp.test/request.jwt"
    party = await suite.register(jwks={"keys": [key.jwk]}, request_uris=[address])
    claims = party.request(nonce="signed") | {"iss": party.client_id, "aud": ORIGIN}
    suite.outside.set(address, httpx.Response(200, text=key.sign(dict(claims))))
    code = await party.code(request_uri=address)
    assert (await party.claims((await party.redeem(code)).json()["id_token"]))["nonce"] == "signed"


async def test_oidcc_request_uri_unsigned(suite: Suite) -> None:
    address = "https://rp.test/unsigned.jwt"
    party = await suite.register(jwks={"keys": [Key().jwk]}, request_uris=[address])
    suite.outside.set(address, httpx.Response(200, text="eyJhbGciOiJub25lIn0.e30."))
    assert party.back(await party.authorize(request_uri=address))["error"] == "invalid_request_object"


async def test_oidcc_ensure_client_assertion_with_iss_aud_succeeds(suite: Suite) -> None:
    key = Key()
    party = await suite.register(token_endpoint_auth_method="private_key_jwt", jwks={"keys": [key.jwk]})
    for audience in (ORIGIN, f"{ORIGIN}/oauth2/token", [ORIGIN, "https://other.test"]):
        answer = await _with_assertion(party, key, await party.code(), audience=audience)
        assert answer.status_code == 200


def _assertion(party: Party, key: Key, audience: object = ORIGIN, **header: str) -> dict[str, str]:
    now = int(party.suite.clock().timestamp())
    claims = {"iss": party.client_id, "sub": party.client_id, "aud": audience, "jti": secrets.token_hex(8)}
    signed = key.sign({**claims, "iat": now, "exp": now + 60}, **header)
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": signed}


async def _with_assertion(
    party: Party, key: Key, code: str, audience: object = ORIGIN, **header: str
) -> httpx.Response:
    body = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    proof = _assertion(party, key, audience, **header)
    return await party.suite.http.post("/oauth2/token", data={**body, "code_verifier": party.verifier, **proof})
