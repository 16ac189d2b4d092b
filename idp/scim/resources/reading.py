"""What a client sends, in the form that the schema gives: names in our case, values of their types, nothing read-only.

Unassigned attributes (null, empty lists) are left out (RFC 7643 §2.5). Attributes that no schema knows are passed over.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from idp.scim.errors import invalid_syntax, invalid_value
from idp.scim.resources.attributes import COMMON, Attribute, Document, ResourceType

LONGEST_TEXT, MOST_ELEMENTS = 2000, 1000
MOST_MEMBERS = 20_000


def read_resource(kind: ResourceType, body: object) -> Document:
    """The document of a new or replaced resource. Raises `ScimError` (invalidSyntax, invalidValue)."""
    if not isinstance(body, Mapping):
        raise invalid_syntax("Send a JSON object.")
    _check_schemas(kind, body)
    document = _read_members((*kind.schema.attributes, *COMMON), body, "")
    for key, value in body.items():
        extension = kind.extension(str(key))
        if extension is not None and value is not None:
            if not isinstance(value, Mapping):
                raise invalid_value(f"{key} must be an object.")
            inner = _read_members(extension.attributes, value, f"{extension.urn}:")
            if inner:
                document[extension.urn] = inner
    check_required(kind, document)
    return document


def check_required(kind: ResourceType, document: Document) -> None:
    """Raise `ScimError` (invalidValue) for a required attribute that is missing."""
    for attribute in kind.schema.attributes:
        value = document.get(attribute.name)
        if attribute.required and (value is None or (isinstance(value, str) and not value.strip())):
            raise invalid_value(f"{attribute.name} is required.")


def read_value(attribute: Attribute, value: object, where: str = "") -> Any:
    """A value of an attribute, or None for an unassigned one. Raises `ScimError` (invalidValue)."""
    name = where + attribute.name
    if value is None:
        return None
    if not attribute.many:
        return _read_one(attribute, value, name)
    given = value if isinstance(value, list) else [value]
    if len(given) > (MOST_MEMBERS if attribute.name == "members" else MOST_ELEMENTS):
        raise invalid_value(f"{name} has too many values.")
    read = [_read_one(attribute, each, name) for each in given]
    found = _without_twins([each for each in read if each not in (None, {})])
    if sum(1 for each in found if isinstance(each, dict) and each.get("primary") is True) > 1:
        raise invalid_value(f"At most one value of {name} is primary.")
    return found or None


def _read_members(attributes: Iterable[Attribute], body: Mapping[Any, Any], where: str) -> Document:
    known = {each.name.lower(): each for each in attributes}
    document: Document = {}
    for key, given in body.items():
        attribute = known.get(str(key).lower())
        if attribute is None or attribute.mutability == "readOnly" or attribute.name == "schemas":
            continue
        if attribute.name in document:
            raise invalid_syntax(f"{where}{attribute.name} is there twice.")
        value = read_value(attribute, given, where)
        if value not in (None, {}):
            document[attribute.name] = value
    return document


def _read_one(attribute: Attribute, value: object, name: str) -> Any:
    if attribute.type == "complex":
        if isinstance(value, str) and attribute.part("value"):
            # Entra sends a manager and new members as bare ids.
            value = {"value": value}
        if not isinstance(value, Mapping):
            raise invalid_value(f"{name} must be an object.")
        return _read_members(attribute.parts, value, f"{name}.")
    if attribute.type == "boolean":
        return _read_boolean(value, name)
    if not isinstance(value, str):
        raise invalid_value(f"{name} must be text.")
    if len(value) > LONGEST_TEXT or "\x00" in value:
        raise invalid_value(f"{name} must be text of at most {LONGEST_TEXT} characters.")
    if attribute.type == "dateTime":
        read_moment(value, name)
    return value


def _read_boolean(value: object, name: str) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        # Entra sends "True" and "False".
        return value.lower() == "true"
    raise invalid_value(f"{name} must be true or false.")


def read_moment(value: str, name: str) -> datetime:
    """A moment as `xsd:dateTime`. Raises `ScimError` (invalidValue)."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as wrong:
        raise invalid_value(f"{name} must be a moment such as 2026-11-21T10:00:00Z.") from wrong
    if moment.tzinfo is None:
        raise invalid_value(f"{name} must be a moment with its offset.")
    return moment


def _check_schemas(kind: ResourceType, body: Mapping[Any, Any]) -> None:
    given = next((value for key, value in body.items() if str(key).lower() == "schemas"), None)
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise invalid_syntax("schemas must be a list of URNs.")
    if kind.schema.urn.lower() not in {each.lower() for each in given}:
        raise invalid_syntax(f"schemas must name {kind.schema.urn}.")


def _without_twins(values: list[Any]) -> list[Any]:
    found: list[Any] = []
    seen: set[str] = set()
    for each in values:
        key = repr(sorted(each.items())) if isinstance(each, dict) else repr(each)
        if key not in seen:
            seen.add(key)
            found.append(each)
    return found
