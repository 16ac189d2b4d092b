"""Rules that span several fields of a licence, as data beside the JSON Schema. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kernel.errors import FieldError
from kernel.i18n import current_locale

KINDS = ("order", "needed", "one_of")


def rule_errors(rules: Sequence[Mapping[str, Any]], fields: Mapping[str, Any]) -> list[FieldError]:
    """Every broken rule at the field that has to change, in the words of the type.

    `order`: `first` is not after `second` (days, numbers). `needed`: `field` is filled in when `when` is, or when it is
    one of the values `is`. `one_of`: at least one of `fields` is filled in.
    """
    return [
        FieldError(f"fields.{name}", "{message}", {"message": _words(rule["message"])})
        for rule in rules
        for name in _broken(rule, fields)
    ]


def fields_of_rules(rules: Sequence[Mapping[str, Any]]) -> set[str]:
    """The names of all fields that rules speak of."""
    return {str(name) for rule in rules for name in _named(rule)}


def _named(rule: Mapping[str, Any]) -> list[Any]:
    return [*(rule[part] for part in ("first", "second", "field", "when") if part in rule), *rule.get("fields", ())]


def _broken(rule: Mapping[str, Any], fields: Mapping[str, Any]) -> Iterator[str]:
    match rule["rule"]:
        case "order":
            first, second = fields.get(rule["first"]), fields.get(rule["second"])
            if _comparable(first, second) and first > second:  # type: ignore[operator]  # _comparable looked
                yield rule["second"]
        case "needed":
            value = fields.get(rule["when"])
            applies = value in rule["is"] if "is" in rule else bool(value)
            if applies and not fields.get(rule["field"]):
                yield rule["field"]
        case "one_of":
            if not any(fields.get(name) for name in rule["fields"]):
                yield rule["fields"][0]


def _comparable(first: object, second: object) -> bool:
    numbers = isinstance(first, int | float) and isinstance(second, int | float)
    return numbers or (isinstance(first, str) and isinstance(second, str) and bool(first) and bool(second))


def _words(texts: Mapping[str, str]) -> str:
    return texts["zh"] if current_locale().startswith("zh") else texts.get("en", texts["zh"])
