"""Fields as somebody types them, on a form or in a table: to the value that the schema means, and back. Pure."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

ENTRIES = re.compile(r"[\n;；]")
"""What stands between the entries of a list."""
CELLS = re.compile(r"[|｜]")
"""What stands between the parts of an entry that has several."""
_DAY = re.compile(
    r"^\s*([0-9]{4})\s*(?:[-/.年]\s*([0-9]{1,2})\s*[-/.月]\s*([0-9]{1,2})\s*日?|([0-9]{2})([0-9]{2}))\s*$"
)
_TRUE, _FALSE = {"true", "yes", "是", "1"}, {"false", "no", "否", "0"}


def read_value(schema: Mapping[str, Any], text: str) -> Any:
    """The value that `text` means; what means nothing is left as typed, for the schema to refuse by name.

    Codes may be typed by their Chinese or English names, days in any of the usual ways, the entries of a list between
    semicolons or on lines, the parts of an entry between bars.
    """
    kind = schema.get("type")
    if kind == "array":
        return [read_value(schema.get("items", {}), each.strip()) for each in ENTRIES.split(text) if each.strip()]
    if kind == "object":
        return _entry(schema.get("properties", {}), text)
    if kind in ("integer", "number"):
        return _number(kind, text)
    if kind == "boolean":
        lower = text.strip().lower()
        return True if lower in _TRUE else False if lower in _FALSE else text
    if schema.get("format") == "date":
        return read_day(text)
    return _code(schema, text)


def read_day(text: str) -> str:
    """A day as ISO 8601 when it is written as 2026-11-21, 2026/11/21, 2026.11.21, 20261121 or 2026年11月21日."""
    match = _DAY.match(unicodedata.normalize("NFKC", text))
    if match is None:
        return text
    year, month, day = match[1], match[2] or match[4], match[3] or match[5]
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return text


def typed_value(schema: Mapping[str, Any], value: Any, between: str = "\n") -> str:
    """A value as it would be typed, so that `read_value` gives it back; `between` stands between entries."""
    if isinstance(value, list):
        return between.join(typed_value(schema.get("items", {}), each) for each in value)
    if isinstance(value, Mapping):
        members = schema.get("properties", {})
        return "|".join(typed_value(members[name], value[name]) if name in value else "" for name in members)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    return str(value)


def _entry(members: Mapping[str, Any], text: str) -> dict[str, Any] | str:
    parts = [each.strip() for each in CELLS.split(text)]
    if len(parts) > len(members):
        return text
    return {name: read_value(members[name], part) for name, part in zip(members, parts, strict=False) if part}


def _number(kind: str, text: str) -> Any:
    plain = unicodedata.normalize("NFKC", text).strip().replace(",", "")
    if not re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,9})?", plain):
        return text
    number = float(plain)
    return int(number) if kind == "integer" and number.is_integer() else number


def _code(schema: Mapping[str, Any], text: str) -> str:
    if "enum" not in schema or text in schema["enum"]:
        return text
    wanted = unicodedata.normalize("NFKC", text).strip().casefold()
    for code, names in schema.get("x-codes", {}).items():
        if wanted in {unicodedata.normalize("NFKC", name).casefold() for name in names.values()}:
            return str(code)
    return text
