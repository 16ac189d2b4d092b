"""`xinyin keys`: private keys by name, and a new one for tokens."""

import typer

from xinyin.cli.console import AsJson, in_house, out, show
from xinyin.house import House

app = typer.Typer(help="Private keys.", no_args_is_help=True)


@app.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """The names and kinds of all keys; never what is in them."""

    async def work(house: House) -> list[dict[str, object]]:
        store = house.foundation.keystore
        return [{"name": name, "algorithm": store.open(name).algorithm} for name in sorted(store.names())]

    show(in_house(work), as_json)


@app.command()
def rotate() -> None:
    """Sign tokens with a new key from now on; the one before stays published, older ones are destroyed."""

    async def work(house: House) -> str:
        return await house.idp.keys.rotate()

    out.print(in_house(work))
