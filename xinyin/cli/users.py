"""`xinyin user`, `xinyin organisation`: accounts that sign in by password, and whom they act for."""

from typing import Annotated

import typer

from idp.organisations.service import Organisation
from kernel.errors import NotFound
from xinyin.cli.console import AsJson, in_house, out, read_secret, show
from xinyin.house import House

app = typer.Typer(help="People who sign in by password.", no_args_is_help=True)
organisation_app = typer.Typer(help="Agencies and enterprises.", no_args_is_help=True)

Username = Annotated[str, typer.Argument(help="The user name.")]


@app.command()
def add(
    username: Username,
    name: Annotated[str, typer.Option(help="The name that others see.")],
    role: Annotated[list[str] | None, typer.Option(help="officer, approver, system_admin, …; repeatable.")] = None,
    organisation: Annotated[str, typer.Option(help="USCC of the organisation that they act for.")] = "",
) -> None:
    """Enter a person. The password is asked for, or read from standard input."""
    password = read_secret("Password")

    async def work(house: House) -> str:
        owner = await load_organisation(house, organisation) if organisation else None
        person = await house.idp.persons.create(username, password, name, roles=role or ())
        if owner:
            await house.idp.organisations.add_member(owner.uscc, person.id, (role or ["member"])[0])
        return person.id

    out.print(in_house(work))


@app.command("set-password")
def set_password(username: Username) -> None:
    """Give a person a new password; their sessions end."""
    password = read_secret("New password")

    async def work(house: House) -> None:
        person = await house.idp.persons.load_by_username(username)
        await house.idp.persons.set_password(person.id, password)

    in_house(work)


@app.command()
def disable(username: Username) -> None:
    """Keep a person out; their sessions and tokens end."""

    async def work(house: House) -> None:
        person = await house.idp.persons.load_by_username(username)
        await house.idp.persons.disable(person.id)

    in_house(work)


@app.command("reset-second-factor")
def reset_second_factor(username: Username) -> None:
    """Take a lost one-time-code device away; the next sign-in enrols another. Make sure who asks."""

    async def work(house: House) -> bool:
        person = await house.idp.persons.load_by_username(username)
        return await house.idp.totp.forget(person.id)

    out.print("the next sign-in enrols a new one" if in_house(work) else "there was none")


@app.command("list")
def list_users(as_json: AsJson = False) -> None:
    """Everybody with an account."""

    async def work(house: House) -> list[dict[str, object]]:
        people = await house.idp.persons.list(limit=1000)
        return [
            {
                "id": person.id,
                "username": person.username,
                "name": person.display_name,
                "state": person.state.value,
                "level": person.assurance_level,
            }
            for person in people
        ]

    show(in_house(work), as_json)


@organisation_app.command("add")
def add_organisation(
    uscc: Annotated[str, typer.Argument(help="Its unified social credit code.")],
    name: Annotated[str, typer.Argument(help="Its full name, as it stands on licences.")],
    kind: Annotated[str, typer.Option(help="agency (may issue licences) or enterprise.")] = "agency",
) -> None:
    """Enter an organisation."""

    async def work(house: House) -> str:
        return (await house.idp.organisations.create(uscc, name, kind)).uscc

    out.print(in_house(work))


@organisation_app.command("list")
def list_organisations(as_json: AsJson = False) -> None:
    """Every organisation."""

    async def work(house: House) -> list[dict[str, object]]:
        return [vars(each) for each in await house.idp.organisations.list()]

    show(in_house(work), as_json)


async def load_organisation(house: House, uscc: str) -> Organisation:
    """An organisation by its code. Raises `NotFound`."""
    for each in await house.idp.organisations.list():
        if each.uscc == uscc.strip().upper():
            return each
    raise NotFound("There is no organisation with this unified social credit code.")
