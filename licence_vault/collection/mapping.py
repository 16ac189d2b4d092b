"""What the columns of a register mean: proposed from their heads, checked when somebody has decided. Pure."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from kernel.errors import FieldError, InvalidInput
from licence_vault.batches.columns import columns_of, plain_head
from licence_vault.catalogue.licence_type import LicenceType, label
from licence_vault.collection.cleaning.rules import rule_data

_ALIKE = 0.74
_OWN = {"issued_on": {"zh": "原发证日期", "en": "Issued on"}, "scan": {"zh": "扫描件文件名", "en": "Scan file"}}


def places_offered(licence_type: LicenceType) -> list[tuple[str, str, bool]]:
    """Every place that a column may have, what it is called, and whether a register has to have it."""
    columns = [(each.place, _called(each.heads[0], each.english), each.required) for each in columns_of(licence_type)]
    return [*columns, *((place, label(names), False) for place, names in _OWN.items())]


def place_names(licence_type: LicenceType) -> dict[str, str]:
    """What each place is called in the reader's language."""
    return {place: name for place, name, _required in places_offered(licence_type)}


def propose(licence_type: LicenceType, heads: Sequence[str], saved: Mapping[str, str]) -> dict[str, str]:
    """Head → place, empty where nothing fits. What this source's columns meant before (`saved`) comes first.

    Then heads that a table of the type would have, then those that old registers have, then the ones that look alike.
    No place is proposed twice.
    """
    offered = {place for place, _name, _required in places_offered(licence_type)}
    found = {head: saved[head] for head in heads if saved.get(head) in offered}
    for known in (_type_heads(licence_type), _old_heads(offered)):
        for head in heads:
            place = known.get(plain_head(head), "")
            if head not in found and place and place not in found.values():
                found[head] = place
    names = _type_heads(licence_type)
    for head in heads:
        if head not in found and (place := _alike(head, names, set(found.values()))):
            found[head] = place
    return {head: found.get(head, "") for head in heads}


def checked(licence_type: LicenceType, heads: Sequence[str], given: Mapping[str, str]) -> dict[str, str]:
    """The mapping that somebody decided on. Raises `InvalidInput` for what is missing, unknown or said twice."""
    offered = places_offered(licence_type)
    known = {place for place, _name, _required in offered}
    chosen = {head: given.get(head, "") for head in heads}
    errors = [
        FieldError(f"mapping.{head}", "There is no place {place} in this licence.", {"place": str(place)[:40]})
        for head, place in chosen.items()
        if place and place not in known
    ]
    errors += [
        FieldError("mapping", "No column of the file is named {name}.", {"name": str(head)[:40]})
        for head in given
        if head not in chosen
    ]
    used = [place for place in chosen.values() if place]
    for place, name, required in offered:
        if used.count(place) > 1:
            errors.append(FieldError("mapping", "Two columns are given for {name}.", {"name": name}))
        elif required and place not in used:
            errors.append(FieldError("mapping", "The column {name} is missing.", {"name": name}))
    if errors:
        params: dict[str, Any] = dict(errors[0].params)
        raise InvalidInput(errors[0].message, fields=errors, **params)
    return chosen


def _called(chinese: str, english: str) -> str:
    return label({"zh": chinese, "en": english})


def _type_heads(licence_type: LicenceType) -> dict[str, str]:
    columns = sorted(columns_of(licence_type), key=lambda each: not each.place.startswith("fields."))
    heads: dict[str, str] = {}
    for column in columns:
        for head in (*column.heads, column.english):
            heads.setdefault(plain_head(head), column.place)
    return heads


def _old_heads(offered: set[str]) -> dict[str, str]:
    return {
        plain_head(head): place for place, heads in rule_data()["heads"].items() if place in offered for head in heads
    }


def _alike(head: str, names: Mapping[str, str], taken: set[str]) -> str:
    free = {name: place for name, place in names.items() if place not in taken}
    close = difflib.get_close_matches(plain_head(head), free, n=1, cutoff=_ALIKE)
    return free[close[0]] if close else ""
