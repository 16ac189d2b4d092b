"""The few PDF objects that we write, with types: pyHanko's own constructors carry none."""

from collections.abc import Iterable, Mapping
from typing import Any

from pyhanko.pdf_utils import generic

_generic: Any = generic

PdfObject = Any
"""Any object of pyHanko."""


def name(text: str) -> PdfObject:
    """/Name, given with its slash."""
    return _generic.pdf_name(text)


def number(value: float) -> PdfObject:
    """An integer, or a real number to a thousandth."""
    if isinstance(value, int):
        return _generic.NumberObject(value)
    return _generic.FloatObject(round(value, 3))


def array(values: Iterable[float]) -> PdfObject:
    """An array of numbers."""
    return _generic.ArrayObject(number(value) for value in values)


def dictionary(entries: Mapping[str, PdfObject]) -> PdfObject:
    """A dictionary."""
    return _generic.DictionaryObject({name(key): value for key, value in entries.items()})


def stream(data: bytes, entries: Mapping[str, PdfObject] | None = None) -> PdfObject:
    """A stream of these bytes, which must already be encoded as `entries` say."""
    return _generic.StreamObject(dictionary(entries or {}), encoded_data=data)
