"""One test for each attack on OAuth and OpenID Connect, named after it (RFC 9700, RFC 9449 §11, RFC 9126 §7)."""

import base64
import json
from urllib.parse import urlencode

import pytest

from idp.sessions.routes import SessionCookie
from tests.idp.browser import hidden_fields, query_of
from tests.idp.conftest import ISSUER, Provider
from tests.idp.keyed_party import ASSERTION_TYPE, Key, KeyedParty, ath, keyed_party
from tests.idp.people import CALLBACK, PASSWORD, enter_person, register_client, signed_in_browser
from tests.idp.relying_party import RelyingParty, error_of


@pytest.fixture
async def party(provider: Provider) -> RelyingParty:
    await enter_person(provider)
    return RelyingParty(provider, *await register_client(provider))


@pytest.fixture
async def keyed(provider: Provider) -> KeyedParty:
    await enter_person(provider)
    return await keyed_party(provider)


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.test/callback",
        "https://rp.test.evil.test/callback",
        "https://rp.test@evil.test/callback",
        "https://rp.test/callback/../other",
        "https://rp.test/callback?next=https://evil.test",
        "https://rp.test/callback#x",
        "//rp.test/callback",
        "javascript:alert(1)",
        "https://RP.test/callback",
    ],
)
async def test_open_redirect(provider: Provider, party: RelyingParty, address: str) -> None:
    browser = await signed_in_browser(provider)
    query = {**query_of(party.authorization_address()), "redirect_uri": address}
    answer = await browser.client.get("/oauth2/authorize", params=query)
    assert answer.status_code == 400
    assert "location" not in answer.headers


@pytest.mark.parametrize("target", ["https://evil.test/", "//evil.test/", "/\\evil.test", "/device?x=//evil.test"])
async def test_open_redirect_after_signing_in(provider: Provider, target: str) -> None:
    await enter_person(provider)
    browser = provider.browser()
    page = await browser.get("/login?" + urlencode({"next": target}))
    answer = await browser.sign_in("ming", PASSWORD, page)
    assert str(answer.url).startswith(ISSUER)
    assert answer.url.path == "/"


async def test_open_redirect_after_signing_out(provider: Provider, party: RelyingParty) -> None:
    browser = await signed_in_browser(provider)
    tokens = await party.tokens(browser)
    query = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": "https://evil.test/"}
    answer = await browser.client.get("/oauth2/logout", params=query)
    assert (answer.status_code, "location" in answer.headers) == (400, False)


async def test_csrf_on_consent(provider: Provider) -> None:
    await enter_person(provider)
    party = RelyingParty(provider, *await register_client(provider, first_party=False))
    browser = await signed_in_browser(provider)
    page = await browser.get(party.authorization_address())
    fields = hidden_fields(page.text)
    forged = await browser.client.post("/login/consent", data={"request": fields["request"], "answer": "allow"})
    assert forged.status_code == 403
    assert (await browser.get(party.authorization_address())).url.path == "/login/consent"


async def test_csrf_on_letting_a_device_in(provider: Provider) -> None:
    await enter_person(provider)
    browser = await signed_in_browser(provider)
    forged = await browser.client.post("/device/answer", data={"user_code": "BCDF-GHJK", "answer": "allow"})
    assert forged.status_code == 403


async def test_csrf_on_signing_out(provider: Provider) -> None:
    await enter_person(provider)
    browser = await signed_in_browser(provider)
    assert (await browser.client.post("/logout", data={})).status_code == 403
    page = await browser.get("/oauth2/logout")
    assert page.status_code == 200
    assert (await browser.get("/account")).url.path == "/account"


async def test_session_fixation(provider: Provider) -> None:
    await enter_person(provider)
    browser = provider.browser()
    name = SessionCookie(provider.services.settings).name
    browser.client.cookies.set(name, "planted", domain="idp.test")
    await browser.sign_in("ming", PASSWORD)
    held = [cookie.value for cookie in browser.client.cookies.jar if cookie.name == name]
    assert "planted" not in held[-1:]
    attacker = provider.browser()
    attacker.client.cookies.set(name, "planted", domain="idp.test")
    assert (await attacker.get("/account")).url.path == "/login"


async def test_login_fixation_by_handing_over_a_sign_in_under_way(provider: Provider, party: RelyingParty) -> None:
    attacker, victim = provider.browser(), provider.browser()
    page = await attacker.get(party.authorization_address())
    await victim.get("/login")
    answer = await victim.get(str(page.url))
    assert hidden_fields(answer.text)["request"] != hidden_fields(page.text)["request"]


async def test_login_csrf(provider: Provider) -> None:
    await enter_person(provider)
    victim = provider.browser()
    await victim.get("/login")
    forged = await victim.client.post("/login", data={"username": "ming", "password": PASSWORD})
    assert forged.status_code == 403
    assert (await victim.get("/account")).url.path == "/login"


async def test_mix_up(provider: Provider, party: RelyingParty) -> None:
    browser = await signed_in_browser(provider)
    back = await browser.get(party.authorization_address())
    assert query_of(back.headers["location"])["iss"] == ISSUER
    refused = await browser.get(party.authorization_address(prompt="none login"))
    assert query_of(refused.headers["location"])["iss"] == ISSUER


async def test_code_injection_into_another_session_of_the_client(provider: Provider, party: RelyingParty) -> None:
    stolen = await party.obtain_code(await signed_in_browser(provider))
    other = RelyingParty(provider, party.client, party.secret)
    answer = await other.exchange(stolen)
    assert answer.json()["error"] == "invalid_grant"


async def test_code_injection_into_another_client(provider: Provider, party: RelyingParty) -> None:
    stolen = await party.obtain_code(await signed_in_browser(provider))
    other = RelyingParty(provider, *await register_client(provider))
    other.verifier = party.verifier
    assert (await other.exchange(stolen)).json()["error"] == "invalid_grant"


async def test_code_replay(provider: Provider, party: RelyingParty) -> None:
    code = await party.obtain_code(await signed_in_browser(provider))
    tokens = (await party.exchange(code)).json()
    provider.clock.advance(seconds=30)
    assert (await party.exchange(code)).json()["error"] == "invalid_grant"
    assert await party.introspect(tokens["access_token"]) == {"active": False}
    assert (await party.refresh(tokens["refresh_token"])).status_code == 400


async def test_pkce_downgrade(provider: Provider, party: RelyingParty) -> None:
    browser = await signed_in_browser(provider)
    query = query_of(party.authorization_address())
    del query["code_challenge"], query["code_challenge_method"]
    back = await browser.client.get("/oauth2/authorize", params=query)
    assert error_of(back.headers["location"])[0] == "invalid_request"


async def test_refresh_token_theft(provider: Provider, party: RelyingParty) -> None:
    tokens = await party.tokens(await signed_in_browser(provider))
    stolen = (await party.refresh(tokens["refresh_token"])).json()
    assert (await party.refresh(tokens["refresh_token"])).status_code == 400
    assert (await party.refresh(stolen["refresh_token"])).status_code == 400
    assert await party.introspect(stolen["access_token"]) == {"active": False}


@pytest.mark.parametrize("path", ["/login", "/device", "/logout", "/account"])
async def test_clickjacking(provider: Provider, path: str) -> None:
    await enter_person(provider)
    page = await (await signed_in_browser(provider)).get(path)
    assert page.headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


async def test_script_injection_through_form_post(provider: Provider, party: RelyingParty) -> None:
    browser = await signed_in_browser(provider)
    query = query_of(party.authorization_address(response_mode="form_post")) | {"state": '"><script>alert(1)</script>'}
    page = await browser.client.get("/oauth2/authorize", params=query)
    assert "<script>alert" not in page.text
    policy = page.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "form-action 'self' https://rp.test;" in policy


async def test_par_reuse_after_the_answer(provider: Provider, keyed: KeyedParty) -> None:
    request_uri = await keyed.pushed_uri()
    first, second = provider.browser(), provider.browser()
    assert (await keyed.visit(first, request_uri=request_uri)).url.path == "/login"
    assert (await keyed.visit(second, request_uri=request_uri)).url.path == "/login"
    done = await keyed.visit(await signed_in_browser(provider), request_uri=request_uri)
    assert "code" in query_of(done.headers["location"])
    again = await keyed.visit(await signed_in_browser(provider), request_uri=request_uri)
    assert again.status_code == 400


async def test_par_swapping_between_clients(provider: Provider, keyed: KeyedParty) -> None:
    other = await keyed_party(provider)
    request_uri = await keyed.pushed_uri()
    assert (await other.visit(await signed_in_browser(provider), request_uri=request_uri)).status_code == 400


async def test_par_after_its_end(provider: Provider, keyed: KeyedParty) -> None:
    request_uri = await keyed.pushed_uri()
    provider.clock.advance(seconds=91)
    assert (await keyed.visit(await signed_in_browser(provider), request_uri=request_uri)).status_code == 400


async def test_par_within_par(keyed: KeyedParty) -> None:
    inner = await keyed.pushed_uri()
    answer = await keyed.post("/oauth2/par", keyed.request(request_uri=inner))
    assert answer.json()["error"] == "invalid_request"


async def test_assertion_replay(keyed: KeyedParty) -> None:
    body = keyed.request() | {"client_assertion_type": ASSERTION_TYPE, "client_assertion": keyed.assertion()}
    assert (await keyed.http.post("/oauth2/par", data=body)).status_code == 201
    assert (await keyed.http.post("/oauth2/par", data=body)).status_code == 401


async def test_assertion_by_another_key(keyed: KeyedParty) -> None:
    body = keyed.request() | {"client_assertion_type": ASSERTION_TYPE, "client_assertion": keyed.assertion(Key())}
    assert (await keyed.http.post("/oauth2/par", data=body)).status_code == 401


async def test_two_credentials_at_once(keyed: KeyedParty) -> None:
    answer = await keyed.http.post(
        "/oauth2/par", data={**keyed.credentials(), **keyed.request()}, auth=(keyed.client.client_id, "x")
    )
    assert answer.json()["error"] == "invalid_request"


async def test_dpop_replay(provider: Provider, keyed: KeyedParty) -> None:
    access = (await keyed.tokens(await signed_in_browser(provider)))["access_token"]
    proof = keyed.proof("GET", "/oauth2/userinfo", ath=ath(access))
    assert (await keyed.userinfo(access, proof)).status_code == 200
    assert (await keyed.userinfo(access, proof)).status_code == 401


async def test_dpop_with_a_private_or_symmetric_key(provider: Provider, keyed: KeyedParty) -> None:
    code = await keyed.code(await signed_in_browser(provider))
    private = Key()
    private.jwk["d"] = "AAAA"
    assert (await keyed.exchange(code, proof=keyed.proof("POST", "/oauth2/token", key=private))).status_code == 400
    header = base64.urlsafe_b64encode(json.dumps({"typ": "dpop+jwt", "alg": "none"}).encode()).decode().rstrip("=")
    unsigned = keyed.proof("POST", "/oauth2/token").split(".")
    answer = await keyed.exchange(code, proof=f"{header}.{unsigned[1]}.")
    assert answer.json()["error"] == "invalid_dpop_proof"


async def test_token_downgrade_from_dpop_to_bearer(provider: Provider, keyed: KeyedParty) -> None:
    access = (await keyed.tokens(await signed_in_browser(provider)))["access_token"]
    assert (await keyed.userinfo(access, scheme="Bearer")).status_code == 401
    posted = await keyed.http.post("/oauth2/userinfo", data={"access_token": access})
    assert posted.status_code == 401


async def test_request_object_with_alg_none(provider: Provider, keyed: KeyedParty) -> None:
    def part(value: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    claims: dict[str, object] = {**keyed.request(), "iss": keyed.client.client_id, "aud": ISSUER}
    unsigned = f"{part({'alg': 'none'})}.{part(claims)}."
    answer = await keyed.visit(await signed_in_browser(provider), request=unsigned, redirect_uri=CALLBACK)
    assert error_of(answer.headers["location"] + "&state=")[0] == "invalid_request_object"


async def test_parameter_injection_beside_a_request_object(provider: Provider, keyed: KeyedParty) -> None:
    claims = {**keyed.request(state="signed"), "iss": keyed.client.client_id, "aud": ISSUER}
    signed = keyed.key.sign(claims, typ="oauth-authz-req+jwt")
    back = await keyed.visit(await signed_in_browser(provider), request=signed, state="injected", nonce="injected")
    assert query_of(back.headers["location"])["state"] == "signed"
