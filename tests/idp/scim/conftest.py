"""An agency with a unit below it, another agency, and clients that enter their people."""

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from idp.units.service import NewUnit
from kernel.web.bearer import BearerAuthenticator, JwksSource, TokenRules, TokenVerifier
from tests.idp.conftest import ISSUER, HandClock, Provider, run_provider

BUREAU, OFFICE, LIBRARY = "11990000MB0000001M", "11999999000010022Q", "12999999400000018W"
USER_URN = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE_URN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
ACCOUNT_URN = "urn:xinyin:params:scim:schemas:extension:account:1.0:User"
GROUP_URN = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH_URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@dataclass
class Provisioner:
    """An agency's program."""

    http: httpx.AsyncClient
    token: str

    async def call(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        given = {
            "Authorization": f"Bearer {self.token}",
            **{key.replace("_", "-"): each for key, each in headers.items()},
        }
        content: dict[str, Any] = {}
        if body is not None:
            content = {"json": body}
            given["Content-Type"] = "application/scim+json"
        return await self.http.request(method, f"/scim/v2{path}", headers=given, **content)

    async def enter(self, user_name: str, /, **more: object) -> dict[str, Any]:
        answer = await self.call("POST", "/Users", {"schemas": [USER_URN], "userName": user_name, **more})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def group(self, name: str, *members: str) -> dict[str, Any]:
        body = {"schemas": [GROUP_URN], "displayName": name, "members": [{"value": each} for each in members]}
        answer = await self.call("POST", "/Groups", body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def patch(self, path: str, *operations: dict[str, Any], **headers: str) -> httpx.Response:
        return await self.call("PATCH", path, {"schemas": [PATCH_URN], "Operations": list(operations)}, **headers)

    async def names(self, query: str = "") -> list[str]:
        answer = await self.call("GET", "/Users" + query)
        assert answer.status_code == 200, answer.text
        return [each["userName"] for each in answer.json()["Resources"]]


@dataclass
class Town:
    """The provider and who calls it: the bureau, the office below it, the library beside it."""

    provider: Provider
    http: httpx.AsyncClient
    bureau: Provisioner
    office: Provisioner
    library: Provisioner
    units: dict[str, str]


async def provisioner(provider: Provider, http: httpx.AsyncClient, uscc: str, scope: str = "scim") -> Provisioner:
    """A client of this agency with a token."""
    from idp.clients.client import ClientRegistration

    client, secret = await provider.services.clients.create(
        ClientRegistration(
            name="directory",
            role="agency",
            scopes=("scim", "licence:read"),
            grant_types=("client_credentials",),
            organisation_uscc=uscc,
            organisation_name="agency",
        )
    )
    basic = base64.b64encode(f"{client.client_id}:{secret}".encode()).decode()
    answer = await http.post(
        "/oauth2/token",
        data={"grant_type": "client_credentials", "scope": scope},
        headers={"Authorization": f"Basic {basic}"},
    )
    assert answer.status_code == 200, answer.text
    return Provisioner(http, answer.json()["access_token"])


async def build_town(provider: Provider, clock: HandClock) -> Town:
    http = httpx.AsyncClient(transport=httpx.ASGITransport(provider.app), base_url=ISSUER)

    async def jwks() -> Any:
        return (await http.get("/oauth2/jwks")).json()

    verifier = TokenVerifier(JwksSource(jwks), TokenRules(ISSUER, frozenset({ISSUER})), clock)
    provider.app.state.bearer = BearerAuthenticator(verifier, is_revoked=provider.services.tokens.is_revoked)
    services = provider.services
    for uscc in (BUREAU, OFFICE, LIBRARY):
        await services.organisations.create(uscc, f"agency {uscc}", "agency")
    city = await services.units.create(NewUnit("city", "region"))
    bureau = await services.units.create(NewUnit("bureau", "agency", city.id, BUREAU))
    office = await services.units.create(NewUnit("office", "agency", bureau.id, OFFICE))
    library = await services.units.create(NewUnit("library", "agency", city.id, LIBRARY))
    return Town(
        provider,
        http,
        await provisioner(provider, http, BUREAU),
        await provisioner(provider, http, OFFICE),
        await provisioner(provider, http, LIBRARY),
        {"city": city.id, "bureau": bureau.id, "office": office.id, "library": library.id},
    )


@pytest.fixture
async def town(tmp_path: Path, clock: HandClock) -> AsyncIterator[Town]:
    async for provider in run_provider(tmp_path, clock):
        yield await build_town(provider, clock)
