"""The round seal of an agency or an enterprise: ring, star, the name on an arc, a line below, the code at the foot."""

import math
from dataclasses import dataclass
from pathlib import Path

from kernel.errors import InvalidInput
from seal.picture.drawing import Drawing, Letter, Point, Shape, polygon, ring
from seal.picture.lettering import Arc, Cell, Lettering, Role, drawn
from seal.picture.raster import to_png
from seal.picture.typeface import Typeface, closed_up

DIAMETER_MM = 42.0
"""Every measure below is for this diameter and scales with the seal (State Council rules: 42 mm, star 14, ring 1.2)."""

PIXELS = 496
"""The picture's side: 300 dots an inch at 42 mm."""

MOST_CHARACTERS = 48

_RING, _STAR, _NAME_GAP = 1.2, 14.0, 1.0
_NAME, _SHORT_NAME = Lettering(5.4, 3.1), Lettering(5.6, 3.1, widest_pitch=1.9)
_SHORT = 5
_NAME_SPAN, _NAME_SPAN_ABOVE_LINE = math.radians(264), math.radians(222)
_LINE, _LINE_AT, _LINE_LONGEST = Lettering(3.4, 2.0, widest_pitch=1.15), 10.6, 21.0
_CODE, _CODE_GAP, _CODE_SPAN = Lettering(1.8, 1.2, widest_pitch=1.3), 0.55, math.radians(76)


@dataclass(frozen=True)
class RoundSeal:
    """What to draw: the `name` around the star, an optional line below it, the seal code along the lower edge.

    `font` is a TrueType or OpenType file (`font_index` for collections) that has every character. `star` is left out
    of seals that carry none.
    """

    name: str
    code: str
    font: Path
    bottom_text: str = ""
    font_index: int = 0
    diameter_mm: float = DIAMETER_MM
    star: bool = True


def draw_round_seal(design: RoundSeal, *, pixels: int = PIXELS) -> bytes:
    """The picture as PNG, `pixels` wide and high. Raises as `round_seal`."""
    return to_png(round_seal(design), pixels=pixels)


def round_seal(design: RoundSeal) -> Drawing:
    """The seal as outlines.

    Raises `InvalidInput` for an empty or overlong name or a character that the font lacks, `ConfigurationError` for a
    font that cannot be read.
    """
    name = closed_up(design.name)
    if not 2 <= len(name) <= MOST_CHARACTERS:
        raise InvalidInput("The name on a seal has 2 to {most} characters.", most=MOST_CHARACTERS)
    typeface = Typeface.open(design.font, design.font_index)
    typeface.check((name, design.bottom_text, design.code))
    radius = DIAMETER_MM / 2
    shapes: list[Shape] = [ring(radius, radius, _RING)]
    letters: list[Letter] = []
    if design.star:
        shapes.append(Shape((polygon(star(_STAR / 2)),)))
    for cells, role in _lines(design, name, radius):
        more, places = drawn(cells, role, typeface)
        shapes += more
        letters += places
    drawing = Drawing(DIAMETER_MM, DIAMETER_MM, tuple(shapes), tuple(letters))
    return drawing.scaled(design.diameter_mm / DIAMETER_MM)


def star(radius: float) -> list[Point]:
    """A five-pointed star around the middle, a point up."""
    inner = radius * math.sin(math.radians(18)) / math.sin(math.radians(126))
    lengths = [inner if corner % 2 else radius for corner in range(10)]
    angles = [math.radians(36 * corner) for corner in range(10)]
    return [(length * math.sin(a), -length * math.cos(a)) for length, a in zip(lengths, angles, strict=True)]


def _lines(design: RoundSeal, name: str, radius: float) -> list[tuple[list[Cell], Role]]:
    span = _NAME_SPAN_ABOVE_LINE if design.bottom_text else _NAME_SPAN
    outer = radius - _RING - _NAME_GAP
    lettering = _SHORT_NAME if len(name) <= _SHORT else _NAME
    lines: list[tuple[list[Cell], Role]] = [(lettering.on_arc(name, Arc(outer, outer, span / 2)), "name")]
    if design.bottom_text.strip():
        lines.append((_LINE.on_line(closed_up(design.bottom_text), (0.0, _LINE_AT), _LINE_LONGEST), "line"))
    if design.code:
        edge = radius - _RING - _CODE_GAP
        lines.append((_CODE.on_arc(design.code, Arc(edge, edge, _CODE_SPAN / 2, below=True)), "code"))
    return lines
