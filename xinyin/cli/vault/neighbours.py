"""`xinyin vault neighbours`: vaults above, which get our directory, and below, to which calls are passed on."""

import secrets
from pathlib import Path
from typing import Annotated

import typer

from kernel.audit.chain import Actor
from kernel.errors import InvalidInput
from licence_vault.caller import Issuer
from licence_vault.neighbours.neighbour import EXCHANGE_KEY_BYTES, Neighbour, NewNeighbour
from xinyin.cli.console import AsJson, in_house, out, read_secret, show
from xinyin.house import House

app = typer.Typer(help="The vaults that ours works with.", no_args_is_help=True)
neighbours_app = typer.Typer(help="Vaults above and below ours.", no_args_is_help=True)
app.add_typer(neighbours_app, name="neighbours")

_OPERATOR = Actor("system", "command-line")
Code = Annotated[str, typer.Argument(metavar="NAME", help="Its short name, as the list shows it.")]


@neighbours_app.command("exchange-key")
def exchange_key(file: Annotated[Path, typer.Argument(help="Where to put it; carry it to the other vault.")]) -> None:
    """Make the key that two vaults share; whose a licence is stands in the directory as a hash under it."""
    with file.open("x", encoding="ascii") as made:
        file.chmod(0o600)
        made.write(secrets.token_hex(EXCHANGE_KEY_BYTES) + "\n")


@neighbours_app.command()
def add(
    code: Annotated[str, typer.Argument(metavar="NAME", help="A short name for it, such as wenchang-city.")],
    *,
    side: Annotated[str, typer.Option(help="above: it gets our directory; below: calls are passed on to it.")],
    uscc: Annotated[str, typer.Option(help="Unified social credit code of the authority that runs it.")],
    name: Annotated[str, typer.Option(help="Name of that authority; agencies and holders read it.")],
    url: Annotated[str, typer.Option(help="Its address, such as https://licences.example.gov.cn.")],
    client_id: Annotated[str, typer.Option(help="Our client there. Its secret is asked for, or read from input.")],
    their_client_id: Annotated[str, typer.Option(help="Its client here, with the scope licence:share.")],
    exchange_key_file: Annotated[Path, typer.Option(help="The key that both share.")],
) -> None:
    """Add a neighbour. The directory follows by itself while the service runs."""
    try:
        key = exchange_key_file.read_text(encoding="ascii").strip()
    except UnicodeDecodeError as error:
        raise InvalidInput("{file} holds no exchange key.", file=exchange_key_file) from error
    new = NewNeighbour(
        code=code,
        side=side,
        authority=Issuer(uscc, name),
        url=url,
        client_id=client_id,
        client_secret=read_secret("Secret of our client there"),
        their_client_id=their_client_id,
        exchange_key=key,
    )

    async def work(house: House) -> str:
        return (await house.licence_vault.neighbours.add(new, _OPERATOR)).code

    out.print(f"added {in_house(work)}")


@neighbours_app.command("list")
def list_neighbours(as_json: AsJson = False) -> None:
    """Every neighbour, and how it goes with it."""

    async def work(house: House) -> list[dict[str, object]]:
        return [
            {
                "name": each.neighbour.code,
                "side": each.neighbour.side.value,
                "authority": each.neighbour.authority.name,
                "url": each.neighbour.url,
                "entries": each.entries,
                "waiting": each.waiting,
                "waiting_since": each.waiting_since,
                "last_heard": each.last_heard_at,
                "compared": each.reconciled_at,
                "error": each.last_error,
            }
            for each in await house.licence_vault.neighbours.states()
        ]

    show(in_house(work), as_json)


@neighbours_app.command()
def remove(code: Code) -> None:
    """Forget a neighbour and its directory."""

    async def work(house: House) -> None:
        await house.licence_vault.neighbours.remove(code, _OPERATOR)

    in_house(work)


@neighbours_app.command()
def push(code: Code) -> None:
    """Send what a vault above was not told of yet, now."""

    async def work(house: House) -> int:
        return await house.licence_vault.pusher.push(await _above(house, code))

    out.print(f"{in_house(work)} changes sent")


@neighbours_app.command()
def reconcile(code: Code) -> None:
    """Compare our whole directory with what a vault above keeps of it, and send what differs."""

    async def work(house: House) -> str:
        done = await house.licence_vault.pusher.reconcile(await _above(house, code))
        return f"{done.compared} compared, {done.sent} sent, {done.removed} removed"

    out.print(in_house(work))


async def _above(house: House, code: str) -> Neighbour:
    neighbour = await house.licence_vault.neighbours.load(code)
    if neighbour.side != "above":
        raise InvalidInput("{name} is below us: it sends its directory here by itself.", name=code)
    return neighbour
