"""A whole row cleaned: values by their places, each change told, what may be meant proposed. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from kernel.ids.holder_codes import HOLDER_CODE_TYPES, RESIDENT_ID, USCC
from licence_vault.batches.columns import order_of
from licence_vault.catalogue.licence_type import LicenceType
from licence_vault.collection.cleaning.characters import compact, narrow_all
from licence_vault.collection.cleaning.days import read_old_day
from licence_vault.collection.cleaning.numbers import lengthened, repairs
from licence_vault.collection.cleaning.rules import Subject, rules

OWN_PLACES = ("issued_on", "scan")
"""What a collected row says beside an order: when the old licence was issued, and which files are its scans."""


@dataclass(frozen=True)
class Change:
    """`place` held `before`; the rule with this code made it `after`."""

    place: str
    rule: str
    before: str
    after: str


@dataclass(frozen=True)
class Proposal:
    """What a value may have meant, for somebody who sees the licence to take or leave."""

    place: str
    reason: str
    value: str


@dataclass(frozen=True)
class CleanRow:
    """`values` by place, as text; `changes` in the order in which they were made."""

    values: Mapping[str, str] = field(repr=False)
    changes: tuple[Change, ...] = field(repr=False)
    proposals: tuple[Proposal, ...] = field(repr=False)

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def clean(licence_type: LicenceType, values: Mapping[str, str], today: date) -> CleanRow:
    """Clean values by place. Places that are unknown to the type keep their values."""
    subjects = _subjects(licence_type, values)
    cleaned: dict[str, str] = {}
    changes: list[Change] = []
    proposals: list[Proposal] = []
    for place, start in values.items():
        subject, text = subjects.get(place) or Subject(place, "text"), start
        for rule in rules():
            if subject.kind in rule.kinds and (after := rule.apply(text, subject)) != text:
                changes.append(Change(place, rule.code, text, after))
                text = after
        cleaned[place] = text
        proposals += _proposals(text, subject, today)
    return CleanRow(cleaned, tuple(changes), tuple(proposals))


def order_from(licence_type: LicenceType, values: Mapping[str, str]) -> dict[str, Any]:
    """The order that clean values mean."""
    places = {place: place for place in values if place not in OWN_PLACES}
    return order_of(licence_type, {place: values[place] for place in places}, places)


def _subjects(licence_type: LicenceType, values: Mapping[str, str]) -> dict[str, Subject]:
    id_types = _id_types(licence_type, values)
    person = any(HOLDER_CODE_TYPES[each].kind == "natural" for each in id_types)
    names = {HOLDER_CODE_TYPES[each].label_zh: each for each in licence_type.holder_id_types}
    subjects = {
        "holder.name": Subject("holder.name", "person" if person else "organisation"),
        "holder.number": Subject("holder.number", "number", id_types),
        "holder.id_type": Subject("holder.id_type", "code", choices=names),
        "holder.kind": Subject("holder.kind", "code", choices={"自然人": "natural", "法人": "legal"}),
        "valid_from": Subject("valid_from", "day"),
        "valid_to": Subject("valid_to", "end"),
        "issued_on": Subject("issued_on", "day"),
        "scan": Subject("scan", "text"),
    }
    return subjects | {f"fields.{name}": _of_field(name, schema) for name, schema in licence_type.fields}


def _of_field(name: str, schema: Mapping[str, Any]) -> Subject:
    place = f"fields.{name}"
    if schema.get("x-number") in HOLDER_CODE_TYPES:
        return Subject(place, "number", (str(schema["x-number"]),))
    if schema.get("format") == "date":
        return Subject(place, "day")
    if "enum" in schema:
        codes = schema.get("x-codes", {})
        return Subject(place, "code", choices={text: code for code in codes for text in codes[code].values()})
    return Subject(place, "quantity" if schema.get("type") in ("integer", "number") else "text")


def _id_types(licence_type: LicenceType, values: Mapping[str, str]) -> tuple[str, ...]:
    """The kinds that a holder's number may be of: what the row says, or what its form tells."""
    said = values.get("holder.id_type", "").strip()
    names = {HOLDER_CODE_TYPES[each].label_zh: each for each in licence_type.holder_id_types}
    if (code := names.get(said, said)) in licence_type.holder_id_types:
        return (code,)
    allowed = licence_type.holder_id_types
    if len(allowed) == 1 or said:
        return allowed
    number = compact(narrow_all(values.get("holder.number", "")))
    looks_personal = lengthened(number) is not None or number[6:8] in ("19", "20")
    likely = RESIDENT_ID.code if looks_personal else USCC.code
    return (likely,) if likely in allowed else allowed


def _proposals(text: str, subject: Subject, today: date) -> list[Proposal]:
    if subject.kind == "number":
        known = [each for each in subject.id_types if each in (RESIDENT_ID.code, USCC.code)]
        found = repairs(known[0], text, today) if len(known) == 1 and len(subject.id_types) == 1 else []
        return [Proposal(subject.place, each.reason, each.number) for each in found]
    if subject.kind in ("day", "end"):
        reading = read_old_day(text, ends=subject.kind == "end")
        reason = "serial-day" if text.isdigit() and len(text) == 5 else "bare-month"
        reason = "short-year" if reading.possible and text[2:3] in "-/.年" and text[:2].isdigit() else reason
        return [Proposal(subject.place, reason, each.isoformat()) for each in reading.possible]
    return []
