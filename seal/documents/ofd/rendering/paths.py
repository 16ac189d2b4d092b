"""Path data (GB/T 33190-2016 §9.3): the abbreviated operators, and arcs as Bézier curves."""

import math
from collections.abc import Iterator

from seal.documents.ofd.rendering.geometry import FARTHEST, Matrix

Segment = tuple[str, tuple[float, ...]]
"""PDF's operator (m, l, c, h) and its numbers."""

MOST_SEGMENTS = 200_000

_OPERANDS = {"S": 2, "M": 2, "L": 2, "Q": 4, "B": 6, "A": 7, "C": 0}
# Some makers write cubic curves and closing as SVG does.
_SYNONYMS = {"Z": "C", "z": "C"}


def read_path(data: str) -> list[Segment]:
    """The segments of a path; what cannot be read ends it."""
    segments: list[Segment] = []
    here = start = (0.0, 0.0)
    for operator, numbers in _operations(data):
        if operator in "SM":
            here = start = (numbers[0], numbers[1])
            segments.append(("m", here))
        elif operator == "C":
            segments.append(("h", ()))
            here = start
        else:
            if not segments:
                segments.append(("m", here))
            segments.extend(_drawn(operator, numbers, here))
            here = (numbers[-2], numbers[-1])
        if len(segments) > MOST_SEGMENTS:
            break
    return segments


def _operations(data: str) -> Iterator[tuple[str, tuple[float, ...]]]:
    tokens = iter(data.replace(",", " ").split())
    for token in tokens:
        operator = _SYNONYMS.get(token, token)
        wanted = _OPERANDS.get(operator)
        if wanted is None:
            return
        try:
            numbers = tuple(float(next(tokens)) for _ in range(wanted))
        except (ValueError, StopIteration, RuntimeError):
            return
        if not all(abs(number) <= FARTHEST for number in numbers):
            return
        yield operator, numbers


def _drawn(operator: str, numbers: tuple[float, ...], here: tuple[float, float]) -> Iterator[Segment]:
    if operator == "L":
        yield "l", numbers
    elif operator == "B":
        yield "c", numbers
    elif operator == "Q":
        cx, cy, x, y = numbers
        yield "c", (
            here[0] + (cx - here[0]) * 2 / 3, here[1] + (cy - here[1]) * 2 / 3,
            x + (cx - x) * 2 / 3, y + (cy - y) * 2 / 3, x, y,
        )  # fmt: skip
    else:
        yield from _arc(here, numbers)


def _arc(here: tuple[float, float], numbers: tuple[float, ...]) -> Iterator[Segment]:
    """An elliptical arc from its end points (the same parameters as SVG's), as curves of at most a quarter turn."""
    rx, ry, angle, large, sweep, x, y = numbers
    rx, ry = abs(rx), abs(ry)
    if not rx or not ry or here == (x, y):
        yield "l", (x, y)
        return
    phi = math.radians(angle)
    cos, sin = math.cos(phi), math.sin(phi)
    dx, dy = (here[0] - x) / 2, (here[1] - y) / 2
    x1, y1 = cos * dx + sin * dy, -sin * dx + cos * dy
    grow = (x1 / rx) ** 2 + (y1 / ry) ** 2
    if grow > 1:  # radii too small to reach: the standard wants them enlarged
        rx, ry = rx * math.sqrt(grow), ry * math.sqrt(grow)
    square = (rx * ry) ** 2 / ((rx * y1) ** 2 + (ry * x1) ** 2) - 1
    factor = math.sqrt(max(square, 0.0)) * (-1 if bool(large) == bool(sweep) else 1)
    cx1, cy1 = factor * rx * y1 / ry, -factor * ry * x1 / rx
    centre = (cos * cx1 - sin * cy1 + (here[0] + x) / 2, sin * cx1 + cos * cy1 + (here[1] + y) / 2)
    begin = math.atan2((y1 - cy1) / ry, (x1 - cx1) / rx)
    turn = math.atan2((-y1 - cy1) / ry, (-x1 - cx1) / rx) - begin
    if sweep and turn < 0:
        turn += 2 * math.pi
    elif not sweep and turn > 0:
        turn -= 2 * math.pi
    frame = (rx * cos, rx * sin, -ry * sin, ry * cos, *centre)
    yield from _turns(frame, begin, turn)


def _turns(frame: Matrix, begin: float, turn: float) -> Iterator[Segment]:
    """A circle's arc, `frame` mapping the unit circle to where it stands."""
    pieces = max(1, math.ceil(abs(turn) / (math.pi / 2) - 1e-9))
    step = turn / pieces
    reach = 4 / 3 * math.tan(step / 4)
    for piece in range(pieces):
        a, b = begin + piece * step, begin + (piece + 1) * step
        points = (
            (math.cos(a) - reach * math.sin(a), math.sin(a) + reach * math.cos(a)),
            (math.cos(b) + reach * math.sin(b), math.sin(b) - reach * math.cos(b)),
            (math.cos(b), math.sin(b)),
        )
        numbers: list[float] = []
        for u, v in points:
            numbers += [frame[0] * u + frame[2] * v + frame[4], frame[1] * u + frame[3] * v + frame[5]]
        yield "c", tuple(numbers)
