"""`xinyin log`: the public transparency log."""

import sys
from typing import Annotated

import typer

from xinyin.cli.console import AsJson, in_house, out, print_json
from xinyin.house import House

app = typer.Typer(help="The transparency log.", no_args_is_help=True)


@app.command()
def checkpoint() -> None:
    """The log's state as a signed note; keep it elsewhere to be able to prove a roll-back."""

    async def work(house: House) -> str:
        return await house.licence_vault.ledger.checkpoint()

    sys.stdout.write(in_house(work))


@app.command()
def prove(licence_id: Annotated[str, typer.Argument(help="The licence's id.")]) -> None:
    """The proof that a licence stands in the log, as JSON."""

    async def work(house: House) -> dict[str, object]:
        return (await house.licence_vault.ledger.proof(licence_id)).to_json()

    print_json(in_house(work))


@app.command()
def check(as_json: AsJson = False) -> None:
    """Recompute the whole log. Exit code 1 when anything was changed."""

    async def work(house: House) -> object:
        return await house.licence_vault.ledger.check()

    verdict = in_house(work)
    holds = bool(verdict.holds)  # type: ignore[attr-defined]
    if as_json:
        print_json(vars(verdict) | {"holds": holds})
    else:
        out.print(f"the log holds: {vars(verdict)}" if holds else f"BROKEN: {vars(verdict)}")
    if not holds:
        raise SystemExit(1)
