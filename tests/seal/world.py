"""The seal service on an empty database, an issuer of access tokens, and a clock that tests turn."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import select

from kernel.audit.chain import AuditTrail
from kernel.audit.records import AuditEventRow
from kernel.audit.records import Base as AuditBase
from kernel.blobs.files import FileBlobs
from kernel.crypto.custody.files import FileKeyStore
from kernel.crypto.envelope import Envelope
from kernel.crypto.jose import public_jwk, sign_jwt
from kernel.crypto.private_keys import PrivateKey, generate_key
from kernel.database.engine import Database
from kernel.ephemeral.memory import InProcessStore
from kernel.web import problems
from kernel.web.bearer import BearerAuthenticator, JwksSource, TokenRules, TokenVerifier
from kernel.web.locale import LocaleMiddleware
from seal.app import Foundations, SealServices, api_router, build_services
from seal.schema import Base
from tests.seal.fonts import KAI_BOLD
from tests.seal.pki import NOW

ISSUER = "https://idp.example.cn"
PUBLIC_URL = "https://zhengzhao.example.cn"
OWNER = {"uscc": "11990000MB0000000J", "name": "示例市市场监督管理局"}
OTHER_OWNER = {"uscc": "12990000MB0000000F", "name": "示例市档案馆"}
MASTER_KEY = bytes(range(32))


class HandClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class SealWorld:
    """A running seal service and who may call it."""

    services: SealServices
    database: Database
    clock: HandClock
    client: httpx.AsyncClient
    token_key: PrivateKey
    foundations: Foundations
    app: FastAPI

    def headers(self, subject: str, scope: str, *, organisation: dict[str, str] | None = OWNER) -> dict[str, str]:
        """An access token for an officer."""
        now = int(self.clock().timestamp())
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": PUBLIC_URL,
            "sub": subject,
            "client_id": "console",
            "scope": scope,
            "iat": now,
            "exp": now + 600,
            "jti": "1",
        }
        if organisation:
            claims["organisation"] = organisation
        return {"Authorization": f"Bearer {sign_jwt(claims, self.token_key, typ='at+jwt')}"}

    @property
    def applicant(self) -> dict[str, str]:
        return self.headers("applicant", "seal:apply seal:approve")

    @property
    def approver(self) -> dict[str, str]:
        return self.headers("approver", "seal:approve")

    @property
    def user(self) -> dict[str, str]:
        return self.headers("user", "seal:use")

    async def apply(self, **changes: object) -> dict[str, Any]:
        """A draft."""
        body = {"name": OWNER["name"], "owner": OWNER} | changes
        response = await self.client.post("/api/v1/seals", json=body, headers=self.applicant)
        assert response.status_code == 201, response.text
        draft: dict[str, Any] = response.json()
        return draft

    async def active_seal(self, **changes: object) -> dict[str, Any]:
        """A seal in use."""
        draft = await self.apply(**changes)
        response = await self.client.post(f"/api/v1/seals/{draft['id']}/approve", headers=self.approver)
        assert response.status_code == 200, response.text
        seal: dict[str, Any] = response.json()
        return seal

    async def events(self) -> list[tuple[str, str]]:
        """What the audit trail holds: action and outcome."""
        async with self.database.reading() as session:
            rows = (await session.scalars(select(AuditEventRow).order_by(AuditEventRow.sequence))).all()
        return [(row.action, row.outcome) for row in rows]


async def open_world(tmp_path: Path, database: Database) -> AsyncIterator[SealWorld]:
    """Build the service, set its authority up, and open a client to it."""
    clock = HandClock()
    async with database.engine.begin() as connection:
        await connection.run_sync(AuditBase.metadata.create_all)
        await connection.run_sync(Base.metadata.create_all)
    foundations = Foundations(
        keystore=FileKeyStore(tmp_path / "keys", MASTER_KEY),
        database=database,
        audit=AuditTrail(clock, b"k" * 32),
        clock=clock,
        ephemeral=InProcessStore(clock),
        blobs=FileBlobs(tmp_path / "seal-jobs"),
        envelope=Envelope(bytes(range(32))),
        public_url=PUBLIC_URL,
        font=KAI_BOLD,
    )
    services = build_services(foundations)
    await services.start()
    token_key = generate_key("ES256")

    async def jwks() -> dict[str, Any]:
        return {"keys": [public_jwk(token_key.public_spki)]}

    app = FastAPI()
    app.include_router(api_router())
    problems.install(app)
    app.add_middleware(LocaleMiddleware)
    app.state.seal = services
    rules = TokenRules(ISSUER, frozenset({PUBLIC_URL}))
    app.state.bearer = BearerAuthenticator(TokenVerifier(JwksSource(jwks), rules, clock))
    transport = httpx.ASGITransport(app)
    headers = {"Accept": "application/json", "Accept-Language": "en"}
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL, headers=headers) as client:
        yield SealWorld(services, database, clock, client, token_key, foundations, app)
