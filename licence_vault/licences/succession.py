"""Why a version follows another, in the words of the licensing rules: 变更, 延续, 补发, 换发, 更正. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kernel.errors import FieldError, InvalidInput

CHANGE_TITLES = {
    "change": "Changed",
    "renew": "Renewed",
    "replace": "Issued again for a lost one",
    "exchange": "Exchanged",
    "correct": "Corrected",
}
"""The kinds of change and what a version's history calls them."""
FIRST = "issue"
USUAL = "change"


@dataclass(frozen=True)
class Succession:
    """The version that is followed, and why."""

    licence_id: str
    kind: str


def read_change(body: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The kind of change that a body names (`change`), and the rest of it. Raises `InvalidInput`."""
    kind = body.get("change", USUAL)
    if not isinstance(kind, str) or kind not in CHANGE_TITLES:
        message = "The kind of change is one of {kinds}."
        kinds = ", ".join(CHANGE_TITLES)
        raise InvalidInput(message, fields=[FieldError("change", message, {"kinds": kinds})], kinds=kinds)
    return kind, {name: value for name, value in body.items() if name != "change"}
