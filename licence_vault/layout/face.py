"""The face of a licence as data: what stands where, in millimetres, before any value is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from licence_vault.layout.drawing import Box, Colour

POINT = 25.4 / 72
"""Millimetres in a typographic point; faces give sizes in points."""
CELL_MARGIN = 0.8


@dataclass(frozen=True)
class Style:
    """How text looks. `size` and `smallest` in points, `spacing` in millimetres between characters.

    `align` is left, centre, right or spread (the characters share the whole width, as labels on paper licences do).
    Text that is too long is wrapped if `wrap`, then shrunk down to `smallest`; what does not fit then is refused.
    """

    font: str = "regular"
    size: float = 12
    smallest: float = 7
    align: str = "left"
    middle: bool = False
    wrap: bool = False
    leading: float = 1.35
    spacing: float = 0
    colour: Colour = (26, 26, 26)


@dataclass(frozen=True)
class TextElement:
    """A text in a box: `text` as it stands (a label), or the value called `of`."""

    box: Box
    style: Style
    text: str | None = None
    of: str | None = None


@dataclass(frozen=True)
class FrameElement:
    """A rectangle; without `stroke` or `fill` it draws nothing."""

    box: Box
    stroke: Colour | None
    width: float
    fill: Colour | None


@dataclass(frozen=True)
class LineElement:
    """A straight line."""

    start: tuple[float, float]
    end: tuple[float, float]
    stroke: Colour
    width: float


@dataclass(frozen=True)
class OrnamentElement:
    """A guilloche; `pattern` names a function of `ornaments`, `scale` is its band or line spacing in millimetres."""

    pattern: str
    box: Box
    stroke: Colour
    width: float
    scale: float


@dataclass(frozen=True)
class QRElement:
    """A QR code of the value called `of`."""

    box: Box
    of: str
    colour: Colour


@dataclass(frozen=True)
class ImageElement:
    """A picture slot, for example a photograph: `cover` cuts the picture to the box, `contain` shrinks it."""

    box: Box
    of: str
    fit: Literal["cover", "contain"] = "cover"


@dataclass(frozen=True)
class Column:
    """A column of a table: its head, the member of each entry that it shows, its width in millimetres."""

    title: str
    of: str
    width: float


@dataclass(frozen=True)
class TableElement:
    """Ruled rows for the entries of the value called `of`, as many as `box` holds; heads if `head_height` is not 0."""

    box: Box
    of: str
    columns: tuple[Column, ...]
    row_height: float
    head_height: float
    head_style: Style
    style: Style
    stroke: Colour
    width: float

    @property
    def rows(self) -> int:
        """How many entries fit."""
        return int((self.box.height - self.head_height + 0.01) / self.row_height)

    def cell(self, row: int, column: int) -> Box:
        """A cell, inside its rules; row -1 is the head."""
        x = self.box.x + sum(each.width for each in self.columns[:column])
        height = self.head_height if row < 0 else self.row_height
        y = self.box.y if row < 0 else self.box.y + self.head_height + row * self.row_height
        return Box(x, y, self.columns[column].width, height).inset(CELL_MARGIN)


Element = TextElement | FrameElement | LineElement | OrnamentElement | QRElement | ImageElement | TableElement


@dataclass(frozen=True)
class FacePage:
    """The elements of one page in painting order."""

    elements: tuple[Element, ...]


@dataclass(frozen=True)
class Face:
    """A whole face; `width` and `height` in millimetres."""

    width: float
    height: float
    pages: tuple[FacePage, ...]

    def values(self) -> set[str]:
        """The names of all values that this face shows."""
        return {
            element.of
            for page in self.pages
            for element in page.elements
            if isinstance(element, TextElement | QRElement | ImageElement | TableElement) and element.of
        }


def read_face(data: Mapping[str, Any]) -> Face:
    """A face from its JSON form, which `catalogue.definition` has checked against its schema."""
    styles = {name: _style(Style(), spec) for name, spec in data.get("styles", {}).items()}
    width, height = data["paper"]
    pages = tuple(
        FacePage(tuple(element for spec in page["elements"] for element in _elements(spec, styles)))
        for page in data["pages"]
    )
    return Face(float(width), float(height), pages)


def _elements(spec: Mapping[str, Any], styles: Mapping[str, Style]) -> Sequence[Element]:
    match spec["kind"]:
        case "label":
            return [TextElement(_box(spec["box"]), _own_style(spec, styles), text=spec["text"])]
        case "value":
            return [TextElement(_box(spec["box"]), _own_style(spec, styles), of=spec["of"])]
        case "row":
            return _row(spec, styles)
        case "frame":
            fill = _colour(spec["fill"]) if "fill" in spec else None
            stroke = _colour(spec["colour"]) if "colour" in spec else None
            return [FrameElement(_box(spec["box"]), stroke, spec.get("width", 0.2), fill)]
        case "line":
            (x1, y1), (x2, y2) = spec["from"], spec["to"]
            return [LineElement((x1, y1), (x2, y2), _colour(spec["colour"]), spec.get("width", 0.2))]
        case "ornament":
            return [
                OrnamentElement(
                    spec["pattern"],
                    _box(spec["box"]),
                    _colour(spec["colour"]),
                    spec.get("width", 0.1),
                    spec.get("scale", 6),
                )
            ]
        case "qr":
            return [QRElement(_box(spec["box"]), spec["of"], _colour(spec.get("colour", "#000000")))]
        case "table":
            return [_table(spec, styles)]
        case _:
            return [ImageElement(_box(spec["box"]), spec["of"], spec.get("fit", "cover"))]


def _table(spec: Mapping[str, Any], styles: Mapping[str, Style]) -> TableElement:
    columns = tuple(Column(each["title"], each["of"], float(each["width"])) for each in spec["columns"])
    own = replace(_own_style({name: spec[name] for name in spec if name != "colour"}, styles), middle=True)
    x, y, _width, height = spec["box"]
    return TableElement(
        box=Box(float(x), float(y), sum(each.width for each in columns), float(height)),
        of=spec["of"],
        columns=columns,
        row_height=float(spec["row_height"]),
        head_height=float(spec.get("head_height", 0)),
        head_style=replace(styles[spec["head_style"]] if "head_style" in spec else own, middle=True),
        style=own,
        stroke=_colour(spec.get("colour", "#000000")),
        width=spec.get("width", 0.2),
    )


def _row(spec: Mapping[str, Any], styles: Mapping[str, Style]) -> Sequence[Element]:
    """A label with its value beside it, the commonest thing on a licence."""
    x, y, width, height = spec["box"]
    label_width = spec["label_width"]
    gap = spec.get("gap", 4)
    label_style, value_style = styles[spec["label_style"]], styles[spec["value_style"]]
    # One height: both first lines are centred in the line height of the larger of the two.
    line = max(label_style.size * label_style.leading, value_style.size * value_style.leading) * POINT
    offset = (line - value_style.size * POINT) / 2
    label = TextElement(Box(x, y, label_width, line), replace(label_style, middle=True), text=spec["text"])
    left = x + label_width + gap
    value = TextElement(Box(left, y + offset, width - label_width - gap, height - offset), value_style, of=spec["of"])
    return [label, value]


def _own_style(spec: Mapping[str, Any], styles: Mapping[str, Style]) -> Style:
    start = styles[spec["style"]] if "style" in spec else Style()
    return _style(start, spec)


def _style(start: Style, spec: Mapping[str, Any]) -> Style:
    known = {name: spec[name] for name in Style.__dataclass_fields__ if name in spec}
    if "colour" in known:
        known["colour"] = _colour(known["colour"])
    return replace(start, **known)


def _box(numbers: Sequence[float]) -> Box:
    x, y, width, height = numbers
    return Box(float(x), float(y), float(width), float(height))


def _colour(text: str) -> Colour:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)
