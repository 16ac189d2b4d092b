"""Writing tokens, renewing them, taking them back."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from idp.clients.client import Client
from idp.keys import TokenKeys
from idp.sessions.service import hash_token
from idp.settings import IdpSettings
from idp.tokens import access_token, id_token
from idp.tokens.access_token import AccessTokenFrame, SignInFacts
from idp.tokens.id_token import IdTokenFacts, IdTokenFrame
from idp.tokens.records import (
    OpaqueTokenRow,
    RefreshTokenRow,
    RevokedAccessTokenRow,
    TokenGrantRow,
    claim_refresh_token,
    delete_ended,
    find_standing,
    is_clients_token_over,
    list_grants_of_client,
    list_grants_of_mandate,
    list_grants_of_session,
)
from idp.tokens.subject import Subject
from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database


@dataclass(frozen=True)
class TokenGrant:
    """What one authorization code stands for, and every token that comes from it."""

    id: str
    client_id: str
    person_id: str
    session_id: str
    scopes: tuple[str, ...]
    sign_in: SignInFacts
    ends_with_session: bool = True
    sub: str | None = None
    """How its tokens call the person; None for the person's own number."""
    confirmation: Mapping[str, str] | None = None
    """The key that its refresh tokens are bound to."""
    resources: tuple[str, ...] = ()
    requested_claims: Mapping[str, Any] | None = None
    mandate_id: str | None = None
    """The mandate that the person acts under; None: for themselves."""

    @property
    def subject(self) -> str:
        """The `sub` of its tokens."""
        return self.sub or self.person_id


@dataclass(frozen=True)
class AccessShape:
    """How an access token is to look. `confirmation`: its `cnf`; `resources`: its `aud`, or the usual one; `actor`: who
    acts for the person (RFC 8693 §4.1); `ends_at`: not to outlive this."""

    client: Client
    scopes: tuple[str, ...]
    confirmation: Mapping[str, str] | None = None
    resources: tuple[str, ...] = ()
    actor: Mapping[str, Any] | None = None
    ends_at: int | None = None


@dataclass(frozen=True)
class LiveToken:
    """An access token that counts: its claims, and the person behind it (None: a client acts for itself)."""

    claims: Mapping[str, Any]
    person_id: str | None = None
    mandate_id: str | None = None

    @property
    def scopes(self) -> tuple[str, ...]:
        """What it may be used for."""
        return tuple(str(self.claims.get("scope", "")).split())

    @property
    def confirmation(self) -> Mapping[str, str]:
        """The key it is bound to; empty when it is not."""
        found = self.claims.get("cnf")
        return found if isinstance(found, Mapping) else {}


@dataclass(frozen=True)
class IssuedTokens:
    """Tokens as they leave, readable only here."""

    access_token: str
    expires_in: int
    scopes: tuple[str, ...]
    refresh_token: str | None = None
    id_token: str | None = None
    token_type: str = "Bearer"  # noqa: S105 - a kind, not a token
    issued_token_type: str | None = None


@dataclass(frozen=True)
class Bound:
    """What an ID token is bound to: the access token beside it, and the `nonce` of the request (none on a refresh).
    `claims`: what else it says about the person."""

    access_token: str
    nonce: str | None = None
    claims: Mapping[str, Any] = field(default_factory=dict)


class RefreshOutcome(Enum):
    """What became of a presented refresh token."""

    ACCEPTED = auto()
    UNKNOWN = auto()
    REUSED = auto()


class TokenService:
    """Tokens of this issuer. Methods that take a `session` join the caller's transaction."""

    def __init__(
        self, database: Database, audit: AuditTrail, clock: Clock, keys: TokenKeys, settings: IdpSettings
    ) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._keys = keys
        access_lifetime = timedelta(seconds=settings.access_token_seconds)
        self._access_frame = AccessTokenFrame(settings.issuer, settings.audience, access_lifetime)
        self._id_frame = IdTokenFrame(settings.issuer, timedelta(seconds=settings.id_token_seconds))
        self._family_lifetime = timedelta(seconds=settings.refresh_token_seconds)

    async def open_grant(self, session: AsyncSession, grant: TokenGrant) -> None:
        """Begin a family."""
        now = self._clock()
        session.add(
            TokenGrantRow(
                id=grant.id,
                client_id=grant.client_id,
                person_id=grant.person_id,
                session_id=grant.session_id,
                scopes=list(grant.scopes),
                auth_time=grant.sign_in.auth_time,
                acr=grant.sign_in.acr,
                amr=list(grant.sign_in.amr),
                ends_with_session=grant.ends_with_session,
                sub=grant.sub,
                confirmation=dict(grant.confirmation) if grant.confirmation else None,
                resources=list(grant.resources) or None,
                requested_claims=dict(grant.requested_claims) if grant.requested_claims else None,
                mandate_id=grant.mandate_id,
                created_at=now,
                expires_at=now + self._family_lifetime,
            )
        )

    async def add_refresh_token(self, session: AsyncSession, grant: TokenGrant) -> str:
        """A new refresh token of a family."""
        token = secrets.token_urlsafe(32)
        row = await session.get(TokenGrantRow, grant.id)
        now = self._clock()
        expires_at = row.expires_at if row else now + self._family_lifetime
        session.add(
            RefreshTokenRow(token_hash=hash_token(token), grant_id=grant.id, created_at=now, expires_at=expires_at)
        )
        return token

    async def bind(self, session: AsyncSession, grant_id: str, confirmation: Mapping[str, str]) -> None:
        """Bind a family's refresh tokens to a key (RFC 9449 §5, RFC 8705 §4)."""
        row = await session.get(TokenGrantRow, grant_id)
        if row is not None:
            row.confirmation = dict(confirmation)

    async def use_refresh_token(
        self, session: AsyncSession, token: str, client_id: str, *, rotates: bool = True
    ) -> tuple[RefreshOutcome, TokenGrant | None]:
        """Use up a refresh token of this client. One that was used before ends its whole family (RFC 9700 §4.14.2).

        `rotates` False: it counts again and again, since only the client's key makes it good (FAPI 2.0 §5.3.2.1).
        """
        row = await session.get(RefreshTokenRow, hash_token(token))
        grant = await session.get(TokenGrantRow, row.grant_id) if row else None
        if row is None or grant is None or grant.client_id != client_id:
            return RefreshOutcome.UNKNOWN, None
        if rotates and not await claim_refresh_token(session, row.token_hash, self._clock()):
            await self._revoke(session, grant, "refresh token used twice")
            return RefreshOutcome.REUSED, None
        if grant.revoked_at is not None or row.expires_at <= self._clock() or (not rotates and row.used_at):
            return RefreshOutcome.UNKNOWN, None
        return RefreshOutcome.ACCEPTED, _grant(grant)

    async def write_for_person(
        self, session: AsyncSession, grant: TokenGrant, subject: Subject, shape: AccessShape
    ) -> str:
        """An access token of a family, saying what the person may at this moment."""
        claims = access_token.person_claims(self._access_frame, self._clock(), subject, shape.scopes, grant.sign_in)
        claims |= {"sub": grant.subject, "client_id": shape.client.client_id, "grant": grant.id}
        if subject.mandate is not None:
            claims |= access_token.acting_claims(subject.mandate, grant.subject)
        elif subject.roles_end is not None:
            # A token says what somebody may do: not for longer than they may.
            claims["exp"] = min(claims["exp"], int(subject.roles_end.timestamp()))
        return await self._write(session, claims, shape)

    async def write_for_client(self, session: AsyncSession, shape: AccessShape) -> str:
        """An access token for a client itself."""
        client = shape.client
        claims = access_token.client_claims(
            self._access_frame, self._clock(), client.client_id, shape.scopes, client.organisation
        )
        return await self._write(session, claims, shape)

    async def _write(self, session: AsyncSession, claims: dict[str, Any], shape: AccessShape) -> str:
        if shape.resources:
            claims["aud"] = shape.resources[0] if len(shape.resources) == 1 else list(shape.resources)
        if shape.confirmation:
            claims["cnf"] = dict(shape.confirmation)
        if shape.actor:
            claims["act"] = dict(shape.actor)
        if shape.ends_at is not None:
            claims["exp"] = min(claims["exp"], shape.ends_at)
        if not shape.client.metadata.wants_opaque_tokens:
            return self._keys.sign(claims, access_token.TYP)
        token = secrets.token_urlsafe(32)
        expires_at = datetime.fromtimestamp(claims["exp"], tz=self._clock().tzinfo)
        session.add(OpaqueTokenRow(token_hash=hash_token(token), claims=claims, expires_at=expires_at))
        return token

    async def write_id_token(self, grant: TokenGrant, subject: Subject, shape: AccessShape, bound: Bound) -> str:
        """A signed ID token for the client of a family."""
        algorithm = shape.client.metadata.id_token_signed_response_alg or self._keys.default
        await self._keys.ensure(algorithm)
        facts = IdTokenFacts(
            client_id=grant.client_id,
            sub=grant.subject,
            sid=grant.session_id,
            sign_in=grant.sign_in,
            nonce=bound.nonce,
            access_token=bound.access_token,
            algorithm=algorithm,
            name=subject.person.display_name if "profile" in shape.scopes else None,
            acting=_acting(grant, subject),
        )
        claims = dict(bound.claims) | id_token.id_token_claims(self._id_frame, self._clock(), facts)
        return self._keys.sign(claims, id_token.TYP, algorithm)

    @property
    def access_token_seconds(self) -> int:
        """How long an access token counts."""
        return int(self._access_frame.lifetime.total_seconds())

    async def find_access_token(self, unverified_token: str) -> LiveToken | None:
        """An access token that still counts: ours, not ended, not taken back, its person active."""
        await self._keys.keep_fresh()
        claims = await self._claims_of(unverified_token)
        if claims is None or claims["exp"] <= self._clock().timestamp():
            return None
        if "grant" not in claims:
            return None if await self.is_revoked(claims) else LiveToken(claims)
        async with self._database.reading() as session:
            standing = await find_standing(session, claims["jti"], claims["grant"], self._clock())
        if standing is None or not standing.counts:
            return None
        return LiveToken(claims, standing.person_id, standing.mandate_id)

    async def _claims_of(self, unverified_token: str) -> dict[str, Any] | None:
        if "." in unverified_token:
            return self._keys.find_claims(unverified_token, access_token.TYP)
        async with self._database.reading() as session:
            row = await session.get(OpaqueTokenRow, hash_token(unverified_token))
        return dict(row.claims) if row is not None else None

    async def is_revoked(self, claims: Mapping[str, Any]) -> bool:
        """Whether an access token of ours with these verified claims was taken back: itself, its family, or its client.

        Fits `kernel.web.bearer.BearerAuthenticator(is_revoked=…)` where the resource server shares our process.
        """
        async with self._database.reading() as session:
            if "grant" not in claims:
                return await is_clients_token_over(session, claims["jti"], claims["client_id"])
            standing = await find_standing(session, claims["jti"], claims["grant"], self._clock())
        return standing is None or not standing.counts

    async def find_grant(self, session: AsyncSession, grant_id: str) -> TokenGrant | None:
        """A family that still counts."""
        row = await session.get(TokenGrantRow, grant_id)
        if row is None or row.revoked_at is not None or row.expires_at <= self._clock():
            return None
        return _grant(row)

    async def find_confirmation(self, session: AsyncSession, token: str) -> Mapping[str, str] | None:
        """The key that a refresh token is bound to."""
        row = await session.get(RefreshTokenRow, hash_token(token))
        grant = await session.get(TokenGrantRow, row.grant_id) if row else None
        return grant.confirmation if grant else None

    async def find_refresh_token(self, token: str) -> tuple[TokenGrant, datetime] | None:
        """The family and end of a refresh token that still counts."""
        async with self._database.reading() as session:
            row = await session.get(RefreshTokenRow, hash_token(token))
            grant = await session.get(TokenGrantRow, row.grant_id) if row else None
        if row is None or grant is None or row.used_at or grant.revoked_at or row.expires_at <= self._clock():
            return None
        return _grant(grant), row.expires_at

    async def revoke_access_token(self, claims: Mapping[str, Any]) -> None:
        """Take back one access token."""
        expires_at = datetime.fromtimestamp(claims["exp"], tz=self._clock().tzinfo)
        event = AuditEvent("idp.token.revoke", Actor("client", claims["client_id"]), f"access-token:{claims['jti']}")
        try:
            async with self._database.transaction() as session:
                session.add(RevokedAccessTokenRow(jti=claims["jti"], expires_at=expires_at))
                await self._audit.record(session, event)
        except IntegrityError:
            # It was taken back a moment ago; once is enough.
            return

    async def revoke_grant(self, grant_id: str, because: str, *, client_id: str | None = None) -> None:
        """End a family (only if it is this client's, where one is named). Ending an ended family changes nothing."""
        async with self._database.transaction() as session:
            row = await session.get(TokenGrantRow, grant_id)
            if row is not None and client_id in {None, row.client_id}:
                await self._revoke(session, row, because)

    async def is_open(self, session: AsyncSession, grant_id: str) -> bool:
        """Whether a family still counts."""
        row = await session.get(TokenGrantRow, grant_id)
        return row is not None and row.revoked_at is None and row.expires_at > self._clock()

    async def revoke_session_grants(self, session: AsyncSession, session_id: str) -> None:
        """End the families of a sign-in session, except those the person let go on without it."""
        for row in await list_grants_of_session(session, session_id):
            await self._revoke(session, row, "signed out")

    async def revoke_mandate_grants(self, session: AsyncSession, mandate_id: str, because: str) -> None:
        """End the families under a mandate."""
        for row in await list_grants_of_mandate(session, mandate_id):
            await self._revoke(session, row, f"mandate: {because}")

    async def revoke_client_grants(self, session: AsyncSession, person_id: str, client_id: str) -> None:
        """End all families of a person at a client."""
        for row in await list_grants_of_client(session, person_id, client_id):
            await self._revoke(session, row, "consent withdrawn")

    async def purge(self, before: datetime) -> int:
        """Forget what ended before this moment; says how many rows."""
        async with self._database.transaction() as session:
            return await delete_ended(session, before)

    async def _revoke(self, session: AsyncSession, row: TokenGrantRow, because: str) -> None:
        if row.revoked_at is not None:
            return
        row.revoked_at, row.revoked_because = self._clock(), because
        detail = {"because": because, "person": row.person_id}
        await self._audit.record(
            session,
            AuditEvent("idp.token-family.revoke", Actor("client", row.client_id), f"grant:{row.id}", detail=detail),
        )


def _acting(grant: TokenGrant, subject: Subject) -> Mapping[str, Any]:
    if subject.mandate is None:
        return {}
    return {"subject_type": subject.subject_type} | access_token.acting_claims(subject.mandate, grant.subject)


def _grant(row: TokenGrantRow) -> TokenGrant:
    return TokenGrant(
        id=row.id,
        client_id=row.client_id,
        person_id=row.person_id,
        session_id=row.session_id,
        scopes=tuple(row.scopes),
        sign_in=SignInFacts(row.auth_time, row.acr, tuple(row.amr)),
        ends_with_session=row.ends_with_session,
        sub=row.sub,
        confirmation=row.confirmation,
        resources=tuple(row.resources or ()),
        requested_claims=row.requested_claims,
        mandate_id=row.mandate_id,
    )
