"""Which scopes a role may put into a token. The three administrators are separate."""

from collections.abc import Iterable, Mapping
from enum import StrEnum


class Role(StrEnum):
    """A person's role. Everyone is at least a citizen."""

    CITIZEN = "citizen"
    OFFICER = "officer"
    APPROVER = "approver"
    VERIFIER = "verifier"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDIT_ADMIN = "audit_admin"
    UNIT_ADMIN = "unit_admin"


IDENTITY_SCOPES = frozenset({"openid", "profile", "phone", "email", "realname", "organisation", "offline_access"})

ROLE_SCOPES: Mapping[Role, frozenset[str]] = {
    Role.CITIZEN: IDENTITY_SCOPES,
    Role.OFFICER: frozenset(
        {"licence:read", "licence:issue", "licence:manage", "licence:share", "seal:use", "seal:apply"}
    ),
    Role.APPROVER: frozenset({"seal:approve", "licence:read"}),
    Role.VERIFIER: frozenset({"verify:batch"}),
    Role.SYSTEM_ADMIN: frozenset({"admin:users"}),
    Role.SECURITY_ADMIN: frozenset({"admin:security"}),
    Role.AUDIT_ADMIN: frozenset({"admin:audit"}),
    Role.UNIT_ADMIN: frozenset({"admin:unit"}),
}

SCIM = "scim"
PROGRAM_SCOPES = frozenset({SCIM})
"""For programs of agencies in their own name; no role has them, nobody can grant them."""

ALL_SCOPES = frozenset().union(*ROLE_SCOPES.values()) | PROGRAM_SCOPES

NEEDS_SECOND_FACTOR = frozenset(
    {Role.OFFICER, Role.APPROVER, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN, Role.UNIT_ADMIN}
)

ADMINISTRATORS = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})

ADMINISTRATION_SCOPES = frozenset[str]().union(*(ROLE_SCOPES[role] for role in {*ADMINISTRATORS, Role.UNIT_ADMIN}))
"""For people alone: no client gets them in its own name."""


def permitted_scopes(roles: Iterable[Role]) -> frozenset[str]:
    """Every scope that a person with these roles may grant to a client."""
    return IDENTITY_SCOPES.union(*(ROLE_SCOPES[role] for role in roles))


def roles_shown(roles: Iterable[Role], scopes: Iterable[str]) -> list[str]:
    """The roles a token names: those that one of its scopes comes from. A client learns no more than it needs."""
    granted = set(scopes)
    return sorted(role.value for role in roles if granted & ROLE_SCOPES[role])
