"""Discovery lists only what works; keys rotate without breaking what is out."""

import base64
import json

from jose import jwt as foreign_jwt
from starlette.routing import Match

from idp.clients.client import GRANT_TYPES
from tests.idp.conftest import ISSUER, Provider
from tests.idp.people import enter_person, register_client, signed_in_browser
from tests.idp.relying_party import RelyingParty


async def document(provider: Provider) -> dict[str, object]:
    answer: dict[str, object] = (await provider.browser().get("/.well-known/openid-configuration")).json()
    return answer


async def test_both_well_known_addresses_say_the_same(provider: Provider) -> None:
    browser = provider.browser()
    one = await browser.get("/.well-known/openid-configuration")
    other = await browser.get("/.well-known/oauth-authorization-server")
    assert one.json() == other.json()
    assert one.json()["issuer"] == ISSUER
    assert one.headers["access-control-allow-origin"] == "*"
    again = await browser.client.get("/oauth2/jwks", headers={"If-None-Match": "x"})
    cached = await browser.client.get("/oauth2/jwks", headers={"If-None-Match": again.headers["etag"]})
    assert (again.status_code, cached.status_code) == (200, 304)


async def test_every_address_in_it_is_answered(provider: Provider) -> None:
    for name, value in (await document(provider)).items():
        if not name.endswith(("_endpoint", "_uri")):
            continue
        scope = {"type": "http", "path": str(value).removeprefix(ISSUER), "method": "POST", "headers": []}
        assert any(route.matches(scope)[0] is not Match.NONE for route in provider.app.routes), name


async def test_what_it_promises_is_what_the_rules_take(provider: Provider) -> None:
    promised = await document(provider)
    assert promised["response_types_supported"] == ["code"]
    assert promised["grant_types_supported"] == list(GRANT_TYPES)
    assert promised["code_challenge_methods_supported"] == ["S256"]
    assert promised["id_token_signing_alg_values_supported"] == ["ES256", "RS256", "PS256", "EdDSA"]
    assert "tls_client_auth" not in promised["token_endpoint_auth_methods_supported"]


async def test_published_keys_are_public_and_named_by_their_thumbprint(provider: Provider) -> None:
    keys = (await provider.browser().get("/oauth2/jwks")).json()["keys"]
    assert len(keys) == 1
    assert set(keys[0]) == {"kty", "crv", "x", "y", "alg", "use", "kid"}


async def test_tokens_of_the_key_before_still_count_after_a_rotation(provider: Provider) -> None:
    await enter_person(provider)
    party = RelyingParty(provider, *await register_client(provider))
    browser = await signed_in_browser(provider)
    old = (await party.tokens(browser))["access_token"]
    await provider.services.keys.rotate()
    new = (await party.tokens(browser))["access_token"]
    kids = [foreign_jwt.get_unverified_header(token)["kid"] for token in (new, old)]
    assert kids == [key["kid"] for key in (await party.http.get("/oauth2/jwks")).json()["keys"]]
    assert (await party.userinfo(old)).status_code == (await party.userinfo(new)).status_code == 200
    await provider.services.keys.rotate()
    assert (await party.userinfo(old)).status_code == 401
    assert (await party.userinfo(new)).status_code == 200


async def test_a_token_that_names_no_algorithm_or_another_is_refused(provider: Provider) -> None:
    await enter_person(provider)
    party = RelyingParty(provider, *await register_client(provider))
    head, payload, _signature = (await party.tokens(await signed_in_browser(provider)))["access_token"].split(".")
    header = json.loads(base64.urlsafe_b64decode(head + "=="))
    for algorithm in ("none", "HS256", "RS256"):
        changed = base64.urlsafe_b64encode(json.dumps({**header, "alg": algorithm}).encode()).rstrip(b"=").decode()
        assert (await party.userinfo(f"{changed}.{payload}.")).status_code == 401
        assert (await party.userinfo(f"{changed}.{payload}.{'A' * 86}")).status_code == 401
