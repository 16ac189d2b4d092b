"""Tables and lists of orders, read from bytes: CSV, XLSX, JSON, JSON lines. Nothing in a file is trusted. Pure."""

import codecs
import csv
import io
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime, time
from typing import Any

import openpyxl
import orjson

from kernel.errors import InvalidInput

MOST_ROWS = 100_000
MOST_COLUMNS = 200
LONGEST_CELL = 4000
MOST_MEMBERS, LARGEST_UNPACKED, LARGEST_RATIO = 200, 256 * 1024 * 1024, 400
"""Of a workbook, which is a ZIP: files inside, their bytes together, and how far one may unfold."""

Row = tuple[int, Mapping[str, Any]]
"""The row's number as a spreadsheet counts, and its cells by their heads, or an order as the API takes it."""


def read_rows(data: bytes) -> tuple[bool, Iterator[Row]]:
    """Whether a file is a table, told by its first bytes, and its rows. Raises `InvalidInput` that names the row."""
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise InvalidInput("The file is empty.")
    if data.startswith(b"PK\x03\x04"):
        return True, _bounded(_workbook_rows(data))
    text = decode(data)
    if text.lstrip()[:1] in ("{", "["):
        return False, _bounded(_json_rows(text))
    return True, _bounded(_csv_rows(text))


def decode(data: bytes) -> str:
    """Text in UTF-8 or UTF-16 by its mark, else in UTF-8 if it is that, else in GB 18030."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return _decoded(data, encoding)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _decoded(data, "gb18030")


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as failure:
        raise InvalidInput("The file is text in neither UTF-8 nor GB 18030.") from failure


def _bounded(rows: Iterator[Row]) -> Iterator[Row]:
    count = 0
    for number, row in rows:
        count += 1
        if count > MOST_ROWS:
            raise InvalidInput("A batch has at most {limit} rows. Split the file.", limit=MOST_ROWS)
        for value in row.values():
            if isinstance(value, str) and len(value) > LONGEST_CELL:
                raise InvalidInput("A cell in row {number} is too long.", number=number)
        yield number, row
    if count == 0:
        raise InvalidInput("The file has no rows.")


def _heads(cells: list[str]) -> list[str]:
    heads = [cell.strip().rstrip("*＊").strip() for cell in cells]
    while heads and not heads[-1]:
        heads.pop()
    if not heads or len(heads) > MOST_COLUMNS:
        raise InvalidInput("The first line of a table names its columns.")
    if blank := [index + 1 for index, head in enumerate(heads) if not head]:
        raise InvalidInput("Column {number} has no name in the first line.", number=blank[0])
    if twice := [head for head in heads if heads.count(head) > 1]:
        raise InvalidInput("Two columns are named {name}.", name=twice[0][:40])
    return heads


def _csv_rows(text: str) -> Iterator[Row]:
    first = text.split("\n", 1)[0]
    delimiter = max(",\t;", key=first.count)
    try:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        heads = _heads(next(lines))
        for number, cells in enumerate(lines, start=2):
            if not any(cell.strip() for cell in cells):
                continue
            if (len(cells) > len(heads) and any(cell.strip() for cell in cells[len(heads) :])) or len(cells) < len(
                heads
            ):
                raise InvalidInput("Row {number} has another number of columns than the first line.", number=number)
            yield number, {head: cell.strip() for head, cell in zip(heads, cells, strict=False)}
    except (csv.Error, StopIteration) as failure:
        raise InvalidInput("The file is not a table in CSV.", reason=str(failure)) from failure


def _json_rows(text: str) -> Iterator[Row]:
    try:
        whole = orjson.loads(text)
        values = whole if isinstance(whole, list) else [whole]
        numbered: Iterator[tuple[int, Any]] = enumerate(values, start=1)
    except orjson.JSONDecodeError:
        numbered = _json_lines(text)
    for number, value in numbered:
        if not isinstance(value, dict):
            raise InvalidInput("Row {number} is not a JSON object.", number=number)
        yield number, value


def _json_lines(text: str) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield number, orjson.loads(line)
        except orjson.JSONDecodeError as failure:
            raise InvalidInput("Line {number} is not JSON.", number=number) from failure


def _workbook_rows(data: bytes) -> Iterator[Row]:
    _check_zip(data)
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        lines = sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS)
        heads = _heads([_cell(cell) for cell in next(lines, ())])
        for number, cells in enumerate(lines, start=2):
            texts = [_cell(cell) for cell in cells[: len(heads)]]
            if any(texts):
                yield number, dict(zip(heads, texts, strict=False))
    except InvalidInput:
        raise
    except Exception as failure:  # the reader raises whatever its parts raise on damaged files
        raise InvalidInput(
            "The workbook cannot be read. Save it anew as XLSX.", reason=repr(failure)[:200]
        ) from failure


def _check_zip(data: bytes) -> None:
    """A small file may unfold to fill the machine: what it says it holds is looked at before anything is unpacked."""
    try:
        members = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as failure:
        raise InvalidInput("The workbook cannot be read. Save it anew as XLSX.") from failure
    unpacked = sum(each.file_size for each in members)
    swollen = any(
        each.file_size > 1_000_000 and each.file_size > LARGEST_RATIO * each.compress_size for each in members
    )
    if len(members) > MOST_MEMBERS or unpacked > LARGEST_UNPACKED or swollen:
        raise InvalidInput("The workbook is too large. Save it anew as XLSX, or as CSV.")


def _cell(value: object) -> str:
    """A cell as somebody would have typed it; a day without the midnight that workbooks give it."""
    if value is None:
        return ""
    if isinstance(value, datetime) and value.time() == time.min:
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).strip()
