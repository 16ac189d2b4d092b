"""A seal as lines and curves in millimetres: what the picture, the SVG and the writers of documents are made from."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

Point = tuple[float, float]
"""Millimetres from the middle of the seal, to the right and down."""

RED = (230, 0, 18)


@dataclass(frozen=True, slots=True)
class Segment:
    """One stroke of an outline: to `points[-1]`, straight, or curved by one (TrueType) or two (PostScript) controls."""

    kind: Literal["line", "quadratic", "cubic"]
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Contour:
    """A closed outline."""

    start: Point
    segments: tuple[Segment, ...]

    def moved(self, transform: Callable[[Point], Point]) -> "Contour":
        """Where `transform` puts it."""
        moved = (Segment(each.kind, tuple(map(transform, each.points))) for each in self.segments)
        return Contour(transform(self.start), tuple(moved))

    def flattened(self) -> list[Point]:
        """As a polygon, within a hundredth of a millimetre on the curves of letters and rings."""
        points = [self.start]
        for segment in self.segments:
            points.extend(_flatten(points[-1], segment))
        return points


@dataclass(frozen=True, slots=True)
class Shape:
    """Contours filled together: what runs the other way round inside another is a hole (non-zero winding)."""

    contours: tuple[Contour, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """Where one character stands: the corners of its cell, which no other character's cell may touch."""

    character: str
    role: Literal["name", "line", "middle", "code"]
    corners: tuple[Point, Point, Point, Point]

    def moved(self, transform: Callable[[Point], Point]) -> "Letter":
        """Where `transform` puts it."""
        one, two, three, four = map(transform, self.corners)
        return Letter(self.character, self.role, (one, two, three, four))


@dataclass(frozen=True, slots=True)
class Drawing:
    """A whole seal: its size, its shapes, and where its letters stand."""

    width_mm: float
    height_mm: float
    shapes: tuple[Shape, ...]
    letters: tuple[Letter, ...] = ()

    def scaled(self, factor: float) -> "Drawing":
        """The same, larger or smaller."""
        if factor == 1:
            return self

        def grown(point: Point) -> Point:
            return point[0] * factor, point[1] * factor

        return Drawing(
            self.width_mm * factor,
            self.height_mm * factor,
            tuple(Shape(tuple(each.moved(grown) for each in shape.contours)) for shape in self.shapes),
            tuple(letter.moved(grown) for letter in self.letters),
        )

    def to_svg(self) -> bytes:
        """As an SVG of true size, one path in one colour."""
        left, top = -self.width_mm / 2, -self.height_mm / 2
        data = " ".join(_svg_path(contour) for shape in self.shapes for contour in shape.contours)
        width, height = _number(self.width_mm), _number(self.height_mm)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}mm" height="{height}mm" '
            f'viewBox="{_number(left)} {_number(top)} {width} {height}">'
            f'<path fill="#{RED[0]:02x}{RED[1]:02x}{RED[2]:02x}" fill-rule="nonzero" d="{data}"/></svg>'
        ).encode()


def polygon(points: Sequence[Point]) -> Contour:
    """Straight from point to point."""
    return Contour(points[0], tuple(Segment("line", (point,)) for point in points[1:]))


def ellipse(half_width: float, half_height: float, *, hole: bool = False) -> Contour:
    """An ellipse around the middle, of four curves; a hole runs the other way round."""
    kappa = 0.5522847498
    corners = [(0.0, -1.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)]
    if hole:
        corners.reverse()
    segments = []
    for here, there in pairwise(corners):
        controls = (
            (here[0] + there[0] * kappa, here[1] + there[1] * kappa),
            (there[0] + here[0] * kappa, there[1] + here[1] * kappa),
        )
        points = tuple((x * half_width, y * half_height) for x, y in (*controls, there))
        segments.append(Segment("cubic", points))
    return Contour((corners[0][0] * half_width, corners[0][1] * half_height), tuple(segments))


def ring(half_width: float, half_height: float, thickness: float) -> Shape:
    """An ellipse's line, `thickness` inwards from its outer edge."""
    inner = ellipse(half_width - thickness, half_height - thickness, hole=True)
    return Shape((ellipse(half_width, half_height), inner))


def frame(half_width: float, half_height: float, thickness: float) -> Shape:
    """A rectangle's line, `thickness` inwards from its outer edge."""
    outer = _rectangle(half_width, half_height)
    return Shape((polygon(outer), polygon(_rectangle(half_width - thickness, half_height - thickness)[::-1])))


def _rectangle(half_width: float, half_height: float) -> list[Point]:
    w, h = half_width, half_height
    return [(-w, -h), (w, -h), (w, h), (-w, h)]


def _flatten(start: Point, segment: Segment) -> Iterator[Point]:
    if segment.kind == "line":
        yield segment.points[-1]
        return
    length = sum(math.dist(one, two) for one, two in pairwise((start, *segment.points)))
    steps = min(96, 4 + math.ceil(2 * length))
    for step in range(1, steps + 1):
        yield _at(start, segment, step / steps)


def _at(start: Point, segment: Segment, t: float) -> Point:
    points = [start, *segment.points]
    while len(points) > 1:
        points = [((1 - t) * one[0] + t * two[0], (1 - t) * one[1] + t * two[1]) for one, two in pairwise(points)]
    return points[0]


_LETTERS = {"line": "L", "quadratic": "Q", "cubic": "C"}


def _svg_path(contour: Contour) -> str:
    strokes = (_LETTERS[each.kind] + " ".join(map(_pair, each.points)) for each in contour.segments)
    return f"M{_pair(contour.start)}{''.join(strokes)}Z"


def _pair(point: Point) -> str:
    return f"{_number(point[0])} {_number(point[1])}"


def _number(value: float) -> str:
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
