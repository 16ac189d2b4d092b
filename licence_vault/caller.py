"""Whoever calls, as the vault speaks of them: an actor of the audit trail, and the authority that they act for."""

from dataclasses import dataclass

from kernel.audit.chain import Actor
from kernel.errors import Forbidden
from kernel.principal import Principal


@dataclass(frozen=True)
class Issuer:
    """An issuing authority."""

    uscc: str
    name: str


def actor_of(principal: Principal) -> Actor:
    """The principal as the audit trail knows it."""
    return Actor("client", principal.client_id) if principal.is_program else Actor("user", principal.subject)


def issuer_of(principal: Principal) -> Issuer:
    """The authority that the principal acts for. Raises `Forbidden` when there is none."""
    if principal.organisation is None:
        raise Forbidden("You do not act for an issuing authority. Ask your system administrator.")
    return Issuer(principal.organisation.uscc, principal.organisation.name)
