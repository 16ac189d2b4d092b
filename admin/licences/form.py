"""The form of a licence type, made from its JSON Schema, and what was filled in, as the API takes it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from admin.licences.pictures import kept_pictures, read_pictures
from kernel.web.forms import RawForm
from licence_vault.catalogue.licence_type import LicenceType, label
from licence_vault.catalogue.typed import read_value, typed_value

LONG_TEXT = 60  # characters from which a field gets several lines
HOLDER_FIELDS = ("holder.id_type", "holder.number", "holder.name")


@dataclass(frozen=True)
class FieldView:
    """One field of the form.

    `kind`: text, long, date, number, choice, lines (one entry a line) or picture; `options` are (value, label) of a
    choice.
    """

    name: str
    label: str
    kind: str
    required: bool
    hint: str = ""
    options: tuple[tuple[str, str], ...] = ()
    max_length: int | None = None


def fields_of(licence_type: LicenceType, *, with_pictures: bool = False) -> list[FieldView]:
    """The fields in the order of the type, labelled in the reader's language."""
    required = licence_type.required_fields
    return [
        _view(name, schema, name in required)
        for name, schema in licence_type.fields
        if with_pictures or name not in licence_type.pictures
    ]


def typed_fields(licence_type: LicenceType, fields: Mapping[str, Any]) -> dict[str, str]:
    """Values of fields, such as a type's example, as they would be typed; pictures as the form keeps them."""
    return {
        f"fields.{name}": typed_value(schema, fields[name])
        for name, schema in licence_type.fields
        if name in fields and name not in licence_type.pictures
    } | kept_pictures({name: fields[name] for name in licence_type.pictures & set(fields)})


def read_fields(licence_type: LicenceType, form: RawForm) -> dict[str, Any]:
    """What was filled in, by the schema's types; the empty is left out, the wrong is left as typed."""
    values: dict[str, Any] = {}
    for name, schema in licence_type.fields:
        if name in licence_type.pictures:
            continue
        text = form.text(f"fields.{name}")
        if text:
            values[name] = read_value(schema, text)
    return values | read_pictures(licence_type, form)


def _view(name: str, schema: Mapping[str, Any], required: bool) -> FieldView:
    columns = schema.get("items", {}).get("properties", {})
    parts = " | ".join(label(each["x-labels"]) for each in columns.values())
    hint = label(schema["x-hint"]) if "x-hint" in schema else parts
    limit = schema.get("maxLength")
    return FieldView(
        name=f"fields.{name}",
        label=label(schema.get("x-labels", {})) or name,
        kind=_kind(schema),
        required=required,
        hint=hint,
        options=_options(schema),
        max_length=int(limit) if limit else None,
    )


def _kind(schema: Mapping[str, Any]) -> str:
    if schema.get("x-picture"):
        return "picture"
    if "enum" in schema or schema.get("type") == "boolean":
        return "choice"
    if schema.get("type") == "array":
        return "lines"
    if schema.get("type") in ("integer", "number"):
        return "number"
    if schema.get("format") == "date":
        return "date"
    return "long" if schema.get("maxLength", 0) > LONG_TEXT else "text"


def _options(schema: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    if schema.get("type") == "boolean":
        return (("true", label({"zh": "是", "en": "Yes"})), ("false", label({"zh": "否", "en": "No"})))
    codes = schema.get("x-codes", {})
    return tuple(
        (str(value), label(codes[value]) if value in codes else str(value)) for value in schema.get("enum", ())
    )
