"""Adding a PAdES signature with a visible seal to a PDF, as an incremental update (ISO 32000-1 §12.7.4.5, §12.8).

The first whole place becomes the signature field's widget; further places and slices of a riding seal are drawn onto
the pages before signing, so that one signature covers them all. On a document that is signed already only the widget
may be added: drawing onto pages would break the earlier signatures.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any, TypeVar

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter, enumerate_sig_fields
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup
from pyhanko.sign.signers.constants import ESIC_EXTENSION_1
from pyhanko.sign.signers.pdf_byterange import BuildProps, SignatureObject

from kernel.crypto.signatures import SigningKey
from kernel.errors import Conflict, InvalidInput
from seal.documents.pdf.geometry import PageFrame
from seal.documents.pdf.objects import dictionary, stream
from seal.documents.pdf.picture import add_image, page_content, resources, widget_appearance
from seal.documents.positions import StampPosition, check_positions
from seal.documents.provider import PROVIDER
from seal.structures.cades import make_cades_signature

RESERVED_HEX_DIGITS = 12288
"""Room for the signature: fixed, so that it need not be made twice to learn its size; small, since readers scan it."""

_UNREADABLE = (PdfError, SigningError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError)
T = TypeVar("T")


class UnreadablePdf(InvalidInput):
    """The file is no PDF that we can add a signature to."""

    code = "unreadable-pdf"


@dataclass(frozen=True)
class PdfSealRequest:
    """What to seal with.

    `certificates`: DER, the signer's first, then its issuers without the root. `picture`: the seal's image. `seal_name`
    and `signed_at` go into the signature dictionary, `reason` and `location` if given. Keys: P-256 or RSA.
    """

    signer: SigningKey
    certificates: tuple[bytes, ...]
    picture: bytes
    seal_name: str
    positions: Sequence[StampPosition]
    signed_at: datetime
    reason: str | None = None
    location: str | None = None


def seal_pdf(pdf: bytes, request: PdfSealRequest) -> bytes:
    """The sealed file. Raises `UnreadablePdf`, `InvalidInput` (positions, picture), `Conflict` (already signed)."""
    writer = readable(lambda: IncrementalPdfFileWriter(BytesIO(pdf)))
    frames = page_frames(writer)
    check_positions(request.positions, [frame.size for frame in frames])
    widget, drawn = _divide(request.positions)
    names = readable(lambda: [name for name, value, _ref in enumerate_sig_fields(writer) if value is not None])
    if names and drawn:
        raise Conflict(
            "The document is signed already. A seal can be added in one place only, and not as a riding seal."
        )
    return readable(lambda: _seal(writer, request, _Layout(frames, widget, drawn)))


@dataclass(frozen=True)
class _Layout:
    frames: list[PageFrame]
    widget: StampPosition | None
    drawn: list[StampPosition]


def _divide(positions: Sequence[StampPosition]) -> tuple[StampPosition | None, list[StampPosition]]:
    """The place for the field's widget, and those to be drawn."""
    widget = next((position for position in positions if position.clip_width_mm is None), None)
    return widget, [position for position in positions if position is not widget]


def _seal(writer: Any, request: PdfSealRequest, layout: _Layout) -> bytes:
    writer.register_extension(ESIC_EXTENSION_1)
    image = add_image(writer, request.picture) if request.positions else None
    for page in sorted({position.page for position in layout.drawn}):
        _isolate(writer, page - 1)
    for position in layout.drawn:
        content = writer.add_object(page_content(layout.frames[position.page - 1], position))
        writer.add_stream_to_page(position.page - 1, content, resources(image))
    name = _field_name(writer)
    embedding: Any = PdfCMSEmbedder(_field(name, layout)).write_cms(name, writer)
    field = next(embedding).get_object()
    if layout.widget is not None:
        appearance = widget_appearance(image, layout.frames[layout.widget.page - 1], layout.widget)
        field["/AP"] = dictionary({"/N": writer.add_object(appearance)})
        writer.update_container(field)
    embedding.send(SigObjSetup(_signature_dictionary(request)))
    prepared, output = embedding.send(SigIOSetup(md_algorithm="sha256", in_place=True))
    embedding.send(make_cades_signature(prepared.document_digest, request.signer, request.certificates))
    sealed: bytes = output.getvalue()
    return sealed


def _signature_dictionary(request: PdfSealRequest) -> SignatureObject:
    return SignatureObject(
        timestamp=request.signed_at,
        subfilter=SigSeedSubFilter.PADES,
        name=request.seal_name,
        location=request.location,
        reason=request.reason,
        app_build_props=BuildProps(PROVIDER),
        bytes_reserved=RESERVED_HEX_DIGITS,
    )


def _field_name(writer: IncrementalPdfFileWriter) -> str:
    taken = {name for name, _value, _ref in enumerate_sig_fields(writer)}
    number = 1
    while f"Seal{number}" in taken:
        number += 1
    return f"Seal{number}"


def _field(name: str, layout: _Layout) -> SigFieldSpec:
    if layout.widget is None:
        return SigFieldSpec(name, on_page=0)
    page = layout.widget.page - 1
    box: Any = tuple(round(edge, 3) for edge in layout.frames[page].rectangle(layout.widget))
    return SigFieldSpec(name, on_page=page, box=box)


def _isolate(writer: Any, page: int) -> None:
    """Save and restore around the page's own operators: they may leave the coordinates turned or scaled."""
    writer.add_stream_to_page(page, writer.add_object(stream(b"q")), prepend=True)
    writer.add_stream_to_page(page, writer.add_object(stream(b"Q")))


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
