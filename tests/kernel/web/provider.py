"""A provider of identities of somebody else's making, small but real: it keeps the rules unless told to break one."""

import asyncio
import base64
import hashlib
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from kernel.crypto.jose import public_jwk, sign_jwt
from kernel.crypto.private_keys import generate_key

ISSUER = "https://provider.example"
KEY = generate_key("ES256")


@dataclass
class Provider:
    """Signs in everybody as `subject`. `id_token` and `answer` change what it says; `refreshes` counts renewals."""

    subject: str = "u-1"
    acr: str = "urn:xinyin:acr:l1"
    lifetime: int = 600
    id_token: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, str] = field(default_factory=dict)
    now: Any = time.time
    refreshes: int = 0
    asked: dict[str, dict[str, str]] = field(default_factory=dict)
    refresh_token: str = "first"

    def app(self) -> Starlette:
        routes = [
            Route("/.well-known/openid-configuration", self._discovery),
            Route("/jwks", self._jwks),
            Route("/authorize", self._authorize),
            Route("/token", self._token, methods=["POST"]),
            Route("/userinfo", self._userinfo),
        ]
        return Starlette(routes=routes)

    async def _discovery(self, _request: Request) -> Response:
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}
        names |= {"userinfo_endpoint": "userinfo", "end_session_endpoint": "logout"}
        document: dict[str, Any] = {name: f"{ISSUER}/{path}" for name, path in names.items()}
        return JSONResponse(document | {"issuer": ISSUER, "authorization_response_iss_parameter_supported": True})

    async def _jwks(self, _request: Request) -> Response:
        return JSONResponse({"keys": [public_jwk(KEY.public_spki)]})

    async def _authorize(self, request: Request) -> Response:
        query = dict(request.query_params)
        code = f"code-{len(self.asked)}"
        self.asked[code] = query
        given = {"code": code, "state": query["state"], "iss": ISSUER} | self.answer
        return RedirectResponse(f"{query['redirect_uri']}?{urlencode(given)}", 303)

    async def _token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        await asyncio.sleep(0.02)  # long enough that requests made at once meet here
        if form["grant_type"] == "refresh_token":
            self.refreshes += 1
            if form["refresh_token"] != self.refresh_token:
                return JSONResponse({"error": "invalid_grant"}, 400)
            self.refresh_token = f"next-{self.refreshes}"
            return JSONResponse(self._tokens(""))
        asked = self.asked.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or asked["code_challenge"] != challenge or asked["code_challenge_method"] != "S256":
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse(self._tokens(asked["nonce"]))

    def _tokens(self, nonce: str) -> dict[str, Any]:
        now = int(self.now())
        both = {"iss": ISSUER, "sub": self.subject, "iat": now, "exp": now + self.lifetime}
        access = both | {"aud": "https://pages.example", "client_id": "pages", "acr": self.acr}
        identity = both | {"aud": "pages", "nonce": nonce, "name": "小明"} | self.id_token
        return {
            "access_token": sign_jwt(access, KEY, typ="at+jwt"),
            "id_token": sign_jwt(identity, KEY),
            "refresh_token": self.refresh_token,
            "token_type": "Bearer",
            "expires_in": self.lifetime,
        }

    async def _userinfo(self, _request: Request) -> Response:
        return JSONResponse({"sub": self.subject, "id_number": "990101199003078033", "name": "张小明"})
