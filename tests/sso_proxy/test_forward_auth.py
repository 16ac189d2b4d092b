"""Other people's proxies ask whether a request may pass."""

from dataclasses import dataclass

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request

from kernel.principal import Principal
from sso_proxy.app import page_routes


@dataclass
class SignedInAs:
    """Stands where sign-in stands: the tests of sign-in itself are elsewhere."""

    principal_or_none: Principal | None

    async def principal(self, _request: Request) -> Principal | None:
        return self.principal_or_none


def asking(principal: Principal | None) -> httpx.AsyncClient:
    app = Starlette(routes=page_routes("https://id.example.cn"))
    app.state.sign_in = SignedInAs(principal)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost:8000")


MING = Principal("sub-1", "xinyin-pages", frozenset({"openid"}), name="小明")


@pytest.mark.parametrize("proxy", ["nginx", "traefik", "caddy", "envoy", "envoy/some/path"])
async def test_who_is_signed_in_passes_with_a_name(proxy: str) -> None:
    answer = await asking(MING).get(f"/forward-auth/{proxy}")
    assert answer.status_code == 200
    assert answer.headers["x-xinyin-user"] == "sub-1"
    assert answer.headers["x-xinyin-name"] == "%E5%B0%8F%E6%98%8E"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("proxy", ["nginx", "traefik", "caddy", "envoy"])
async def test_a_stranger_is_told_where_to_sign_in(proxy: str) -> None:
    forged = {"X-Xinyin-User": "admin", "X-Forwarded-Host": "evil.test", "Host": "evil.test"}
    answer = await asking(None).get(f"/forward-auth/{proxy}", headers=forged)
    assert answer.status_code == 401
    assert answer.headers["location"].startswith("https://id.example.cn/session/start?next=")
    assert "x-xinyin-user" not in answer.headers


@pytest.mark.parametrize(
    ("header", "uri"),
    [("X-Original-URI", "/a/%2e%2e/admin"), ("X-Forwarded-Uri", "/a/../admin"), ("X-Original-URI", "/a%00")],
)
async def test_a_path_with_two_meanings_passes_for_nobody(header: str, uri: str) -> None:
    answer = await asking(MING).get("/forward-auth/nginx", headers={header: uri})
    assert answer.status_code == 403
