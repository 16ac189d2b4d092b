"""Pages of PDF files as pictures."""

import io
import threading
from typing import Final

import pypdfium2
from PIL import Image

MOST_PIXELS: Final = 20_000_000
PDFIUM: Final = threading.Lock()
"""PDFium is not safe to enter from two threads: everybody in this process takes this lock."""


def pdf_page_image(pdf: bytes, *, page: int = 1, scale: float | None = None, width: int | None = None) -> Image.Image:
    """Page number `page` (from 1) at `scale` pixels a point or `width` pixels wide, smaller above `MOST_PIXELS`.

    Raises `pypdfium2.PdfiumError` for what is no PDF and IndexError for a page that is not there.
    """
    with PDFIUM:
        document = pypdfium2.PdfDocument(pdf)
        try:
            if not 1 <= page <= len(document):
                raise IndexError(page)
            document.init_forms()
            opened = document[page - 1]
            points, area = opened.get_width(), opened.get_width() * opened.get_height()
            wanted = width / points if width else scale or 1.0
            fitting = min(wanted, (MOST_PIXELS / area) ** 0.5) if area > 0 else wanted
            image: Image.Image = opened.render(scale=fitting, may_draw_forms=True).to_pil()
        finally:
            document.close()
    return image


def to_png(image: Image.Image) -> bytes:
    """The picture as a PNG file."""
    file = io.BytesIO()
    image.save(file, "PNG", optimize=False, compress_level=6)
    return file.getvalue()
