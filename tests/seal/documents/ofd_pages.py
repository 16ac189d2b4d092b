"""Pages written object by object, and what they look like."""

import io
from dataclasses import dataclass

from PIL import Image

from seal.documents.ofd.rendering.page import render_page
from tests.seal.ofd_samples import NAMESPACE, zipped

DPI = 127.0
"""Five pixels a millimetre."""

WHITE, BLACK, RED, GREEN, BLUE = (255, 255, 255), (0, 0, 0), (255, 0, 0), (0, 255, 0), (0, 0, 255)


@dataclass(frozen=True)
class Sheet:
    """A page of 100 × 60 mm as a picture."""

    image: Image.Image

    def at(self, x_mm: float, y_mm: float) -> tuple[int, int, int]:
        """The colour at a place."""
        red, green, blue = self.image.getpixel((round(x_mm * 5), round(y_mm * 5)))  # type: ignore[misc] - it is RGB
        return red, green, blue

    def ink(self, left: float, top: float, right: float, bottom: float) -> float:
        """How dark a rectangle is on average, 0 to 1."""
        part = self.image.crop((round(left * 5), round(top * 5), round(right * 5), round(bottom * 5))).convert("L")
        histogram = part.histogram()
        return sum((255 - value) * count for value, count in enumerate(histogram)) / (255 * part.width * part.height)


def page_files(
    body: str, *, public: str = "", layer: str = "", page: str = "", common: str = "", document: str = ""
) -> dict[str, bytes]:
    """The files of a document with one page: `body` on its layer, resources in `public`, further elements elsewhere."""
    root = f'xmlns:ofd="{NAMESPACE}" xmlns="{NAMESPACE}"'
    texts = {
        "OFD.xml": f'<ofd:OFD {root} Version="1.0" DocType="OFD"><DocBody><DocInfo><DocID>{"0" * 32}</DocID></DocInfo>'
        "<DocRoot>Doc_0/Document.xml</DocRoot></DocBody></ofd:OFD>",
        "Doc_0/Document.xml": f"<Document {root}><CommonData><MaxUnitID>999</MaxUnitID><PageArea>"
        f"<PhysicalBox>0 0 100 60</PhysicalBox></PageArea><PublicRes>PublicRes.xml</PublicRes>{common}</CommonData>"
        f'<Pages><Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></Pages>{document}</Document>',
        "Doc_0/PublicRes.xml": f'<Res {root} BaseLoc="Res">{public}</Res>',
        "Doc_0/Pages/Page_0/Content.xml": f'<Page {root}>{page}<Content><Layer ID="2" {layer}>{body}</Layer></Content>'
        "</Page>",
    }
    return {name: text.encode() for name, text in texts.items()}


def seen(files: dict[str, bytes]) -> Sheet:
    """The first page of a package."""
    return Sheet(Image.open(io.BytesIO(render_page(zipped(files), 1, DPI))).convert("RGB"))


def drawn(body: str, *, files: dict[str, bytes] | None = None, **parts: str) -> Sheet:
    """A page with `body`; `files` are added to its package."""
    return seen(page_files(body, **parts) | (files or {}))


def square(colour: str, *, x: float = 10, y: float = 10, side: float = 20, attributes: str = "") -> str:
    """A filled square without an outline."""
    return (
        f'<PathObject ID="5" Boundary="{x} {y} {side} {side}" Stroke="false" Fill="true" {attributes}>'
        f'<FillColor Value="{colour}"/><AbbreviatedData>M 0 0 L {side} 0 L {side} {side} L 0 {side} C</AbbreviatedData>'
        "</PathObject>"
    )
