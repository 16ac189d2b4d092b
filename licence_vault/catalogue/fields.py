"""Checking a licence's fields in plain words, and writing them the way a face shows them. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from jsonschema import ValidationError

from kernel.errors import FieldError
from licence_vault.catalogue.licence_type import LicenceType, label


def field_errors(licence_type: LicenceType, fields: Mapping[str, Any]) -> list[FieldError]:
    """Every complaint about `fields`, each at `fields.<name>`; empty when they are right."""
    properties = licence_type.document["fields"]["properties"]
    missing = [
        FieldError(f"fields.{name}", "Fill in {label}.", {"label": _label(properties, name)})
        for name in sorted(licence_type.required_fields - set(fields))
    ]
    errors = sorted(licence_type.validator.iter_errors(dict(fields)), key=lambda error: list(map(str, error.path)))
    return missing + [each for error in errors for each in _complaints(properties, fields, error)]


def _complaints(properties: Mapping[str, Any], fields: Mapping[str, Any], error: ValidationError) -> list[FieldError]:
    if error.validator == "required" and not error.path:
        return []  # said already: the validator repeats it for each missing field
    if error.validator == "additionalProperties" and not error.path:
        unknown = sorted(set(fields) - set(properties))
        return [FieldError(f"fields.{name}", "This licence has no field {name}.", {"name": name}) for name in unknown]
    name = str(error.path[0]) if error.path else ""
    schema = properties.get(name, {})
    hint = label(schema["x-hint"]) if "x-hint" in schema else ""
    return [FieldError(f"fields.{name}" if name else "fields", *_wording(error, _label(properties, name), hint))]


def _label(properties: Mapping[str, Any], name: str) -> str:
    return label(properties.get(name, {}).get("x-labels", {})) or name


def _wording(error: ValidationError, name: str, hint: str) -> tuple[str, dict[str, object]]:
    limit = error.validator_value
    match error.validator:
        case "minLength" | "minItems" if error.instance in ("", []):
            return "Fill in {label}.", {"label": name}
        case "maxLength":
            return "{label} may have at most {limit} characters.", {"label": name, "limit": limit}
        case "maxItems":
            return "{label} may have at most {limit} entries.", {"label": name, "limit": limit}
        case "pattern" | "format" if hint:
            return "{label} must be {hint}.", {"label": name, "hint": hint}
        case "enum":
            return "Choose one of the values offered for {label}.", {"label": name}
    return "{label} is not in the right form.", {"label": name}


def face_text(schema: Mapping[str, Any], value: Any) -> str:
    """A field's value as its face shows it: code lists by their Chinese name, dates as 2026年11月21日, lists joined."""
    if isinstance(value, list):
        return "；".join(face_text(schema.get("items", {}), item) for item in value)
    if isinstance(value, str) and value in schema.get("x-codes", {}):
        return str(schema["x-codes"][value]["zh"])
    if isinstance(value, str) and schema.get("format") == "date":
        return chinese_date(date.fromisoformat(value))
    return str(value)


def chinese_date(day: date) -> str:
    """2026年11月21日."""
    return f"{day.year}年{day.month}月{day.day}日"
