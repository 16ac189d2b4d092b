"""What all these addresses share: who calls, and reading members of a body."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from idp.persons.service import PersonService
from kernel.audit.chain import Actor
from kernel.errors import FieldError, Forbidden, InvalidInput, NotFound
from kernel.principal import Principal
from kernel.web.sign_in import authenticated

USERS, SECURITY, UNIT = "admin:users", "admin:security", "admin:unit"
PAGE_SIZE = 100
NO_STORE = {"Cache-Control": "no-store"}
ROOT = "/api/v1/admin"


async def known_person(request: Request, persons: PersonService, *scopes: str) -> Principal:
    """Whoever calls, with one of these scopes. Raises `Forbidden`."""
    principal = await authenticated(request)
    principal.require_any_scope(*scopes)
    if not principal.is_program:
        await check_known(principal, persons)
    return principal


async def check_known(principal: Principal, persons: PersonService) -> None:
    """A client that knows people by other numbers would let them decide about themselves unseen."""
    try:
        await persons.load(principal.subject)
    except NotFound as unknown:
        raise Forbidden("This application may not manage roles.", reason="pairwise subject") from unknown


def actor_of(principal: Principal) -> Actor:
    """Whoever calls, for the audit trail."""
    return Actor("client" if principal.is_program else "user", principal.subject)


def text(body: Mapping[str, Any], name: str) -> str:
    """A text that must be there. Raises `InvalidInput` that names it."""
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        raise wrong(name, "Give a text here.")
    return value


def optional(body: Mapping[str, Any], name: str) -> str | None:
    """A text, or None where there is none."""
    return text(body, name) if body.get(name) is not None else None


def wrong(name: str, message: str) -> InvalidInput:
    """A complaint about one member."""
    return InvalidInput("Check the following.", fields=[FieldError(name, message)])
