"""What every caller may rely on, whichever address it calls."""

import re
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from redis import Redis

from tests import servers
from tests.houses import TestHouse, food_order, opened
from tests.xinyin.conftest import BASE, caller_of

CODE = "a-code-that-nobody-should-see-2026"
pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGE = {"Accept": "text/html,application/xhtml+xml"}


async def test_healthz_says_alive_and_is_never_kept(caller: httpx.AsyncClient) -> None:
    answer = await caller.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})
    assert answer.headers["cache-control"] == "no-store"


async def test_readyz_names_every_dependency(caller: httpx.AsyncClient) -> None:
    answer = await caller.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "checks": {"database": "ok", "files": "ok", "sessions": "ok"}}


async def test_readyz_says_which_dependency_is_away_while_healthz_stays_alive(tmp_path: Path) -> None:
    with servers.redis(tmp_path / "redis") as address:
        async with opened(tmp_path, redis_url=address) as world, caller_of(world) as caller:
            assert (await caller.get("/readyz")).status_code == 200
            Redis.from_url(address).shutdown(nosave=True)
            answer = await caller.get("/readyz")
            assert answer.status_code == 503
            assert answer.json() == {
                "status": "not ready",
                "checks": {"database": "ok", "files": "ok", "sessions": "away"},
            }
            assert (await caller.get("/healthz")).status_code == 200


async def test_metrics_name_templates_and_no_code_or_path(world: TestHouse) -> None:
    licence = await world.house.licence_vault.issuing.issue(food_order(), world.requester())
    handle = licence.qr.partition("#")[0].rpartition("/")[2]
    async with caller_of(world) as caller:
        for path in (f"/v/{CODE}", f"/V/{handle}", f"/api/v1/licences/{licence.id}", f"/nowhere/{CODE}", "/healthz"):
            await caller.get(path)
        await caller.post("/oauth2/token")
        text = (await caller.get("/metrics")).text
    assert CODE not in text
    assert handle not in text
    assert licence.id not in text
    counted = set(re.findall(r'xinyin_http_requests_total\{method="(\w+)",route="([^"]+)",status="(\d+)"\} 1\.0', text))
    assert counted == {
        ("GET", "/v/{code}", "404"),
        ("GET", "/V/{code}", "200"),
        ("GET", "/api/v1/licences/{licence_id}", "401"),
        ("GET", "other", "404"),
        ("GET", "/healthz", "200"),
        ("POST", "/oauth2/token", "400"),
    }


async def test_a_method_that_nobody_knows_does_not_make_a_new_line(caller: httpx.AsyncClient) -> None:
    await caller.request("BREW", "/healthz")
    assert 'method="OTHER",route="/healthz",status="405"' in (await caller.get("/metrics")).text


async def test_discovery_names_this_issuer_and_only_addresses_that_are_served(caller: httpx.AsyncClient) -> None:
    answer = await caller.get("/.well-known/openid-configuration")
    document = answer.json()
    assert document["issuer"] == BASE
    assert document["response_types_supported"] == ["code"]
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["authorization_response_iss_parameter_supported"] is True
    assert set(document["grant_types_supported"]) >= {"authorization_code", "refresh_token", "client_credentials"}
    addresses = [value for name, value in document.items() if name.endswith(("_endpoint", "_uri"))]
    assert len(addresses) == 10
    for address in addresses:
        assert (await caller.options(address)).status_code == 204, address
    assert (await caller.get("/.well-known/oauth-authorization-server")).json() == document


async def test_discovery_and_keys_may_be_read_from_any_origin_and_kept(caller: httpx.AsyncClient) -> None:
    for path in ("/.well-known/openid-configuration", "/oauth2/jwks"):
        answer = await caller.get(path)
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cache-control"] == "public, max-age=300"
        again = await caller.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["/api/v1/nope", "/api/", "/api/v2/licences", "/oauth2/nope", "/ca/no-such.cer"])
async def test_an_unknown_address_for_programs_is_a_problem_document_even_for_browsers(
    caller: httpx.AsyncClient, path: str
) -> None:
    answer = await caller.get(path, headers=PAGE)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == "urn:xinyin:problem:not-found"
    assert problem["status"] == 404
    assert problem["title"]
    assert problem["detail"]
    assert problem["instance"] == f"urn:uuid:{answer.headers['x-request-id']}"


async def test_an_unknown_page_is_a_page_for_people_and_a_problem_for_programs(caller: httpx.AsyncClient) -> None:
    page, problem = await caller.get("/nope", headers=PAGE), await caller.get("/nope")
    assert page.status_code == problem.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["x-request-id"] in page.text
    assert problem.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/healthz", "GET, HEAD, OPTIONS"),
        ("GET", "/oauth2/token", "POST, OPTIONS"),
        ("DELETE", "/api/v1/licences", "GET, HEAD, POST, OPTIONS"),
        ("PUT", "/api/v1/verifications", "POST, OPTIONS"),
        ("DELETE", "/oauth2/authorize", "GET, HEAD, POST, OPTIONS"),
        ("PATCH", "/login", "GET, HEAD, POST, OPTIONS"),
        ("POST", "/log/checkpoint", "GET, HEAD, OPTIONS"),
    ],
)
async def test_a_wrong_method_hears_which_ones_there_are(
    caller: httpx.AsyncClient, method: str, path: str, allowed: str
) -> None:
    answer = await caller.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == allowed
    assert answer.json()["type"] == "urn:xinyin:problem:method-not-allowed"
    asked = await caller.options(path)
    assert (asked.status_code, asked.headers["allow"], asked.content) == (204, allowed, b"")


@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/openapi.json", "/api/v1/trust-list", "/log/checkpoint", "/oauth2/jwks", f"/v/{CODE}"]
)
async def test_head_answers_as_get_does_without_the_body(caller: httpx.AsyncClient, path: str) -> None:
    await caller.get(path)
    full, head = await caller.get(path), await caller.head(path)
    assert head.content == b""
    assert head.status_code == full.status_code
    assert head.headers["content-type"] == full.headers["content-type"]
    assert head.headers["content-length"]


async def test_head_of_an_unknown_address_is_404(caller: httpx.AsyncClient) -> None:
    assert (await caller.head("/api/v1/nope")).status_code == 404
    assert (await caller.options("/api/v1/nope")).status_code == 404


async def test_each_answer_has_a_request_id_of_our_own(caller: httpx.AsyncClient) -> None:
    sent = {"X-Request-Id": "chosen-by-the-caller"}
    first, second = [(await caller.get("/api/v1/nope", headers=sent)).headers["x-request-id"] for _ in range(2)]
    assert first != second
    assert uuid.UUID(first).version == uuid.UUID(second).version == 7


async def answers(caller: httpx.AsyncClient) -> AsyncIterator[tuple[str, httpx.Response]]:
    """One answer of every kind."""
    yield "page", await caller.get("/", headers=PAGE)
    yield "json", await caller.get("/api/v1/trust-list")
    yield "text", await caller.get("/log/checkpoint")
    yield "octets", await caller.get("/ca/root-sm2.cer")
    yield "redirect", await caller.get("/session/start")
    yield "refused at the token endpoint", await caller.post("/oauth2/token", data={"grant_type": "password"})
    yield "not signed in", await caller.get("/api/v1/licences")
    yield "refused page", await caller.get("/oauth2/authorize", headers=PAGE)
    yield "no such page", await caller.get("/nope", headers=PAGE)
    yield "wrong method", await caller.delete("/healthz")
    yield "options", await caller.options("/healthz")
    yield "verdict", await caller.get(f"/v/{CODE}", headers=PAGE)
    yield "script", await caller.get("/verify/offline/worker.js")


async def test_the_headers_that_protect_browsers_are_on_every_kind_of_answer(caller: httpx.AsyncClient) -> None:
    async for kind, answer in answers(caller):
        headers = answer.headers
        assert headers["x-content-type-options"] == "nosniff", kind
        assert headers["x-frame-options"] == "DENY", kind
        assert headers["referrer-policy"] == "same-origin", kind
        assert headers["cross-origin-opener-policy"] == "same-origin", kind
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy, kind
        assert "frame-ancestors 'none'" in policy, kind
        assert "unsafe" not in policy, kind
        assert "strict-transport-security" not in headers, kind
        assert headers["x-request-id"], kind
        assert "x-powered-by" not in headers, kind


async def test_where_people_come_by_https_browsers_are_told_to_stay_with_it(tmp_path: Path) -> None:
    addresses = {"public_url": "https://id.example.gov.cn", "gateway_url": "https://apps.example.gov.cn"}
    async with opened(tmp_path, **addresses) as world, caller_of(world) as caller:
        for path in ("/healthz", "/nope", "/session/start", "/oauth2/jwks"):
            answer = await caller.get(path)
            assert answer.headers["strict-transport-security"].startswith("max-age=31536000"), path
            assert all("Secure" in cookie for cookie in answer.headers.get_list("set-cookie")), path


async def test_answers_about_people_or_codes_are_never_kept(caller: httpx.AsyncClient) -> None:
    for path in ("/api/v1/licences", f"/v/{CODE}", "/oauth2/userinfo", "/session/start", "/readyz", "/metrics"):
        assert "no-store" in (await caller.get(path)).headers["cache-control"], path


@pytest.mark.parametrize("path", ["/api/v1/licences", "/api/v1/me/licences", "/api/v1/seals", "/oauth2/userinfo"])
async def test_without_a_token_the_answer_says_how_to_bring_one(caller: httpx.AsyncClient, path: str) -> None:
    answer = await caller.get(path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
