"""Going through many files or codes: a line for each, progress on standard error, and going on after a stop."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from kernel.clock import system_clock
from kernel.errors import InvalidInput, RateLimited
from verify.batches.sources import Item, Source, read_source
from verify.cli import verify_offline
from verify.report.report import VerificationReport
from xinyin.cli.console import describe, in_house, out
from xinyin.house import House

Judge = Callable[[bytes | str], Awaitable[VerificationReport]]
PASSED = "TOTAL-PASSED"
UNREAD = "NOT_CHECKED"


def verify_many(path: Path, trust: Path | None, lines: Path | None, *, json_lines: bool) -> None:
    """Judge everything in `path`. `lines`: a file of JSON lines to add to; what stands in it is not judged again."""
    done = _already(lines) if lines else {}
    source = read_source(path)
    if lines is None:
        results = _run(source, trust, done, sys.stdout if json_lines else None)
    else:
        with lines.open("a", encoding="utf-8") as written:
            results = _run(source, trust, done, written)
    if not json_lines:
        for outcome, count in sorted(results.items()):
            out.print(f"{count:>8}  {outcome}", markup=False)
    if set(results) - {PASSED}:
        raise SystemExit(1)


def _run(source: Source, trust: Path | None, done: dict[str, str], written: TextIO | None) -> Counter[str]:
    if trust is not None:
        folder = trust

        async def offline(data: bytes | str) -> VerificationReport:
            return await asyncio.to_thread(verify_offline, data, folder, system_clock)

        return asyncio.run(_judge_all(source, offline, done, written))

    async def work(house: House) -> Counter[str]:
        upload = house.verify.upload

        async def online(data: bytes | str) -> VerificationReport:
            if isinstance(data, bytes):
                return await upload.judge_file(data, address="command-line")
            return await upload.judge_text(data, address="command-line")

        return await _judge_all(source, online, done, written)

    return in_house(work)


async def _judge_all(source: Source, judge: Judge, done: dict[str, str], written: TextIO | None) -> Counter[str]:
    """One after the other, each line out as soon as it is known: a stop loses nothing but the one under way."""
    results: Counter[str] = Counter()
    columns = TextColumn("{task.fields[name]}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    shown = Console(stderr=True)
    with Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal) as progress:
        task = progress.add_task("", total=source.count, name="")
        for item in source.items:
            progress.update(task, name=item.name[-40:])
            if item.name in done:
                results[done[item.name]] += 1
            else:
                line = await _line(item, judge)
                results[line["indication"]] += 1
                if written is not None:
                    written.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
                    written.flush()
            progress.advance(task)
    return results


async def _line(item: Item, judge: Judge) -> dict[str, Any]:
    if item.data is None:
        return {"name": item.name, "indication": UNREAD, "reason": item.problem}
    try:
        return {"name": item.name, **(await _patiently(judge, item.data)).to_dict()}
    except InvalidInput as refusal:
        return {"name": item.name, "indication": UNREAD, "reason": describe(refusal)}


async def _patiently(judge: Judge, data: bytes | str) -> VerificationReport:
    """Who checks many is asked to wait now and then; so wait, and go on."""
    while True:
        try:
            return await judge(data)
        except RateLimited as pause:
            await asyncio.sleep(pause.retry_after_seconds or 1)


def _already(lines: Path) -> dict[str, str]:
    """Outcomes by name of an earlier run; a line that a stop cut off is judged again."""
    found: dict[str, str] = {}
    if not lines.is_file():
        return found
    text = lines.read_text(encoding="utf-8", errors="replace")
    if text and not text.endswith("\n"):
        text = text[: text.rfind("\n") + 1]
        lines.write_text(text, encoding="utf-8")
    for line in text.splitlines():
        try:
            told = json.loads(line)
            found[str(told["name"])] = str(told["indication"])
        except (ValueError, KeyError, TypeError) as failure:
            raise InvalidInput("{file} is no list of results of an earlier run.", file=lines.name) from failure
    return found
