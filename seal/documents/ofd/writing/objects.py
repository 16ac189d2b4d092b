"""What stands on a page (GB/T 33190-2016 ch. 8–13): text, paths, pictures, composites, groups.

Lengths are millimetres, y downwards. Coordinates inside an object are measured from the top left of its boundary.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal

from seal.documents.ofd.writing.elements import element, number, numbers, plain

Matrix = tuple[float, float, float, float, float, float]
Rgb = tuple[int, int, int]
"""Red, green, blue, 0–255 each (sRGB)."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: left, top, width, height."""

    x: float
    y: float
    width: float
    height: float

    def __str__(self) -> str:
        return f"{number(self.x)} {number(self.y)} {number(self.width)} {number(self.height)}"


@dataclass(frozen=True, slots=True)
class Gradient:
    """Colours along a line or, when `radii` are given, between two circles (§8.3.4). `stops`: position 0–1, colour."""

    start: tuple[float, float]
    end: tuple[float, float]
    stops: tuple[tuple[float, Rgb], ...]
    radii: tuple[float, float] | None = None
    extend: int = 0


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour; `alpha` 0–255. A gradient takes the place of `rgb`."""

    rgb: Rgb = (0, 0, 0)
    alpha: int | None = None
    gradient: Gradient | None = None


@dataclass(frozen=True, slots=True)
class LineStyle:
    """How lines are drawn; what is None keeps its default."""

    width: float | None = None
    cap: Literal["Butt", "Round", "Square"] | None = None
    join: Literal["Miter", "Round", "Bevel"] | None = None
    dashes: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class Looks:
    """What every object may have besides its boundary. `clips`: path data; an object shows inside all of them."""

    matrix: Matrix | None = None
    alpha: int | None = None
    draw_param: int | None = None
    line: LineStyle = LineStyle()
    clips: tuple[str, ...] = ()
    name: str | None = None
    visible: bool | None = None


PLAIN = Looks()


@dataclass(frozen=True, slots=True)
class GlyphRun:
    """`codes` characters from `position` on are drawn by these glyphs of the font (§11.4)."""

    position: int
    codes: int
    glyphs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TextCode:
    """A run of text from `x`, `y` (on the baseline); `across` and `down` are the advances between its characters."""

    text: str
    x: float
    y: float
    across: Sequence[float] = ()
    down: Sequence[float] = ()
    glyphs: tuple[GlyphRun, ...] = ()


@dataclass(frozen=True, slots=True)
class TextObject:
    """Text in one font (the number of its resource), size in millimetres."""

    boundary: Box
    font: int
    size: float
    codes: tuple[TextCode, ...]
    fill: Colour | None = None
    stroke: Colour | None = None
    looks: Looks = PLAIN
    stretch: float | None = None
    weight: int | None = None
    italic: bool | None = None
    character_direction: Literal[0, 90, 180, 270] = 0


@dataclass(frozen=True, slots=True)
class PathObject:
    """A path in the abbreviated form (§9.3); stroked and filled where a colour is given."""

    boundary: Box
    data: str
    stroke: Colour | None = None
    fill: Colour | None = None
    looks: Looks = PLAIN
    even_odd: bool = False


@dataclass(frozen=True, slots=True)
class ImageObject:
    """A picture (the number of its resource) stretched over its boundary."""

    boundary: Box
    image: int
    looks: Looks = PLAIN


@dataclass(frozen=True, slots=True)
class CompositeObject:
    """A composite unit (the number of its resource) at its boundary."""

    boundary: Box
    unit: int
    looks: Looks = PLAIN


@dataclass(frozen=True, slots=True)
class Group:
    """Objects that belong together (PageBlock)."""

    items: tuple["Item", ...]


Item = TextObject | PathObject | ImageObject | CompositeObject | Group


@dataclass(slots=True)
class Numbering:
    """The object numbers of one document: unique, rising, the last one is its `MaxUnitID`."""

    highest: int = field(default=0)

    def next(self) -> int:
        """The next free number."""
        self.highest += 1
        return self.highest


def write_object(item: Item, numbering: Numbering) -> tuple[int, str]:
    """The object's number and its XML."""
    own = numbering.next()
    match item:
        case TextObject():
            return own, _text(own, item)
        case PathObject():
            return own, _path(own, item)
        case ImageObject():
            box = item.boundary
            matrix = item.looks.matrix or (box.width, 0, 0, box.height, 0, 0)
            return own, element(
                "ImageObject", _clips(item.looks), ID=own, **_common(box, item.looks, matrix), ResourceID=item.image
            )
        case CompositeObject():
            common = _common(item.boundary, item.looks, item.looks.matrix)
            return own, element("CompositeObject", _clips(item.looks), ID=own, **common, ResourceID=item.unit)
        case Group():
            content = "".join(write_object(each, numbering)[1] for each in item.items)
            return own, element("PageBlock", content, ID=own)


def _text(own: int, item: TextObject) -> str:
    common = _common(item.boundary, item.looks, item.looks.matrix)
    content = (
        _clips(item.looks)
        + write_colour("FillColor", item.fill)
        + write_colour("StrokeColor", item.stroke)
        + "".join(map(_code, item.codes))
    )
    return element(
        "TextObject", content, ID=own, **common, Font=item.font, Size=float(item.size),
        Stroke=True if item.stroke else None, Fill=False if item.stroke and not item.fill else None,
        HScale=item.stretch, CharDirection=item.character_direction or None, Weight=item.weight, Italic=item.italic,
    )  # fmt: skip


def _code(code: TextCode) -> str:
    transforms = "".join(
        element(
            "CGTransform",
            f"<ofd:Glyphs>{' '.join(map(str, run.glyphs))}</ofd:Glyphs>",
            CodePosition=run.position,
            CodeCount=run.codes,
            GlyphCount=len(run.glyphs),
        )
        for run in code.glyphs
    )
    across, down = write_advances(code.across), write_advances(code.down)
    deltas = (f' DeltaX="{across}"' if across else "") + (f' DeltaY="{down}"' if down else "")
    return (
        f'{transforms}<ofd:TextCode X="{number(code.x)}" Y="{number(code.y)}"{deltas}>{plain(code.text)}</ofd:TextCode>'
    )


def write_advances(advances: Sequence[float]) -> str:
    """Advances, runs of one value as `g count value` (§11.3)."""
    parts: list[str] = []
    for value, run in groupby(advances):
        count, written = len(list(run)), number(value)
        parts.append(f"g {count} {written}" if count > 2 else " ".join([written] * count))
    return " ".join(parts)


def _path(own: int, item: PathObject) -> str:
    common = _common(item.boundary, item.looks, item.looks.matrix)
    content = (
        _clips(item.looks)
        + write_colour("StrokeColor", item.stroke)
        + write_colour("FillColor", item.fill)
        + f"<ofd:AbbreviatedData>{item.data}</ofd:AbbreviatedData>"
    )
    return element(
        "PathObject", content, ID=own, **common, Stroke=item.stroke is not None, Fill=item.fill is not None,
        Rule="Even-Odd" if item.even_odd else None,
    )  # fmt: skip


def _common(box: Box, looks: Looks, matrix: Matrix | None) -> dict[str, object]:
    if looks is PLAIN and matrix is None:
        return {"Boundary": box}
    line = looks.line
    return {
        "Boundary": box,
        "Name": looks.name,
        "Visible": looks.visible,
        "CTM": numbers(matrix) if matrix else None,
        "DrawParam": looks.draw_param,
        "LineWidth": None if line.width is None else number(line.width),
        "Cap": line.cap,
        "Join": line.join,
        "DashPattern": numbers(line.dashes) if line.dashes else None,
        "Alpha": looks.alpha,
    }


def _clips(looks: Looks) -> str:
    if not looks.clips:
        return ""
    return element("Clips", "".join(map(_clip, looks.clips)))


def _clip(data: str) -> str:
    shape = element("Path", f"<ofd:AbbreviatedData>{data}</ofd:AbbreviatedData>", Boundary="0 0 1 1", Fill=True)
    return element("Clip", element("Area", shape))


def write_colour(name: str, colour: Colour | None) -> str:
    """FillColor, StrokeColor or Color; nothing for None."""
    if colour is None:
        return ""
    if colour.gradient:
        return element(name, _gradient(colour.gradient), Alpha=colour.alpha)
    return element(name, Value=f"{colour.rgb[0]} {colour.rgb[1]} {colour.rgb[2]}", Alpha=colour.alpha)


def _gradient(gradient: Gradient) -> str:
    segments = "".join(
        element("Segment", write_colour("Color", Colour(rgb)), Position=number(position))
        for position, rgb in gradient.stops
    )
    places = {"StartPoint": numbers(gradient.start), "EndPoint": numbers(gradient.end)}
    extend = gradient.extend or None
    if gradient.radii is None:
        return element("AxialShd", segments, **places, Extend=extend)
    radii = {"StartRadius": number(gradient.radii[0]), "EndRadius": number(gradient.radii[1])}
    return element("RadialShd", segments, **places, **radii, Extend=extend)


def numbered(items: Sequence[Item], numbering: Numbering) -> Iterator[str]:
    """The XML of several objects."""
    for item in items:
        yield write_object(item, numbering)[1]
