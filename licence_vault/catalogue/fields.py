"""Checking a licence's fields in plain words, and writing them the way a face shows them. Pure."""

import base64
from collections.abc import Mapping
from datetime import date
from typing import Any

from jsonschema import ValidationError

from kernel.errors import FieldError, InvalidInput
from kernel.ids.holder_codes import HOLDER_CODE_TYPES, parse_holder_number
from licence_vault.catalogue.licence_type import LicenceType, label
from licence_vault.catalogue.rules import rule_errors
from licence_vault.layout.parts.pictures import LARGEST_BYTES, picture_size


def field_errors(licence_type: LicenceType, fields: Mapping[str, Any]) -> list[FieldError]:
    """Every complaint about `fields`, each at `fields.<name>`; empty when they are right."""
    properties = licence_type.document["fields"]["properties"]
    missing = [
        FieldError(f"fields.{name}", "Fill in {label}.", {"label": _label(properties, name)})
        for name in sorted(licence_type.required_fields - set(fields))
    ]
    errors = sorted(licence_type.validator.iter_errors(dict(fields)), key=lambda error: list(map(str, error.path)))
    complaints = missing + [each for error in errors for each in _complaints(properties, fields, error)]
    complaints += [error for name, schema in licence_type.fields for error in _number(schema, fields, name)]
    complaints += [error for name in sorted(licence_type.pictures & set(fields)) for error in _picture(fields, name)]
    return complaints + (rule_errors(licence_type.rules, fields) if not complaints else [])


def _number(schema: Mapping[str, Any], fields: Mapping[str, Any], name: str) -> list[FieldError]:
    """A resident ID number or credit code among the fields has its check character, like a holder's."""
    code, value = schema.get("x-number"), fields.get(name)
    code = fields.get(str(code)) if code not in HOLDER_CODE_TYPES else code
    if not isinstance(value, str) or not isinstance(code, str) or code not in HOLDER_CODE_TYPES:
        return []
    try:
        parse_holder_number(code, value)
    except InvalidInput as refusal:
        return [FieldError(f"fields.{name}", refusal.message, refusal.params)]
    return []


def _picture(fields: Mapping[str, Any], name: str) -> list[FieldError]:
    try:
        picture_size(picture_bytes(fields[name]))
    except ValueError:
        message = "This picture cannot be read. Give a JPEG or PNG of at most 180 KB."
        return [FieldError(f"fields.{name}", message)]
    return []


def picture_bytes(value: Any) -> bytes:
    """The file in a picture's field. Raises `ValueError`."""
    if not isinstance(value, str) or len(value) > LARGEST_BYTES * 4 // 3 + 4:
        raise ValueError("not a picture")
    return base64.b64decode(value, validate=True)


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
        case "minItems":
            return "{label} needs at least {limit} entries.", {"label": name, "limit": limit}
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
    if isinstance(value, Mapping):
        members = schema.get("properties", {})
        return "，".join(face_text(members.get(name, {}), value[name]) for name in members if name in value)
    if isinstance(value, str) and value in schema.get("x-codes", {}):
        return str(schema["x-codes"][value]["zh"])
    if isinstance(value, str) and schema.get("format") == "date":
        return chinese_date(date.fromisoformat(value))
    return str(value)


def face_values(licence_type: LicenceType, fields: Mapping[str, Any]) -> dict[str, str]:
    """Every field's text by name, `fields.<name>`; an entry of a table also by `fields.<name>.<row>.<column>`."""
    texts: dict[str, str] = {}
    for name, schema in licence_type.fields:
        if name not in fields or schema.get("x-picture"):
            continue
        texts[f"fields.{name}"] = face_text(schema, fields[name])
        columns = schema.get("items", {}).get("properties", {})
        for row, entry in enumerate(fields[name] if columns else ()):
            texts |= {
                f"fields.{name}.{row}.{each}": face_text(columns[each], entry[each])
                for each in columns
                if each in entry
            }
    return texts


def face_names(licence_type: LicenceType, fields: Mapping[str, Any]) -> dict[str, str]:
    """The Chinese name of every value that `face_values` gives, and of the pictures."""
    names: dict[str, str] = {}
    for name, schema in licence_type.fields:
        names[f"fields.{name}"] = str(schema["x-labels"]["zh"])
        columns = schema.get("items", {}).get("properties", {})
        for row in range(len(fields.get(name, ())) if columns else 0):
            names |= {f"fields.{name}.{row}.{each}": str(columns[each]["x-labels"]["zh"]) for each in columns}
    return names


def chinese_date(day: date) -> str:
    """2026年11月21日."""
    return f"{day.year}年{day.month}月{day.day}日"
