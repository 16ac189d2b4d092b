"""Where a seal's picture goes on a page, in the words of the person who places it."""

from collections.abc import Sequence
from dataclasses import dataclass

from kernel.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class StampPosition:
    """A rectangle on a page for the seal's picture: `page` counts from 1; millimetres from the page's top left corner.

    `clip_*` shows only a slice of the picture, for seals that ride over the edges of several pages (骑缝章): the slice
    begins `clip_x_mm` from the picture's left and is `clip_width_mm` wide. `None` shows all of it.
    """

    page: int
    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float
    clip_x_mm: float = 0.0
    clip_width_mm: float | None = None


@dataclass(frozen=True, slots=True)
class PageSize:
    """A page as seen, in millimetres."""

    width_mm: float
    height_mm: float


def check_positions(positions: Sequence[StampPosition], pages: Sequence[PageSize]) -> None:
    """Raises `InvalidInput` for a page that is not there, an empty rectangle, or one that leaves its page."""
    for position in positions:
        if not 1 <= position.page <= len(pages):
            raise InvalidInput("The document has no page {page}.", page=position.page)
        if position.width_mm <= 0 or position.height_mm <= 0:
            raise InvalidInput("The seal's size must be greater than zero.")
        page = pages[position.page - 1]
        shown_left = position.x_mm + position.clip_x_mm
        shown_width = position.width_mm if position.clip_width_mm is None else position.clip_width_mm
        inside_width = shown_left >= -0.01 and shown_left + shown_width <= page.width_mm + 0.01
        inside_height = position.y_mm >= -0.01 and position.y_mm + position.height_mm <= page.height_mm + 0.01
        if not inside_width or not inside_height:
            raise InvalidInput("The seal does not fit on page {page} at this place.", page=position.page)


def riding_positions(
    pages: Sequence[PageSize], *, width_mm: float, height_mm: float, y_mm: float | None = None
) -> tuple[StampPosition, ...]:
    """One slice of the picture for each page's right edge, together the whole seal; needs two pages or more.

    `y_mm` is the picture's top, by default the middle of each page.
    """
    if len(pages) < 2:
        raise InvalidInput("A riding seal needs at least two pages.")
    slice_width = width_mm / len(pages)
    positions = []
    for number, page in enumerate(pages):
        clip_x = number * slice_width
        top = (page.height_mm - height_mm) / 2 if y_mm is None else y_mm
        left = page.width_mm - slice_width - clip_x
        positions.append(StampPosition(number + 1, left, top, width_mm, height_mm, clip_x, slice_width))
    return tuple(positions)
