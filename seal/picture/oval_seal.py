"""The oval seal for a special purpose: the name around the upper edge, a number in the middle, the purpose below.

Measures of the invoice seal (40 × 30 mm, edge 1 mm), which other special-purpose seals follow.
"""

import math
from dataclasses import dataclass
from pathlib import Path

from kernel.errors import InvalidInput
from seal.picture.drawing import Drawing, Letter, Shape, ring
from seal.picture.lettering import Arc, Cell, Lettering, Role, drawn
from seal.picture.typeface import Typeface, closed_up

WIDTH_MM, HEIGHT_MM = 40.0, 30.0
MOST_CHARACTERS = 40
LONGEST_PURPOSE, LONGEST_MIDDLE = 10, 20

_RING, _NAME_GAP = 1.0, 0.6
_NAME, _NAME_SPAN = Lettering(4.2, 2.5, proportion=0.85), math.radians(192)
_MIDDLE, _MIDDLE_AT, _MIDDLE_LONGEST = Lettering(3.5, 2.2, proportion=1.0, widest_pitch=1.0), 1.3, 25.0
_PURPOSE, _PURPOSE_AT, _PURPOSE_LONGEST = Lettering(4.4, 2.6, proportion=0.75, widest_pitch=0.84), 6.7, 19.0
_CODE, _CODE_GAP, _CODE_SPAN = Lettering(1.5, 1.1, widest_pitch=1.3), 0.5, math.radians(60)


@dataclass(frozen=True)
class OvalSeal:
    """What to draw: `name` on the arc, `purpose` (发票专用章) below, `middle` (a taxpayer's number) between, `code` at
    the foot. The last three may be empty."""

    name: str
    font: Path
    purpose: str = ""
    middle: str = ""
    code: str = ""
    font_index: int = 0
    width_mm: float = WIDTH_MM


def oval_seal(design: OvalSeal) -> Drawing:
    """The seal as outlines. Raises as `round_seal`."""
    name, purpose, number = map(closed_up, (design.name, design.purpose, design.middle))
    if not 2 <= len(name) <= MOST_CHARACTERS:
        raise InvalidInput("The name on a seal has 2 to {most} characters.", most=MOST_CHARACTERS)
    if len(purpose) > LONGEST_PURPOSE:
        raise InvalidInput("The purpose on a seal has at most {most} characters.", most=LONGEST_PURPOSE)
    if len(number) > LONGEST_MIDDLE:
        raise InvalidInput("The line in the middle has at most {most} characters.", most=LONGEST_MIDDLE)
    typeface = Typeface.open(design.font, design.font_index)
    typeface.check((name, purpose, number, design.code))
    shapes: list[Shape] = [ring(WIDTH_MM / 2, HEIGHT_MM / 2, _RING)]
    letters: list[Letter] = []
    for cells, role in _lines(name, purpose, number, design.code):
        more, places = drawn(cells, role, typeface)
        shapes += more
        letters += places
    drawing = Drawing(WIDTH_MM, HEIGHT_MM, tuple(shapes), tuple(letters))
    return drawing.scaled(design.width_mm / WIDTH_MM)


def _lines(name: str, purpose: str, number: str, code: str) -> list[tuple[list[Cell], Role]]:
    inset = _RING + _NAME_GAP
    arc = Arc(WIDTH_MM / 2 - inset, HEIGHT_MM / 2 - inset, _NAME_SPAN / 2)
    lines: list[tuple[list[Cell], Role]] = [(_NAME.on_arc(name, arc), "name")]
    if number:
        lines.append((_MIDDLE.on_line(number, (0.0, _MIDDLE_AT), _MIDDLE_LONGEST), "middle"))
    if purpose:
        at = _PURPOSE_AT if number else _PURPOSE_AT - 2.0
        lines.append((_PURPOSE.on_line(purpose, (0.0, at), _PURPOSE_LONGEST), "line"))
    if code:
        edge = _RING + _CODE_GAP
        below = Arc(WIDTH_MM / 2 - edge, HEIGHT_MM / 2 - edge, _CODE_SPAN / 2, below=True)
        lines.append((_CODE.on_arc(code, below), "code"))
    return lines
