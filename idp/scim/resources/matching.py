"""Whether a resource fits a filter (RFC 7644 §3.4.2.2)."""

from collections.abc import Sequence
from typing import Any

from idp.scim.errors import ScimError, invalid_filter
from idp.scim.filters.expressions import (
    AttributePath,
    Both,
    Comparison,
    Either,
    Elements,
    Filter,
    Not,
    Present,
    Scalar,
)
from idp.scim.resources.attributes import Attribute, Document, ResourceType
from idp.scim.resources.reading import read_moment

_TEXTUAL = {"co", "sw", "ew"}
_ORDERED = {"gt", "ge", "lt", "le"}


def matches(tree: Filter, document: Document, kind: ResourceType) -> bool:
    """Whether the document fits. An attribute that the schema lacks is absent. Raises `ScimError` (invalidFilter)."""
    if isinstance(tree, Not):
        return not matches(tree.inner, document, kind)
    if isinstance(tree, Both):
        # Both sides are judged, so that what cannot be compared is refused whatever the data says.
        left, right = matches(tree.left, document, kind), matches(tree.right, document, kind)
        return left and right
    if isinstance(tree, Either):
        left, right = matches(tree.left, document, kind), matches(tree.right, document, kind)
        return left or right
    attribute, values = look_up(tree.path, document, kind)
    if isinstance(tree, Elements):
        return any(_fits_element(tree.inner, each, attribute) for each in values)
    return _fits(tree, attribute, values)


def look_up(path: AttributePath, document: Document, kind: ResourceType) -> tuple[Attribute | None, list[Any]]:
    """The attribute that a path names, and its values in this document. Never tells what is never returned."""
    holder, attributes = document, kind
    attribute: Attribute | None
    if path.schema and path.schema.lower() != kind.schema.urn.lower():
        extension = kind.extension(path.schema)
        inner = document.get(extension.urn, {}) if extension else {}
        attribute, holder = (extension.attribute(path.name) if extension else None), inner
    else:
        attribute = attributes.attribute(path.name)
    if attribute is None:
        return None, []
    if attribute.returned == "never":
        raise invalid_filter(f"{attribute.name} cannot be asked for.")
    values = _as_list(holder.get(attribute.name))
    return _part(attribute, values, path.part) if path.part else (attribute, values)


def selects(tree: Filter, element: Any, attribute: Attribute) -> bool:
    """Whether one value of a multi-valued attribute fits the filter in its brackets."""
    return _fits_element(tree, element, attribute)


def _part(attribute: Attribute, values: Sequence[Any], name: str) -> tuple[Attribute | None, list[Any]]:
    part = attribute.part(name)
    if part is None:
        return None, []
    found = [each[part.name] for each in values if isinstance(each, dict) and part.name in each]
    return part, found


def _fits_element(tree: Filter, element: Any, attribute: Attribute | None) -> bool:
    if isinstance(tree, Not):
        return not _fits_element(tree.inner, element, attribute)
    if isinstance(tree, Both):
        left, right = _fits_element(tree.left, element, attribute), _fits_element(tree.right, element, attribute)
        return left and right
    if isinstance(tree, Either):
        left, right = _fits_element(tree.left, element, attribute), _fits_element(tree.right, element, attribute)
        return left or right
    if isinstance(tree, Elements):
        raise invalid_filter("Brackets within brackets mean nothing.")
    if attribute is None:
        return False
    if attribute.type != "complex":
        is_itself = tree.path.name.lower() == "value" and not tree.path.part
        return is_itself and _fits(tree, attribute, [element])
    part, values = _part(attribute, [element], tree.path.name)
    return _fits(tree, part, values)


def _fits(tree: Present | Comparison, attribute: Attribute | None, values: list[Any]) -> bool:
    if isinstance(tree, Present):
        return any(each not in (None, "", {}) for each in values)
    if attribute is not None and attribute.type == "complex":
        # `emails co "x"` means the values (RFC 7644 §3.4.2.2, the example of emails).
        attribute, values = _part(attribute, values, "value")
    _check_comparable(tree, attribute)
    if tree.value is None:
        return (not values) if tree.operator == "eq" else bool(values)
    if tree.operator == "ne":
        return not any(_compares("eq", each, tree.value, attribute) for each in values)
    return any(_compares(tree.operator, each, tree.value, attribute) for each in values)


def _check_comparable(tree: Comparison, attribute: Attribute | None) -> None:
    if tree.value is None and tree.operator not in {"eq", "ne"}:
        raise invalid_filter("null can only be compared by eq and ne.")
    if attribute is None or tree.value is None:
        return
    if attribute.type == "boolean":
        if tree.operator not in {"eq", "ne"}:
            raise invalid_filter(f"{tree.path} is true or false; compare it by eq or ne.")
        return
    if attribute.type == "dateTime" and tree.operator not in _TEXTUAL:
        try:
            read_moment(str(tree.value), str(tree.path))
        except ScimError as wrong:
            raise invalid_filter(wrong.detail) from wrong


def _compares(operator: str, actual: Any, wanted: Scalar, attribute: Attribute | None) -> bool:
    if isinstance(actual, bool) or isinstance(wanted, bool):
        # Entra writes `active eq "True"`.
        return str(actual).lower() == str(wanted).lower()
    if not isinstance(actual, str) or not isinstance(wanted, str):
        return bool(actual == wanted)
    if attribute is not None and attribute.type == "dateTime" and operator in _ORDERED | {"eq"}:
        return _ordered(operator, read_moment(actual, ""), read_moment(wanted, ""))
    if attribute is None or not attribute.case_exact:
        actual, wanted = actual.casefold(), wanted.casefold()
    if operator == "co":
        return wanted in actual
    if operator == "sw":
        return bool(actual.startswith(wanted))
    if operator == "ew":
        return bool(actual.endswith(wanted))
    return _ordered(operator, actual, wanted)


def _ordered(operator: str, actual: Any, wanted: Any) -> bool:
    if operator == "eq":
        return bool(actual == wanted)
    if operator in {"gt", "ge"}:
        return bool(actual > wanted) or (operator == "ge" and bool(actual == wanted))
    return bool(actual < wanted) or (operator == "le" and bool(actual == wanted))


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
