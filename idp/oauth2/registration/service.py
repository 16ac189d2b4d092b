"""Registering and managing clients by programs."""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from idp.clients.client import Client, ClientRegistration
from idp.clients.records import ClientRow, InitialAccessTokenRow, claim_initial_access_token
from idp.clients.service import ClientService, client_of, client_row, new_secret
from idp.oauth2.errors import OAuthError
from idp.oauth2.registration.documents import RegistrationRefused, read_registration, write_registration
from idp.oauth2.registration.sectors import check_sector
from idp.sessions.service import hash_token
from idp.settings import IdpSettings
from kernel.audit.chain import SYSTEM, Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.errors import InvalidInput
from kernel.outbound.fetch import GuardedFetcher

MOST_USES = 10_000
LONGEST = timedelta(days=366)


class TokenRefused(OAuthError):
    """The initial or registration access token does not count (RFC 6750 §3.1)."""

    def __init__(self) -> None:
        super().__init__("invalid_token", "The access token is not valid or has ended.", status=401)
        self.headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


@dataclass(frozen=True)
class RegistrationParts:
    """What registration works with."""

    database: Database
    audit: AuditTrail
    clock: Clock
    settings: IdpSettings
    clients: ClientService
    fetcher: GuardedFetcher


class RegistrationService:
    """RFC 7591 §3 and RFC 7592 §2; the administrator gives out initial access tokens."""

    def __init__(self, parts: RegistrationParts) -> None:
        self._parts = parts

    async def grant_initial_token(
        self, label: str, *, uses: int = 1, lifetime: timedelta = timedelta(days=1), actor: Actor = SYSTEM
    ) -> str:
        """A token by which programs may register `uses` clients. Raises `InvalidInput`."""
        if not 1 <= uses <= MOST_USES or not timedelta() < lifetime <= LONGEST or not 1 <= len(label) <= 80:
            raise InvalidInput("An initial access token has a label, up to 10 000 uses and up to a year.")
        token, now = secrets.token_urlsafe(32), self._parts.clock()
        async with self._parts.database.transaction() as session:
            row = InitialAccessTokenRow(token_hash=hash_token(token), label=label, uses_left=uses, created_at=now)
            row.expires_at = now + lifetime
            session.add(row)
            event = AuditEvent("idp.registration.grant", actor, f"label:{label}", detail={"uses": uses})
            await self._parts.audit.record(session, event)
        return token

    async def register(self, token: str | None, document: Mapping[str, Any]) -> dict[str, Any]:
        """A new client (RFC 7591 §3.2.1). Raises `OAuthError`."""
        registration = await self._judged(document)
        secret = new_secret() if registration.has_secret else None
        own_token = secrets.token_urlsafe(32)
        row = client_row(registration, self._parts.clock())
        row.secret_hash = hash_token(secret) if secret else None
        row.registration_token_hash = hash_token(own_token)
        async with self._parts.database.transaction() as session:
            await self._admit(session, token)
            session.add(row)
            detail = {"scopes": row.scopes, "grant_types": row.grant_types, "by": "registration"}
            actor = Actor("client", row.client_id)
            await self._parts.audit.record(
                session, AuditEvent("idp.client.create", actor, f"client:{row.client_id}", detail=detail)
            )
        return self._answer(client_of(row), row.created_at, secret, own_token)

    async def read(self, client_id: str, token: str | None) -> dict[str, Any]:
        """What is registered (RFC 7592 §2.1). Raises `OAuthError`."""
        async with self._parts.database.reading() as session:
            row = await self._load(session, client_id, token)
        return self._answer(client_of(row), row.created_at, None, None)

    async def update(self, client_id: str, token: str | None, document: Mapping[str, Any]) -> dict[str, Any]:
        """Replace what is registered (RFC 7592 §2.2). Raises `OAuthError`."""
        if document.get("client_id") != client_id:
            raise OAuthError("invalid_client_metadata", "client_id: This is another client.")
        async with self._parts.database.reading() as session:
            held = await self._load(session, client_id, token)
        _check_secret(document, held)
        registration = await self._judged(document, client_id)
        async with self._parts.database.transaction() as session:
            row = await self._load(session, client_id, token)
            wanted = client_row(registration, row.created_at)
            secret = None
            if registration.has_secret and row.secret_hash is None:
                secret = new_secret()
                row.secret_hash, row.secret_changed_at = hash_token(secret), self._parts.clock()
            elif not registration.has_secret:
                row.secret_hash = None
            for name in ("name", "redirect_uris", "post_logout_redirect_uris", "scopes", "grant_types", "members"):
                setattr(row, name, getattr(wanted, name))
            event = AuditEvent("idp.client.update", Actor("client", client_id), f"client:{client_id}")
            await self._parts.audit.record(session, event)
        self._parts.clients.forget(client_id)
        return self._answer(client_of(row), row.created_at, secret, None)

    async def delete(self, client_id: str, token: str | None) -> None:
        """End a registration (RFC 7592 §2.3): the client is kept out, its tokens count no more. Raises `OAuthError`."""
        async with self._parts.database.transaction() as session:
            row = await self._load(session, client_id, token)
            row.disabled_at, row.registration_token_hash = self._parts.clock(), None
            event = AuditEvent("idp.client.disable", Actor("client", client_id), f"client:{client_id}")
            await self._parts.audit.record(session, event)
        self._parts.clients.forget(client_id)

    async def _judged(self, document: Mapping[str, Any], client_id: str | None = None) -> ClientRegistration:
        registration = replace(read_registration(document, client_id), requires_pkce=True)
        try:
            self._parts.clients.check(registration)
        except InvalidInput as error:
            raise RegistrationRefused(error.fields) from error
        errors = await check_sector(registration, self._parts.fetcher)
        if errors:
            raise RegistrationRefused(errors)
        return registration

    async def _admit(self, session: Any, token: str | None) -> None:
        if token is None and self._parts.settings.open_registration:
            return
        if token is None or not await claim_initial_access_token(session, hash_token(token), self._parts.clock()):
            raise TokenRefused

    async def _load(self, session: Any, client_id: str, token: str | None) -> ClientRow:
        """RFC 7592 §2: whoever lacks the token learns nothing, not even whether there is such a client."""
        row = await session.get(ClientRow, client_id) if token else None
        held = row.registration_token_hash if row is not None and row.disabled_at is None else None
        if row is None or held is None or not hmac.compare_digest(hash_token(token or ""), held):
            raise TokenRefused
        found: ClientRow = row
        return found

    def _answer(
        self, client: Client, created_at: datetime, secret: str | None, own_token: str | None
    ) -> dict[str, Any]:
        answer = write_registration(client)
        answer["client_id_issued_at"] = int(created_at.timestamp())
        answer["registration_client_uri"] = f"{self._parts.settings.issuer}/oauth2/register/{client.client_id}"
        if secret is not None:
            answer |= {"client_secret": secret, "client_secret_expires_at": 0}
        if own_token is not None:
            answer["registration_access_token"] = own_token
        return answer


def _check_secret(document: Mapping[str, Any], held: ClientRow) -> None:
    """RFC 7592 §2.2: a secret that is sent must be the one there is; nobody chooses a new one."""
    sent = document.get("client_secret")
    if sent is None:
        return
    if not isinstance(sent, str) or held.secret_hash is None:
        raise OAuthError("invalid_client_metadata", "client_secret: This is not the client's secret.")
    if not hmac.compare_digest(hash_token(sent), held.secret_hash):
        raise OAuthError("invalid_client_metadata", "client_secret: This is not the client's secret.")
