"""The commands."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from idp.saml.applications.application import ATTRIBUTES, SamlApplication, SamlSettings
from idp.saml.applications.registry import SamlRegistration
from idp.saml.own_metadata import document
from kernel.audit.chain import Actor
from kernel.errors import InvalidInput
from xinyin.cli.console import AsJson, in_house, out, show
from xinyin.house import House

app = typer.Typer(help="Applications that sign people in by SAML.", no_args_is_help=True)
_OPERATOR = Actor("system", "command-line")

Source = Annotated[str, typer.Argument(metavar="METADATA", help="Its metadata: a file, or an https address.")]
Identity = Annotated[str, typer.Argument(help="Its id, as the list shows it.")]


@app.command()
def add(
    metadata: Source,
    *,
    name: Annotated[str, typer.Option(help="The name that people see; else the one in the metadata.")] = "",
    attribute: Annotated[
        list[str] | None,
        typer.Option(help=f"What it is told, also as attribute=name it wants: {', '.join(ATTRIBUTES)}."),
    ] = None,
    name_id: Annotated[
        str, typer.Option(help="What it knows people by: persistent, transient, email or username.")
    ] = "persistent",
    unsigned: Annotated[bool, typer.Option("--unsigned", help="Take requests without a signature.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="Do not encrypt, though it has a key for it.")] = False,
    allow_cbc: Annotated[bool, typer.Option("--allow-cbc", help="Encrypt the old, unprotected way too.")] = False,
    first_party: Annotated[bool, typer.Option("--first-party", help="Do not ask people.")] = False,
    may_realname: Annotated[bool, typer.Option("--may-realname", help="It may learn ID numbers.")] = False,
    from_here: Annotated[bool, typer.Option("--from-here", help="People may go there from here, unasked.")] = False,
    no_logout: Annotated[bool, typer.Option("--no-logout", help="Do not tell it when somebody signs out.")] = False,
    as_json: AsJson = False,
) -> None:
    """Register an application by its metadata."""
    settings = SamlSettings(
        attributes=_attributes(attribute),
        name_id=name_id,
        must_sign=False if unsigned else None,
        encrypts=False if plain else None,
        allows_cbc=allow_cbc,
        first_party=first_party,
        may_realname=may_realname,
        from_here=from_here,
        wants_logout=not no_logout,
    )
    data, url = _source(metadata)

    async def work(house: House) -> list[dict[str, object]]:
        registration = SamlRegistration(data, url, name, settings)
        return [_row(await house.idp.saml.applications.register(registration, _OPERATOR))]

    show(in_house(work), as_json)


@app.command("list")
def list_applications(as_json: AsJson = False) -> None:
    """Every application."""

    async def work(house: House) -> list[dict[str, object]]:
        return [_row(each) for each in await house.idp.saml.applications.list()]

    show(in_house(work), as_json)


@app.command()
def refresh(
    application_id: Identity,
    metadata: Annotated[Path | None, typer.Argument(help="A file; else the address it came from is read.")] = None,
) -> None:
    """Read an application's metadata anew, such as when its keys changed."""
    data = metadata.read_bytes() if metadata else b""

    async def work(house: House) -> None:
        await house.idp.saml.applications.refresh(application_id, _OPERATOR, data)

    in_house(work)


@app.command()
def remove(application_id: Identity) -> None:
    """Let nobody sign in there any more."""

    async def work(house: House) -> None:
        await house.idp.saml.applications.remove(application_id, _OPERATOR)

    in_house(work)


@app.command("metadata")
def own_metadata() -> None:
    """Print our own metadata, for an application that cannot fetch it."""

    async def work(house: House) -> str:
        keys = await house.idp.saml.keys.published()
        return document(house.idp.settings.issuer, keys, house.idp.clock()).decode()

    out.print(in_house(work), markup=False)


@app.command("rotate-key")
def rotate_key(
    days: Annotated[int, typer.Option(help="Days until it signs; applications read our metadata meanwhile.")] = 14,
) -> None:
    """Publish a new signing key now, to sign later. The one before stays published for a week after."""

    async def work(house: House) -> str:
        made = await house.idp.saml.keys.rotate(timedelta(days=days), _OPERATOR)
        return f"{made.name}: signs from {made.signs_from:%Y-%m-%d %H:%M}Z, SHA-256 {made.certificate.fingerprint}"

    out.print(in_house(work))


def _attributes(given: list[str] | None) -> dict[str, str]:
    if given is None:
        return {"name": ""}
    pairs = [each.partition("=") for each in given]
    return {name.strip(): wanted.strip() for name, _equals, wanted in pairs}


def _source(metadata: str) -> tuple[bytes, str]:
    if metadata.startswith(("https://", "http://")):
        return b"", metadata
    try:
        return Path(metadata).read_bytes(), ""
    except OSError as error:
        raise InvalidInput("{file} cannot be read.", file=metadata) from error


def _row(application: SamlApplication) -> dict[str, object]:
    return {
        "id": application.id,
        "name": application.name,
        "entity_id": application.metadata.entity_id,
        "name_id": application.settings.name_id,
        "attributes": " ".join(application.settings.attributes),
        "signs": application.must_sign,
        "encrypted": application.recipient is not None,
    }
