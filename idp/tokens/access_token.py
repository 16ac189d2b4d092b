"""Claims of JWT access tokens (RFC 9068 §2.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from idp.mandates.mandate import Mandate
from idp.roles.scopes import roles_shown
from idp.tokens.subject import Subject
from kernel.ids.time_ordered import new_id

TYP = "at+jwt"

CLAIMING_ORGANISATION = ("organisation", "licence:", "seal:", "verify:", "admin:")
"""Scopes that make a token say which organisation the person acts for."""


@dataclass(frozen=True)
class AccessTokenFrame:
    """What every access token of this service has in common."""

    issuer: str
    audience: str
    lifetime: timedelta


@dataclass(frozen=True)
class SignInFacts:
    """How and when the person behind a token signed in."""

    auth_time: datetime
    acr: str
    amr: tuple[str, ...]


def person_claims(
    frame: AccessTokenFrame, now: datetime, subject: Subject, scopes: tuple[str, ...], sign_in: SignInFacts
) -> dict[str, Any]:
    """Claims of a token that acts for a person; the caller adds `client_id` and the family it belongs to."""
    claims = _base(frame, now, subject.person.id, scopes)
    claims |= {
        "subject_type": subject.subject_type,
        "auth_time": int(sign_in.auth_time.timestamp()),
        "acr": sign_in.acr,
        "amr": list(sign_in.amr),
    }
    roles = roles_shown(subject.effective_roles, scopes)
    if roles:
        claims["roles"] = roles
    if (
        subject.mandate is None
        and subject.organisation
        and any(scope.startswith(CLAIMING_ORGANISATION) for scope in scopes)
    ):
        claims["organisation"] = subject.organisation
    return claims


def acting_claims(mandate: Mandate, sub: str) -> dict[str, Any]:
    """What tokens say of a mandate: the legal person is the subject in law, `act` (RFC 8693 §4.1) who acts for it."""
    return {"organisation": mandate.organisation, "act": {"sub": sub, "capacity": mandate.capacity.value}}


def client_claims(
    frame: AccessTokenFrame,
    now: datetime,
    client_id: str,
    scopes: tuple[str, ...],
    organisation: Mapping[str, str] | None,
) -> dict[str, Any]:
    """Claims of a token that acts for a client itself: `sub` is the client (RFC 9068 §2.2)."""
    claims = _base(frame, now, client_id, scopes)
    claims["client_id"] = client_id
    claims["subject_type"] = "legal"
    if organisation:
        claims["organisation"] = dict(organisation)
    return claims


def _base(frame: AccessTokenFrame, now: datetime, sub: str, scopes: tuple[str, ...]) -> dict[str, Any]:
    issued_at = int(now.timestamp())
    return {
        "iss": frame.issuer,
        "sub": sub,
        "aud": frame.audience,
        "iat": issued_at,
        "exp": issued_at + int(frame.lifetime.total_seconds()),
        "jti": new_id(),
        "scope": " ".join(scopes),
    }
