"""What of a resource an answer shows (RFC 7643 §7 `returned`, RFC 7644 §3.9)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from idp.scim.errors import invalid_value
from idp.scim.filters.expressions import AttributePath
from idp.scim.filters.grammar import parse_attribute
from idp.scim.resources.attributes import Attribute, Document, ResourceType

MOST_NAMES = 100


@dataclass(frozen=True)
class Wanted:
    """Which attributes a caller asked for, or asked to leave out; at most one of the two."""

    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


def read_wanted(attributes: object, excluded: object) -> Wanted:
    """From a query (names between commas) or from a search request (lists). Raises `ScimError` (invalidValue)."""
    only, without = _names(attributes, "attributes"), _names(excluded, "excludedAttributes")
    if only and without:
        raise invalid_value("attributes and excludedAttributes exclude each other.")
    return Wanted(only, without)


def shown(kind: ResourceType, document: Document, wanted: Wanted) -> Document:
    """The part of a document that the answer shows."""
    only = [_path(kind, name) for name in wanted.only]
    without = [_path(kind, name) for name in wanted.without]
    answer: Document = {}
    for name, value in document.items():
        extension = kind.extension(name)
        if extension is not None:
            inner = {
                key: _shown_value(extension.attribute(key), each, only, without, extension.urn)
                for key, each in value.items()
            }
            inner = {key: each for key, each in inner.items() if each is not None}
            if inner:
                answer[name] = inner
            continue
        each = _shown_value(kind.attribute(name), value, only, without, kind.schema.urn)
        if each is not None:
            answer[name] = each
    return answer


def _shown_value(
    attribute: Attribute | None, value: Any, only: list[AttributePath], without: list[AttributePath], urn: str
) -> Any:
    if attribute is None or attribute.returned == "never":
        return None
    if attribute.returned == "always":
        return value
    if only:
        named = [each for each in only if _names_it(each, attribute, urn)]
        if not named:
            return None
        parts = {each.part.lower() for each in named}
        return value if "" in parts else _with_parts(value, parts, keep=True)
    named = [each for each in without if _names_it(each, attribute, urn)]
    parts = {each.part.lower() for each in named}
    if "" in parts:
        return None
    return _with_parts(value, parts, keep=False) if parts else value


def _names_it(path: AttributePath, attribute: Attribute, urn: str) -> bool:
    if path.schema.lower() == urn.lower() and path.name in {"", "*"}:
        return True
    return path.name.lower() == attribute.name.lower() and path.schema.lower() == urn.lower()


def _with_parts(value: Any, parts: set[str], *, keep: bool) -> Any:
    if isinstance(value, list):
        return [_with_parts(each, parts, keep=keep) for each in value]
    if not isinstance(value, Mapping):
        return value
    return {key: each for key, each in value.items() if (key.lower() in parts) is keep}


def _path(kind: ResourceType, name: str) -> AttributePath:
    if kind.extension(name) is not None or name.lower() == kind.schema.urn.lower():
        return AttributePath("", "", name)
    path = parse_attribute(name)
    return path if path.schema else AttributePath(path.name, path.part, kind.schema.urn)


def _names(given: object, where: str) -> tuple[str, ...]:
    if given is None or given == "":
        return ()
    names: Iterable[Any] = given.split(",") if isinstance(given, str) else given if isinstance(given, list) else [None]
    found = [each.strip() if isinstance(each, str) else "" for each in names]
    if not all(found) or len(found) > MOST_NAMES:
        raise invalid_value(f"{where} must name attributes.")
    return tuple(found)
