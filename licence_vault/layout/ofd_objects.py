"""Texts, paths and pictures as OFD graphic objects (GB/T 33190-2016 ch. 8–11)."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from xml.sax.saxutils import escape

from licence_vault.layout.drawing import Box, Colour, Image, Item, Line, Modules, Path, Segment, Text, number
from licence_vault.layout.parts.qr import as_png

ASCENT, DESCENT = 1.0, 0.35
"""How far a text's boundary reaches above and below the baseline, as parts of the size: room for every glyph."""


class Numbering:
    """The object numbers of one document: unique, rising, the last one is its `MaxUnitID`."""

    def __init__(self) -> None:
        """Begin at 1."""
        self.highest = 0

    def next(self) -> int:
        """The next free number."""
        self.highest += 1
        return self.highest


class ObjectWriter:
    """Writes drawn items as XML, numbering each."""

    def __init__(self, numbering: Numbering, fonts: Mapping[str, int], images: Mapping[bytes, int]) -> None:
        """`fonts` and `images` give the resource number of each typeface and picture."""
        self._numbering = numbering
        self._fonts = fonts
        self._images = images

    def write(self, item: Item, *, fixed: bool = False) -> tuple[int, str]:
        """The item's object number and its XML; `fixed` items are the same in each licence of a type."""
        number_ = self._numbering.next()
        match item:
            case Text():
                return number_, self._text(number_, item)
            case Path():
                return number_, self._path(number_, item, _kept_geometry if fixed else _geometry)
            case Image():
                return number_, self._image(number_, item.box, item.data)
            case Modules():
                return number_, self._image(number_, item.box, as_png(item))

    def _text(self, object_id: int, text: Text) -> str:
        box = _text_boundary(text)
        codes = "".join(_text_code(line, box) for line in text.lines)
        return (
            f'<ofd:TextObject ID="{object_id}" Boundary="{_box(box)}" Font="{self._fonts[text.typeface]}" '
            f'Size="{number(text.size)}"><ofd:FillColor Value="{_colour(text.colour)}"/>{codes}</ofd:TextObject>'
        )

    def _path(self, object_id: int, path: Path, geometry: Callable[[Path], tuple[Box, str]]) -> str:
        box, data = geometry(path)
        stroke = f'<ofd:StrokeColor Value="{_colour(path.stroke)}"/>' if path.stroke else ""
        fill = f'<ofd:FillColor Value="{_colour(path.fill)}"/>' if path.fill else ""
        return (
            f'<ofd:PathObject ID="{object_id}" Boundary="{_box(box)}" LineWidth="{number(path.stroke_width)}" '
            f'Stroke="{_flag(path.stroke)}" Fill="{_flag(path.fill)}">{stroke}{fill}'
            f"<ofd:AbbreviatedData>{data}</ofd:AbbreviatedData></ofd:PathObject>"
        )

    def _image(self, object_id: int, box: Box, data: bytes) -> str:
        width, height = number(box.width), number(box.height)
        return (
            f'<ofd:ImageObject ID="{object_id}" Boundary="{_box(box)}" CTM="{width} 0 0 {height} 0 0" '
            f'ResourceID="{self._images[data]}"/>'
        )


def _text_boundary(text: Text) -> Box:
    left = min(line.x for line in text.lines)
    right = max(line.x + line.width for line in text.lines)
    top = text.lines[0].baseline - text.size * ASCENT
    bottom = text.lines[-1].baseline + text.size * DESCENT
    # Rounded once, here: the text's own coordinates are measured from the rounded corner.
    return Box(round(left, 3), round(top, 3), right - left + text.size * 0.1, bottom - top)


def _text_code(line: Line, box: Box) -> str:
    deltas = _deltas(line.advances[:-1])
    attribute = f' DeltaX="{deltas}"' if deltas else ""
    return (
        f'<ofd:TextCode X="{number(line.x - box.x)}" Y="{number(line.baseline - box.y)}"{attribute}>'
        f"{escape(line.text)}</ofd:TextCode>"
    )


def _deltas(advances: Sequence[float]) -> str:
    """Advances, runs of one value as `g count value` (GB/T 33190 §11.3)."""
    values = [number(advance) for advance in advances]
    parts: list[str] = []
    index = 0
    while index < len(values):
        end = index
        while end < len(values) and values[end] == values[index]:
            end += 1
        count = end - index
        parts.append(f"g {count} {values[index]}" if count > 2 else " ".join(values[index:end]))
        index = end
    return " ".join(parts)


def _geometry(path: Path) -> tuple[Box, str]:
    box = _path_boundary(path)
    return box, _abbreviated(path.segments, box)


_kept_geometry = lru_cache(maxsize=1024)(_geometry)
"""For the ornaments of a face, which are the same in each licence: writing them costs ten times all the rest."""


def _path_boundary(path: Path) -> Box:
    xs = [value for segment in path.segments for value in segment[1::2] if isinstance(value, float | int)]
    ys = [value for segment in path.segments for value in segment[2::2] if isinstance(value, float | int)]
    margin = path.stroke_width if path.stroke else 0.0
    left, top = round(min(xs) - margin, 2), round(min(ys) - margin, 2)
    return Box(left, top, max(xs) + margin - left + 0.01, max(ys) + margin - top + 0.01)


def _abbreviated(segments: Sequence[Segment], box: Box) -> str:
    parts: list[str] = []
    for segment in segments:
        parts.append(segment[0])
        for index, value in enumerate(segment[1:]):
            if isinstance(value, float | int):
                parts.append(number(value - (box.y if index % 2 else box.x)))
    return " ".join(parts)


def _box(box: Box) -> str:
    return f"{number(box.x)} {number(box.y)} {number(box.width)} {number(box.height)}"


def _colour(colour: Colour) -> str:
    return f"{colour[0]} {colour[1]} {colour[2]}"


def _flag(colour: Colour | None) -> str:
    return "true" if colour else "false"
