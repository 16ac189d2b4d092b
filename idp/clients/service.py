"""Registering clients and finding them."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError as UniqueViolation

from idp.clients.client import Client, ClientRegistration, ClientRole, check_registration
from idp.clients.metadata import ClientMetadata
from idp.clients.records import ClientRow, list_clients
from idp.sessions.service import hash_token
from kernel.audit.chain import SYSTEM, Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.errors import Conflict, InvalidInput, NotFound
from kernel.ids.uscc import Uscc

KEEP = timedelta(seconds=1)
KEPT_UP = (
    "name", "secret_hash", "redirect_uris", "post_logout_redirect_uris", "scopes", "grant_types", "requires_pkce",
    "first_party", "may_realname", "members",
)  # fmt: skip
"""What `ensure` brings up to date."""


class ClientService:
    """Clients; every change is in the audit trail."""

    def __init__(self, database: Database, audit: AuditTrail, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._known: dict[str, tuple[Client, datetime]] = {}

    async def create(
        self, registration: ClientRegistration, *, secret: str | None = None, actor: Actor = SYSTEM
    ) -> tuple[Client, str | None]:
        """Register a client; gives its secret, readable only now (None for a public client).

        `secret` may be given where two sides are set up together; at least 32 characters. Raises `InvalidInput`,
        `Conflict` (the client_id is taken).
        """
        check_registration(registration)
        if secret is not None and len(secret) < 32:
            raise InvalidInput("A client secret needs at least 32 characters.")
        chosen = (secret or new_secret()) if registration.has_secret else None
        row = client_row(registration, self._clock())
        row.secret_hash = hash_token(chosen) if chosen else None
        async with self._database.transaction() as session:
            if await session.get(ClientRow, row.client_id):
                raise Conflict("There is already an application with this client_id.")
            session.add(row)
            detail = {"role": row.role, "scopes": row.scopes, "grant_types": row.grant_types}
            await self._audit.record(
                session, AuditEvent("idp.client.create", actor, f"client:{row.client_id}", detail=detail)
            )
        return client_of(row), chosen

    async def ensure(self, registration: ClientRegistration, secret: str, *, actor: Actor = SYSTEM) -> None:
        """Have a client be as registered, with this secret: enter it, or change what differs. A disabled one stays so.

        Raises `InvalidInput`.
        """
        check_registration(registration)
        wanted = client_row(registration, self._clock())
        wanted.secret_hash = hash_token(secret)
        try:
            await self._ensure(wanted, actor)
        except UniqueViolation:
            return  # another process entered the same a moment ago
        self._known.pop(wanted.client_id, None)

    async def _ensure(self, wanted: ClientRow, actor: Actor) -> None:
        async with self._database.transaction() as session:
            row = await session.get(ClientRow, wanted.client_id)
            changed = [name for name in KEPT_UP if row is None or getattr(row, name) != getattr(wanted, name)]
            if row is None:
                session.add(wanted)
                event = AuditEvent("idp.client.create", actor, f"client:{wanted.client_id}")
            else:
                for name in changed:
                    setattr(row, name, getattr(wanted, name))
                event = AuditEvent("idp.client.update", actor, f"client:{row.client_id}", detail={"changed": changed})
            if changed:
                await self._audit.record(session, event)

    async def rotate_secret(self, client_id: str, actor: Actor = SYSTEM) -> str:
        """Give a client a new secret; the old one ends at once. Raises `NotFound`, `InvalidInput`."""
        secret = new_secret()
        async with self._database.transaction() as session:
            row = await session.get(ClientRow, client_id)
            if row is None:
                raise NotFound("There is no such application.")
            if row.secret_hash is None:
                raise InvalidInput("This application has no secret.")
            row.secret_hash, row.secret_changed_at = hash_token(secret), self._clock()
            await self._audit.record(session, AuditEvent("idp.client.rotate-secret", actor, f"client:{client_id}"))
        self._known.pop(client_id, None)
        return secret

    async def disable(self, client_id: str, actor: Actor = SYSTEM) -> None:
        """Keep a client out. Raises `NotFound`."""
        async with self._database.transaction() as session:
            row = await session.get(ClientRow, client_id)
            if row is None:
                raise NotFound("There is no such application.")
            row.disabled_at = self._clock()
            await self._audit.record(session, AuditEvent("idp.client.disable", actor, f"client:{client_id}"))
        self._known.pop(client_id, None)

    def check(self, registration: ClientRegistration) -> None:
        """Raises `InvalidInput` naming each member that cannot be."""
        check_registration(registration)

    def forget(self, client_id: str) -> None:
        """Read a client anew the next time: somebody changed it."""
        self._known.pop(client_id, None)

    async def find(self, client_id: str | None) -> Client | None:
        """The client of this id, unless it is disabled.

        Kept for a second: a change is seen at once by the process that made it, and within the second by the others.
        """
        if not client_id or len(client_id) > 64:
            return None
        known = self._known.get(client_id)
        if known is not None and self._clock() < known[1]:
            return known[0]
        async with self._database.reading() as session:
            row = await session.get(ClientRow, client_id)
        if row is None or row.disabled_at is not None:
            self._known.pop(client_id, None)
            return None
        client = client_of(row)
        self._known[client_id] = (client, self._clock() + KEEP)
        return client

    async def list(self) -> Sequence[Client]:
        """Every client, by name."""
        async with self._database.reading() as session:
            return [client_of(row) for row in await list_clients(session)]


def new_secret() -> str:
    """256 random bits in base64url."""
    return secrets.token_urlsafe(32)


def client_row(registration: ClientRegistration, now: datetime) -> ClientRow:
    """The row of a new client, without its secret."""
    return ClientRow(
        client_id=registration.client_id or secrets.token_hex(12),
        name=registration.name.strip(),
        role=str(registration.role),
        redirect_uris=list(registration.redirect_uris),
        post_logout_redirect_uris=list(registration.post_logout_redirect_uris),
        scopes=sorted(set(registration.scopes)),
        grant_types=sorted(set(registration.grant_types)),
        organisation_uscc=str(Uscc.parse(registration.organisation_uscc)) if registration.organisation_uscc else None,
        organisation_name=registration.organisation_name,
        requires_pkce=registration.requires_pkce,
        first_party=registration.first_party,
        may_realname=registration.may_realname,
        members=registration.metadata.to_json(),
        created_at=now,
        secret_changed_at=now,
    )


def client_of(row: ClientRow) -> Client:
    """The client of a row."""
    organisation = None
    if row.organisation_uscc:
        organisation = {"uscc": row.organisation_uscc, "name": row.organisation_name or ""}
    return Client(
        client_id=row.client_id,
        name=row.name,
        role=ClientRole(row.role),
        redirect_uris=tuple(row.redirect_uris),
        post_logout_redirect_uris=tuple(row.post_logout_redirect_uris),
        scopes=frozenset(row.scopes),
        grant_types=frozenset(row.grant_types),
        organisation=organisation,
        requires_pkce=row.requires_pkce,
        first_party=row.first_party,
        may_realname=row.may_realname,
        secret_hash=row.secret_hash,
        metadata=ClientMetadata.stored(row.members or {}),
    )
