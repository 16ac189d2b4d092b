"""What every grant is, and what grants share."""

from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from idp.claims.requested import claims_asked
from idp.claims.service import ClaimsQuestion, PersonClaims
from idp.clients.client import Client
from idp.mandates.records import Acting
from idp.oauth2.binding import Binding
from idp.oauth2.parameters import Parameters
from idp.tokens.service import AccessShape, Bound, IssuedTokens, TokenGrant, TokenService
from idp.tokens.subject import Subject
from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database


@dataclass(frozen=True)
class TokenRequest:
    """A request at the token endpoint whose client is known and may use this grant."""

    client: Client
    parameters: Parameters
    binding: Binding = field(default_factory=Binding)


@dataclass(frozen=True)
class GrantParts:
    """What grants work with. `audience`: whom our tokens are for where nobody says otherwise."""

    database: Database
    audit: AuditTrail
    clock: Clock
    tokens: TokenService
    claims: PersonClaims
    audience: str


class Grant(Protocol):
    """One way to get tokens."""

    @property
    def grant_type(self) -> str:
        """Its name in the `grant_type` parameter."""
        ...

    async def exchange(self, request: TokenRequest) -> IssuedTokens:
        """Check what was sent and give tokens for it. Raises `OAuthError`."""
        ...


@dataclass(frozen=True)
class Issue:
    """Tokens about to be written for a person: by which grant, from which family, how."""

    grant_type: str
    grant: TokenGrant
    subject: Subject
    shape: AccessShape
    nonce: str | None = None


class PersonTokens:
    """Writes the tokens of a person's family; every grant that signs people in ends here."""

    def __init__(self, parts: GrantParts) -> None:
        self._parts = parts

    async def issue(self, session: AsyncSession, issue: Issue, *, refresh: str | bool) -> IssuedTokens:
        """The tokens, audited. `refresh`: a new refresh token, none, or this one goes on."""
        tokens, grant, shape = self._parts.tokens, issue.grant, issue.shape
        access_token = await tokens.write_for_person(session, grant, issue.subject, shape)
        refresh_token = refresh if isinstance(refresh, str) else None
        if refresh is True:
            refresh_token = await tokens.add_refresh_token(session, grant)
            await self._bind(session, issue)
        id_token = None
        if "openid" in shape.scopes:
            bound = Bound(access_token, issue.nonce, await self._claims(session, issue))
            id_token = await tokens.write_id_token(grant, issue.subject, shape, bound)
        await self._record(session, issue)
        kind = Binding(shape.confirmation).token_type
        return IssuedTokens(access_token, tokens.access_token_seconds, shape.scopes, refresh_token, id_token, kind)

    async def _bind(self, session: AsyncSession, issue: Issue) -> None:
        """RFC 9449 §5: refresh tokens of public clients are bound to the key; others' are to their credentials."""
        if issue.shape.client.is_public and issue.shape.confirmation and not issue.grant.confirmation:
            await self._parts.tokens.bind(session, issue.grant.id, issue.shape.confirmation)

    async def _claims(self, session: AsyncSession, issue: Issue) -> dict[str, object]:
        names = claims_asked(issue.grant.requested_claims, "id_token")
        if not names:
            return {}
        acting = Acting(issue.grant.mandate_id, self._parts.clock())
        question = ClaimsQuestion(issue.shape.client, issue.grant.person_id, issue.shape.scopes, names, acting)
        return await self._parts.claims.named(session, question)

    async def _record(self, session: AsyncSession, issue: Issue) -> None:
        grant, scopes = issue.grant, list(issue.shape.scopes)
        event = AuditEvent(
            "idp.token.issue",
            Actor("client", grant.client_id),
            f"grant:{grant.id}",
            detail={"grant_type": issue.grant_type, "person": grant.person_id, "scopes": scopes},
        )
        await self._parts.audit.record(session, event)


def may_refresh(client: Client, scopes: tuple[str, ...]) -> bool:
    """Whether a refresh token goes with an access token.

    For `offline_access`, and for first-party clients, whose refresh tokens end with the sign-in session.
    """
    return "refresh_token" in client.grant_types and ("offline_access" in scopes or client.first_party)
