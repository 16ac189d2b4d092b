"""A licence type, read from its JSON form. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import SchemaError

from kernel.errors import FieldError, InvalidInput
from kernel.i18n import current_locale
from licence_vault.catalogue.definition import DEFINITION
from licence_vault.layout.face import Face, read_face


@dataclass(frozen=True)
class SealPlace:
    """Where the issuing authority's seal goes: page from 1, millimetres from the top left corner."""

    page: int
    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float


@dataclass(frozen=True, eq=False)
class LicenceType:
    """One published version of a type. `document` is its JSON form, whole."""

    document: Mapping[str, Any]

    @property
    def code(self) -> str:
        """Defining authority's USCC and three digits."""
        return str(self.document["code"])

    @property
    def version(self) -> int:
        """Of the type, not of a licence."""
        return int(self.document["version"])

    @property
    def name(self) -> str:
        """Its legal name, which is Chinese."""
        return str(self.document["name"]["zh"])

    @property
    def display_name(self) -> str:
        """Its name in the reader's language."""
        return label(self.document["name"])

    @property
    def holder_id_types(self) -> tuple[str, ...]:
        """The kinds of numbers that its holders are known by."""
        return tuple(self.document["holder"]["id_types"])

    @property
    def issuing_authorities(self) -> tuple[str, ...]:
        """USCCs of those who may issue it; empty: every agency with the right to issue."""
        return tuple(self.document.get("issuing_authorities", ()))

    @property
    def term_years(self) -> int | None:
        """How long it is valid when nobody says otherwise; None: without end."""
        validity = self.document["validity"]
        return int(validity["years"]) if validity.get("kind") == "term" and "years" in validity else None

    def number_of(self, fields: Mapping[str, Any], holder_number: str) -> str:
        """The number printed on a licence: one of its fields, or its holder's; empty when the type names neither."""
        pointer = str(self.document.get("number", ""))
        if pointer == "holder.number":
            return holder_number
        return str(fields.get(pointer.removeprefix("fields."), ""))

    @property
    def seal_place(self) -> SealPlace:
        """Where the seal goes."""
        seal = self.document["seal"]
        return SealPlace(int(seal.get("page", 1)), *map(float, seal["box"]))

    @property
    def fields(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Field names and their schemas, in the order of the form."""
        properties: Mapping[str, Mapping[str, Any]] = self.document["fields"]["properties"]
        return sorted(properties.items(), key=lambda item: (item[1].get("x-order", 999), item[0]))

    @property
    def required_fields(self) -> frozenset[str]:
        """Fields without which it is not issued."""
        return frozenset(self.document["fields"].get("required", ()))

    @property
    def example(self) -> Mapping[str, Any]:
        """Fields of an invented licence."""
        example: Mapping[str, Any] = self.document.get("example", {})
        return example

    @cached_property
    def face(self) -> Face:
        """How it looks."""
        return read_face(self.document["face"])

    @cached_property
    def validator(self) -> Draft202012Validator:
        """Checks fields, days among them."""
        return Draft202012Validator(self.document["fields"], format_checker=Draft202012Validator.FORMAT_CHECKER)


def label(texts: Mapping[str, str]) -> str:
    """A text in the reader's language, from its `zh` and `en` forms."""
    language = "zh" if current_locale().startswith("zh") else "en"
    return texts.get(language) or texts.get("zh") or ""


def read_licence_type(document: Any) -> LicenceType:
    """Check a type's JSON form and give the type. Raises `InvalidInput` naming what is wrong."""
    if not isinstance(document, dict):
        raise InvalidInput("A licence type is a JSON object.")
    if complaints := [_complaint(error) for error in _form().iter_errors(document)]:
        params: dict[str, Any] = dict(complaints[0].params)
        raise InvalidInput(complaints[0].message, fields=complaints, **params)
    if _refers(document["fields"]):
        raise InvalidInput("The fields of the licence type may not refer to other schemas.")
    try:
        Draft202012Validator.check_schema(document["fields"])
        licence_type = LicenceType(document)
        _check_places(licence_type)
    except SchemaError as failure:
        raise InvalidInput("The fields of the licence type are not a JSON Schema.", reason=failure.message) from failure
    except (KeyError, TypeError, ValueError) as failure:
        message = "The face or the seal of the licence type cannot be read."
        raise InvalidInput(message, reason=repr(failure)) from failure
    if "example" in document and (error := next(licence_type.validator.iter_errors(document["example"]), None)):
        raise InvalidInput("The example does not fit the fields of the licence type.", reason=error.message)
    return licence_type


@cache
def _form() -> Draft202012Validator:
    return Draft202012Validator(DEFINITION)


def _complaint(error: ValidationError) -> FieldError:
    place = ".".join(map(str, error.absolute_path))
    if error.validator == "required":
        lacking = error.message.split("'")[1]
        name = f"{place}.{lacking}" if place else lacking
        return FieldError(name, "The licence type lacks {name}.", {"name": name})
    return FieldError(place, "{label} is not in the right form.", {"label": place})


def _refers(schema: Any) -> bool:
    """A reference could lead anywhere on the network, or round in a circle."""
    if isinstance(schema, dict):
        return "$ref" in schema or "$dynamicRef" in schema or any(map(_refers, schema.values()))
    return isinstance(schema, list) and any(map(_refers, schema))


def _check_places(licence_type: LicenceType) -> None:
    """What the face shows are fields, the printed number is one, and the seal stands on a page."""
    face, place = licence_type.face, licence_type.seal_place
    known = {f"fields.{name}" for name, _schema in licence_type.fields}
    shown = [*sorted(face.values()), str(licence_type.document.get("number", ""))]
    if unknown := [name for name in shown if name.startswith("fields.") and name not in known]:
        raise InvalidInput("The face shows {name}, which is not a field.", name=unknown[0])
    inside = place.x_mm + place.width_mm <= face.width and place.y_mm + place.height_mm <= face.height
    if place.page > len(face.pages) or not inside:
        raise InvalidInput("The seal of the licence type does not stand on a page.")
