"""Pictures of a licence, rendered from the sealed file itself. CPU-bound: call through `asyncio.to_thread`."""

import io
import threading
from collections import OrderedDict

import pypdfium2

WIDTHS = (480, 1200)
KEPT = 200

_pdfium = threading.Lock()  # PDFium is not safe to enter from two threads


class Previews:
    """Renders first pages and remembers the latest few by the file's digest."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, int], bytes] = OrderedDict()

    def find(self, digest: str, width: int) -> bytes | None:
        """A picture that was made before."""
        return self._known.get((digest, width))

    def render(self, digest: str, pdf: bytes, width: int) -> bytes:
        """The first page as PNG, `width` pixels wide, with the seal as every reader shows it."""
        picture = render_page(pdf, width)
        self._known[digest, width] = picture
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
        return picture


def render_page(pdf: bytes, width: int) -> bytes:
    """The first page of a PDF as PNG."""
    with _pdfium:
        document = pypdfium2.PdfDocument(pdf)
        try:
            document.init_forms()
            page = document[0]
            image = page.render(scale=width / page.get_width(), may_draw_forms=True).to_pil()
        finally:
            document.close()
    file = io.BytesIO()
    image.save(file, "PNG", optimize=False, compress_level=6)
    return file.getvalue()
