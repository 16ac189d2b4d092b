"""An application that proves keys: assertions, request objects, DPoP proofs; python-jose signs, nothing of ours."""

import base64
import hashlib
import secrets
from typing import Any

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jose import jwk, jwt

from idp.clients.client import Client, ClientRegistration
from idp.clients.metadata import FAPI2, ClientMetadata
from tests.idp.browser import Browser, query_of
from tests.idp.conftest import ISSUER, Provider
from tests.idp.people import CALLBACK

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Key:
    """A P-256 key pair."""

    def __init__(self) -> None:
        private = ec.generate_private_key(ec.SECP256R1())
        self.pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
        public = private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        found = jwk.construct(public.decode(), "ES256").to_dict()
        self.jwk = {name: value.decode() if isinstance(value, bytes) else value for name, value in found.items()}
        self.jwk.pop("alg")

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        return str(jwt.encode(claims, self.pem, algorithm="ES256", headers=header))


def ath(token: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()


class KeyedParty:
    """One client at work, with a key for assertions and one for DPoP."""

    def __init__(self, provider: Provider, client: Client, key: Key, secret: str = "") -> None:
        self.provider = provider
        self.client = client
        self.key = key
        self.secret = secret
        self.dpop_key = Key()
        self.verifier = secrets.token_urlsafe(48)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(provider.app), base_url=ISSUER)

    @property
    def now(self) -> int:
        return int(self.provider.clock().timestamp())

    def assertion(self, key: Key | None = None, **changes: Any) -> str:
        claims = {
            "iss": self.client.client_id,
            "sub": self.client.client_id,
            "aud": ISSUER,
            "jti": secrets.token_urlsafe(16),
            "iat": self.now,
            "exp": self.now + 60,
            **changes,
        }
        return (key or self.key).sign({name: value for name, value in claims.items() if value is not None})

    def credentials(self, **changes: Any) -> dict[str, str]:
        if self.secret:
            return {"client_id": self.client.client_id, "client_secret": self.secret}
        if self.client.is_public:
            return {"client_id": self.client.client_id}
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": self.assertion(**changes)}

    def proof(self, method: str, path: str, *, key: Key | None = None, **changes: Any) -> str:
        claims = {"jti": secrets.token_urlsafe(16), "htm": method, "htu": ISSUER + path, "iat": self.now, **changes}
        signer = key or self.dpop_key
        return signer.sign({k: v for k, v in claims.items() if v is not None}, typ="dpop+jwt", jwk=signer.jwk)

    async def post(self, path: str, body: dict[str, str], *, proof: str | None = None) -> httpx.Response:
        headers = {"DPoP": proof} if proof else {}
        return await self.http.post(path, data={**self.credentials(), **body}, headers=headers)

    def request(self, **changes: str) -> dict[str, str]:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        values = {
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "scope": "openid profile offline_access",
            "state": "state-1",
            "nonce": "nonce-1",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **changes,
        }
        return {name: value for name, value in values.items() if value}

    async def push(self, *, proof: str | None = None, **changes: str) -> httpx.Response:
        return await self.post("/oauth2/par", self.request(**changes), proof=proof)

    async def pushed_uri(self, **changes: str) -> str:
        answer = await self.push(**changes)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["request_uri"])

    async def visit(self, browser: Browser, **parameters: str) -> httpx.Response:
        query = {"client_id": self.client.client_id, **parameters}
        return await browser.follow(await browser.client.get("/oauth2/authorize", params=query))

    async def code(self, browser: Browser, **changes: str) -> str:
        back = await self.visit(browser, request_uri=await self.pushed_uri(**changes))
        return query_of(back.headers["location"])["code"]

    async def exchange(self, code: str, *, proof: str | None = None, **changes: str) -> httpx.Response:
        body = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        return await self.post("/oauth2/token", {**body, "code_verifier": self.verifier, **changes}, proof=proof)

    async def tokens(self, browser: Browser, **changes: str) -> dict[str, Any]:
        code = await self.code(browser, **changes)
        answer = await self.exchange(code, proof=self.proof("POST", "/oauth2/token"))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def refresh(self, token: str, *, proof: str | None = None) -> httpx.Response:
        body = {"grant_type": "refresh_token", "refresh_token": token}
        return await self.post("/oauth2/token", body, proof=proof)

    async def userinfo(self, token: str, proof: str | None = None, scheme: str = "DPoP") -> httpx.Response:
        headers = {"Authorization": f"{scheme} {token}"} | ({"DPoP": proof} if proof else {})
        return await self.http.get("/oauth2/userinfo", headers=headers)


async def keyed_party(provider: Provider, *, fapi: bool = False, public: bool = False, **members: Any) -> KeyedParty:
    """A client that proves itself by key (or a public one), first-party so that nobody is asked."""
    key = Key()
    values: dict[str, Any] = {} if public else {"token_endpoint_auth_method": "private_key_jwt"}
    if not public and "jwks_uri" not in members:
        values["jwks"] = {"keys": [key.jwk]}
    if fapi:
        values |= {"security_profile": FAPI2, "dpop_bound_access_tokens": True}
    registration = ClientRegistration(
        name="Keyed",
        redirect_uris=(CALLBACK,),
        post_logout_redirect_uris=("https://rp.test/bye",),
        scopes=("openid", "profile", "phone", "email", "offline_access"),
        grant_types=("authorization_code", "refresh_token"),
        is_public=public,
        first_party=True,
        metadata=ClientMetadata(**{**values, **members}),
    )
    client, _secret = await provider.services.clients.create(registration)
    return KeyedParty(provider, client, key)
