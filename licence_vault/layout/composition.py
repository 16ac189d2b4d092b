"""A face and its values become one drawing; the OFD and the PDF writer both draw that and nothing else."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from kernel.errors import FieldError, InvalidInput
from licence_vault.layout.drawing import Box, Drawing, DrawnPage, Image, Item, Path, Segment, rectangle
from licence_vault.layout.face import (
    Element,
    Face,
    FacePage,
    FrameElement,
    ImageElement,
    LineElement,
    OrnamentElement,
    QRElement,
    TableElement,
    TextElement,
)
from licence_vault.layout.fonts import FontBook
from licence_vault.layout.parts.ornaments import draw_ornament
from licence_vault.layout.parts.pictures import place_picture
from licence_vault.layout.parts.qr import draw_qr
from licence_vault.layout.typesetting import set_text

WHITE = (255, 255, 255)


def compose(face: Face, values: Mapping[str, str], images: Mapping[str, bytes], fonts: FontBook) -> Drawing:
    """Draw `face` with `values` (texts by name) and `images` (JPEG or PNG by name).

    A value that is missing or empty leaves its place empty. The entries of a table are `<name>.<row>.<column>`, rows
    from 0. Raises `InvalidInput` that names every field with a character that no font has, with more text or entries
    than fit, or with a picture that cannot be read.
    """
    complaints: list[FieldError] = []
    pages = tuple(
        DrawnPage(
            face.width, face.height, _fixed_items(page, fonts), _variable_items(page, values, images, fonts, complaints)
        )
        for page in face.pages
    )
    if complaints:
        first = complaints[0]
        params: dict[str, Any] = dict(first.params)
        raise InvalidInput(first.message, fields=complaints, **params)
    return Drawing(pages)


@lru_cache(maxsize=64)
def _fixed_items(page: FacePage, fonts: FontBook) -> tuple[Item, ...]:
    return tuple(item for element in page.elements for item in _fixed(element, fonts))


def _fixed(element: Element, fonts: FontBook) -> Iterator[Item]:
    match element:
        case TextElement(text=str() as text):
            yield from set_text(text, element.box, element.style, fonts)
        case FrameElement():
            yield Path(rectangle(element.box), stroke=element.stroke, stroke_width=element.width, fill=element.fill)
        case LineElement():
            segments: tuple[Segment, ...] = (("M", *element.start), ("L", *element.end))
            yield Path(segments, stroke=element.stroke, stroke_width=element.width)
        case OrnamentElement():
            yield draw_ornament(element)
        case TableElement():
            yield Path(tuple(_rules(element)), stroke=element.stroke, stroke_width=element.width)
            if element.head_height:
                for index, column in enumerate(element.columns):
                    yield from set_text(column.title, element.cell(-1, index), element.head_style, fonts)


def _rules(table: TableElement) -> Iterator[Segment]:
    """The rules of a table: across between its rows, down between its columns, and around."""
    left, top = table.box.x, table.box.y
    right, bottom = left + table.box.width, top + table.head_height + table.rows * table.row_height
    for y in (top, *(top + table.head_height + row * table.row_height for row in range(table.rows + 1))):
        yield from (("M", left, y), ("L", right, y))
    x = left
    for width in (0.0, *(column.width for column in table.columns)):
        x += width
        yield from (("M", x, top), ("L", x, bottom))


def _variable_items(
    page: FacePage,
    values: Mapping[str, str],
    images: Mapping[str, bytes],
    fonts: FontBook,
    complaints: list[FieldError],
) -> tuple[Item, ...]:
    items: list[Item] = []
    for element in page.elements:
        try:
            items.extend(_variable(element, values, images, fonts))
        except InvalidInput as refusal:
            complaints.extend(refusal.fields)
    return tuple(items)


def _variable(
    element: Element, values: Mapping[str, str], images: Mapping[str, bytes], fonts: FontBook
) -> Iterator[Item]:
    match element:
        case TextElement(of=str() as name) if values.get(name):
            yield from set_text(values[name], element.box, element.style, fonts, field=name)
        case QRElement() if values.get(element.of):
            yield Path(rectangle(element.box), fill=WHITE)
            yield draw_qr(values[element.of], _square(element.box), element.colour)
        case ImageElement() if element.of in images:
            yield _picture(element, images[element.of])
        case TableElement():
            yield from _entries(element, values, fonts)


def _picture(element: ImageElement, data: bytes) -> Image:
    try:
        box, placed = place_picture(data, element.box, element.fit)
    except ValueError as failure:
        message = "This picture cannot be read. Give a JPEG or PNG of at most 180 KB."
        raise InvalidInput(message, fields=[FieldError(element.of, message)]) from failure
    return Image(box, placed, field=element.of)


def _entries(table: TableElement, values: Mapping[str, str], fonts: FontBook) -> Iterator[Item]:
    row = 0
    while any(f"{table.of}.{row}.{column.of}" in values for column in table.columns):
        if row == table.rows:
            message = "The licence has room for {limit} entries here."
            raise InvalidInput(message, fields=[FieldError(table.of, message, {"limit": row})], limit=row)
        for index, column in enumerate(table.columns):
            name = f"{table.of}.{row}.{column.of}"
            if values.get(name):
                yield from set_text(values[name], table.cell(row, index), table.style, fonts, field=name)
        row += 1


def _square(box: Box) -> Box:
    side = min(box.width, box.height)
    return Box(box.x + (box.width - side) / 2, box.y + (box.height - side) / 2, side, side)
