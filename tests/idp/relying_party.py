"""An application that signs people in with us: oauthlib speaks the protocol, python-jose judges the tokens.

Neither shares a line with the provider.
"""

from typing import Any

import httpx
from jose import jwt
from oauthlib.oauth2 import WebApplicationClient

from idp.clients.client import Client
from tests.idp.browser import Browser, query_of
from tests.idp.conftest import ISSUER, Provider
from tests.idp.people import CALLBACK


class RelyingParty:
    """One client at work. `verifier` is fresh for each of them."""

    def __init__(self, provider: Provider, client: Client, secret: str) -> None:
        self.client = client
        self.secret = secret
        self._oauth = WebApplicationClient(client.client_id)
        self.verifier = self._oauth.create_code_verifier(64)
        transport = httpx.ASGITransport(provider.app)
        self.http = httpx.AsyncClient(transport=transport, base_url=ISSUER)

    def authorization_address(self, scope: str = "openid profile", **extra: str) -> str:
        """Where to send the browser."""
        challenge = self._oauth.create_code_challenge(self.verifier, "S256")
        address: str = self._oauth.prepare_request_uri(
            f"{ISSUER}/oauth2/authorize",
            redirect_uri=CALLBACK,
            scope=scope,
            state="state-1",
            nonce="nonce-1",
            code_challenge=challenge,
            code_challenge_method="S256",
            **extra,
        )
        return address

    async def obtain_code(self, browser: Browser, scope: str = "openid profile", **extra: str) -> str:
        """A code, by a browser in which somebody is signed in."""
        back = await browser.get(self.authorization_address(scope, **extra))
        parsed: dict[str, str] = self._oauth.parse_request_uri_response(back.headers["location"], state="state-1")
        return parsed["code"]

    async def exchange(self, code: str, **changes: str) -> httpx.Response:
        """Redeem a code."""
        body = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": self.verifier,
        }
        return await self.token_request({**body, **changes})

    async def token_request(self, body: dict[str, str]) -> httpx.Response:
        """A request at the token endpoint, with the secret in the header."""
        return await self.http.post("/oauth2/token", data=body, auth=(self.client.client_id, self.secret))

    async def tokens(self, browser: Browser, scope: str = "openid profile", **extra: str) -> dict[str, Any]:
        """Tokens, by a browser in which somebody is signed in."""
        response = await self.exchange(await self.obtain_code(browser, scope, **extra))
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def refresh(self, refresh_token: str, **changes: str) -> httpx.Response:
        """Redeem a refresh token."""
        return await self.token_request({"grant_type": "refresh_token", "refresh_token": refresh_token, **changes})

    async def userinfo(self, access_token: str) -> httpx.Response:
        """Ask about the person."""
        return await self.http.get("/oauth2/userinfo", headers={"Authorization": f"Bearer {access_token}"})

    async def introspect(self, token: str) -> dict[str, Any]:
        """Ask about a token."""
        response = await self.http.post(
            "/oauth2/introspect", data={"token": token}, auth=(self.client.client_id, self.secret)
        )
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def judge(self, token: str, audience: str, access_token: str | None = None) -> dict[str, Any]:
        """The claims of a token that python-jose accepts; its times are the hand clock's, so they are not judged."""
        keys = (await self.http.get("/oauth2/jwks")).json()
        options = {"verify_exp": False, "verify_iat": False, "verify_at_hash": access_token is not None}
        claims: dict[str, Any] = jwt.decode(
            token,
            keys,
            algorithms=["ES256"],
            audience=audience,
            issuer=ISSUER,
            access_token=access_token,
            options=options,
        )
        return claims


def error_of(address: str) -> tuple[str, str]:
    """The error and state that a client reads from the address it was called at."""
    query = query_of(address)
    return query["error"], query["state"]
