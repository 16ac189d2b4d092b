"""Adding a PAdES signature with a visible seal to a PDF, as an incremental update (ISO 32000-1 §12.7.4.5, §12.8).

The first whole place becomes the signature field's widget; further places and slices of a riding seal are drawn onto
the pages before signing, so that one signature covers them all. On a document that is signed already only the widget
may be added: drawing onto pages would break the earlier signatures.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter, enumerate_sig_fields
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigMDPSetup, SigObjSetup
from pyhanko.sign.signers.constants import ESIC_EXTENSION_1
from pyhanko.sign.signers.pdf_byterange import BuildProps, SignatureObject

from kernel.crypto.signatures import SigningKey
from kernel.crypto.timestamps.digests import digest
from kernel.errors import Conflict, InvalidInput
from seal.documents.levels import STAMPED, WITH_EVIDENCE, PadesLevel
from seal.documents.pdf.geometry import PageFrame
from seal.documents.pdf.levels import (
    NO_EVIDENCE,
    STAMP_HEX_DIGITS,
    Evidence,
    add_document_timestamp,
    add_evidence,
)
from seal.documents.pdf.objects import dictionary, stream
from seal.documents.pdf.picture import add_image, page_content, resources, widget_appearance
from seal.documents.pdf.plain_file import NotPlain, PlainPdf
from seal.documents.pdf.plain_sealing import PlainSignature, frame_of, prepare
from seal.documents.pdf.reading import page_frames, readable
from seal.documents.positions import StampPosition, check_positions
from seal.documents.provider import PROVIDER
from seal.structures.cades import Stamp, make_cades_signature, suite_of

_BESIDE_CERTIFICATES, _STEP = 1024, 512
"""Bytes of a signature beside its certificates, at most (an RSA signature of 4096 bits has 512), and a rounding."""


@dataclass(frozen=True)
class PdfSealRequest:
    """What to seal with.

    `certificates`: DER, the signer's first, then its issuers without the root. `picture`: the seal's image. `seal_name`
    and `signed_at` go into the signature dictionary, `reason` and `location` if given. Keys: P-256, RSA, or SM2, which
    verifiers at home alone can read. `level` above B-B needs `stamp`; `evidence` is embedded from B-LT on.
    `closing`: certify the document as one that nobody may change or sign any more (ISO 32000-1 §12.8.2.2).
    `awaits_stamp`: leave room at level B-B for a time stamp that comes later (`levels.complete_timestamp`).
    """

    signer: SigningKey
    certificates: tuple[bytes, ...]
    picture: bytes
    seal_name: str
    positions: Sequence[StampPosition]
    signed_at: datetime
    reason: str | None = None
    location: str | None = None
    level: PadesLevel = "B-B"
    stamp: Stamp | None = None
    evidence: Evidence = NO_EVIDENCE
    awaits_stamp: bool = False
    closing: bool = False

    @property
    def has_room_for_stamp(self) -> bool:
        """Whether the signature's place holds a time stamp too, now or later."""
        return self.awaits_stamp or self.level in STAMPED

    @property
    def signature_stamp(self) -> Stamp | None:
        """Who stamps the signature itself; raises InvalidInput when the level needs somebody and there is nobody."""
        if self.level in STAMPED and self.stamp is None:
            raise InvalidInput("There is no time-stamp authority, so PDF files can be sealed at level B-B only.")
        return self.stamp if self.level in STAMPED else None


def seal_pdf(pdf: bytes, request: PdfSealRequest) -> bytes:
    """The sealed file.

    Raises `UnreadablePdf`, `InvalidInput` (positions, picture, level), `Conflict` (already signed), and what the
    request's `stamp` raises.
    """
    sealed = _seal_at_signature_level(pdf, request)
    if request.level in WITH_EVIDENCE:
        sealed = add_evidence(sealed, request.evidence)
    if request.level == "B-LTA":
        assert request.stamp is not None
        sealed = add_document_timestamp(sealed, request.stamp)
    return sealed


def _seal_at_signature_level(pdf: bytes, request: PdfSealRequest) -> bytes:
    """Level B-B or B-T."""
    request.signature_stamp  # noqa: B018 - refused before any work
    widget, drawn = _divide(request.positions)
    if widget is not None:
        with suppress(NotPlain):
            return _seal_plain(PlainPdf.read(pdf), request, widget, drawn)
    writer = readable(lambda: IncrementalPdfFileWriter(BytesIO(pdf)))
    frames = page_frames(writer)
    check_positions(request.positions, [frame.size for frame in frames])
    names = readable(lambda: [name for name, value, _ref in enumerate_sig_fields(writer) if value is not None])
    if readable(lambda: _is_closed(writer)):
        raise Conflict("An earlier signature closed the document: nobody may sign after it.")
    if names and request.closing:
        raise Conflict("The document is signed already. Only its first seal can close a PDF.")
    if names and drawn:
        raise Conflict(
            "The document is signed already. A seal can be added in one place only, and not as a riding seal."
        )
    embedding, signed, output = readable(lambda: _prepare(writer, request, _Layout(frames, widget, drawn)))
    signature = make_cades_signature(signed, request.signer, request.certificates, request.signature_stamp)
    readable(lambda: embedding.send(signature))
    return output.getvalue()


def _seal_plain(
    file: PlainPdf, request: PdfSealRequest, widget: StampPosition, drawn: Sequence[StampPosition]
) -> bytes:
    check_positions(request.positions, [frame_of(page).size for page in file.pages])
    what = PlainSignature(request.seal_name, request.signed_at, _hex_digits(request), request.reason, request.location)
    prepared = prepare(file, request.picture, widget, drawn, what)
    signed = digest(suite_of(request.signer).digest_name, prepared.before + prepared.after)
    value = make_cades_signature(signed, request.signer, request.certificates, request.signature_stamp)
    return readable(lambda: prepared.with_signature(value))


@dataclass(frozen=True)
class _Layout:
    frames: list[PageFrame]
    widget: StampPosition | None
    drawn: list[StampPosition]


def _divide(positions: Sequence[StampPosition]) -> tuple[StampPosition | None, list[StampPosition]]:
    """The place for the field's widget, and those to be drawn."""
    widget = next((position for position in positions if position.clip_width_mm is None), None)
    return widget, [position for position in positions if position is not widget]


def _prepare(writer: Any, request: PdfSealRequest, layout: _Layout) -> tuple[Any, bytes, BytesIO]:
    """Everything but the signature itself: where it goes, and the digest of all the rest."""
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
    md_algorithm = suite_of(request.signer).digest_name
    certify = SigMDPSetup(md_algorithm, certify=True, docmdp_perms=MDPPerm.NO_CHANGES) if request.closing else None
    embedding.send(SigObjSetup(_signature_dictionary(request), mdp_setup=certify))
    prepared, output = embedding.send(SigIOSetup(md_algorithm=md_algorithm, in_place=True))
    return embedding, prepared.document_digest, output


def _is_closed(writer: Any) -> bool:
    """Whether a certification allows no changes; without a number it allows filling in (§12.8.2.2.2)."""
    permissions = writer.root.get("/Perms", {})
    if "/DocMDP" not in permissions:
        return False
    references = permissions["/DocMDP"].get("/Reference", ())
    return any(int(each.get("/TransformParams", {}).get("/P", 2)) == 1 for each in references)


def _signature_dictionary(request: PdfSealRequest) -> SignatureObject:
    return SignatureObject(
        timestamp=request.signed_at,
        subfilter=SigSeedSubFilter.PADES,
        name=request.seal_name,
        location=request.location,
        reason=request.reason,
        app_build_props=BuildProps(PROVIDER),
        bytes_reserved=_hex_digits(request),
    )


def _hex_digits(request: PdfSealRequest) -> int:
    return 2 * _room(request.certificates) + (STAMP_HEX_DIGITS if request.has_room_for_stamp else 0)


def _room(certificates: Sequence[bytes]) -> int:
    """Bytes for the signature: known beforehand, so that it need not be made twice, and few, since readers crawl
    through them digit by digit."""
    needed = sum(map(len, certificates)) + _BESIDE_CERTIFICATES
    return -(-needed // _STEP) * _STEP


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
