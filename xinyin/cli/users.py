"""`xinyin user`: accounts that sign in by password."""

from typing import Annotated

import typer

from xinyin.cli.console import AsJson, in_house, out, read_secret, show
from xinyin.house import House

app = typer.Typer(help="People who sign in by password.", no_args_is_help=True)

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
        person = await house.idp.persons.create(username, password, name, roles=role or ())
        if organisation:
            await house.idp.organisations.add_member(organisation, person.id, (role or ["member"])[0])
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
