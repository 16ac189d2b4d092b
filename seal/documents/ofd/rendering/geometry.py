"""Numbers, boxes and matrices as OFD writes them; whatever cannot be read counts as left out."""

import math
from dataclasses import dataclass
from functools import reduce

Matrix = tuple[float, float, float, float, float, float]
"""a b c d e f: x' = a·x + c·y + e, y' = b·x + d·y + f."""

IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
FARTHEST = 1e6
"""Millimetres. No page reaches a kilometre; larger numbers only break arithmetic."""


@dataclass(frozen=True, slots=True)
class Box:
    """ST_Box: left, top, width, height in millimetres."""

    x: float
    y: float
    width: float
    height: float


def read_number(text: str | None, default: float) -> float:
    """One finite number of a sensible size."""
    try:
        value = float(text or "")
    except ValueError:
        return default
    return value if abs(value) <= FARTHEST else default


def read_numbers(text: str | None) -> list[float]:
    """ST_Array of numbers; empty when any of them is none."""
    try:
        values = [float(part) for part in (text or "").replace(",", " ").split()]
    except ValueError:
        return []
    return values if all(abs(value) <= FARTHEST for value in values) else []


def read_box(text: str | None) -> Box | None:
    """ST_Box; `None` for anything else."""
    values = read_numbers(text)
    return Box(*values) if len(values) == 4 else None


def read_matrix(text: str | None) -> Matrix:
    """CTM; the identity when it is left out or wrong."""
    values = read_numbers(text)
    return (values[0], values[1], values[2], values[3], values[4], values[5]) if len(values) == 6 else IDENTITY


def translation(x: float, y: float) -> Matrix:
    """Moves by x, y."""
    return (1.0, 0.0, 0.0, 1.0, x, y)


def rotation(degrees: float) -> Matrix:
    """Turns clockwise as seen on the page, whose y points down."""
    turn = math.radians(degrees)
    return (math.cos(turn), math.sin(turn), -math.sin(turn), math.cos(turn), 0.0, 0.0)


def multiply(*matrices: Matrix) -> Matrix:
    """The transform that applies the first, then the second, and so on."""
    return reduce(_then, matrices, IDENTITY)


def _then(first: Matrix, second: Matrix) -> Matrix:
    a, b, c, d, e, f = first
    g, h, i, j, k, m = second
    return (a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m)
