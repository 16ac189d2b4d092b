"""Patterns of fields, matched in time that grows with the text alone (RE2): a type may come from anybody. Pure."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import re2
from jsonschema import Draft202012Validator, ValidationError, validators

LONGEST_PATTERN = 500
_MEMORY = 1 << 20
"""Bytes that a compiled pattern may take; `(((a{99}){99}){99})` is refused instead of filling the machine."""


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> Any:
    """The pattern, ready to search with. Raises `ValueError` for what RE2 lacks: look-around, back references."""
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError(f"a pattern has at most {LONGEST_PATTERN} characters")
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as failure:
        reason = failure.args[0]
        raise ValueError(reason.decode() if isinstance(reason, bytes) else str(reason)) from failure


def _pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not compiled(pattern).search(instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


_extend: Any = validators.extend
FieldsValidator: type[Draft202012Validator] = _extend(Draft202012Validator, {"pattern": _pattern})
"""JSON Schema 2020-12 whose `pattern` is RE2's."""


def check_patterns(schema: Any) -> None:
    """Raises `ValueError` for a pattern that cannot be had, and for `patternProperties`, which no field needs."""
    if isinstance(schema, list):
        for each in schema:
            check_patterns(each)
    if not isinstance(schema, dict):
        return
    if "patternProperties" in schema:
        raise ValueError("patternProperties")
    if isinstance(schema.get("pattern"), str):
        compiled(schema["pattern"])
    for each in schema.values():
        check_patterns(each)
