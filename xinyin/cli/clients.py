"""`xinyin client` and `xinyin cas`: applications that sign people in or call the APIs."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from idp.cas.applications import ATTRIBUTES, CasRegistration
from idp.clients.client import ClientRegistration
from idp.clients.metadata import USUAL, ClientMetadata, read_metadata
from kernel.audit.chain import Actor
from kernel.errors import InvalidInput
from xinyin.cli.console import AsJson, in_house, out, print_json, show
from xinyin.cli.users import load_organisation
from xinyin.house import House

app = typer.Typer(help="OAuth 2 clients.", no_args_is_help=True)
cas_app = typer.Typer(help="Applications that sign people in by CAS.", no_args_is_help=True)
_OPERATOR = Actor("system", "command-line")


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="The name that people see.")],
    *,
    role: Annotated[str, typer.Option(help="web, agency, verifier or machine.")] = "web",
    redirect_uri: Annotated[list[str] | None, typer.Option(help="Where codes may be sent; repeatable.")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="A scope it may ask for; repeatable.")] = None,
    organisation: Annotated[str, typer.Option(help="USCC of the agency that it acts for.")] = "",
    public: Annotated[bool, typer.Option("--public", help="No secret: an app or a page alone.")] = False,
    metadata: Annotated[Path | None, typer.Option(help="JSON file of further metadata (RFC 7591 names).")] = None,
    as_json: AsJson = False,
) -> None:
    """Register a client. Its secret is shown this once."""
    machine = role in ("agency", "verifier", "machine")
    members = _read_members(metadata) if metadata else USUAL

    async def work(house: House) -> dict[str, object]:
        owner = await load_organisation(house, organisation) if organisation else None
        registration = ClientRegistration(
            name=name,
            role=role,
            redirect_uris=tuple(redirect_uri or ()),
            scopes=tuple(scope or (() if machine else ("openid", "profile"))),
            grant_types=("client_credentials",) if machine else ("authorization_code", "refresh_token"),
            organisation_uscc=owner.uscc if owner else None,
            organisation_name=owner.name if owner else None,
            is_public=public,
            metadata=members,
        )
        client, secret = await house.idp.clients.create(registration)
        return {"client_id": client.client_id, "client_secret": secret}

    made = in_house(work)
    if as_json:
        print_json(made)
    else:
        for key, value in made.items():
            out.print(f"{key}: {value or 'none, it is public'}")


def _read_members(path: Path) -> ClientMetadata:
    """The metadata in a file. Raises `InvalidInput`."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput("{file} cannot be read as JSON.", file=path) from error
    if not isinstance(document, dict):
        raise InvalidInput("{file} cannot be read as JSON.", file=path)
    members, errors = read_metadata(document)
    if errors:
        raise InvalidInput("The application cannot be registered like this.", fields=errors)
    return members


@app.command("registration-token")
def registration_token(
    label: Annotated[str, typer.Argument(help="What it is for; the audit trail names it.")],
    *,
    uses: Annotated[int, typer.Option(help="How many applications may register by it.")] = 1,
    hours: Annotated[int, typer.Option(help="How long it counts.")] = 24,
) -> None:
    """Make a token by which programs register applications themselves (RFC 7591). Shown this once."""

    async def work(house: House) -> str:
        return await house.idp.registration.grant_initial_token(label, uses=uses, lifetime=timedelta(hours=hours))

    out.print(in_house(work))


@app.command("rotate-secret")
def rotate_secret(client_id: Annotated[str, typer.Argument()]) -> None:
    """Give a client a new secret; the old one ends at once."""

    async def work(house: House) -> str:
        return await house.idp.clients.rotate_secret(client_id)

    out.print(in_house(work))


@app.command("list")
def list_clients(as_json: AsJson = False) -> None:
    """Every client."""

    async def work(house: House) -> list[dict[str, object]]:
        return [
            {
                "client_id": each.client_id,
                "name": each.name,
                "role": each.role.value,
                "scopes": " ".join(sorted(each.scopes)),
            }
            for each in await house.idp.clients.list()
        ]

    show(in_house(work), as_json)


@cas_app.command("add")
def add_cas(
    name: Annotated[str, typer.Argument(help="The name that people see.")],
    address: Annotated[str, typer.Argument(help="Where it is; every address below it is its own.")],
    *,
    user: Annotated[str, typer.Option(help="What it knows people by: id or username.")] = "id",
    attribute: Annotated[list[str] | None, typer.Option(help=f"What it is told: {', '.join(ATTRIBUTES)}.")] = None,
    may_proxy: Annotated[bool, typer.Option("--may-proxy", help="It may act for people elsewhere.")] = False,
    no_logout: Annotated[bool, typer.Option("--no-logout", help="Do not tell it when somebody signs out.")] = False,
    as_json: AsJson = False,
) -> None:
    """Register an application."""
    attributes = tuple(attribute) if attribute is not None else ("name",)
    registration = CasRegistration(name, address, user, attributes, may_proxy, wants_logout=not no_logout)

    async def work(house: House) -> list[dict[str, object]]:
        made = await house.idp.cas_applications.register(registration, _OPERATOR)
        return [{"id": made.id, "name": made.name, "address": address}]

    show(in_house(work), as_json)


@cas_app.command("remove")
def remove_cas(application_id: Annotated[str, typer.Argument(help="Its id, as the list shows it.")]) -> None:
    """Let nobody sign in there any more."""

    async def work(house: House) -> None:
        await house.idp.cas_applications.remove(application_id, _OPERATOR)

    in_house(work)


@cas_app.command("list")
def list_cas(as_json: AsJson = False) -> None:
    """Every application."""

    async def work(house: House) -> list[dict[str, object]]:
        return [
            {
                "id": each.id,
                "name": each.name,
                "address": f"{each.address.origin}{each.address.path}",
                "user": each.user.value,
                "attributes": " ".join(each.attributes),
                "may_proxy": each.may_proxy,
            }
            for each in await house.idp.cas_applications.list()
        ]

    show(in_house(work), as_json)
