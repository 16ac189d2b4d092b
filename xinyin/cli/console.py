"""What every command shares: running async work in a house, printing, and turning errors into exit codes."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.table import Column, Table

from kernel.errors import ConfigurationError, Unavailable, XinyinError
from xinyin.house import House, open_house
from xinyin.settings import load_settings

T = TypeVar("T")

AsJson = Annotated[bool, typer.Option("--json", help="Print machine-readable JSON.")]

# Into a pipe or file, rows stay on one line each.
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 10_000)


def in_house(work: Callable[[House], Awaitable[T]], **overrides: object) -> T:
    """Open the house that the settings describe, do `work` in it, close it again."""

    async def run() -> T:
        async with open_house(load_settings(**overrides)) as house:
            return await work(house)

    return asyncio.run(run())


def show(rows: list[dict[str, Any]], as_json: bool) -> None:
    """Print `rows` as JSON or as a table."""
    if as_json:
        print_json(rows)
        return
    if not rows:
        out.print("nothing to show")
        return
    # Whole ids, however narrow the window: they are there to be copied.
    table = Table(*(Column(name, overflow="fold") for name in rows[0]), box=None, header_style="bold")
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    out.print(table)


def print_json(value: object) -> None:
    """Print `value` as JSON on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def read_secret(prompt: str) -> str:
    """A secret typed twice at a terminal, or the one line of standard input when it is not one; never an argument."""
    if sys.stdin.isatty():
        secret: str = typer.prompt(prompt, hide_input=True, confirmation_prompt=True)
        return secret
    return sys.stdin.readline().rstrip("\n")


def fail(message: str, code: int) -> NoReturn:
    """One line on standard error and an exit code."""
    sys.stderr.write(f"xinyin: {' '.join(message.split())}\n")
    raise SystemExit(code)


def exit_code(error: XinyinError) -> int:
    """3 for what the environment did, 2 for what the caller gave."""
    return 3 if isinstance(error, Unavailable | ConfigurationError) else 2


def describe(error: XinyinError) -> str:
    """The message with the fields' complaints behind it."""
    fields = getattr(error, "fields", ())
    complaints = [f"{item.field}: {item.message.format(**item.params)}" for item in fields]
    return "; ".join([error.text, *complaints])
