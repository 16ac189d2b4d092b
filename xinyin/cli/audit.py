"""`xinyin audit`: prove and export the audit trail."""

import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from kernel.audit.verification import export_events, verify_chains
from xinyin.cli.console import AsJson, in_house, out, print_json
from xinyin.house import House

app = typer.Typer(help="The audit trail.", no_args_is_help=True)


@app.command()
def verify(as_json: AsJson = False) -> None:
    """Check every event, its place in the chain, and the chain's sealed head. Exit code 1 when anything was changed."""

    async def work(house: House) -> bool:
        async with house.foundation.database.reading() as session:
            verdicts = await verify_chains(session, house.foundation.audit_key)
        if as_json:
            print_json([vars(verdict) | {"holds": verdict.holds} for verdict in verdicts])
        else:
            for verdict in verdicts:
                if verdict.holds:
                    out.print(f"chain {verdict.chain}: whole, {verdict.events} events, head {verdict.head[:16]}…")
                else:
                    out.print(f"chain {verdict.chain}: BROKEN at event {verdict.broken_at}: {verdict.reason}")
            if not verdicts:
                out.print("no events yet")
        return all(verdict.holds for verdict in verdicts)

    if not in_house(work):
        raise SystemExit(1)


@app.command()
def export(
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A file; standard output else.")] = None,
) -> None:
    """Write every event with its hashes as JSON lines, so that anyone can recompute the chain."""

    async def work(house: House) -> int:
        count = 0
        with output.open("w", encoding="utf-8") if output else nullcontext(sys.stdout) as file:
            async with house.foundation.database.reading() as session:
                async for event in export_events(session):
                    file.write(json.dumps(event, ensure_ascii=False, sort_keys=True) + "\n")
                    count += 1
        return count

    count = in_house(work)
    if output:
        out.print(f"{count} events written to {output}")
