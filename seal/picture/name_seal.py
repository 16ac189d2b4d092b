"""The seal with a person's name (法定代表人名章): a frame, and the characters in red on nothing (朱文)."""

import math
from dataclasses import dataclass
from pathlib import Path

from kernel.errors import InvalidInput
from seal.picture.drawing import Drawing, frame
from seal.picture.lettering import Cell, drawn
from seal.picture.typeface import Typeface, closed_up, share

SQUARE_MM = 20.0
RECTANGLE_MM = (36.0, 14.0)
MOST_CHARACTERS = 36

_FRAME, _MARGIN, _GAP = 1.0, 0.8, 0.94
_WIDEST, _TALLEST = 1.3, 1.4
_SQUARE_MOST = 4
_ENDINGS = {2: "之印", 3: "印"}
"""What makes a short name four characters, two columns of two."""


@dataclass(frozen=True)
class NameSeal:
    """What to draw. A square one holds up to four characters in columns from the right, filled up with 印 or 之印;
    longer names, and `wide` ones, go on a rectangle in rows from the left."""

    name: str
    font: Path
    font_index: int = 0
    wide: bool = False
    ending: bool = True
    width_mm: float | None = None


def name_seal(design: NameSeal) -> Drawing:
    """The seal as outlines. Raises as `round_seal`."""
    name = closed_up(design.name)
    if not 2 <= len(name) <= MOST_CHARACTERS:
        raise InvalidInput("The name on a seal has 2 to {most} characters.", most=MOST_CHARACTERS)
    typeface = Typeface.open(design.font, design.font_index)
    square = is_square(name) and not design.wide
    text = name + _ENDINGS.get(len(name), "") if square and design.ending else name
    typeface.check((text,))
    width, height = (SQUARE_MM, SQUARE_MM) if square else RECTANGLE_MM
    cells = _columns(text, width) if square else _rows(text, width, height)
    shapes, letters = drawn(cells, "name", typeface)
    drawing = Drawing(width, height, (frame(width / 2, height / 2, _FRAME), *shapes), tuple(letters))
    return drawing.scaled((design.width_mm or width) / width)


def is_square(name: str) -> bool:
    """Whether a name fits on a square seal."""
    return len(name) <= _SQUARE_MOST and all(share(character) == 1 for character in name)


def _columns(text: str, side: float) -> list[Cell]:
    """Down the right column, then the left one."""
    inner = side - 2 * (_FRAME + _MARGIN)
    columns = [text] if len(text) == 2 else [text[: (len(text) + 1) // 2], text[(len(text) + 1) // 2 :]]
    wide = inner / len(columns)
    cells = []
    for number, column in enumerate(columns):
        tall = inner / len(column)
        x = inner / 2 - wide * (number + 0.5)
        for place, character in enumerate(column):
            middle = x, -inner / 2 + tall * (place + 0.5)
            across = _GAP * min(wide, _WIDEST * tall)
            cells.append(Cell(character, middle, (1.0, 0.0), across, _GAP * tall, across))
    return cells


def _rows(text: str, width: float, height: float) -> list[Cell]:
    """From left to right in as many rows as make the letters largest."""
    inner_width, inner_height = width - 2 * (_FRAME + _MARGIN), height - 2 * (_FRAME + _MARGIN)
    units = sum(map(share, text))
    count = max(range(1, 4), key=lambda rows: min(inner_width / math.ceil(units / rows), inner_height / rows))
    length = math.ceil(len(text) / count)
    rows = [text[start : start + length].strip() for start in range(0, len(text), length)]
    tall = inner_height / len(rows)
    pitch = min(inner_width / max(sum(map(share, row)) for row in rows), _WIDEST * tall)
    em_width = min(_GAP * pitch, tall)
    cells = []
    for number, row in enumerate(rows):
        x, y = -pitch * sum(map(share, row)) / 2, -inner_height / 2 + tall * (number + 0.5)
        for character in row:
            wide, high = share(character), min(_GAP * tall, _TALLEST * em_width)
            cells.append(Cell(character, (x + pitch * wide / 2, y), (1.0, 0.0), em_width * wide, high, em_width))
            x += pitch * wide
    return cells
