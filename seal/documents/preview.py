"""A page of a document as a picture, whatever its format: for people to look at, never a proof of anything."""

from typing import Final

import pypdfium2

from seal.documents.ofd.rendering.canvas import TooComplex
from seal.documents.ofd.rendering.page import PageMissing, render_page
from seal.documents.raster import pdf_page_image, to_png

DEFAULT_DPI: Final = 96.0
LOWEST_DPI, HIGHEST_DPI = 24.0, 300.0


def page_picture(document: bytes, format: str, page: int = 1, dpi: float = DEFAULT_DPI) -> bytes:
    """Page number `page` (from 1) of an OFD ("ofd") or PDF ("pdf") as PNG, at 24 to 300 dots an inch.

    CPU-bound (tens to hundreds of milliseconds). Raises `UnreadablePackage`, `PageMissing` and `TooComplex`; a PDF
    that cannot be drawn is `TooComplex` too.
    """
    dots = min(max(dpi, LOWEST_DPI), HIGHEST_DPI)
    if format == "ofd":
        return render_page(document, page, dots)
    try:
        return to_png(pdf_page_image(document, page=page, scale=dots / 72))
    except IndexError as failure:
        raise PageMissing(page) from failure
    except pypdfium2.PdfiumError as failure:
        raise TooComplex from failure
