"""How large the pages of a document are, whatever its format."""

from io import BytesIO
from typing import Any

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from seal.documents.ofd.document import load_document, load_pages
from seal.documents.ofd.package import OfdPackage
from seal.documents.pdf.reading import page_frames, readable
from seal.documents.positions import PageSize


def page_sizes(document: bytes, format: str) -> list[PageSize]:
    """The pages of an OFD ("ofd") or PDF ("pdf") in order. Raises `UnreadablePackage`, `UnreadablePdf`."""
    if format == "ofd":
        package = OfdPackage.read(document)
        pages = load_pages(package, load_document(package).document_file)
        return [PageSize(page.width_mm, page.height_mm) for page in pages]
    writer: Any = readable(lambda: IncrementalPdfFileWriter(BytesIO(document)))
    return [frame.size for frame in page_frames(writer)]
