"""Checking a row as issuing would, drawing included, without making anything. CPU-bound: `asyncio.to_thread`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kernel.errors import FieldError, InvalidInput
from kernel.ids.masking import mask_name, mask_number
from licence_vault.batches.columns import columns_of
from licence_vault.caller import Issuer
from licence_vault.catalogue.fields import face_values
from licence_vault.catalogue.licence_type import LicenceType
from licence_vault.issuing.order import read_order
from licence_vault.layout.composition import compose
from licence_vault.layout.fonts import FontBook

SHOWN_CHARACTERS = 40


@dataclass(frozen=True)
class RowError:
    """What is wrong with a cell: the head of its column, its value masked, a msgid with its params."""

    column: str
    value: str
    message: str
    params: Mapping[str, Any]


def check_row(licence_type: LicenceType, body: Mapping[str, Any], issuer: Issuer, fonts: FontBook) -> list[RowError]:
    """Every complaint about an order; none means that it can be issued."""
    return [_told(licence_type, body, each) for each in complaints_about(licence_type, body, issuer, fonts)]


def complaints_about(
    licence_type: LicenceType, body: Mapping[str, Any], issuer: Issuer, fonts: FontBook
) -> Sequence[FieldError]:
    """The same as the catalogue says it, by field."""
    try:
        order = read_order(body, licence_type)
        values = face_values(licence_type, order.fields) | {
            "holder.name": order.holder.name,
            "holder.number": order.holder.number,
            "issuer.name": issuer.name,
        }
        compose(licence_type.face, values, {}, fonts)
    except InvalidInput as refusal:
        return refusal.fields or (FieldError("", refusal.message, dict(refusal.params)),)
    return ()


def _told(licence_type: LicenceType, body: Mapping[str, Any], complaint: FieldError) -> RowError:
    heads = {each.place: each.heads[0] for each in columns_of(licence_type)}
    place = ".".join(complaint.field.split(".")[:2])
    params = {name: value if isinstance(value, int | float) else str(value) for name, value in complaint.params.items()}
    return RowError(heads.get(place, place), _masked(place, _value(body, place)), complaint.message, params)


def _value(body: Mapping[str, Any], place: str) -> object:
    found: object = body
    for name in place.split("."):
        found = found.get(name, "") if isinstance(found, Mapping) else ""
    return found


def _masked(place: str, value: object) -> str:
    """Enough to find the cell again, too little to know whose it is."""
    text = value if isinstance(value, str) else "" if value is None else str(value)
    if place in ("holder.id_type", "holder.kind", "valid_from", "valid_to"):
        return text[:SHOWN_CHARACTERS]
    return (mask_number(text) if text.isascii() else mask_name(text))[:SHOWN_CHARACTERS]
