"""A row judged: cleaned, checked as issuing would, and what a person has to look at. CPU-bound: `asyncio.to_thread`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from licence_vault.batches.checking import complaints_about
from licence_vault.caller import Issuer
from licence_vault.catalogue.licence_type import LicenceType
from licence_vault.collection.cleaning.row import CleanRow, clean, order_from
from licence_vault.collection.collected import Collected, Question, ask
from licence_vault.layout.fonts import FontBook

IDENTITY = ("holder.name", "holder.number", "holder.id_type")
"""What says whose licence it is: whoever changes one of these needs a second person."""


def values_of(columns: Mapping[str, str], cells: Mapping[str, str]) -> dict[str, str]:
    """The cells by their places; empty ones are left out."""
    return {place: cells[head] for head, place in columns.items() if place and cells.get(head, "").strip()}


def judge(
    licence_type: LicenceType,
    collected: Collected,
    values: Mapping[str, str],
    issuer: Issuer,
    fonts: FontBook,
    day: date,
) -> Collected:
    """`collected` with `values` cleaned, their order, and the faults of it. Doubts of matching come after."""
    found = clean(licence_type, values, day)
    order = order_from(licence_type, {place: text for place, text in found.values.items() if text})
    return collected.cleaned(found, order, _faults(licence_type, found, order, issuer, fonts, day))


def _faults(
    licence_type: LicenceType, found: CleanRow, order: dict[str, Any], issuer: Issuer, fonts: FontBook, day: date
) -> tuple[Question, ...]:
    complaints = [
        Question(_place(each.field), each.message, _params(each.params))
        for each in complaints_about(licence_type, order, issuer, fonts)
    ]
    issued_on = found.values.get("issued_on", "")
    if issued_on and not _is_past_day(issued_on, day):
        complaints.append(ask("issued-on", "issued_on", fault=True))
    return tuple(complaints)


def with_doubts(collected: Collected, doubts: Sequence[Question]) -> Collected:
    """With what matching asks, after the faults."""
    return replace(collected, questions=(*collected.faults, *doubts))


def _place(field: str) -> str:
    return ".".join(field.split(".")[:2])


def _params(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, int | float) else str(value) for name, value in params.items()}


def _is_past_day(text: str, today: date) -> bool:
    try:
        return date.fromisoformat(text) <= today
    except ValueError:
        return False
