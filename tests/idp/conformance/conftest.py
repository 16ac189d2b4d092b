"""What the modules of the OpenID conformance suite share. Everything goes over HTTP: clients register themselves, a
person signs in and consents in a browser; only the person's account is made beforehand."""

import base64
import hashlib
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from jose import jwt

from tests.idp.browser import ORIGIN, Browser, hidden_fields, query_of
from tests.idp.conftest import HandClock, Provider, run_provider
from tests.idp.outside import Outside
from tests.idp.people import CALLBACK, PASSWORD

SCOPES = "openid profile email phone offline_access"


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest.fixture
async def suite(tmp_path: Path, clock: HandClock, outside: Outside) -> AsyncIterator["Suite"]:
    async for provider in run_provider(
        tmp_path, clock, lambda values: values.update(open_registration=True), outside=outside
    ):
        person = await provider.services.persons.create("ming", PASSWORD, "小明", ())
        await provider.services.persons.set_contact(person.id, phone=None, email="ming@example.com")
        await provider.services.single_logout.stop()
        yield Suite(provider, outside)


class Suite:
    """The provider under test, as the suite sees it."""

    def __init__(self, provider: Provider, outside: Outside) -> None:
        self.clock = provider.clock
        self.outside = outside
        self.browser = provider.browser()
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(provider.app), base_url=ORIGIN)
        self.provider = provider

    def new_browser(self) -> Browser:
        return self.provider.browser()

    async def discovery(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.http.get("/.well-known/openid-configuration")).json()
        return found

    async def register_raw(self, **metadata: Any) -> httpx.Response:
        document = {
            "client_name": "Conformance",
            "redirect_uris": [CALLBACK],
            "post_logout_redirect_uris": ["https://rp.test/bye"],
            "grant_types": ["authorization_code", "refresh_token"],
            **metadata,
        }
        return await self.http.post("/oauth2/register", json=document)

    async def register(self, **metadata: Any) -> "Party":
        answer = await self.register_raw(**metadata)
        assert answer.status_code == 201, answer.text
        return Party(self, answer.json())

    async def rotate_keys(self) -> None:
        await self.provider.services.keys.rotate()

    async def deliver_logouts(self) -> None:
        await self.provider.services.single_logout.deliver_due()


class Party:
    """A client that registered itself."""

    def __init__(self, suite: Suite, registered: dict[str, Any]) -> None:
        self.suite = suite
        self.registered = registered
        self.client_id = str(registered["client_id"])
        self.verifier = secrets.token_urlsafe(48)

    def request(self, **changes: str | None) -> dict[str, str]:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        values: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": CALLBACK,
            "scope": "openid",
            "state": "state-1",
            "nonce": "nonce-1",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **changes,
        }
        return {name: value for name, value in values.items() if value is not None}

    async def authorize(self, browser: Browser | None = None, **changes: str | None) -> httpx.Response:
        """Send the browser; sign in and consent where asked."""
        browser = browser or self.suite.browser
        return await self.through(browser, await browser.get("/oauth2/authorize", params=self.request(**changes)))

    async def through(self, browser: Browser, page: httpx.Response) -> httpx.Response:
        if page.url.path == "/login" and page.status_code == 200:
            page = await browser.sign_in("ming", PASSWORD, page)
        if page.url.path == "/login/consent" and page.status_code == 200:
            page = await browser.submit(page, answer="allow")
        return page

    def back(self, response: httpx.Response) -> dict[str, str]:
        """What came back to the client."""
        if "location" in response.headers:
            assert response.headers["location"].startswith(CALLBACK)
            return query_of(response.headers["location"])
        assert f'action="{CALLBACK}"' in response.text
        return hidden_fields(response.text)

    async def code(self, browser: Browser | None = None, **changes: str | None) -> str:
        return self.back(await self.authorize(browser, **changes))["code"]

    async def token(self, body: dict[str, str], method: str = "") -> httpx.Response:
        method = method or self.registered["token_endpoint_auth_method"]
        secret = self.registered.get("client_secret", "")
        if method == "client_secret_basic":
            return await self.suite.http.post("/oauth2/token", data=body, auth=(self.client_id, secret))
        if method == "client_secret_post":
            body = {**body, "client_id": self.client_id, "client_secret": secret}
        return await self.suite.http.post("/oauth2/token", data=body)

    async def redeem(self, code: str, **changes: str) -> httpx.Response:
        body = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        return await self.token({**body, "code_verifier": self.verifier, **changes})

    async def tokens(self, browser: Browser | None = None, **changes: str | None) -> dict[str, Any]:
        answer = await self.redeem(await self.code(browser, **changes))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def userinfo(self, token: str) -> httpx.Response:
        return await self.suite.http.get("/oauth2/userinfo", headers={"Authorization": f"Bearer {token}"})

    async def claims(self, id_token: str, algorithm: str = "ES256") -> dict[str, Any]:
        """The claims of an ID token whose signature, issuer and audience hold."""
        kid = jwt.get_unverified_header(id_token)["kid"]
        published = (await self.suite.http.get("/oauth2/jwks")).json()["keys"]
        keys = {"keys": [key for key in published if key["kid"] == kid]}
        options = {"verify_exp": False, "verify_iat": False, "verify_at_hash": False}
        found: dict[str, Any] = jwt.decode(
            id_token, keys, algorithms=[algorithm], audience=self.client_id, issuer=ORIGIN, options=options
        )
        return found
