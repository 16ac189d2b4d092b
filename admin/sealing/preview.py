"""A page of a file about to be sealed, with a frame where the seal will be."""

import pypdfium2
from PIL import Image, ImageDraw

from kernel.errors import InvalidInput
from seal.documents.ofd.package import OfdPackage
from seal.documents.ofd.rendering.page import page_as_pdf
from seal.documents.positions import PageSize
from seal.documents.raster import pdf_page_image, to_png

SHOWN_WIDTH = 320
"""CSS pixels. A picture that is a button says where it was clicked in these, so that they must be known here."""
_DRAWN_WIDTH = 2 * SHOWN_WIDTH
_RED = (193, 39, 45)


def draw_page(
    document: bytes, format: str, page: int, frame: tuple[float, float, float] | None, size: PageSize
) -> bytes:
    """PNG; `frame` is left, top and side in millimetres. Blocks. Raises `InvalidInput` for what cannot be shown."""
    pdf, number = (document, page) if format == "pdf" else (page_as_pdf(OfdPackage.read(document), page), 1)
    try:
        image: Image.Image = pdf_page_image(pdf, page=number, width=_DRAWN_WIDTH)
    except (pypdfium2.PdfiumError, IndexError) as failure:
        raise InvalidInput("This page cannot be shown.") from failure
    if frame:
        left, top, side = frame
        scale = image.width / size.width_mm
        box = [left * scale, top * scale, (left + side) * scale, (top + side) * scale]
        ImageDraw.Draw(image).ellipse(box, outline=_RED, width=4)
    return to_png(image)
