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
    TextElement,
)
from licence_vault.layout.fonts import FontBook
from licence_vault.layout.ornaments import draw_ornament
from licence_vault.layout.qr import draw_qr
from licence_vault.layout.typesetting import set_text

WHITE = (255, 255, 255)


def compose(face: Face, values: Mapping[str, str], images: Mapping[str, bytes], fonts: FontBook) -> Drawing:
    """Draw `face` with `values` (texts by name) and `images` (JPEG or PNG by name).

    A value that is missing or empty leaves its place empty. Raises `InvalidInput` that names every field with a
    character that no font has, or with more text than fits.
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
            yield Image(element.box, images[element.of], field=element.of)


def _square(box: Box) -> Box:
    side = min(box.width, box.height)
    return Box(box.x + (box.width - side) / 2, box.y + (box.height - side) / 2, side, side)
