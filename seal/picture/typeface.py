"""Characters as outlines, from a TrueType or OpenType file."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Self
from unicodedata import east_asian_width

from fontTools.pens.boundsPen import BoundsPen
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.ttLib import TTFont

from kernel.errors import ConfigurationError, InvalidInput
from seal.picture.drawing import Contour, Point, Segment, Shape

_THIN = frozenset(" （）()·•．.、，,《》〈〉:：-—'")
_THIN_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Glyph:
    """A character one unit high: x from 0 to `advance`, y downwards from 0 at the top of its em square to 1."""

    contours: tuple[Contour, ...]
    advance: float
    left: float
    top: float
    right: float
    bottom: float

    def placed(self, transform: Callable[[Point], Point]) -> Shape:
        """Its outline where `transform` puts it."""
        return Shape(tuple(contour.moved(transform) for contour in self.contours))


@dataclass(frozen=True)
class Typeface:
    """Outlines of a font's characters. Opened fonts are kept."""

    path: Path
    index: int = 0

    @classmethod
    def open(cls, path: Path, index: int = 0) -> Self:
        """Raises ConfigurationError for a font that cannot be read."""
        _font(path, index)
        return cls(path, index)

    def check(self, texts: Iterable[str]) -> None:
        """Raise InvalidInput for the first character that the font lacks: better than a box on a seal."""
        _opened, known = _font(self.path, self.index)
        for character in "".join(texts):
            if ord(character) not in known and not character.isspace():
                raise InvalidInput("The seal's font has no character {character}.", character=character)

    def glyph(self, character: str) -> Glyph:
        """The outline of one character."""
        return _glyph(self.path, self.index, character)


def closed_up(text: str) -> str:
    """Without the spaces that Chinese does not write; Western words keep one between them."""
    words = text.split()
    closed = words[0] if words else ""
    for word in words[1:]:
        apart = share(closed[-1]) < 1 and share(word[0]) < 1
        closed += f" {word}" if apart else word
    return closed


def share(character: str) -> float:
    """How much of a full place a character takes on a line: signs and Western letters take less."""
    if character in _THIN:
        return _THIN_SHARE
    return 1.0 if east_asian_width(character) in "WF" else 0.62


@lru_cache(maxsize=4)
def _font(path: Path, index: int) -> tuple[Any, frozenset[int]]:
    """The font (fontTools has no types) and the characters it has."""
    try:
        font = TTFont(path, fontNumber=index, lazy=True)
        return font, frozenset(font.getBestCmap())
    except Exception as failure:
        raise ConfigurationError("The font {path} cannot be read.", path=str(path)) from failure


@lru_cache(maxsize=4096)
def _glyph(path: Path, index: int, character: str) -> Glyph:
    if character == " ":
        return Glyph((), _THIN_SHARE, 0.0, 0.0, _THIN_SHARE, 1.0)
    font, _known = _font(path, index)
    glyphs, name = font.getGlyphSet(), font.getBestCmap()[ord(character)]
    ascent, descent = font["hhea"].ascent, font["hhea"].descent
    units = font["head"].unitsPerEm
    top = descent + (ascent - descent + units) / 2  # the em square in the middle of the line
    pen, bounds = DecomposingRecordingPen(glyphs), BoundsPen(glyphs)
    glyphs[name].draw(pen)
    glyphs[name].draw(bounds)
    low_x, low_y, high_x, high_y = bounds.bounds or (0, top, 0, top)

    def scaled(point: Point) -> Point:
        return point[0] / units, (top - point[1]) / units

    return Glyph(
        contours=tuple(_contours(pen.value, scaled)),
        advance=glyphs[name].width / units,
        left=low_x / units,
        top=(top - high_y) / units,
        right=high_x / units,
        bottom=(top - low_y) / units,
    )


def _contours(commands: Iterable[tuple[str, tuple[Any, ...]]], scaled: Callable[[Point], Point]) -> list[Contour]:
    contours: list[Contour] = []
    start: Point = (0.0, 0.0)
    segments: list[Segment] = []
    for command, points in commands:
        if command == "moveTo":
            start, segments = scaled(points[0]), []
        elif command == "lineTo":
            segments.append(Segment("line", (scaled(points[0]),)))
        elif command == "qCurveTo":
            if len(points) == 1:
                segments.append(Segment("line", (scaled(points[0]),)))
                continue
            start, curves = _quadratics(start, points, scaled)
            segments.extend(curves)
        elif command == "curveTo":
            segments.append(Segment("cubic", tuple(scaled(point) for point in points)))
        elif segments:
            contours.append(Contour(start, tuple(segments)))
    return contours


def _quadratics(start: Point, points: tuple[Any, ...], scaled: Callable[[Point], Point]) -> tuple[Point, list[Segment]]:
    """TrueType leaves out points half-way between two controls; a contour may have none on it at all."""
    if points[-1] is None:
        controls = [scaled(point) for point in points[:-1]]
        start = _middle(controls[-1], controls[0])
        ends = [start]
    else:
        controls, ends = [scaled(point) for point in points[:-1]], [scaled(points[-1])]
    between = [_middle(one, two) for one, two in pairwise(controls)]
    return start, [
        Segment("quadratic", (control, end)) for control, end in zip(controls, [*between, *ends], strict=True)
    ]


def _middle(one: Point, two: Point) -> Point:
    return (one[0] + two[0]) / 2, (one[1] + two[1]) / 2
