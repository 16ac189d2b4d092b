"""Changing a document by PATCH operations (RFC 7644 §3.5.2), in the forms that Entra ID and Okta send too."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from idp.scim.errors import invalid_path, invalid_syntax, invalid_value, no_target, not_mutable
from idp.scim.filters.expressions import AttributePath, Both, Comparison, Filter, TargetPath
from idp.scim.filters.grammar import parse_path
from idp.scim.resources.attributes import COMMON, Attribute, Document, ResourceType, named
from idp.scim.resources.matching import selects
from idp.scim.resources.reading import check_required, read_value

PATCH_URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
MOST_OPERATIONS = 1000
READ_ONLY = "readOnly"


@dataclass(frozen=True)
class Operation:
    """One operation. `path`: as it was sent, empty for none."""

    verb: str
    path: str
    value: Any


@dataclass(frozen=True)
class _Place:
    """Where an operation works: an attribute in the object that holds it."""

    holder: Document
    attribute: Attribute


def read_operations(body: object) -> list[Operation]:
    """The operations of a PATCH request. Raises `ScimError` (invalidSyntax)."""
    members = {str(key).lower(): value for key, value in body.items()} if isinstance(body, Mapping) else {}
    schemas, given = members.get("schemas"), members.get("operations")
    if not isinstance(schemas, list) or PATCH_URN not in schemas:
        raise invalid_syntax(f"schemas must name {PATCH_URN}.")
    if not isinstance(given, list) or not given or len(given) > MOST_OPERATIONS:
        raise invalid_syntax(f"Operations must be a list of 1 to {MOST_OPERATIONS} operations.")
    return [_read_operation(each) for each in given]


def _read_operation(given: object) -> Operation:
    if not isinstance(given, Mapping):
        raise invalid_syntax("An operation must be an object.")
    verb, path, value = given.get("op"), given.get("path"), given.get("value")
    if not isinstance(verb, str) or verb.lower() not in {"add", "remove", "replace"}:
        raise invalid_syntax("op must be add, remove or replace.")
    if path is not None and not isinstance(path, str):
        raise invalid_path("path must be text.")
    verb = verb.lower()
    if verb == "remove" and not path:
        raise no_target("remove needs a path.")
    if verb != "remove" and "value" not in given:
        raise invalid_value(f"{verb} needs a value.")
    return Operation(verb, path or "", value)


def patched(kind: ResourceType, document: Document, operations: Sequence[Operation]) -> Document:
    """The document after every operation; the given one stays as it is. Raises `ScimError`."""
    changed = copy.deepcopy(document)
    for each in operations:
        if each.path:
            _apply(kind, changed, each)
        else:
            _apply_all(kind, changed, each)
    _tidy(changed)
    check_required(kind, changed)
    return changed


def _apply_all(kind: ResourceType, document: Document, operation: Operation) -> None:
    """Without a path the value holds attributes, by name, by dotted path or by URN."""
    if not isinstance(operation.value, Mapping):
        raise invalid_value("Without a path the value must be an object.")
    for key, value in operation.value.items():
        if str(key).lower() in {"schemas", "id", "meta"}:
            continue  # Okta sends the id along
        _apply(kind, document, Operation(operation.verb, str(key), value), is_lenient=True)


def _apply(kind: ResourceType, document: Document, operation: Operation, *, is_lenient: bool = False) -> None:
    extension = kind.extension(operation.path)
    if extension is not None:
        _apply_extension(kind, document, extension.urn, operation)
        return
    target = parse_path(operation.path)
    place = _place(kind, document, target.path)
    if place is None:
        if is_lenient and "." not in operation.path:
            return
        raise invalid_path(f"There is no attribute {operation.path[:80]}.")
    part = target.part or target.path.part
    if place.attribute.mutability == READ_ONLY:
        raise not_mutable(f"{place.attribute.name} cannot be changed.")
    if target.selection is not None:
        _change_selected(place, target, operation)
    elif part:
        _change_part(place, part, operation)
    else:
        _change_whole(place, operation)


def _apply_extension(kind: ResourceType, document: Document, urn: str, operation: Operation) -> None:
    if operation.verb == "remove":
        document.pop(urn, None)
        return
    if not isinstance(operation.value, Mapping):
        raise invalid_value(f"The value of {urn} must be an object.")
    extension = kind.extension(urn)
    for key, value in operation.value.items():
        attribute = extension.attribute(str(key)) if extension else None
        if attribute is not None and attribute.mutability != READ_ONLY:
            _apply(kind, document, Operation(operation.verb, f"{urn}:{attribute.name}", value))


def _place(kind: ResourceType, document: Document, path: AttributePath) -> _Place | None:
    if path.schema and path.schema.lower() != kind.schema.urn.lower():
        extension = kind.extension(path.schema)
        attribute = extension.attribute(path.name) if extension else None
        if extension is None or attribute is None:
            return None
        return _Place(document.setdefault(extension.urn, {}), attribute)
    attribute = kind.schema.attribute(path.name) or named(COMMON, path.name)
    return _Place(document, attribute) if attribute is not None else None


def _change_whole(place: _Place, operation: Operation) -> None:
    attribute, holder = place.attribute, place.holder
    before = holder.get(attribute.name)
    if operation.verb == "remove":
        if attribute.many and operation.value is not None:
            # Entra takes members out by `remove` of `members` with a list of values.
            _remove_values(place, operation.value)
        else:
            holder.pop(attribute.name, None)
        return
    value = read_value(attribute, operation.value)
    if operation.verb == "add" and attribute.many:
        _set(place, _joined(before or [], value or []))
    elif attribute.type == "complex" and not attribute.many and value is not None:
        # Parts that are not named stay (RFC 7644 §3.5.2.1, §3.5.2.3).
        _set(place, {**(before or {}), **value})
    else:
        _set(place, value)


def _change_part(place: _Place, name: str, operation: Operation) -> None:
    attribute = place.attribute
    part = _part(attribute, name)
    value = None if operation.verb == "remove" else read_value(part, operation.value, f"{attribute.name}.")
    if attribute.many:
        elements = place.holder.get(attribute.name) or []
        if not elements:
            raise no_target(f"There is no value of {attribute.name}.")
        for each in elements:
            _set_part(each, part, value)
        return
    inner = dict(place.holder.get(attribute.name) or {})
    _set_part(inner, part, value)
    _set(place, inner or None)


def _change_selected(place: _Place, target: TargetPath, operation: Operation) -> None:
    """Elements that fit the filter in brackets, or one part of each of them."""
    attribute, selection = place.attribute, target.selection
    assert selection is not None
    if not attribute.many:
        raise invalid_path(f"{attribute.name} has one value; brackets choose among many.")
    elements: list[Any] = place.holder.get(attribute.name) or []
    chosen = [each for each in elements if selects(selection, each, attribute)]
    part = _part(attribute, target.part) if target.part else None
    if operation.verb == "remove":
        _remove_selected(place, chosen, part)
        return
    if not chosen:
        chosen = [_element_of(selection, attribute, operation)]
        elements = [*elements, chosen[0]]
    if part is not None:
        value = read_value(part, operation.value, f"{attribute.name}.")
        for each in chosen:
            _set_part(each, part, value)
    else:
        _replace_elements(attribute, chosen, operation)
    _one_primary(elements, chosen)
    _set(place, elements)


def _remove_selected(place: _Place, chosen: list[Any], part: Attribute | None) -> None:
    elements: list[Any] = place.holder.get(place.attribute.name) or []
    if not chosen:
        return  # what is to go is gone already
    if part is not None:
        for each in chosen:
            each.pop(part.name, None)
    else:
        elements = [each for each in elements if not any(each is other for other in chosen)]
    _set(place, elements or None)


def _replace_elements(attribute: Attribute, chosen: list[Any], operation: Operation) -> None:
    value = read_value(attribute, operation.value)
    if not value or len(value) != 1 or not isinstance(value[0], dict):
        raise invalid_value(f"The value must be one value of {attribute.name}.")
    for each in chosen:
        if operation.verb == "replace":
            each.clear()
        each.update(copy.deepcopy(value[0]))


def _element_of(selection: Filter, attribute: Attribute, operation: Operation) -> dict[str, Any]:
    """A new element with what the filter says: Entra replaces `emails[type eq "work"].value` where there is none."""
    element: dict[str, Any] = {}

    def take(tree: Filter) -> None:
        if isinstance(tree, Both):
            take(tree.left)
            take(tree.right)
            return
        is_plain = isinstance(tree, Comparison) and tree.operator == "eq" and tree.value is not None
        part = attribute.part(tree.path.name) if is_plain and isinstance(tree, Comparison) else None
        if part is None or not isinstance(tree, Comparison):
            raise no_target(f"No value of {attribute.name} fits {str(selection)[:80]}.")
        _set_part(element, part, read_value(part, tree.value, f"{attribute.name}."))

    if attribute.name == "members":
        raise no_target("There is no such member.")
    take(selection)
    return element


def _remove_values(place: _Place, value: object) -> None:
    gone = read_value(place.attribute, value) or []
    keys = {_key(each) for each in gone}
    left = [each for each in place.holder.get(place.attribute.name) or [] if _key(each) not in keys]
    _set(place, left or None)


def _joined(before: list[Any], added: list[Any]) -> list[Any]:
    """Both lists; what is there already is not added again, and a new primary one is the only one."""
    known = {_key(each): each for each in before}
    elements = list(before)
    fresh = []
    for each in added:
        if _key(each) in known:
            known[_key(each)].update(each) if isinstance(each, dict) else None
            fresh.append(known[_key(each)])
        else:
            known[_key(each)] = each
            elements.append(each)
            fresh.append(each)
    _one_primary(elements, fresh)
    return elements


def _one_primary(elements: list[Any], fresh: list[Any]) -> None:
    """A value that becomes the primary one makes the others none (RFC 7644 §3.5.2)."""
    if not any(isinstance(each, dict) and each.get("primary") is True for each in fresh):
        return
    for each in elements:
        if isinstance(each, dict) and each.get("primary") is True and not any(each is other for other in fresh):
            each["primary"] = False


def _key(element: Any) -> str:
    if isinstance(element, dict) and "value" in element:
        return f"{element['value']}\x00{element.get('type', '')}".casefold()
    return repr(sorted(element.items())) if isinstance(element, dict) else repr(element)


def _part(attribute: Attribute, name: str) -> Attribute:
    part = attribute.part(name)
    if part is None:
        raise invalid_path(f"{attribute.name} has no part {name[:40]}.")
    if part.mutability == READ_ONLY:
        raise not_mutable(f"{attribute.name}.{part.name} cannot be changed.")
    return part


def _set(place: _Place, value: Any) -> None:
    if value in (None, [], {}):
        place.holder.pop(place.attribute.name, None)
    else:
        place.holder[place.attribute.name] = value


def _set_part(holder: dict[str, Any], part: Attribute, value: Any) -> None:
    if value is None:
        holder.pop(part.name, None)
    else:
        holder[part.name] = value


def _tidy(document: Document) -> None:
    """Take out what has become empty."""
    for key, value in list(document.items()):
        if isinstance(value, list):
            document[key] = [each for each in value if each not in ({}, None)]
        if document[key] in ({}, [], None):
            del document[key]
