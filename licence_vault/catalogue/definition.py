"""What a licence type's JSON form must be, as a JSON Schema; what spans parts is checked in `licence_type`. Pure."""

from typing import Any

from kernel.ids.holder_codes import HOLDER_CODE_TYPES
from licence_vault.catalogue.rules import KINDS
from licence_vault.layout.fonts import STYLES
from licence_vault.layout.parts.ornaments import PATTERNS
from licence_vault.layout.parts.pictures import FITS

FIELD_NAME = "[a-z][a-z0-9_]{0,39}"
SHOWN = (
    "holder.name", "holder.number", "issuer.name", "licence.identifier", "licence.issued_date", "licence.valid_to",
    "licence.validity", "verification.qr",
)  # fmt: skip
"""What a face may show beside fields."""
LONGEST_TERM_YEARS = 200
LARGEST_PAPER_MM = 1200


def _object(required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required.split(), "properties": properties}


_LENGTH = {"type": "number", "minimum": 0, "maximum": LARGEST_PAPER_MM}
_SIZE = {"type": "number", "exclusiveMinimum": 0, "maximum": LARGEST_PAPER_MM}
_BOX = {"type": "array", "prefixItems": [_LENGTH, _LENGTH, _SIZE, _SIZE], "minItems": 4, "maxItems": 4}
_POINT = {"type": "array", "items": _LENGTH, "minItems": 2, "maxItems": 2}
_COLOUR = {"type": "string", "pattern": "^#[0-9a-fA-F]{6}$"}
_TEXT = {"type": "string", "minLength": 1, "maxLength": 200}
_TEXTS = _object("zh", zh=_TEXT, en=_TEXT)
_PAGE = {"type": "integer", "minimum": 1}
_POINTS = {"type": "number", "minimum": 1, "maximum": 400}
_STYLE = {
    "font": {"enum": list(STYLES)},
    "size": _POINTS,
    "smallest": _POINTS,
    "align": {"enum": ["left", "centre", "right", "spread"]},
    "middle": {"type": "boolean"},
    "wrap": {"type": "boolean"},
    "leading": {"type": "number", "minimum": 0.5, "maximum": 5},
    "spacing": {"type": "number", "minimum": 0, "maximum": 100},
    "colour": _COLOUR,
}
_STROKE = {"colour": _COLOUR, "width": {"type": "number", "minimum": 0, "maximum": 20}}
_VALUE = {"type": "string", "pattern": rf"^(fields\.{FIELD_NAME}|{'|'.join(SHOWN).replace('.', '[.]')})$"}
_OWN_STYLE = {"style": {"type": "string"}} | _STYLE

_ELEMENTS = {
    "label": _object("box text", box=_BOX, text=_TEXT, **_OWN_STYLE),
    "value": _object("box of", box=_BOX, of=_VALUE, **_OWN_STYLE),
    "row": _object(
        "box text of label_width label_style value_style",
        box=_BOX,
        text=_TEXT,
        of=_VALUE,
        label_width=_SIZE,
        gap=_LENGTH,
        label_style={"type": "string"},
        value_style={"type": "string"},
    ),
    "frame": _object("box", box=_BOX, fill=_COLOUR, **_STROKE),
    "line": _object("from to colour", **{"from": _POINT, "to": _POINT}, **_STROKE),
    "ornament": _object(
        "pattern box colour",
        pattern={"enum": sorted(PATTERNS)},
        box=_BOX,
        scale={"type": "number", "minimum": 1, "maximum": 100},
        **_STROKE,
    ),
    "qr": _object("box of", box=_BOX, of=_VALUE, colour=_COLOUR),
    "image": _object("box of", box=_BOX, of=_VALUE, fit={"enum": list(FITS)}),
    "table": _object(
        "box of columns row_height",
        box=_BOX,
        of={"type": "string", "pattern": rf"^fields\.{FIELD_NAME}$"},
        columns={
            "type": "array",
            "minItems": 1,
            "maxItems": 20,
            "items": _object(
                "title of width", title=_TEXT, of={"type": "string", "pattern": f"^{FIELD_NAME}$"}, width=_SIZE
            ),
        },
        row_height=_SIZE,
        head_height=_LENGTH,
        head_style={"type": "string"},
        **(_STROKE | _OWN_STYLE),
    ),
}
_ELEMENT = {
    "type": "object",
    "required": ["kind"],
    "properties": {"kind": {"enum": sorted(_ELEMENTS)}},
    "allOf": [{"if": {"properties": {"kind": {"const": kind}}}, "then": rule} for kind, rule in _ELEMENTS.items()],
}
_FACE = _object(
    "paper pages",
    paper={"type": "array", "items": _SIZE, "minItems": 2, "maxItems": 2},
    styles={"type": "object", "additionalProperties": {"type": "object", "properties": _STYLE}},
    pages={
        "type": "array",
        "minItems": 1,
        "maxItems": 20,
        "items": _object("elements", elements={"type": "array", "maxItems": 500, "items": _ELEMENT}),
    },
)
# A field's Chinese label names its element in the index of an OFD, so it must be an XML name.
_LABEL = "^[A-Za-z_\u3001-\ud7ff\uff08-\uffee][A-Za-z0-9_.\u00b7\u3001-\ud7ff\uff08-\uffee-]{0,99}$"
_FIELD = {
    "type": "object",
    "required": ["x-labels"],
    "properties": {
        "x-labels": _object("zh", zh={"type": "string", "pattern": _LABEL}, en=_TEXT),
        "x-hint": _TEXTS,
        "x-order": {"type": "integer"},
        "x-codes": {"type": "object", "additionalProperties": _TEXTS},
        "x-picture": {"type": "boolean"},
        # The number has a form of its own: a code of GB/T 36903 Annex A, or the field that holds one.
        "x-number": {"type": "string"},
        "items": {
            "type": "object",
            "properties": {
                "properties": {
                    "type": "object",
                    "maxProperties": 20,
                    "propertyNames": {"pattern": f"^{FIELD_NAME}$"},
                    "additionalProperties": {
                        "type": "object",
                        "required": ["x-labels"],
                        "properties": {"x-labels": _object("zh", zh={"type": "string", "pattern": _LABEL}, en=_TEXT)},
                    },
                }
            },
        },
        # Fields of other types have no wording, no place on a form and no way to be written on a face.
        "type": {"enum": ["string", "array", "integer", "number"]},
    },
}
_FIELDS = _object("properties") | {
    "properties": {
        "type": {"const": "object"},
        "required": {"type": "array", "items": {"type": "string"}},
        "properties": {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 100,
            "propertyNames": {"pattern": f"^{FIELD_NAME}$"},
            "additionalProperties": _FIELD,
        },
    }
}

_NAME = {"type": "string", "pattern": f"^{FIELD_NAME}$"}
_RULE_PARTS = {"order": "first second", "needed": "field when", "one_of": "fields"}
_RULE = _object(
    "rule message",
    rule={"enum": list(KINDS)},
    first=_NAME,
    second=_NAME,
    field=_NAME,
    when=_NAME,
    fields={"type": "array", "minItems": 1, "items": _NAME},
    message=_TEXTS,
    **{"is": {"type": "array", "minItems": 1}},
) | {
    "allOf": [
        {"if": {"properties": {"rule": {"const": kind}}}, "then": {"required": parts.split()}}
        for kind, parts in _RULE_PARTS.items()
    ]
}
SHARING_CLASSES = ("open", "authorised", "holder")
"""Who may have a licence's data: any agency with a purpose; those with a legal basis or a grant; on a grant alone."""

QR_CONTENTS = ("both", "handle", "signed")
"""What the code printed on a licence holds: an address with signed claims behind `#`; the address alone, which is the
smallest; the claims alone, so that the issuer never learns of a check."""
QR_ALGORITHMS = ("ES256", "SM2-SM3")

DEFINITION: dict[str, Any] = _object(
    "code version name defining_authority holder validity seal fields face",
    code={"type": "string", "pattern": "^[0-9A-Z]{18}[0-9]{3}$"},
    version={"type": "integer", "minimum": 1, "maximum": 999_999},
    name=_TEXTS,
    defining_authority=_object("uscc name", uscc=_TEXT, name=_TEXT),
    issuing_authorities={"type": "array", "items": _TEXT},
    holder=_object("id_types", id_types={"type": "array", "minItems": 1, "items": {"enum": sorted(HOLDER_CODE_TYPES)}}),
    validity=_object(
        "kind",
        kind={"enum": ["term", "open"]},
        years={"type": "integer", "minimum": 1, "maximum": LONGEST_TERM_YEARS},
    ),
    number=_VALUE,
    seal=_object(
        "box",
        page=_PAGE,
        box=_BOX,
        more={"type": "array", "maxItems": 20, "items": _object("page box", page=_PAGE, box=_BOX)},
        riding=_object("width height", width=_SIZE, height=_SIZE, top=_LENGTH),
    ),
    sharing={"enum": list(SHARING_CLASSES)},
    pdf_carries_ofd={"type": "boolean"},
    qr=_object("", content={"enum": list(QR_CONTENTS)}, algorithm={"enum": list(QR_ALGORITHMS)}),
    rules={"type": "array", "maxItems": 50, "items": _RULE},
    fields=_FIELDS,
    face=_FACE,
    example={"type": "object"},
)
"""The whole form. Members that it does not name are kept and mean nothing."""
