"""A licence type, read from its JSON form. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Literal

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import SchemaError

from kernel.errors import FieldError, InvalidInput
from kernel.i18n import current_locale
from licence_vault.catalogue.definition import DEFINITION
from licence_vault.catalogue.patterns import FieldsValidator, check_patterns
from licence_vault.catalogue.rules import fields_of_rules, rule_errors
from licence_vault.layout.face import Face, read_face


@dataclass(frozen=True)
class SealPlace:
    """Where the issuing authority's seal goes: page from 1, millimetres from the top left corner."""

    page: int
    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float


@dataclass(frozen=True)
class RidingSeal:
    """A seal over the right edges of all pages (骑缝章), in millimetres; `top_mm` None: half-way down."""

    width_mm: float
    height_mm: float
    top_mm: float | None


@dataclass(frozen=True)
class QrForm:
    """`content`: one of `QR_CONTENTS`; `algorithm`: of the signature, where there is one."""

    content: Literal["both", "handle", "signed"]
    algorithm: Literal["ES256", "SM2-SM3"]


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
        return self.seal_places[0]

    @property
    def seal_places(self) -> tuple[SealPlace, ...]:
        """Every place where the seal is shown; the first is the main one."""
        seal = self.document["seal"]
        return tuple(
            SealPlace(int(each.get("page", 1)), *map(float, each["box"])) for each in (seal, *seal.get("more", ()))
        )

    @property
    def riding_seal(self) -> RidingSeal | None:
        """The seal over the edges of the pages, if the type wants one."""
        riding = self.document["seal"].get("riding")
        if riding is None:
            return None
        top = riding.get("top")
        return RidingSeal(float(riding["width"]), float(riding["height"]), None if top is None else float(top))

    @property
    def pdf_carries_ofd(self) -> bool:
        """Whether the sealed OFD is attached to the PDF, which is then sealed after it: slower in batches."""
        return self.document.get("pdf_carries_ofd") is True

    @property
    def sharing(self) -> str:
        """Its sharing class: open, authorised or holder; a type that says nothing is shared on a grant alone."""
        return str(self.document.get("sharing", "holder"))

    @property
    def qr(self) -> QrForm:
        """What the code on it holds, and by which algorithm that is signed."""
        given = self.document.get("qr", {})
        return QrForm(given.get("content", "both"), given.get("algorithm", "ES256"))

    @property
    def rules(self) -> Sequence[Mapping[str, Any]]:
        """What holds between its fields."""
        rules: Sequence[Mapping[str, Any]] = self.document.get("rules", ())
        return rules

    @property
    def pictures(self) -> frozenset[str]:
        """The fields that hold a picture (JPEG or PNG in base64)."""
        return frozenset(name for name, schema in self.fields if schema.get("x-picture"))

    @property
    def fields(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Field names and their schemas, in the order of the form."""
        properties: Mapping[str, Mapping[str, Any]] = self.document["fields"]["properties"]
        return sorted(properties.items(), key=lambda item: (item[1].get("x-order", 999), item[0]))

    def example_order(self, holders: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
        """An invented order: the example, held by the first of `holders` (by kind of number) whom the type allows."""
        id_type = next((each for each in self.holder_id_types if each in holders), self.holder_id_types[0])
        return {"type": self.code, "holder": dict(holders.get(id_type, {})), "fields": dict(self.example)}

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
        return FieldsValidator(self.document["fields"], format_checker=Draft202012Validator.FORMAT_CHECKER)


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
        _check_patterns(document["fields"])
        licence_type = LicenceType(document)
        _check_places(licence_type)
        _check_rules(licence_type)
    except SchemaError as failure:
        raise InvalidInput("The fields of the licence type are not a JSON Schema.", reason=failure.message) from failure
    except (KeyError, TypeError, ValueError) as failure:
        message = "The face or the seal of the licence type cannot be read."
        raise InvalidInput(message, reason=repr(failure)) from failure
    _check_example(licence_type)
    return licence_type


def _check_patterns(schema: Any) -> None:
    try:
        check_patterns(schema)
    except ValueError as failure:
        message = "A pattern of the licence type cannot be used: {reason}"
        raise InvalidInput(message, reason=str(failure)[:200]) from failure


def _check_rules(licence_type: LicenceType) -> None:
    known = {name for name, _schema in licence_type.fields}
    if unknown := sorted(fields_of_rules(licence_type.rules) - known):
        raise InvalidInput("A rule of the licence type speaks of {name}, which is not a field.", name=unknown[0])


def _check_example(licence_type: LicenceType) -> None:
    if "example" not in licence_type.document:
        return
    message = "The example does not fit the fields of the licence type."
    if error := next(licence_type.validator.iter_errors(licence_type.example), None):
        raise InvalidInput(message, reason=error.message)
    if broken := rule_errors(licence_type.rules, licence_type.example):
        raise InvalidInput(message, reason=str(broken[0].params["message"]))


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
    """What the face shows are fields, the printed number is one, and the seals stand on their pages."""
    face = licence_type.face
    known = {f"fields.{name}" for name, _schema in licence_type.fields}
    shown = [*sorted(face.values()), str(licence_type.document.get("number", ""))]
    if unknown := [name for name in shown if name.startswith("fields.") and name not in known]:
        raise InvalidInput("The face shows {name}, which is not a field.", name=unknown[0])
    for place in licence_type.seal_places:
        inside = place.x_mm + place.width_mm <= face.width and place.y_mm + place.height_mm <= face.height
        if place.page > len(face.pages) or not inside:
            raise InvalidInput("The seal of the licence type does not stand on a page.")
    riding = licence_type.riding_seal
    if riding is None:
        return
    if len(face.pages) < 2:
        raise InvalidInput("A riding seal needs at least two pages.")
    if riding.width_mm > face.width or (riding.top_mm or 0) + riding.height_mm > face.height:
        raise InvalidInput("The seal of the licence type does not stand on a page.")
