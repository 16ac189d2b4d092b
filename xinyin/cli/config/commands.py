"""`xinyin config export|plan|apply`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from kernel.errors import InvalidInput
from xinyin.cli.config.document import read_document, write_document
from xinyin.cli.config.kinds import ASSIGNMENTS, Entry
from xinyin.cli.config.plan import Change, compare, not_named
from xinyin.cli.config.state import State, exported, read_state
from xinyin.cli.config.writing import Writer, with_secrets
from xinyin.cli.console import in_house, out
from xinyin.house import House

app = typer.Typer(
    help="What is set up, as a YAML file: organisations, units, groups, applications, roles, gateway, licence types.",
    no_args_is_help=True,
)

File = Annotated[Path, typer.Argument(help="The YAML file; - for standard input.")]


@app.command()
def export(
    file: Annotated[Path | None, typer.Argument(help="Where to write; standard output by default.")] = None,
    with_people: Annotated[bool, typer.Option("--with-people", help="Roles of single people too.")] = False,
) -> None:
    """Write what is set up. No secrets, no people, no keys."""

    async def work(house: House) -> str:
        return write_document(exported((await read_state(house)).entries, with_people=with_people))

    text = in_house(work)
    if file is None:
        sys.stdout.write(text)
    else:
        file.write_text(text, encoding="utf-8")


@app.command()
def plan(file: File) -> None:
    """Say what `apply` would change. Changes nothing; ends with 1 when there is something to change."""
    wanted = _read(file)

    async def work(house: House) -> int:
        state, changes = await _compared(house, wanted)
        _tell(changes, wanted, state)
        return len(changes)

    if in_house(work):
        raise SystemExit(1)


@app.command()
def apply(
    file: File,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, change nothing.")] = False,
) -> None:
    """Have the house be as the file says. What the file does not name stays; applying twice changes nothing."""
    wanted = _read(file)

    async def work(house: House) -> None:
        state, changes = await _compared(house, wanted)
        _tell(changes, wanted, state)
        if dry_run:
            return
        writer = Writer(house, state)
        for change in changes:
            await writer.make(change)
        if changes:
            out.print(f"{len(changes)} changed")

    in_house(work)


async def _compared(house: House, wanted: list[Entry]) -> tuple[State, list[Change]]:
    state = await read_state(house)
    return state, compare(with_secrets(wanted), state.entries)


def _tell(changes: list[Change], wanted: list[Entry], state: State) -> None:
    for change in changes:
        for line in change.told():
            out.print(line, markup=False)
    for entry in not_named(wanted, state.entries):
        if entry.kind is not ASSIGNMENTS or "person" not in entry.values:
            out.print(f"  {entry.kind.name}: {entry.key} is not in the file and stays", markup=False)
    if not changes:
        out.print("nothing to change")


def _read(file: Path) -> list[Entry]:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as unreadable:
        raise InvalidInput("{file} cannot be read.", file=file) from unreadable
    return read_document(text)
