"""What somebody asks to have issued, read from JSON and checked whole before anything is made. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from kernel.errors import FieldError, InvalidInput
from kernel.ids.holder_codes import HOLDER_CODE_TYPES, parse_holder_number
from licence_vault.catalogue.fields import field_errors
from licence_vault.catalogue.licence_type import LicenceType
from licence_vault.licences.licence import HolderIdentity

MEMBERS = frozenset({"type", "holder", "fields", "valid_from", "valid_to"})
HOLDER_MEMBERS = frozenset({"kind", "id_type", "number", "name"})
NAME_LIMIT = 100


@dataclass(frozen=True)
class IssueOrder:
    """A checked order. `valid_from` and `valid_to` are None where the order leaves them to the type."""

    type_code: str
    holder: HolderIdentity
    fields: Mapping[str, Any] = field(repr=False)
    valid_from: date | None
    valid_to: date | None
    says_valid_to: bool


def type_code_of(body: Any) -> str:
    """The type that a body names; raises `InvalidInput`."""
    if not isinstance(body, Mapping):
        raise InvalidInput("Send a JSON object.")
    code = body.get("type")
    if not isinstance(code, str) or not code:
        raise InvalidInput("Name the licence type.", fields=[FieldError("type", "Name the licence type.")])
    return code


def read_order(body: Mapping[str, Any], licence_type: LicenceType) -> IssueOrder:
    """Check a body of `POST /api/v1/licences` whole. Raises one `InvalidInput` with every complaint at its field."""
    errors = [FieldError(name, "There is no such member.", {}) for name in sorted(set(body) - MEMBERS)]
    holder, holder_errors = _holder(body.get("holder"), licence_type)
    fields = body.get("fields")
    errors += holder_errors
    if isinstance(fields, Mapping):
        errors += field_errors(licence_type, fields)
    else:
        errors.append(FieldError("fields", "Give the fields of the licence as an object."))
    days = {name: _day(body.get(name), name, errors) for name in ("valid_from", "valid_to")}
    if days["valid_from"] and days["valid_to"] and days["valid_to"] < days["valid_from"]:
        errors.append(FieldError("valid_to", "The last day cannot be before the first day."))
    if errors:
        count = len(errors)
        message = "The licence cannot be issued: {count} entries need correcting." if count > 1 else errors[0].message
        raise InvalidInput(message, fields=errors, **({"count": count} if count > 1 else errors[0].params))
    assert holder is not None
    assert isinstance(fields, Mapping)
    return IssueOrder(licence_type.code, holder, dict(fields), days["valid_from"], days["valid_to"], "valid_to" in body)


def canonical_text(body: Mapping[str, Any]) -> str:
    """The body in canonical JSON: the same order gives the same text however it was written."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _holder(data: Any, licence_type: LicenceType) -> tuple[HolderIdentity | None, list[FieldError]]:
    if not isinstance(data, Mapping):
        return None, [FieldError("holder", "Say who the holder is: kind, id_type, number, name.")]
    errors = [FieldError(f"holder.{name}", "There is no such member.") for name in sorted(set(data) - HOLDER_MEMBERS)]
    texts = {name: data.get(name) for name in HOLDER_MEMBERS}
    for name, value in sorted(texts.items()):
        if not isinstance(value, str) or not value.strip():
            errors.append(FieldError(f"holder.{name}", "This is missing."))
    if errors:
        return None, errors
    kind, id_type, name = (str(texts[each]).strip() for each in ("kind", "id_type", "name"))
    if id_type not in licence_type.holder_id_types:
        errors.append(FieldError("holder.id_type", "Holders of this licence are not known by numbers of this kind."))
    elif HOLDER_CODE_TYPES[id_type].kind != kind:
        errors.append(FieldError("holder.kind", "The kind of holder does not fit the kind of number."))
    if len(name) > NAME_LIMIT:
        errors.append(FieldError("holder.name", "The name may have at most {limit} characters.", {"limit": NAME_LIMIT}))
    if errors:
        return None, errors
    try:
        number = parse_holder_number(id_type, str(texts["number"]))
    except InvalidInput as refusal:
        return None, [FieldError("holder.number", refusal.message, refusal.params)]
    return HolderIdentity(kind, id_type, number, name), []


def _day(value: Any, name: str, errors: list[FieldError]) -> date | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        errors.append(FieldError(name, "Write the day as 2026-11-21."))
        return None
