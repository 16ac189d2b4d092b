"""`xinyin seal sign`: a file, or every PDF and OFD of a folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.progress import Progress

from kernel.audit.chain import Actor
from kernel.errors import InvalidInput, Unavailable, XinyinError
from seal.client import DocumentToSeal, SealManner
from seal.documents.levels import PadesLevel
from seal.documents.placement.placing import place
from seal.documents.placement.request import At, Invisible, LowerRight, OnKeyword, Placement, Riding
from seal.seals.use_policy import IntendedUse
from seal.signing.service import SealOrder
from seal.validation.service import sniff
from xinyin.cli.console import describe, fail, in_house, out
from xinyin.house import House

_ACTOR = Actor("system", "command-line")
_SUFFIXES = (".pdf", ".ofd")


@dataclass(frozen=True)
class _Task:
    source: Path
    target: Path


def sign(
    file: Annotated[Path, typer.Argument(exists=True, help="A PDF or OFD, or a folder of them.")],
    seal: Annotated[str, typer.Option(help="The seal's id or 14-digit code.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The sealed file; a folder when FILE is one.")],
    *,
    page: Annotated[str, typer.Option(help="For --at: a page from 1, last, or all.")] = "1",
    at: Annotated[str, typer.Option(help="X,Y in millimetres from the top left of the page.")] = "",
    x_mm: Annotated[float | None, typer.Option("--x", help="Millimetres from the left, as in --at.")] = None,
    y_mm: Annotated[float | None, typer.Option("--y", help="Millimetres from the top, as in --at.")] = None,
    keyword: Annotated[str, typer.Option(help="On this word instead of at a place.")] = "",
    occurrence: Annotated[str, typer.Option(help="Which one: a number from 1, last, or all.")] = "1",
    riding: Annotated[bool, typer.Option("--riding", help="Also over the right edges of all pages.")] = False,
    invisible: Annotated[bool, typer.Option("--invisible", help="Show no picture.")] = False,
    closing: Annotated[bool, typer.Option("--closing", help="Nobody may sign after this seal.")] = False,
    level: Annotated[PadesLevel, typer.Option(help="PAdES level; from B-T on time-stamped, OFD too.")] = "B-B",
    size_mm: Annotated[float, typer.Option("--size", min=5, max=100, help="Side in millimetres.")] = 42,
    purpose: Annotated[str, typer.Option(help="For the seal's record of uses.")] = "command-line",
) -> None:
    """Seal a file, or every PDF and OFD of a folder; each result is checked before it is written.

    Without a place the seal stands at the lower right of the last page. Exit code 1 when some files of a folder failed.
    While no time stamps can be had, nothing is sealed at a level that wants one: send it as a seal job, which waits.
    """
    spot = at or (f"{x_mm or 0},{y_mm or 0}" if x_mm is not None or y_mm is not None else "")
    placements = _placements(spot, _number(page, "page"), (keyword, _number(occurrence, "occurrence")), size_mm)
    if riding:
        placements.append(Riding(size_mm=size_mm))
    if invisible:
        placements = [Invisible()]
    manner = SealManner(closing=closing, level=level)
    order = SealOrder(seal, (), purpose, _ACTOR, IntendedUse.by_operator(_ACTOR), manner=manner)
    if file.is_dir():
        _seal_folder(_tasks(file, output), placements, order)
    else:
        in_house(lambda house: _seal(house, _Task(file, output), placements, order))
        out.print(str(output))


def _placements(at: str, page: int, keyword: tuple[str, int], size_mm: float) -> list[Placement]:
    word, occurrence = keyword
    if word:
        return [OnKeyword(word, occurrence, size_mm=size_mm)]
    if not at:
        return [LowerRight(size_mm)]
    try:
        x_mm, y_mm = (float(each) for each in at.split(","))
    except ValueError:
        fail("--at takes X,Y in millimetres, such as 140,220", 2)
    return [At(page, x_mm, y_mm, size_mm, size_mm)]


def _number(text: str, option: Literal["page", "occurrence"]) -> int:
    named = {"last": -1, "all": 0}.get(text)
    if named is None and not (text.isdecimal() and 0 < int(text) <= 2000):
        fail(f"--{option} takes a number from 1, last, or all", 2)
    return int(text) if named is None else named


def _tasks(folder: Path, output: Path) -> list[_Task]:
    files = sorted(each for each in folder.rglob("*") if each.suffix.lower() in _SUFFIXES and each.is_file())
    if not files:
        fail(f"{folder} holds no PDF and no OFD", 2)
    if output.resolve() == folder.resolve():
        fail("the sealed files need a folder of their own", 2)
    return [_Task(each, output / each.relative_to(folder)) for each in files]


async def _seal(house: House, task: _Task, placements: Sequence[Placement], order: SealOrder) -> None:
    data = task.source.read_bytes()
    format = sniff(data)
    if format == "unknown":
        raise InvalidInput("{name} is neither a PDF nor an OFD.", name=task.source.name)
    document = DocumentToSeal(format, data, place(data, format, placements))
    (sealed,) = await house.seal.signing.seal_all([document], order)
    task.target.parent.mkdir(parents=True, exist_ok=True)
    aside = task.target.with_name(f".{task.target.name}.part")
    aside.write_bytes(sealed)
    aside.replace(task.target)


def _seal_folder(tasks: Sequence[_Task], placements: Sequence[Placement], order: SealOrder) -> None:
    """One after the other; a file that cannot be sealed does not stop the others."""
    failed: list[tuple[Path, XinyinError]] = []

    async def work(house: House) -> None:
        with Progress(transient=True) as bar:
            shown = bar.add_task("sealing", total=len(tasks))
            for task in tasks:
                try:
                    await _seal(house, task, placements, order)
                except Unavailable:
                    raise
                except XinyinError as failure:
                    failed.append((task.source, failure))
                bar.advance(shown)

    in_house(work)
    for source, failure in failed:
        out.print(f"{source}: {describe(failure)}", markup=False)
    out.print(f"{len(tasks) - len(failed)} of {len(tasks)} files sealed")
    if failed:
        raise SystemExit(1)
