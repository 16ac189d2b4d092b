"""Programs register clients and manage them (RFC 7591, RFC 7592)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.idp.conftest import ISSUER, HandClock, Provider, run_provider
from tests.idp.keyed_party import Key
from tests.idp.outside import Outside
from tests.idp.people import CALLBACK

METADATA: dict[str, Any] = {"client_name": "Reader", "redirect_uris": [CALLBACK]}


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest.fixture
async def provider(tmp_path: Path, clock: HandClock, outside: Outside) -> AsyncIterator[Provider]:
    async for built in run_provider(tmp_path, clock, outside=outside):
        yield built


async def initial_token(provider: Provider, **how: Any) -> str:
    return await provider.services.registration.grant_initial_token("tests", **how)


async def register(provider: Provider, document: object, token: str | None = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token or await initial_token(provider)}"}
    return await provider.browser().client.post("/oauth2/register", json=document, headers=headers)


async def test_registering_and_managing(provider: Provider) -> None:
    answer = await register(provider, METADATA)
    assert answer.status_code == 201
    made = answer.json()
    assert made["token_endpoint_auth_method"] == "client_secret_basic"
    assert made["client_secret_expires_at"] == 0
    http = provider.browser().client
    headers = {"Authorization": f"Bearer {made['registration_access_token']}"}
    address = made["registration_client_uri"]
    read = await http.get(address, headers=headers)
    assert read.json()["client_name"] == "Reader"
    assert "client_secret" not in read.json()
    changed = {**METADATA, "client_id": made["client_id"], "client_name": "Writer", "subject_type": "pairwise"}
    assert (await http.put(address, headers=headers, json=changed)).json()["client_name"] == "Writer"
    assert (await http.get(address, headers=headers)).json()["subject_type"] == "pairwise"
    assert (await http.delete(address, headers=headers)).status_code == 204
    assert (await http.get(address, headers=headers)).status_code == 401
    assert await provider.services.clients.find(made["client_id"]) is None


async def test_an_initial_token_counts_as_often_and_as_long_as_was_said(provider: Provider) -> None:
    token = await initial_token(provider, uses=2, lifetime=timedelta(hours=1))
    assert [(await register(provider, METADATA, token)).status_code for _ in range(3)] == [201, 201, 401]
    late = await initial_token(provider, uses=1, lifetime=timedelta(hours=1))
    provider.clock.advance(hours=2)
    assert (await register(provider, METADATA, late)).status_code == 401


async def test_without_a_token_nobody_registers(provider: Provider) -> None:
    answer = await provider.browser().client.post("/oauth2/register", json=METADATA)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")


@pytest.mark.parametrize("header", ["Bearer x", "Basic eDp5", ""])
async def test_another_token_learns_nothing(provider: Provider, header: str) -> None:
    made = (await register(provider, METADATA)).json()
    http = provider.browser().client
    for path in (made["registration_client_uri"], f"{ISSUER}/oauth2/register/no-such-client"):
        answer = await http.get(path, headers={"Authorization": header})
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")


@pytest.mark.parametrize(
    ("change", "error", "member"),
    [
        ({"redirect_uris": ["http://rp.test/callback"]}, "invalid_redirect_uri", "redirect_uris"),
        ({"redirect_uris": ["https://rp.test/callback#part"]}, "invalid_redirect_uri", "redirect_uris"),
        ({"redirect_uris": []}, "invalid_redirect_uri", "redirect_uris"),
        ({"redirect_uris": "https://rp.test/"}, "invalid_redirect_uri", "redirect_uris"),
        ({"grant_types": ["implicit"]}, "invalid_client_metadata", "grant_types"),
        ({"grant_types": ["client_credentials"]}, "invalid_client_metadata", "grant_types"),
        ({"response_types": ["code id_token"]}, "invalid_client_metadata", "response_types"),
        ({"token_endpoint_auth_method": "client_secret_jwt"}, "invalid_client_metadata", "token_endpoint_auth_method"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata", "jwks"),
        ({"jwks": {"keys": []}, "jwks_uri": "https://rp.test/jwks"}, "invalid_client_metadata", "jwks"),
        ({"jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}}, "invalid_client_metadata", "jwks"),
        ({"jwks_uri": "http://rp.test/jwks"}, "invalid_client_metadata", "jwks_uri"),
        ({"jwks_uri": 7}, "invalid_client_metadata", "jwks_uri"),
        ({"id_token_signed_response_alg": "none"}, "invalid_client_metadata", "id_token_signed_response_alg"),
        ({"userinfo_signed_response_alg": "HS256"}, "invalid_client_metadata", "userinfo_signed_response_alg"),
        ({"subject_type": "secret"}, "invalid_client_metadata", "subject_type"),
        ({"require_pushed_authorization_requests": "yes"}, "invalid_client_metadata", "require_pushed"),
        ({"backchannel_logout_uri": "https://rp.test/#x"}, "invalid_client_metadata", "backchannel_logout_uri"),
        ({"response_modes": ["jwt"]}, "invalid_client_metadata", "response_modes"),
        ({"resources": ["https://ledger.test/"]}, "invalid_client_metadata", "resources"),
        ({"client_name": "x" * 200}, "invalid_client_metadata", "client_name"),
        ({"software_statement": "a.b.c"}, "unapproved_software_statement", "software statements"),
        ({"post_logout_redirect_uris": ["javascript:x"]}, "invalid_client_metadata", "post_logout_redirect_uris"),
    ],
)
async def test_the_wrong_member_is_named(
    provider: Provider, change: dict[str, object], error: str, member: str
) -> None:
    answer = await register(provider, {**METADATA, **change})
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert member in answer.json()["error_description"]


async def test_what_only_the_administrator_gives_is_left_out(provider: Provider) -> None:
    made = (await register(provider, {**METADATA, "scope": "openid realname licence:issue admin:users"})).json()
    assert made["scope"] == "openid"
    client = await provider.services.clients.find(made["client_id"])
    assert client is not None
    assert not client.first_party
    assert not client.may_realname


async def test_a_key_in_place_of_a_secret(provider: Provider) -> None:
    document = {**METADATA, "token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [Key().jwk]}}
    made = (await register(provider, document)).json()
    assert "client_secret" not in made


async def test_a_sector_is_believed_when_it_names_every_address(provider: Provider, outside: Outside) -> None:
    document = {
        **METADATA,
        "redirect_uris": [CALLBACK, "https://other.test/cb"],
        "subject_type": "pairwise",
        "sector_identifier_uri": "https://sector.test/uris",
    }
    outside.set("https://sector.test/uris", httpx.Response(200, json=[CALLBACK, "https://other.test/cb"]))
    assert (await register(provider, document)).status_code == 201
    outside.set("https://sector.test/uris", httpx.Response(200, json=[CALLBACK]))
    answer = await register(provider, document)
    assert "sector_identifier_uri" in answer.json()["error_description"]


async def test_a_sector_in_our_own_network_is_not_asked(provider: Provider, outside: Outside) -> None:
    outside.set("https://inside.test/uris", httpx.Response(200, json=[CALLBACK]))
    answer = await register(provider, {**METADATA, "sector_identifier_uri": "https://inside.test/uris"})
    assert answer.status_code == 400
    assert outside.asked == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null", b'"x"', b"\xff\xfe"])
async def test_a_body_that_is_no_object_is_refused(provider: Provider, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {await initial_token(provider)}", "Content-Type": "application/json"}
    answer = await provider.browser().client.post("/oauth2/register", content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")
