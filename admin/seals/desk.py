"""What the pages on seals share: the register, the log of uses, and who acts."""

from collections.abc import Iterable
from typing import cast

from starlette.requests import Request

from admin.desk import actor_of
from kernel.errors import NotFound
from kernel.principal import Principal
from kernel.web.templates import Pages
from seal.seals.seal import Seal
from seal.seals.service import Officer, SealRegister
from seal.seals.uses import UseLog


def officer(principal: Principal) -> Officer:
    """Who acts, as the register knows them."""
    organisation = principal.organisation
    return Officer(actor_of(principal), *((organisation.uscc, organisation.name) if organisation else ()))


def register(request: Request) -> SealRegister:
    """The register of seals."""
    return cast(SealRegister, request.app.state.admin.seals)


def uses(request: Request) -> UseLog:
    """What seals were used for."""
    return cast(UseLog, request.app.state.admin.seal_uses)


def pages(request: Request) -> Pages:
    """The templates."""
    return cast(Pages, request.app.state.pages)


async def names_of(request: Request, subjects: Iterable[str]) -> dict[str, str]:
    """What these persons are called; programs and persons who are gone keep their reference."""
    persons, names = request.app.state.admin.people.persons, {}
    for subject in dict.fromkeys(subjects):
        try:
            names[subject] = (await persons.load(subject)).display_name
        except NotFound:
            names[subject] = subject
    return names


async def load(request: Request, principal: Principal) -> Seal:
    """The seal of the address, if it is of the officer's organisation. Raises NotFound."""
    return await register(request).get(request.path_params["seal_id"], officer=officer(principal))
