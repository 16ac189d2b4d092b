"""From places as people say them to rectangles on the pages of one document."""

import re
from collections.abc import Sequence
from itertools import pairwise

from kernel.errors import FieldError, InvalidInput
from seal.documents.pages import page_sizes
from seal.documents.placement.request import (
    FIELD,
    MOST_PLACES,
    At,
    Invisible,
    LowerRight,
    OnKeyword,
    Placement,
    Riding,
)
from seal.documents.placement.words import find_words
from seal.documents.positions import PageSize, StampPosition, check_positions

MARGIN_MM = 25.0
MOST_SLICES = 20
"""Pages that share one riding seal; slices of more would be too narrow to read, so that another seal begins."""
_RANGE = re.compile(r"(\d{1,4})(?:-(\d{1,4}))?")


def place(document: bytes, format: str, placements: Sequence[Placement]) -> list[StampPosition]:
    """Where the seal's picture goes. Blocks: the document is read.

    Raises `InvalidInput` for a page that is not there, a keyword that does not occur, a seal that leaves its page;
    `UnreadablePackage`, `UnreadablePdf`.
    """
    pages = page_sizes(document, format)
    positions: list[StampPosition] = []
    for placement in placements:
        match placement:
            case At():
                positions += _at(placement, pages)
            case OnKeyword():
                positions += _on_keyword(placement, document, format, pages)
            case Riding():
                positions += riding(pages, placement)
            case LowerRight(size_mm=size):
                last = pages[-1]
                x, y = last.width_mm - size - MARGIN_MM, last.height_mm - size - MARGIN_MM
                positions.append(StampPosition(len(pages), x, y, size, size))
            case Invisible():
                pass
        if len(positions) > 5 * MOST_PLACES:
            raise _fault("These are too many places for one document.")
    check_positions(positions, pages)
    return positions


def riding(pages: Sequence[PageSize], wish: Riding) -> list[StampPosition]:
    """Slices over one edge of the chosen pages, up to 20 pages a seal; raises `InvalidInput` for fewer than two."""
    chosen = _chosen(wish.pages, len(pages))
    if len(chosen) < 2:
        raise InvalidInput("A riding seal needs at least two pages.")
    positions: list[StampPosition] = []
    for group in _groups(chosen):
        slice_width = wish.size_mm / len(group)
        for index, number in enumerate(group):
            page = pages[number - 1]
            clip_x = index * slice_width
            if wish.edge == "right":
                left = page.width_mm - slice_width - clip_x
            else:
                # On left edges the leaves lie the other way round: the last page shows the picture's left.
                clip_x = wish.size_mm - slice_width - clip_x
                left = -clip_x
            top = (page.height_mm - wish.size_mm) / 2 if wish.y_mm is None else wish.y_mm
            positions.append(StampPosition(number, left, top, wish.size_mm, wish.size_mm, clip_x, slice_width))
    return positions


def _groups(chosen: Sequence[int]) -> list[Sequence[int]]:
    """As few groups as 20 pages each allow, about equally long, so that none is left with a single page."""
    count = -(-len(chosen) // MOST_SLICES)
    ends = [round(len(chosen) * number / count) for number in range(count + 1)]
    return [chosen[start:end] for start, end in pairwise(ends)]


def _chosen(pages: str, count: int) -> list[int]:
    everything = range(1, count + 1)
    named = pages.strip().lower()
    if named in ("all", "odd", "even"):
        return [number for number in everything if named == "all" or number % 2 == (named == "odd")]
    chosen: set[int] = set()
    for part in named.replace("，", ",").split(","):
        match = _RANGE.fullmatch(part.strip())
        if match is None:
            raise _fault("Pages are all, odd, even, or numbers such as 1-5,8.")
        start, end = int(match[1]), int(match[2] or match[1])
        if not 1 <= start <= end <= count:
            raise InvalidInput("The document has no page {page}.", page=start if start > count or start < 1 else end)
        chosen.update(range(start, end + 1))
    return sorted(chosen)


def _at(wish: At, pages: Sequence[PageSize]) -> list[StampPosition]:
    numbers = {0: range(1, len(pages) + 1), -1: [len(pages)]}.get(wish.page, [wish.page])
    return [StampPosition(number, wish.x_mm, wish.y_mm, wish.width_mm, wish.height_mm) for number in numbers]


def _on_keyword(wish: OnKeyword, document: bytes, format: str, pages: Sequence[PageSize]) -> list[StampPosition]:
    words = find_words(document, format, wish.text)
    if not words:
        raise _fault("The document does not contain this keyword.")
    if wish.occurrence > len(words):
        raise _fault("The keyword occurs {count} times only.", count=len(words))
    chosen = words if wish.occurrence == 0 else [words[wish.occurrence - 1 if wish.occurrence > 0 else -1]]
    positions = []
    for word in chosen:
        page = pages[word.page - 1]
        middle_x, middle_y = word.middle
        left = _within(middle_x - wish.size_mm / 2 + wish.dx_mm, page.width_mm - wish.size_mm)
        top = _within(middle_y - wish.size_mm / 2 + wish.dy_mm, page.height_mm - wish.size_mm)
        positions.append(StampPosition(word.page, left, top, wish.size_mm, wish.size_mm))
    return positions


def _within(start: float, most: float) -> float:
    """Near an edge the seal moves in until it is on the page."""
    return max(0.0, min(start, most))


def _fault(message: str, *, count: int = 0) -> InvalidInput:
    params: dict[str, object] = {"count": count} if count else {}
    return InvalidInput(message, fields=[FieldError(FIELD, message, params)], count=count)
