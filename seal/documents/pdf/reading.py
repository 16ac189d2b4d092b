"""Reading strangers' PDF files as pyHanko's writer sees them: their pages, and what is wrong with them."""

from collections.abc import Callable
from typing import Any, TypeVar

from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign.general import SigningError

from kernel.errors import Conflict, InvalidInput
from seal.documents.pdf.geometry import PageFrame

_UNREADABLE = (PdfError, SigningError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError)
T = TypeVar("T")


class UnreadablePdf(InvalidInput):
    """The file is no PDF that we can add a signature to."""

    code = "unreadable-pdf"


def page_frames(writer: Any) -> list[PageFrame]:
    """The pages in order. Raises `UnreadablePdf`, also for an encrypted file."""
    if writer.prev.encrypted:
        raise UnreadablePdf("An encrypted PDF cannot be sealed.")
    return readable(lambda: [_frame(writer, number) for number in range(_page_count(writer))])


def _page_count(writer: Any) -> int:
    return int(writer.root["/Pages"]["/Count"])


def _frame(writer: Any, number: int) -> PageFrame:
    page = writer.find_page_for_modification(number)[0].get_object()
    box = _inherited(page, "/CropBox") or _inherited(page, "/MediaBox")
    x1, y1, x2, y2 = (float(edge) for edge in box)
    rotation = int(_inherited(page, "/Rotate") or 0) % 360
    unit = float(page.get("/UserUnit", 1))
    return PageFrame(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2), rotation, unit)


def _inherited(page: Any, key: str) -> Any:
    for _level in range(64):
        if key in page:
            return page[key]
        if "/Parent" not in page:
            break
        page = page["/Parent"]
    return None


def readable(read: Callable[[], T]) -> T:
    """What the PDF library stumbles over is the file's fault, not the caller's."""
    try:
        return read()
    except (InvalidInput, Conflict):
        raise
    except _UNREADABLE as failure:
        raise UnreadablePdf("The PDF is damaged or cannot be sealed.", reason=type(failure).__name__) from failure
