"""Why a file could not be sealed, kept so that it can be said later, in the reader's language."""

from typing import Any

from kernel.errors import (
    Conflict,
    FieldError,
    Forbidden,
    IntegrityError,
    InvalidInput,
    NotFound,
    Unavailable,
    XinyinError,
)

_KINDS: dict[str, type[XinyinError]] = {
    each.code: each for each in (Conflict, Forbidden, IntegrityError, InvalidInput, NotFound, Unavailable)
}


def write_fault(error: XinyinError) -> dict[str, Any]:
    """As JSON; private reasons are left out."""
    codes = [getattr(each, "code", "") for each in type(error).__mro__]
    kind = next((code for code in codes if code in _KINDS), IntegrityError.code)
    fields = [[each.field, each.message, _plain(each.params)] for each in getattr(error, "fields", ())]
    return {
        "kind": kind,
        "code": error.code,
        "message": error.message,
        "params": _plain(error.params),
        "fields": fields,
    }


def read_fault(stored: dict[str, Any]) -> XinyinError:
    """The error again, of the same meaning."""
    kind = _KINDS[stored["kind"]]
    if kind is InvalidInput:
        fields = [FieldError(field, message, params) for field, message, params in stored["fields"]]
        return InvalidInput(stored["message"], fields=fields, **stored["params"])
    return kind(stored["message"], **stored["params"])


def _plain(params: dict[str, object]) -> dict[str, Any]:
    return {name: value if isinstance(value, str | int | float) else str(value) for name, value in params.items()}
