"""`xinyin audit` and `xinyin log`: proving that nothing was changed."""

import json
import sys
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from kernel.audit.verification import export_events, verify_chains
from licence_vault.ledger.checking import LedgerVerdict
from xinyin.cli.console import AsJson, in_house, out, print_json
from xinyin.house import House

audit_app = typer.Typer(help="The audit trail.", no_args_is_help=True)
log_app = typer.Typer(help="The transparency log.", no_args_is_help=True)


@audit_app.command("verify")
def verify_audit(as_json: AsJson = False) -> None:
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


@audit_app.command("export")
def export_audit(
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


@log_app.command()
def checkpoint() -> None:
    """The log's state as a signed note; keep it elsewhere to be able to prove a roll-back."""

    async def work(house: House) -> str:
        return await house.licence_vault.ledger.checkpoint()

    sys.stdout.write(in_house(work))


@log_app.command()
def prove(licence_id: Annotated[str, typer.Argument(help="The licence's id.")]) -> None:
    """The proof that a licence stands in the log, as JSON."""

    async def work(house: House) -> dict[str, object]:
        return (await house.licence_vault.ledger.proof(licence_id)).to_json()

    print_json(in_house(work))


@log_app.command("check")
def check_log(
    kept: Annotated[list[Path] | None, typer.Option("--kept", help="A checkpoint kept elsewhere; repeatable.")] = None,
    as_json: AsJson = False,
) -> None:
    """Recompute the whole log, and that it continues each kept checkpoint. Exit code 1 when anything was changed."""

    async def work(house: House) -> LedgerVerdict:
        notes = [path.read_text(encoding="utf-8") for path in kept or ()]
        return await house.licence_vault.ledger.check(known_checkpoints=notes)

    verdict = in_house(work)
    if as_json:
        print_json(asdict(verdict) | {"holds": verdict.holds})
    elif verdict.holds:
        out.print(f"the log holds: {verdict.size} entries")
    else:
        out.print(f"BROKEN at {verdict.at}: {verdict.problem}")
    if not verdict.holds:
        raise SystemExit(1)
