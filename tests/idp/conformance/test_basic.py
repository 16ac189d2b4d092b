"""oidcc-basic-certification-test-plan: the modules that a code-flow provider must pass, each by its name."""

import base64
import json

import pytest
from jose import jwt

from tests.idp.browser import ORIGIN
from tests.idp.conformance.conftest import SCOPES, Suite
from tests.idp.people import CALLBACK


def unsigned(claims: dict[str, object]) -> str:
    parts = [{"alg": "none"}, claims]
    encoded = [base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=").decode() for each in parts]
    return ".".join([*encoded, ""])


async def test_oidcc_server(suite: Suite) -> None:
    party = await suite.register()
    tokens = await party.tokens()
    claims = await party.claims(tokens["id_token"])
    assert claims["nonce"] == "nonce-1"
    assert tokens["token_type"] == "Bearer"
    assert (await party.userinfo(tokens["access_token"])).json()["sub"] == claims["sub"]


async def test_oidcc_response_type_missing(suite: Suite) -> None:
    party = await suite.register()
    assert party.back(await party.authorize(response_type=None))["error"] == "invalid_request"


async def test_oidcc_idtoken_signature(suite: Suite) -> None:
    party = await suite.register(id_token_signed_response_alg="RS256")
    tokens = await party.tokens()
    header = jwt.get_unverified_header(tokens["id_token"])
    keys = (await suite.http.get("/oauth2/jwks")).json()["keys"]
    assert header["kid"] in {key["kid"] for key in keys}
    assert (await party.claims(tokens["id_token"], "RS256"))["aud"] == party.client_id


async def test_oidcc_idtoken_unsigned(suite: Suite) -> None:
    answer = await suite.register_raw(id_token_signed_response_alg="none")
    assert answer.json()["error"] == "invalid_client_metadata"


async def test_oidcc_userinfo_get(suite: Suite) -> None:
    party = await suite.register()
    tokens = await party.tokens()
    assert (await party.userinfo(tokens["access_token"])).status_code == 200


async def test_oidcc_userinfo_post_header(suite: Suite) -> None:
    party = await suite.register()
    headers = {"Authorization": f"Bearer {(await party.tokens())['access_token']}"}
    assert (await suite.http.post("/oauth2/userinfo", headers=headers)).status_code == 200


async def test_oidcc_userinfo_post_body(suite: Suite) -> None:
    party = await suite.register()
    body = {"access_token": (await party.tokens())["access_token"]}
    assert (await suite.http.post("/oauth2/userinfo", data=body)).status_code == 200


async def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(suite: Suite) -> None:
    party = await suite.register()
    tokens = await party.tokens(nonce=None)
    assert "nonce" not in await party.claims(tokens["id_token"])


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("openid profile", {"name", "preferred_username", "locale"}),
        ("openid email", {"email", "email_verified"}),
        ("openid phone", set()),
        ("openid address", set()),
        (SCOPES, {"name", "email"}),
    ],
    ids=["profile", "email", "phone", "address", "all"],
)
async def test_oidcc_scope(suite: Suite, scope: str, expected: set[str]) -> None:
    party = await suite.register()
    tokens = await party.tokens(scope=scope)
    assert expected <= set((await party.userinfo(tokens["access_token"])).json())


async def test_oidcc_alternate_happy_flow(suite: Suite) -> None:
    party = await suite.register(redirect_uris=[CALLBACK, "https://rp.test/other"])
    back = await party.authorize(redirect_uri="https://rp.test/other", state=None)
    assert "state" not in back.headers["location"]


@pytest.mark.parametrize("display", ["page", "popup"])
async def test_oidcc_display(suite: Suite, display: str) -> None:
    party = await suite.register()
    assert "code" in party.back(await party.authorize(display=display))


async def test_oidcc_prompt_login(suite: Suite) -> None:
    party = await suite.register()
    first = await party.claims((await party.tokens())["id_token"])
    suite.clock.advance(seconds=5)
    page = await suite.browser.get("/oauth2/authorize", params=party.request(prompt="login"))
    assert page.url.path == "/login"
    code = party.back(await party.through(suite.browser, page))["code"]
    second = await party.claims((await party.redeem(code)).json()["id_token"])
    assert second["auth_time"] > first["auth_time"]
    assert second["sub"] == first["sub"]


async def test_oidcc_prompt_none_not_logged_in(suite: Suite) -> None:
    party = await suite.register()
    back = party.back(await party.authorize(prompt="none"))
    assert (back["error"], back["state"]) == ("login_required", "state-1")


async def test_oidcc_prompt_none_logged_in(suite: Suite) -> None:
    party = await suite.register()
    first = await party.claims((await party.tokens())["id_token"])
    second = await party.claims((await party.tokens(prompt="none"))["id_token"])
    assert (first["sub"], first["auth_time"]) == (second["sub"], second["auth_time"])


async def test_oidcc_max_age_1(suite: Suite) -> None:
    party = await suite.register()
    first = await party.claims((await party.tokens())["id_token"])
    suite.clock.advance(seconds=2)
    page = await suite.browser.get("/oauth2/authorize", params=party.request(max_age="1"))
    assert page.url.path == "/login"
    code = party.back(await party.through(suite.browser, page))["code"]
    assert (await party.claims((await party.redeem(code)).json()["id_token"]))["auth_time"] > first["auth_time"]


async def test_oidcc_max_age_10000(suite: Suite) -> None:
    party = await suite.register()
    first = await party.claims((await party.tokens())["id_token"])
    suite.clock.advance(seconds=2)
    second = await party.claims((await party.tokens(max_age="10000"))["id_token"])
    assert second["auth_time"] == first["auth_time"]


async def test_oidcc_ensure_request_with_unknown_parameter_succeeds(suite: Suite) -> None:
    party = await suite.register()
    assert "code" in party.back(await party.authorize(extra="foobar"))


async def test_oidcc_id_token_hint(suite: Suite) -> None:
    party = await suite.register()
    tokens = await party.tokens()
    again = await party.tokens(prompt="none", id_token_hint=tokens["id_token"])
    subs = [(await party.claims(each["id_token"]))["sub"] for each in (tokens, again)]
    assert subs[0] == subs[1]


async def test_oidcc_login_hint(suite: Suite) -> None:
    party = await suite.register()
    page = await suite.browser.get("/oauth2/authorize", params=party.request(login_hint="ming"))
    assert 'value="ming"' in page.text


async def test_oidcc_ui_locales(suite: Suite) -> None:
    party = await suite.register()
    page = await suite.browser.get("/oauth2/authorize", params=party.request(ui_locales="xx zh-CN en"))
    assert page.headers["content-language"] == "zh-CN"
    assert "code" in party.back(await party.through(suite.browser, page))


async def test_oidcc_claims_locales(suite: Suite) -> None:
    party = await suite.register()
    assert "code" in party.back(await party.authorize(claims_locales="se"))


async def test_oidcc_ensure_request_with_acr_values_succeeds(suite: Suite) -> None:
    party = await suite.register()
    tokens = await party.tokens(acr_values="urn:xinyin:acr:l1 urn:other:acr")
    assert (await party.claims(tokens["id_token"]))["acr"] == "urn:xinyin:acr:l1"


async def test_oidcc_codereuse(suite: Suite) -> None:
    party = await suite.register()
    code = await party.code()
    assert (await party.redeem(code)).status_code == 200
    assert (await party.redeem(code)).json()["error"] == "invalid_grant"


async def test_oidcc_codereuse_30seconds(suite: Suite) -> None:
    party = await suite.register()
    code = await party.code()
    access = (await party.redeem(code)).json()["access_token"]
    suite.clock.advance(seconds=30)
    assert (await party.redeem(code)).json()["error"] == "invalid_grant"
    assert (await party.userinfo(access)).status_code == 401


async def test_oidcc_ensure_registered_redirect_uri(suite: Suite) -> None:
    party = await suite.register()
    page = await party.authorize(redirect_uri="https://rp.test/unregistered")
    assert (page.status_code, "location" in page.headers) == (400, False)


async def test_oidcc_ensure_post_request_succeeds(suite: Suite) -> None:
    party = await suite.register()
    page = await suite.browser.post("/oauth2/authorize", party.request())
    assert "code" in party.back(await party.through(suite.browser, page))


async def test_oidcc_server_client_secret_post(suite: Suite) -> None:
    party = await suite.register(token_endpoint_auth_method="client_secret_post")
    tokens = await party.tokens()
    assert (await party.claims(tokens["id_token"]))["iss"] == ORIGIN
    assert (await party.token({"grant_type": "refresh_token"}, "client_secret_basic")).status_code == 401


async def test_oidcc_request_uri_unsigned_supported_correctly_or_rejected(suite: Suite) -> None:
    party = await suite.register()
    back = party.back(await party.authorize(request_uri="https://rp.test/request.jwt"))
    assert back["error"] == "invalid_request_uri"


async def test_oidcc_unsigned_request_object_supported_correctly_or_rejected(suite: Suite) -> None:
    party = await suite.register()
    back = party.back(await party.authorize(request=unsigned({"nonce": "other"})))
    assert back["error"] == "invalid_request_object"


async def test_oidcc_claims_essential(suite: Suite) -> None:
    party = await suite.register()
    claims = json.dumps({"userinfo": {"name": {"essential": True}}, "id_token": {"email": None}})
    tokens = await party.tokens(claims=claims)
    assert (await party.userinfo(tokens["access_token"])).json()["name"] == "小明"
    assert (await party.claims(tokens["id_token"]))["email"] == "ming@example.com"


async def test_oidcc_ensure_request_object_with_redirect_uri(suite: Suite) -> None:
    party = await suite.register()
    page = await party.authorize(request=unsigned({"redirect_uri": CALLBACK}), redirect_uri=None)
    assert page.status_code == 400


async def test_oidcc_refresh_token(suite: Suite) -> None:
    party = await suite.register()
    tokens = await party.tokens(scope="openid offline_access", prompt="consent")
    answer = await party.token({"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]})
    renewed = answer.json()
    first, second = [await party.claims(each["id_token"]) for each in (tokens, renewed)]
    assert {name: first[name] for name in ("iss", "sub", "aud", "auth_time")} == {
        name: second[name] for name in ("iss", "sub", "aud", "auth_time")
    }
    assert "nonce" not in second
    assert (await party.userinfo(renewed["access_token"])).status_code == 200


async def test_oidcc_refresh_token_of_another_client(suite: Suite) -> None:
    party, other = await suite.register(), await suite.register()
    tokens = await party.tokens(scope="openid offline_access")
    answer = await other.token({"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]})
    assert answer.json()["error"] == "invalid_grant"


async def test_oidcc_ensure_request_with_valid_pkce_succeeds(suite: Suite) -> None:
    party = await suite.register()
    code = await party.code()
    assert (await party.redeem(code, code_verifier="w" * 43)).json()["error"] == "invalid_grant"
    assert (await party.redeem(await party.code())).status_code == 200
