"""Pictures of a licence, rendered from the sealed file itself. CPU-bound: call through `asyncio.to_thread`."""

from collections import OrderedDict

from seal.documents.raster import pdf_page_image, to_png

WIDTHS = (480, 1200)
KEPT = 200


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
    return to_png(pdf_page_image(pdf, width=width))
