"""How a person says where a seal goes. The JSON of the API, the command line and the console are read here alike."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from kernel.errors import FieldError, InvalidInput

FIELD = "placements"
MOST_PLACES = 200
DEFAULT_SIZE_MM = 42.0
LONGEST_KEYWORD = 100
MOST_PAGES = 2000
_SMALLEST_MM, _LARGEST_MM = 5.0, 100.0
_FAR_MM = 5000.0


@dataclass(frozen=True)
class At:
    """At millimetres from the top left of a page (from 1), or of the last page (-1), or of every page (0)."""

    page: int
    x_mm: float
    y_mm: float
    width_mm: float = DEFAULT_SIZE_MM
    height_mm: float = DEFAULT_SIZE_MM


@dataclass(frozen=True)
class OnKeyword:
    """With its middle on the middle of a word, moved by `dx_mm`, `dy_mm`.

    `occurrence`: the n-th from 1, -1 for the last, 0 for all of them.
    """

    text: str
    occurrence: int = 1
    dx_mm: float = 0.0
    dy_mm: float = 0.0
    size_mm: float = DEFAULT_SIZE_MM


@dataclass(frozen=True)
class Riding:
    """Over the edges of several pages (骑缝章). `pages`: "all", "odd", "even", or numbers such as "1-5,8".

    `y_mm`: the picture's top; the middle of the page when left out.
    """

    edge: Literal["right", "left"] = "right"
    pages: str = "all"
    y_mm: float | None = None
    size_mm: float = DEFAULT_SIZE_MM


@dataclass(frozen=True)
class LowerRight:
    """At the end of the document: 25 mm from the right and the lower edge of the last page."""

    size_mm: float = DEFAULT_SIZE_MM


@dataclass(frozen=True)
class Invisible:
    """Nowhere: the file is sealed and shows nothing."""


Placement = At | OnKeyword | Riding | LowerRight | Invisible


def read_placements(entries: Any) -> list[Placement]:
    """From parsed JSON, a list of objects with `kind`; raises `InvalidInput` naming the entry and what is wrong."""
    if not isinstance(entries, list) or not 1 <= len(entries) <= MOST_PLACES:
        raise _fault("Give a list of 1 to 200 places.")
    placements = [_read(entry) for entry in entries]
    if any(isinstance(each, Invisible) for each in placements) and len(placements) > 1:
        raise _fault("An invisible seal has no other places.")
    return placements


def to_json(placements: Sequence[Placement]) -> list[dict[str, Any]]:
    """What `read_placements` reads."""
    return [{"kind": kind, **_written(each)} for each in placements for kind in [_KIND_OF[type(each)]]]


def _read(entry: Any) -> Placement:
    if not isinstance(entry, Mapping):
        raise _fault("A place is an object with a kind.")
    kind = entry.get("kind", "at")
    readers: Mapping[str, Callable[[Mapping[str, Any]], Placement]]
    readers = {"at": _at, "keyword": _keyword, "riding": _riding, "lower-right": _lower_right, "invisible": _invisible}
    reader = readers.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise _fault("The kinds of places are at, keyword, riding, lower-right and invisible.")
    return reader(entry)


def _at(entry: Mapping[str, Any]) -> At:
    page = entry.get("page", 1)
    page = {"last": -1, "all": 0}.get(page, page) if isinstance(page, str) else page
    if isinstance(page, bool) or not isinstance(page, int) or not -1 <= page <= MOST_PAGES:
        raise _fault("A page is a number from 1, or last, or all.")
    width = _size(entry, "width")
    height = _size(entry, "height") if "height" in entry else width
    return At(page, _number(entry, "x"), _number(entry, "y"), width, height)


def _keyword(entry: Mapping[str, Any]) -> OnKeyword:
    text = entry.get("text")
    if not isinstance(text, str) or not text.strip() or len(text) > LONGEST_KEYWORD:
        raise _fault("A keyword has 1 to 100 characters.")
    which = entry.get("occurrence", 1)
    which = {"first": 1, "last": -1, "all": 0}.get(which, which) if isinstance(which, str) else which
    if isinstance(which, bool) or not isinstance(which, int) or not -1 <= which <= MOST_PLACES:
        raise _fault("An occurrence is a number from 1, or first, last or all.")
    return OnKeyword(text.strip(), which, _number(entry, "dx", 0), _number(entry, "dy", 0), _size(entry, "size"))


def _riding(entry: Mapping[str, Any]) -> Riding:
    edge, pages = entry.get("edge", "right"), entry.get("pages", "all")
    if edge not in ("right", "left"):
        raise _fault("A riding seal is on the right or the left edge.")
    if not isinstance(pages, str) or len(pages) > LONGEST_KEYWORD:
        raise _fault("Pages are all, odd, even, or numbers such as 1-5,8.")
    y = None if entry.get("y") is None else _number(entry, "y")
    return Riding("left" if edge == "left" else "right", pages, y, _size(entry, "size"))


def _lower_right(entry: Mapping[str, Any]) -> LowerRight:
    return LowerRight(_size(entry, "size"))


def _invisible(_entry: Mapping[str, Any]) -> Invisible:
    return Invisible()


def _size(entry: Mapping[str, Any], name: str) -> float:
    size = _number(entry, name, DEFAULT_SIZE_MM)
    if not _SMALLEST_MM <= size <= _LARGEST_MM:
        raise _fault("A seal's picture is 5 to 100 millimetres wide and high.")
    return size


def _number(entry: Mapping[str, Any], name: str, default: float | None = None) -> float:
    value = entry.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _fault("Give {name} as a number of millimetres.", name=name)
    if not math.isfinite(value) or abs(value) > _FAR_MM:
        raise _fault("Give {name} as a number of millimetres.", name=name)
    return float(value)


def _fault(message: str, **params: object) -> InvalidInput:
    return InvalidInput("Some fields need your attention.", fields=[FieldError(FIELD, message, params)])


_KIND_OF = {At: "at", OnKeyword: "keyword", Riding: "riding", LowerRight: "lower-right", Invisible: "invisible"}


def _written(placement: Placement) -> dict[str, Any]:
    return {name.removesuffix("_mm"): value for name, value in vars(placement).items()}
