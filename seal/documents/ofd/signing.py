"""Adding a seal signature to an OFD (GB/T 33190-2016 §18, GB/T 38540-2020 §7.2).

Protected: every file of the package, earlier signatures and the own Seal.esl included. Left out: the own Signature.xml
(hashed into the seal signature), SignedValue.dat (is the signature), and Signatures.xml, so that others may sign after
us. Its lines need no protection: whatever they leave out is a file that no signature covers, and is found as that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from posixpath import dirname

from kernel.crypto.signatures import SigningKey
from kernel.crypto.sm3 import sm3
from kernel.errors import Conflict
from seal.documents.ofd import markup
from seal.documents.ofd.document import OfdDocument, Page, find_body, load_document, load_pages
from seal.documents.ofd.locating import absolute
from seal.documents.ofd.package import OfdPackage
from seal.documents.ofd.signature_file import (
    Reference,
    SignatureFile,
    Stamp,
    load_signature_file,
    write_signature_file,
)
from seal.documents.ofd.signature_list import entry_id, signatures_list
from seal.documents.positions import PageSize, StampPosition, check_positions
from seal.documents.provider import PROVIDER, PROVIDER_VERSION
from seal.structures.gbt38540 import SignatureContents, load_seal, make_signature


@dataclass(frozen=True)
class OfdSealRequest:
    """What to seal with: the seal (DER SESeal), the signer's SM2 key and certificate (DER), where, when."""

    seal: bytes
    signer: SigningKey
    certificate: bytes
    positions: Sequence[StampPosition]
    signed_at: datetime


@dataclass(frozen=True)
class _Place:
    """Where the new signature's files go."""

    signatures_file: str
    folder: str
    entry_id: str

    @property
    def description(self) -> str:
        return f"{self.folder}/Signature.xml"

    @property
    def value(self) -> str:
        return f"{self.folder}/SignedValue.dat"

    @property
    def seal(self) -> str:
        return f"{self.folder}/Seal.esl"


def seal_ofd(ofd: bytes, request: OfdSealRequest) -> bytes:
    """The sealed file.

    Raises `UnreadablePackage`, `InvalidInput` for positions off the page, and `Conflict` when an earlier signature
    closed the document or the seal does not list the signer.
    """
    if not load_seal(request.seal).contents.properties.allows(request.certificate):
        raise Conflict("The seal does not list this signer. It must be made anew for a new certificate.")
    package = OfdPackage.read(ofd)
    document = load_document(package)
    _check_open(package, document)
    pages = load_pages(package, document.document_file)
    check_positions(request.positions, [PageSize(page.width_mm, page.height_mm) for page in pages])
    stamps = tuple(_stamp(position, pages) for position in request.positions)
    place = _place(package, document)
    # OFD.xml names the list of signatures; that line is written first because OFD.xml itself gets hashed.
    package = package.with_files(
        {
            document.root_file: _root_with_signatures(package, document, place),
            place.signatures_file: signatures_list([*_entries(document), (place.entry_id, "Seal", place.description)]),
            place.seal: request.seal,
        }
    )
    description = write_signature_file(_describe(package, place, stamps, request.signed_at))
    contents = SignatureContents(request.seal, sm3(description), absolute(place.description), request.signed_at)
    value = make_signature(contents, request.signer, request.certificate)
    return package.with_files({place.description: description, place.value: value}).to_bytes()


def _check_open(package: OfdPackage, document: OfdDocument) -> None:
    """Earlier signatures must leave Signatures.xml free; adding a line would break them otherwise."""
    for entry in document.signatures:
        if entry.file is None:
            raise Conflict("The document names a signature that it does not contain.")
        for reference in load_signature_file(package, entry.file).references:
            if package.find(reference.location, seen_from=entry.file) == document.signatures_file:
                raise Conflict("An earlier signature closed the document: nobody may sign after it.")


def _place(package: OfdPackage, document: OfdDocument) -> _Place:
    """Fresh names beside the earlier signatures, or in `Signs` beside Document.xml."""
    folder = dirname(document.signatures_file or "") or f"{dirname(document.document_file)}/Signs".lstrip("/")
    signatures_file = document.signatures_file or f"{folder}/Signatures.xml"
    taken = {entry.id for entry in document.signatures}
    used = {name.casefold() for name in package.files}
    for number in count(len(document.signatures)):
        place = _Place(signatures_file, f"{folder}/Sign_{number}", entry_id(number))
        fresh = not any(name.startswith(f"{place.folder}/".casefold()) for name in used)
        if fresh and place.entry_id not in taken:
            return place
    raise AssertionError("count() ended")


def _entries(document: OfdDocument) -> list[tuple[str, str, str]]:
    return [(entry.id, entry.kind, entry.file) for entry in document.signatures if entry.file]


def _root_with_signatures(package: OfdPackage, document: OfdDocument, place: _Place) -> bytes:
    if document.signatures_file:
        return package.files[document.root_file]
    root = package.parse(document.root_file)
    body = find_body(root)
    namespace = markup.namespace(body)
    for stale in list(markup.children(body, "Signatures")):  # an empty element names nothing
        body.remove(stale)
    body.append(markup.element("Signatures", namespace=namespace, text=absolute(place.signatures_file)))
    return markup.serialise(root)


def _describe(package: OfdPackage, place: _Place, stamps: tuple[Stamp, ...], signed_at: datetime) -> SignatureFile:
    return SignatureFile(
        provider=PROVIDER,
        provider_version=PROVIDER_VERSION,
        references=tuple(
            Reference(absolute(name), sm3(content))
            for name, content in package.files.items()
            if name != place.signatures_file
        ),
        stamps=stamps,
        seal_location=absolute(place.seal),
        value_location=absolute(place.value),
        signed_at=signed_at.astimezone(UTC).strftime("%Y%m%d%H%M%SZ"),
    )


def _stamp(position: StampPosition, pages: Sequence[Page]) -> Stamp:
    boundary = _box(position.x_mm, position.y_mm, position.width_mm, position.height_mm)
    clip = None
    if position.clip_width_mm is not None:
        clip = _box(position.clip_x_mm, 0, position.clip_width_mm, position.height_mm)
    return Stamp(pages[position.page - 1].id, boundary, clip)


def _box(*numbers: float) -> str:
    return " ".join(f"{number:.3f}".rstrip("0").rstrip(".") for number in numbers)
