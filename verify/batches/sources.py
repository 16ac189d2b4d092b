"""What is to be judged in a folder, a ZIP file or a CSV of codes: one thing at a time, and no more than is asked for.

A ZIP may come from anybody: names in it are only names (nothing is unpacked to a disk), sizes are counted while reading
and not believed, and what cannot be read is told for its entry alone.
"""

import csv
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from kernel.errors import InvalidInput

LARGEST_FILE: Final = 20 << 20
MOST_ITEMS: Final = 10_000
LARGEST_CODE: Final = 8192
CODE_COLUMNS: Final = frozenset({"code", "qr", "text", "二维码", "代码"})
"""What the column with the codes may be called; without a heading it is the first."""


@dataclass(frozen=True)
class Item:
    """One thing to judge. `data`: a file's bytes or a code's text, None when it cannot be had; `problem` says why."""

    name: str
    data: bytes | str | None = field(repr=False)
    problem: str = ""


@dataclass(frozen=True)
class Source:
    """How many things there are, and the way through them."""

    count: int
    items: Iterator[Item]


def is_batch(path: Path) -> bool:
    """Whether this is a folder, a ZIP that is no OFD, or a CSV."""
    if path.is_dir():
        return True
    suffix = path.suffix.lower()
    return path.is_file() and suffix in (".zip", ".csv")


def read_source(path: Path) -> Source:
    """Blocking. Raises `InvalidInput` for what is none, cannot be read, or holds too many things."""
    if path.is_dir():
        files = sorted(each for each in path.rglob("*") if each.is_file() and not _is_hidden(each.relative_to(path)))
        return Source(_counted(len(files)), (_from_disk(each, path) for each in files))
    if path.suffix.lower() == ".csv":
        return _codes(path)
    return _zip(path)


def _zip(path: Path) -> Source:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError) as failure:
        raise InvalidInput("This ZIP file cannot be read.", reason=str(failure)[:200]) from failure
    entries = [each for each in archive.infolist() if not each.is_dir() and not _is_hidden(Path(each.filename))]
    _counted(len(entries))
    return Source(len(entries), (_from_zip(archive, each) for each in entries))


def _from_zip(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Item:
    try:
        with archive.open(entry) as opened:
            return _bounded(entry.filename, opened)
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, RuntimeError, NotImplementedError, EOFError):
        return Item(entry.filename, None, "It cannot be read from the ZIP file.")


def _from_disk(path: Path, folder: Path) -> Item:
    name = path.relative_to(folder).as_posix()
    try:
        with path.open("rb") as opened:
            return _bounded(name, opened)
    except OSError:
        return Item(name, None, "It cannot be read.")


def _bounded(name: str, opened: IO[bytes]) -> Item:
    data = opened.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        return Item(name, None, "It is larger than 20 MB.")
    return Item(name, data)


def _codes(path: Path) -> Source:
    if path.stat().st_size > LARGEST_FILE:
        raise InvalidInput("The list of codes is larger than 20 MB. Split it.")
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (UnicodeDecodeError, csv.Error) as failure:
        raise InvalidInput("The list of codes is not a CSV file in UTF-8.", reason=str(failure)[:200]) from failure
    heading = [each.strip().lower() for each in rows[0]] if rows else []
    column = next((place for place, each in enumerate(heading) if each in CODE_COLUMNS), None)
    first = 0 if column is None else 1
    filled = [(number, row) for number, row in enumerate(rows[first:], start=first + 1) if any(map(str.strip, row))]
    return Source(_counted(len(filled)), (_code(number, row, column or 0) for number, row in filled))


def _code(number: int, row: list[str], column: int) -> Item:
    name = f"row {number}"
    text = row[column].strip() if column < len(row) else ""
    if not text or len(text) > LARGEST_CODE:
        return Item(name, None, "There is no code in this row." if not text else "This code is too long.")
    return Item(name, text)


def _is_hidden(path: Path) -> bool:
    """What systems leave beside files: `.DS_Store`, `__MACOSX`, `.git`."""
    return any(part.startswith(".") or part == "__MACOSX" for part in path.parts)


def _counted(count: int) -> int:
    if count > MOST_ITEMS:
        message = "There are {count} things in it. At most {most} are judged at once."
        raise InvalidInput(message, count=count, most=MOST_ITEMS)
    return count
