"""The columns of a licence type: what their heads may be, and the order that a row with them means. Pure."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kernel.errors import FieldError, InvalidInput
from kernel.ids.holder_codes import HOLDER_CODE_TYPES, parse_holder_number
from licence_vault.catalogue.licence_type import LicenceType, label
from licence_vault.catalogue.typed import read_day, read_value
from licence_vault.issuing.drafting import LONG_TERM

_HOLDER = (
    ("holder.name", "持证主体", "Holder", ("holder_name", "持证主体名称", "持证人", "姓名", "名称")),
    (
        "holder.number",
        "持证主体代码",
        "Holder's number",
        ("holder_number", "证件号码", "身份证号", "公民身份号码", "统一社会信用代码"),
    ),
    ("holder.id_type", "持证主体代码类型", "Kind of number", ("holder_id_type", "证件类型")),
    ("holder.kind", "持证主体类型", "Kind of holder", ("holder_kind",)),
)
_PERIOD = (
    ("valid_from", "有效期起始日期", "Valid from", ("valid_from", "有效期自", "有效期起")),
    ("valid_to", "有效期截止日期", "Valid until", ("valid_to", "有效期至", "有效期止")),
)
_KINDS = {
    "自然人": "natural",
    "个人": "natural",
    "法人": "legal",
    "法人或其他组织": "legal",
    "natural": "natural",
    "legal": "legal",
}


@dataclass(frozen=True)
class Column:
    """`place` is where the value goes in an order; `heads` are the names that mean it, first the one of templates."""

    place: str
    heads: tuple[str, ...]
    english: str
    required: bool


def columns_of(licence_type: LicenceType) -> list[Column]:
    """Every column that a table of this type may have; pictures do not fit into one."""
    required = licence_type.required_fields
    fields = [
        Column(
            f"fields.{name}",
            (schema["x-labels"]["zh"], schema["x-labels"].get("en", name), name),
            label({**schema["x-labels"]}),
            name in required,
        )
        for name, schema in licence_type.fields
        if name not in licence_type.pictures
    ]
    needed = {"holder.name", "holder.number"} | ({"holder.id_type"} if _guesses(licence_type) is None else set())
    holder = [Column(place, (zh, *more), en, place in needed) for place, zh, en, more in _HOLDER]
    period = [Column(place, (zh, *more), en, False) for place, zh, en, more in _PERIOD]
    return [*holder, *fields, *period]


def places_of(licence_type: LicenceType, heads: list[str]) -> dict[str, str]:
    """Head → place. Raises `InvalidInput` with every head that means nothing and every column that is missing."""
    known: dict[str, str] = {}
    columns = columns_of(licence_type)
    # A field's own name comes before what holders are usually called.
    for column in sorted(columns, key=lambda each: not each.place.startswith("fields.")):
        for head in column.heads:
            known.setdefault(plain_head(head), column.place)
    places = {head: known.get(plain_head(head), "") for head in heads}
    errors = [
        FieldError("file", "No column of this licence is named {name}.", {"name": head[:40]})
        for head in heads
        if not places[head]
    ]
    lacking = [each for each in columns if each.required and each.place not in places.values()]
    errors += [FieldError("file", "The column {name} is missing.", {"name": each.heads[0]}) for each in lacking]
    if errors:
        params: dict[str, Any] = dict(errors[0].params)
        raise InvalidInput(errors[0].message, fields=errors, **params)
    return places


def flat_places(licence_type: LicenceType, names: list[str]) -> dict[str, str]:
    """Name → place for a JSON row without a structure; what means nothing keeps its name, for the row to be refused."""
    known = {plain_head(head): each.place for each in reversed(columns_of(licence_type)) for head in each.heads}
    return {name: known.get(plain_head(name), "") for name in names}


def order_of(licence_type: LicenceType, cells: Mapping[str, Any], places: Mapping[str, str]) -> dict[str, Any]:
    """The order of a row with heads; of a JSON row that is an order already, that order."""
    if "holder" in cells or "fields" in cells:
        return _structured(licence_type, cells)
    schemas = dict(licence_type.fields)
    holder: dict[str, str] = {}
    order: dict[str, Any] = {"type": licence_type.code, "holder": holder, "fields": {}}
    for head, place in places.items():
        value = cells.get(head)
        if value is None or value == "":
            continue
        group, _dot, name = place.partition(".")
        if group == "holder":
            holder[name] = str(value)
        elif group == "fields":
            order["fields"][name] = read_value(schemas[name], value) if isinstance(value, str) else value
        elif not place:
            order[head] = value
        else:
            order[place] = None if value == LONG_TERM else read_day(str(value))
    _complete(holder, licence_type)
    return order


def _structured(licence_type: LicenceType, order: Mapping[str, Any]) -> dict[str, Any]:
    """An order as it is; lists that were typed as one text are lists."""
    fields = order.get("fields")
    if isinstance(fields, dict):
        lists = {name: schema for name, schema in licence_type.fields if schema.get("type") == "array"}
        fields = {
            name: read_value(lists[name], value) if name in lists and isinstance(value, str) else value
            for name, value in fields.items()
        }
    return {**order, "type": order.get("type", licence_type.code), "fields": fields}


def _complete(holder: dict[str, str], licence_type: LicenceType) -> None:
    """Kinds by their Chinese names, and what the number itself tells."""
    names = {each.label_zh: each.code for each in HOLDER_CODE_TYPES.values()}
    if "id_type" in holder:
        holder["id_type"] = names.get(holder["id_type"], holder["id_type"])
    else:
        found = _guess(holder.get("number", ""), licence_type)
        if found:
            holder["id_type"] = found
    if "kind" in holder:
        holder["kind"] = _KINDS.get(holder["kind"], holder["kind"])
    elif holder.get("id_type") in HOLDER_CODE_TYPES:
        holder["kind"] = HOLDER_CODE_TYPES[holder["id_type"]].kind


def _guesses(licence_type: LicenceType) -> tuple[str, ...] | None:
    """The kinds among which a number can be told apart by its form; None: it has to be said."""
    allowed = licence_type.holder_id_types
    return allowed if len(allowed) == 1 or set(allowed) <= {"001", "111"} else None


def _guess(number: str, licence_type: LicenceType) -> str:
    allowed = _guesses(licence_type) or ()
    if len(allowed) == 1:
        return allowed[0]
    for code in allowed:
        try:
            parse_holder_number(code, number)
        except InvalidInput:
            continue
        return code
    return "111" if "111" in allowed and number[:17].isdigit() else (allowed[0] if allowed else "")


def plain_head(head: str) -> str:
    """A head as it is compared: one width, no case, no spaces."""
    return "".join(unicodedata.normalize("NFKC", head).casefold().split())
