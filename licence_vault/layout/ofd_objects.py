"""Texts, paths and pictures of a licence as OFD graphic objects (GB/T 33190-2016 ch. 8–11)."""

from collections.abc import Mapping, Sequence

from licence_vault.layout.drawing import Image, Item, Line, Modules, Path, Segment, Text, number
from licence_vault.layout.parts.qr import as_png
from seal.documents.ofd.writing.objects import (
    Box,
    Colour,
    ImageObject,
    LineStyle,
    Looks,
    PathObject,
    TextCode,
    TextObject,
)

ASCENT, DESCENT = 1.0, 0.35
"""How far a text's boundary reaches above and below the baseline, as parts of the size: room for every glyph."""


def to_object(item: Item, resources: Mapping[str | bytes, int]) -> TextObject | PathObject | ImageObject:
    """The object for a drawn item. `resources`: numbers of typefaces by key and of pictures by their bytes."""
    match item:
        case Text():
            box = _text_boundary(item)
            codes = tuple(_text_code(line, box) for line in item.lines)
            return TextObject(box, resources[item.typeface], item.size, codes, fill=Colour(item.colour))
        case Path():
            box, data = _geometry(item)
            return PathObject(
                box,
                data,
                stroke=Colour(item.stroke) if item.stroke else None,
                fill=Colour(item.fill) if item.fill else None,
                looks=Looks(line=LineStyle(width=item.stroke_width)),
            )
        case Image() | Modules():
            box = Box(item.box.x, item.box.y, item.box.width, item.box.height)
            return ImageObject(box, resources[image_bytes(item)])


def image_bytes(item: Image | Modules) -> bytes:
    """A picture's file; the modules of a code become one."""
    return as_png(item) if isinstance(item, Modules) else item.data


def _text_boundary(text: Text) -> Box:
    left = min(line.x for line in text.lines)
    right = max(line.x + line.width for line in text.lines)
    top = text.lines[0].baseline - text.size * ASCENT
    bottom = text.lines[-1].baseline + text.size * DESCENT
    # Rounded once, here: the text's own coordinates are measured from the rounded corner.
    return Box(round(left, 3), round(top, 3), right - left + text.size * 0.1, bottom - top)


def _text_code(line: Line, box: Box) -> TextCode:
    return TextCode(line.text, line.x - box.x, line.baseline - box.y, across=line.advances[:-1])


def _geometry(path: Path) -> tuple[Box, str]:
    box = _path_boundary(path)
    return box, _abbreviated(path.segments, box)


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
