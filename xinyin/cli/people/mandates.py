"""`xinyin mandate`: who acts for an enterprise."""

from typing import Annotated

import typer

from xinyin.cli.console import AsJson, in_house, out, show
from xinyin.house import House

app = typer.Typer(help="Who acts for an enterprise: its legal representative and agents.", no_args_is_help=True)

Uscc = Annotated[str, typer.Argument(help="The enterprise's unified social credit code.")]
PAGE = 500


@app.command()
def represent(
    uscc: Uscc, username: Annotated[str, typer.Argument(help="Whom the register names as legal representative.")]
) -> None:
    """Enter the legal representative; the one before loses the mandate. Their real name must be confirmed."""

    async def work(house: House) -> str:
        person = await house.idp.persons.load_by_username(username)
        return (await house.idp.mandates.enter_representative(uscc.strip().upper(), person.id)).id

    out.print(in_house(work))


@app.command()
def revoke(mandate_id: Annotated[str, typer.Argument(help="The mandate's id, as `list` shows it.")]) -> None:
    """End a mandate, with every session and token under it."""

    async def work(house: House) -> None:
        await house.idp.mandates.revoke(mandate_id)

    in_house(work)


@app.command("list")
def list_mandates(uscc: Uscc, as_json: AsJson = False) -> None:
    """Every mandate of an enterprise, ended ones too, the oldest first."""

    async def work(house: House) -> list[dict[str, object]]:
        rows: list[dict[str, object]] = []
        after = ""
        while found := await house.idp.mandates.of_organisation(uscc.strip().upper(), after=after, limit=PAGE):
            rows += [
                {
                    "id": each.id,
                    "person": each.person_id,
                    "capacity": each.capacity.value,
                    "powers": " ".join(sorted(each.powers)),
                    "state": each.state(house.foundation.clock()).value,
                    "until": each.term.until.isoformat() if each.term.until else "",
                }
                for each in found
            ]
            after = found[-1].id
        return rows

    show(in_house(work), as_json)
