"""Whoever calls, as the rest of the code knows them: a subject with scopes, never a token to be parsed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from kernel.errors import Forbidden

Claims = Mapping[str, Any]

SEE, PRESENT, AUTHORISE = "see", "present", "authorise"
"""Powers over the licences of an organisation that somebody acts for."""


class InsufficientScope(Forbidden):
    """The token holds but does not reach this far (RFC 6750 §3.1)."""

    def __init__(self, scope: str) -> None:
        super().__init__("This needs the permission {scope}, which you have not been given.", scope=scope)
        self.challenge = f'Bearer error="insufficient_scope", scope="{scope}"'


@dataclass(frozen=True)
class Organisation:
    """The organisation somebody acts for; `uscc` is its unified social credit code."""

    uscc: str
    name: str


@dataclass(frozen=True)
class Principal:
    """Whoever a token speaks for: a person, an organisation's officer, or (subject = client) a program."""

    subject: str
    client_id: str
    scopes: frozenset[str] = frozenset()
    acr: str = ""
    subject_type: str = "natural"
    organisation: Organisation | None = None
    roles: frozenset[str] = frozenset()
    access_token: str | None = field(default=None, repr=False)
    name: str | None = field(default=None, repr=False)

    @classmethod
    def from_claims(cls, claims: Claims, *, access_token: str | None = None) -> "Principal":
        """The principal of a verified access token's claims (RFC 9068 §2.2)."""
        client_id = str(claims.get("client_id") or claims.get("azp") or "")
        organisation = claims.get("organisation")
        return cls(
            subject=str(claims["sub"]),
            client_id=client_id,
            scopes=frozenset(str(claims.get("scope") or "").split()),
            acr=str(claims.get("acr") or ""),
            subject_type=str(claims.get("subject_type") or "natural"),
            organisation=_organisation(organisation) if isinstance(organisation, Mapping) else None,
            roles=frozenset(str(role) for role in claims.get("roles") or ()),
            access_token=access_token,
            name=str(claims["name"]) if claims.get("name") else None,
        )

    @property
    def is_program(self) -> bool:
        """A client acting in its own name, with nobody signed in."""
        return self.subject == self.client_id

    def require_scope(self, scope: str) -> None:
        """Raise Forbidden unless the token holds this scope."""
        if scope not in self.scopes:
            raise InsufficientScope(scope)

    def require_any_scope(self, *scopes: str) -> None:
        """Raise Forbidden unless the token holds one of these scopes."""
        if not self.scopes.intersection(scopes):
            raise InsufficientScope(" ".join(scopes))


def _organisation(claim: Mapping[str, Any]) -> Organisation | None:
    uscc = claim.get("uscc")
    return Organisation(str(uscc), str(claim.get("name") or "")) if uscc else None


@dataclass(frozen=True)
class HolderNumber:
    """One number somebody holds licences under. `id_type` by GA/T 517 style codes: "111" resident ID, "001" USCC."""

    kind: str  # "natural" | "legal"
    id_type: str
    number: str = field(repr=False)
    name: str = field(repr=False)
    role: str = ""
    powers: frozenset[str] | None = None
    """What the principal may do with the licences of an organisation: see, present, authorise; None: everything."""

    def allows(self, power: str) -> bool:
        """Whether the principal may do this with the licences under the number."""
        return self.powers is None or power in self.powers


@dataclass(frozen=True)
class Holder:
    """A person's own numbers and those of the organisations they act for."""

    natural: tuple[HolderNumber, ...] = ()
    legal: tuple[HolderNumber, ...] = ()

    @property
    def numbers(self) -> tuple[HolderNumber, ...]:
        """All of them, the person's own first."""
        return self.natural + self.legal


class Holders(Protocol):
    """Tells which numbers somebody holds licences under."""

    async def of(self, principal: Principal) -> Holder:
        """The numbers of this person and of the organisations they act for. Raises Forbidden for a program."""
