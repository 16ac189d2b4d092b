"""Clients as an operator's file has them: the registration, whole, brought in line in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from idp.clients.client import ClientRegistration, check_registration
from idp.clients.metadata import PUBLIC_METHOD, SECRET_METHODS, ClientMetadata
from idp.clients.records import ClientRow
from idp.clients.service import ClientService, client_row, new_secret
from idp.sessions.service import hash_token
from kernel.audit.chain import SYSTEM, Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.errors import Conflict

DECLARED = (
    "name", "role", "redirect_uris", "post_logout_redirect_uris", "scopes", "grant_types", "organisation_uscc",
    "organisation_name", "requires_pkce", "first_party", "may_realname", "members",
)  # fmt: skip


@dataclass(frozen=True)
class DeclaredClient:
    """A client with what decides whether a file may speak of it."""

    registration: ClientRegistration
    is_disabled: bool
    is_self_registered: bool
    secret_hash: bytes | None = field(repr=False, default=None)


class DeclaredClients:
    """Reads and writes clients as a whole; every change is in the audit trail."""

    def __init__(self, database: Database, audit: AuditTrail, clock: Clock, clients: ClientService) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._clients = clients

    async def list(self, after: str = "", limit: int = 500) -> Sequence[DeclaredClient]:
        """`limit` clients after the id `after`, by id, disabled ones too."""
        statement = select(ClientRow).where(ClientRow.client_id > after).order_by(ClientRow.client_id).limit(limit)
        async with self._database.reading() as session:
            return [_declared(row) for row in await session.scalars(statement)]

    async def bring(
        self, registration: ClientRegistration, *, secret: str | None, disabled: bool, actor: Actor = SYSTEM
    ) -> None:
        """Have a client be as registered. Without a `secret` the one that it has stays; a new client gets one that
        nobody knows. Raises `InvalidInput`, `Conflict` (it manages itself)."""
        check_registration(registration)
        now = self._clock()
        wanted = client_row(registration, now)
        async with self._database.transaction() as session:
            row = await session.get(ClientRow, wanted.client_id, with_for_update=True)
            if row is not None and row.registration_token_hash is not None:
                raise Conflict("This application has registered itself and is changed by itself.")
            is_new, changed = row is None, []
            if row is None:
                row = wanted
                session.add(row)
            else:
                changed = [name for name in DECLARED if getattr(row, name) != getattr(wanted, name)]
                for name in changed:
                    setattr(row, name, getattr(wanted, name))
            if _set_secret(row, registration, secret):
                row.secret_changed_at = now
                changed.append("secret")
            if disabled is not (row.disabled_at is not None):
                row.disabled_at = now if disabled else None
                changed.append("disabled")
            action = "idp.client.create" if is_new else "idp.client.update"
            detail = {"role": row.role, "scopes": row.scopes, "grant_types": row.grant_types} if is_new else {}
            if not is_new:
                detail = {"changed": changed}
            await self._audit.record(session, AuditEvent(action, actor, f"client:{row.client_id}", detail=detail))
        self._clients.forget(wanted.client_id)


def _set_secret(row: ClientRow, registration: ClientRegistration, secret: str | None) -> bool:
    """Whether the secret changed."""
    if not registration.has_secret:
        had, row.secret_hash = row.secret_hash is not None, None
        return had
    if secret is None and row.secret_hash is not None:
        return False
    hashed = hash_token(secret or new_secret())
    if row.secret_hash == hashed:
        return False
    row.secret_hash = hashed
    return True


def _declared(row: ClientRow) -> DeclaredClient:
    metadata = ClientMetadata.stored(row.members or {})
    method = metadata.token_endpoint_auth_method
    is_public = method == PUBLIC_METHOD or (method in {None, *SECRET_METHODS} and row.secret_hash is None)
    registration = ClientRegistration(
        name=row.name,
        role=row.role,
        redirect_uris=tuple(row.redirect_uris),
        post_logout_redirect_uris=tuple(row.post_logout_redirect_uris),
        scopes=tuple(row.scopes),
        grant_types=tuple(row.grant_types),
        organisation_uscc=row.organisation_uscc,
        organisation_name=row.organisation_name,
        is_public=is_public,
        requires_pkce=row.requires_pkce,
        first_party=row.first_party,
        may_realname=row.may_realname,
        client_id=row.client_id,
        metadata=metadata,
    )
    return DeclaredClient(
        registration, row.disabled_at is not None, row.registration_token_hash is not None, row.secret_hash
    )
