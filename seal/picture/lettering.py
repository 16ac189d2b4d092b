"""Text on arcs and lines: every character gets a cell of its own, and no two cells touch."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from seal.picture.drawing import Letter, Point, Shape
from seal.picture.typeface import Glyph, Typeface, share

Role = Literal["name", "line", "middle", "code"]

FILL = 0.93
"""The part of its place that a character's cell takes; the rest keeps it from its neighbours."""

NARROWEST = 0.46
"""Width to height below which letters get smaller instead of narrower."""

_SAMPLES = 720


@dataclass(frozen=True)
class Cell:
    """A character's place: its middle, and which way up and right are (unit vectors)."""

    character: str
    middle: Point
    right: Point
    width: float
    height: float
    em_width: float

    @property
    def down(self) -> Point:
        """Where its foot is."""
        return -self.right[1], self.right[0]

    def at(self, across: float, along: float) -> Point:
        """A point of the cell, from its middle, in its own directions."""
        (x, y), (rx, ry), (dx, dy) = self.middle, self.right, self.down
        return x + across * rx + along * dx, y + across * ry + along * dy

    def letter(self, role: Role) -> Letter:
        """The cell as the drawing remembers it."""
        w, h = self.width / 2, self.height / 2
        corners = (self.at(-w, -h), self.at(w, -h), self.at(w, h), self.at(-w, h))
        return Letter(self.character, role, corners)

    def shape(self, glyph: Glyph) -> Shape:
        """The character's outline within the cell: keeping its own proportions, so that 一 is no block."""
        across = _across(glyph, self)
        top, bottom = min(glyph.top, 0.0), max(glyph.bottom, 1.0)
        tall = self.height / (bottom - top)

        def place(point: Point) -> Point:
            return self.at(across(point[0]), (point[1] - (top + bottom) / 2) * tall)

        return glyph.placed(place)


@dataclass(frozen=True)
class Arc:
    """A line of letters along an ellipse around the middle: where the letters' outer edge runs, and how far round.

    `half_span`: radians of the ellipse's parameter on either side of its top (or bottom, when `below`).
    """

    half_width: float
    half_height: float
    half_span: float
    below: bool = False

    def inner_length(self, height: float) -> float:
        """How long the letters' inner edge is: what decides how many fit."""
        return self._table(height)[-1][1]

    def place(self, distance: float, height: float) -> tuple[Point, Point]:
        """The middle of a letter and its direction to the right, `distance` along the inner edge from the left end."""
        table = self._table(height)
        low, high = 0, len(table) - 1
        while high - low > 1:
            half = (low + high) // 2
            low, high = (half, high) if table[half][1] <= distance else (low, half)
        (t0, d0), (t1, d1) = table[low], table[high]
        t = t0 + (t1 - t0) * (distance - d0) / ((d1 - d0) or 1.0)
        a, b = self.half_width - height / 2, self.half_height - height / 2
        length = math.hypot(a * math.cos(t), b * math.sin(t))
        right = a * math.cos(t) / length, b * math.sin(t) / length
        middle = a * math.sin(t), -b * math.cos(t)
        return middle, ((-right[0], -right[1]) if self.below else right)

    def _table(self, height: float) -> list[tuple[float, float]]:
        """Parameter and distance along the inner edge, from left to right as one reads."""
        a, b = self.half_width - height / 2, self.half_height - height / 2
        start, end = -self.half_span, self.half_span
        if self.below:
            start, end = math.pi + self.half_span, math.pi - self.half_span
        table, distance = [(start, 0.0)], 0.0
        for sample in range(1, _SAMPLES + 1):
            t = start + (end - start) * (sample - 0.5) / _SAMPLES
            speed = math.hypot(a * math.cos(t), b * math.sin(t))
            turning = a * b / speed**2
            distance += abs(end - start) / _SAMPLES * max(speed - height / 2 * turning, 0.01)
            table.append((start + (end - start) * sample / _SAMPLES, distance))
        return table


@dataclass(frozen=True)
class Lettering:
    """How letters are set: the height wished for and the least, their width to height, and the widest spacing."""

    height: float
    least_height: float
    proportion: float = 0.95
    widest_pitch: float = 1.45

    def on_arc(self, text: str, arc: Arc) -> list[Cell]:
        """The cells of `text` along an arc, in its middle. Letters get narrower first, then smaller."""
        units = sum(map(share, text))
        height = self.height
        while height > self.least_height and arc.inner_length(height) / units * FILL < NARROWEST * height:
            height -= 0.05
        pitch = min(self.widest_pitch * height, arc.inner_length(height) / units)
        em_width = min(self.proportion * height, FILL * pitch)
        distance = (arc.inner_length(height) - pitch * units) / 2
        cells = []
        for character in text:
            wide = share(character)
            middle, right = arc.place(distance + pitch * wide / 2, height)
            cells.append(Cell(character, middle, right, em_width * wide, height, em_width))
            distance += pitch * wide
        return cells

    def on_line(self, text: str, middle: Point, longest: float) -> list[Cell]:
        """The cells of `text` from left to right around `middle`, at most `longest` in all."""
        units = sum(map(share, text))
        height = min(self.height, max(self.least_height, longest / units * FILL / NARROWEST))
        pitch = min(self.widest_pitch * height, longest / units)
        em_width = min(self.proportion * height, FILL * pitch)
        x = middle[0] - pitch * units / 2
        cells = []
        for character in text:
            wide = share(character)
            cells.append(
                Cell(character, (x + pitch * wide / 2, middle[1]), (1.0, 0.0), em_width * wide, height, em_width)
            )
            x += pitch * wide
        return cells


def drawn(cells: Sequence[Cell], role: Role, typeface: Typeface) -> tuple[list[Shape], list[Letter]]:
    """The outlines and the places of a line of letters."""
    shapes = [cell.shape(typeface.glyph(cell.character)) for cell in cells]
    return shapes, [cell.letter(role) for cell in cells]


def _across(glyph: Glyph, cell: Cell) -> Callable[[float], float]:
    """From a glyph's x to a distance from the cell's middle.

    Full-width characters stand by their em square, all others in the middle of their ink; none leaves its cell.
    """
    full = cell.width == cell.em_width and glyph.left >= 0 and glyph.right <= glyph.advance
    if full:
        scale = cell.em_width / (glyph.advance or 1.0)
        return lambda x: (x - glyph.advance / 2) * scale
    ink = max(glyph.right - glyph.left, 0.01)
    scale = min(cell.em_width, cell.width / ink)
    return lambda x: (x - (glyph.left + glyph.right) / 2) * scale
