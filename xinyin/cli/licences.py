"""`xinyin licence`: types, issuing from files, looking, revoking, exporting."""

import codecs
import csv
import json
from collections.abc import Iterator
from datetime import datetime, time
from pathlib import Path
from typing import Annotated, Any
from zipfile import BadZipFile

import openpyxl
import orjson
import typer
from rich.progress import Progress

from kernel.audit.chain import Actor
from kernel.errors import InvalidInput, NotFound, XinyinError
from licence_vault.caller import Issuer
from licence_vault.issuing.order import canonical_text, type_code_of
from licence_vault.issuing.service import Requester
from licence_vault.licences.licence import Licence
from xinyin.cli.console import AsJson, describe, fail, in_house, out, print_json, show
from xinyin.house import House

app = typer.Typer(help="Licences and their types.", no_args_is_help=True)

OPERATOR = Actor("system", "command-line")
HOLDER_COLUMNS = {"holder_kind": "kind", "holder_id_type": "id_type", "holder_number": "number", "holder_name": "name"}
LicenceId = Annotated[str, typer.Argument(help="The licence's id or its identifier.")]


@app.command()
def types(as_json: AsJson = False) -> None:
    """Every licence type in its newest version."""

    async def work(house: House) -> list[dict[str, object]]:
        return [
            {"code": each.code, "version": each.version, "name": each.name}
            for each in await house.licence_vault.catalogue.list()
        ]

    show(in_house(work), as_json)


@app.command("import-type")
def import_type(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]) -> None:
    """Publish a licence type from its JSON form."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as failure:
        raise InvalidInput("{file} is not JSON.", file=file.name) from failure

    async def work(house: House) -> str:
        return (await house.licence_vault.catalogue.publish(document, actor=OPERATOR)).code

    out.print(f"published {in_house(work)}")


@app.command()
def issue(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, XLSX, JSON or JSON lines.")],
    type_code: Annotated[str, typer.Option("--type", help="The licence type.")],
    issuer: Annotated[str, typer.Option(help="USCC of the issuing authority; needed when there are several.")] = "",
    progress: Annotated[bool, typer.Option("--progress", help="Show a progress bar.")] = False,
    as_json: AsJson = False,
) -> None:
    """Issue every row of a file. A row is issued once, however often the file is given: its content is its key."""
    orders = list(read_orders(file, type_code))
    if not orders:
        raise InvalidInput("{file} has no rows.", file=file.name)

    async def work(house: House) -> list[dict[str, Any]]:
        authority = await _authority(house, issuer)
        results = []
        with Progress(disable=not progress, transient=True) as bar:
            task = bar.add_task("issuing", total=len(orders))
            for number, order in enumerate(orders, start=1):
                results.append(await _issue_row(house, authority, order) | {"row": number})
                bar.advance(task)
        return results

    results = in_house(work)
    if as_json:
        print_json(results)
    else:
        for result in results:
            out.print(f"row {result['row']}: {result.get('identifier') or 'refused: ' + result['error']}")
    if any("error" in result for result in results):
        raise SystemExit(1)


@app.command("show")
def show_licence(licence_id: LicenceId, as_json: AsJson = False) -> None:
    """How a licence stands; without personal data."""

    async def work(house: House) -> dict[str, object]:
        licence = await _load(house, licence_id)
        return {
            "id": licence.id,
            "identifier": licence.identifier,
            "type": licence.type_name,
            "version": licence.version,
            "status": licence.status.value,
            "cause": licence.status_cause,
            "issuer": licence.issuer_name,
            "issued_at": licence.issued_at.isoformat(),
            "valid_to": licence.valid_to,
            "ofd_digest": licence.ofd_digest,
            "pdf_digest": licence.pdf_digest,
        }

    told = in_house(work)
    if as_json:
        print_json(told)
    else:
        for key, value in told.items():
            out.print(f"{key}: {value if value not in (None, '') else '—'}")


@app.command()
def revoke(licence_id: LicenceId, cause: Annotated[str, typer.Option(help="Why; verifiers see it.")]) -> None:
    """End a licence for good; the next verification says so."""

    async def work(house: House) -> None:
        licence = await _load(house, licence_id)
        await house.licence_vault.changes.apply("revoke", licence.id, licence.issuer_uscc, cause, OPERATOR)

    in_house(work)


@app.command()
def export(
    licence_id: LicenceId,
    format: Annotated[str, typer.Option(help="ofd or pdf.")] = "ofd",
    output: Annotated[Path | None, typer.Option("-o", "--output")] = None,
) -> None:
    """Write a licence's sealed file, byte for byte."""

    async def work(house: House) -> Path:
        licence = await _load(house, licence_id)
        path = output or Path(f"{licence.identifier}.{format}")
        path.write_bytes(await house.licence_vault.lookup.file(licence, format))
        await house.licence_vault.lookup.note_access(licence.id, "export")
        return path

    out.print(str(in_house(work)))


def read_orders(file: Path, type_code: str) -> Iterator[dict[str, Any]]:
    """The rows of a file as bodies of `POST /api/v1/licences`. Raises `InvalidInput` naming the file and the row.

    Columns of a table: `holder_kind`, `holder_id_type`, `holder_number`, `holder_name`, `valid_from`, `valid_to`; every
    other column is a field, and `a;b` in a field that takes several values is two.
    """
    suffix = file.suffix.lower()
    if suffix in (".json", ".jsonl", ".ndjson"):
        yield from _json_orders(file, type_code)
    elif suffix in (".csv", ".xlsx"):
        rows = _csv_rows(file) if suffix == ".csv" else _xlsx_rows(file)
        for row in rows:
            yield _order_of(row, type_code)
    else:
        raise InvalidInput("{file} is neither CSV, XLSX nor JSON.", file=file.name)


def _json_orders(file: Path, type_code: str) -> Iterator[dict[str, Any]]:
    try:
        rows = _json_rows(file.read_bytes().removeprefix(codecs.BOM_UTF8))
    except ValueError as failure:
        raise InvalidInput("{file} is not JSON.", file=file.name) from failure
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise InvalidInput("Row {number} of {file} is not an object.", number=number, file=file.name)
        yield {"type": type_code, **row}


def _json_rows(data: bytes) -> list[Any]:
    """One object, a list of them, or one on each line. Raises `ValueError`."""
    try:
        whole = orjson.loads(data)
    except ValueError:
        return [orjson.loads(line) for line in data.splitlines() if line.strip()]
    return whole if isinstance(whole, list) else [whole]


def _csv_rows(file: Path) -> Iterator[dict[str, str]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            for number, row in enumerate(csv.DictReader(lines, strict=True), start=1):
                if None in row or None in row.values():
                    message = "Row {number} of {file} has another number of columns than the first line."
                    raise InvalidInput(message, number=number, file=file.name)
                yield row
    except UnicodeDecodeError as failure:
        raise InvalidInput("{file} is not UTF-8 text. Save it as “CSV UTF-8”.", file=file.name) from failure
    except csv.Error as failure:
        raise InvalidInput("{file} is not CSV.", file=file.name, reason=str(failure)) from failure


def _xlsx_rows(file: Path) -> Iterator[dict[str, str]]:
    try:
        sheet = openpyxl.load_workbook(file, read_only=True, data_only=True).worksheets[0]
        rows = list(sheet.iter_rows(values_only=True))
    except (OSError, LookupError, ValueError, BadZipFile, SyntaxError) as failure:
        raise InvalidInput("{file} is not a workbook.", file=file.name) from failure
    header = [_cell(cell) for cell in rows[0]] if rows else []
    for row in rows[1:]:
        if any(cell is not None for cell in row):
            yield {name: _cell(cell) for name, cell in zip(header, row, strict=False)}


def _cell(value: object) -> str:
    """A cell as somebody would have typed it; a day without the midnight that workbooks give it."""
    if value is None:
        return ""
    if isinstance(value, datetime) and value.time() == time.min:
        return value.date().isoformat()
    return str(value).strip()


def _order_of(row: dict[str, str], type_code: str) -> dict[str, Any]:
    holder = {HOLDER_COLUMNS[name]: value for name, value in row.items() if name in HOLDER_COLUMNS}
    order: dict[str, Any] = {"type": type_code, "holder": holder, "fields": {}}
    for name, value in row.items():
        if name in ("valid_from", "valid_to") and value:
            order[name] = value
        elif name and name not in HOLDER_COLUMNS and name not in ("valid_from", "valid_to") and value:
            order["fields"][name] = value
    return order


async def _issue_row(house: House, authority: Issuer, order: dict[str, Any]) -> dict[str, Any]:
    try:
        licence_type = await house.licence_vault.catalogue.load(type_code_of(order))
        fields = order.get("fields")
        for name, schema in licence_type.fields:
            if isinstance(fields, dict) and schema.get("type") == "array" and isinstance(fields.get(name), str):
                fields[name] = [part.strip() for part in fields[name].split(";") if part.strip()]
        key = house.foundation.envelope.blind_index("row of a file", canonical_text(order))
        licence = await house.licence_vault.issuing.issue(order, Requester(OPERATOR, authority, key))
    except XinyinError as refusal:
        return {"error": describe(refusal)}
    return {"id": licence.id, "identifier": licence.identifier}


async def _authority(house: House, uscc: str) -> Issuer:
    agencies = [each for each in await house.idp.organisations.list() if each.kind == "agency"]
    chosen = [each for each in agencies if not uscc or each.uscc == uscc]
    if len(chosen) != 1:
        fail("name the issuing authority with --issuer USCC", 2)
    return Issuer(chosen[0].uscc, chosen[0].name)


async def _load(house: House, licence_id: str) -> Licence:
    lookup = house.licence_vault.lookup
    licence = await lookup.find_by_id(licence_id) or await lookup.find_by_identifier(licence_id)
    if licence is None:
        raise NotFound("There is no such licence.")
    return licence
