"""Tables that people get: an empty one to fill in for a type, and what is wrong with the one they filled in. Pure."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from kernel.i18n import gettext as _
from kernel.ids.holder_codes import HOLDER_CODE_TYPES
from licence_vault.batches.columns import columns_of
from licence_vault.batches.service import WrongRow
from licence_vault.catalogue.licence_type import LicenceType, label
from licence_vault.catalogue.typed import typed_value

SheetFormat = Literal["csv", "xlsx"]
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
PREPARED_ROWS = 1000
LONGEST_CHOICE = 250  # characters that a spreadsheet's list of choices may have


def template(licence_type: LicenceType, format: SheetFormat) -> bytes:
    """An empty table of a type: its heads, required ones marked; as a workbook also choices, hints and an example."""
    columns = columns_of(licence_type)
    heads = [each.heads[0] + ("*" if each.required else "") for each in columns]
    if format == "csv":
        return write_csv([heads])
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = licence_type.name[:31]
    sheet.append(heads)
    schemas = dict(licence_type.fields)
    for index, column in enumerate(columns, start=1):
        letter = get_column_letter(index)
        head = sheet[f"{letter}1"]
        head.font = Font(bold=True)
        head.fill = PatternFill("solid", fgColor="F2E3C6" if column.required else "EEF0F4")
        sheet.column_dimensions[letter].width = max(14, len(heads[index - 1]) * 2 + 4)
        for row in range(2, PREPARED_ROWS + 2 if index <= 2 else 52):
            sheet[f"{letter}{row}"].number_format = "@"  # text: an ID number is not a number
        _offer(sheet, letter, _choices(column.place, schemas, licence_type))
    sheet.freeze_panes = "A2"
    _explain(book.create_sheet("填写说明"), licence_type)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def error_report(rows: Iterable[WrongRow], format: SheetFormat) -> bytes:
    """One line for each complaint: row, column, masked value, what is wrong, in the reader's language."""
    lines: list[list[object]] = [[_("Row"), _("Column"), _("Value"), _("What is wrong")]]
    lines += [
        [row.number, each.column, each.value, _(each.message, **each.params)] for row in rows for each in row.errors
    ]
    return write_csv(lines) if format == "csv" else write_workbook(lines)


def write_csv(lines: Iterable[Sequence[object]]) -> bytes:
    """UTF-8 with its mark, which spreadsheets need to read Chinese."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerows([[_harmless(cell) for cell in line] for line in lines])
    return text.getvalue().encode("utf-8-sig")


def write_workbook(lines: Iterable[Sequence[object]]) -> bytes:
    """A workbook of one sheet with a bold first line."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for line in lines:
        sheet.append([_harmless(cell) for cell in line])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _harmless(cell: object) -> object:
    """Text that a spreadsheet would take for a formula gets a mark before it."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _choices(place: str, schemas: dict[str, Any], licence_type: LicenceType) -> list[str]:
    if place == "holder.id_type":
        return [HOLDER_CODE_TYPES[code].label_zh for code in licence_type.holder_id_types]
    schema = schemas.get(place.removeprefix("fields."), {})
    return [schema["x-codes"][code]["zh"] for code in schema.get("enum", ()) if code in schema.get("x-codes", {})]


def _offer(sheet: Any, letter: str, choices: list[str]) -> None:
    listed = ",".join(choices)
    if choices and len(listed) <= LONGEST_CHOICE and '"' not in listed:
        rule = DataValidation(type="list", formula1=f'"{listed}"', allow_blank=True)
        sheet.add_data_validation(rule)
        rule.add(f"{letter}2:{letter}{PREPARED_ROWS + 1}")


def _explain(sheet: Any, licence_type: LicenceType) -> None:
    sheet.append([_("Column"), _("Required"), _("How to fill it in"), _("Example")])
    schemas = dict(licence_type.fields)
    for column in columns_of(licence_type):
        name = column.place.removeprefix("fields.")
        schema = schemas.get(name, {})
        example = licence_type.example.get(name) if column.place.startswith("fields.") else None
        shown = typed_value(schema, example, "；") if example is not None else ""
        sheet.append([column.heads[0], "✓" if column.required else "", _how(schema), _harmless(shown)])
    for letter, width in zip("ABCD", (24, 8, 60, 60), strict=True):
        sheet.column_dimensions[letter].width = width
        sheet[f"{letter}1"].font = Font(bold=True)
    for line in sheet.iter_rows(min_row=2):
        for cell in line:
            cell.alignment = Alignment(wrap_text=True, vertical="top")


def _how(schema: Mapping[str, Any]) -> str:
    hints = [label(schema["x-hint"])] if "x-hint" in schema else []
    items = schema.get("items", {})
    codes = schema.get("x-codes", {}) | items.get("x-codes", {})
    if codes:
        hints.append("、".join(label(each) for each in codes.values()))
    if columns := items.get("properties"):
        hints.append(
            _(
                "In each entry, between bars: {parts}",
                parts=" | ".join(label(each["x-labels"]) for each in columns.values()),
            )
        )
    if schema.get("type") == "array":
        hints.append(_("Several entries: a semicolon between them."))
    if schema.get("format") == "date":
        hints.append(_("A day, for example 2026-11-21."))
    return " ".join(hints)
