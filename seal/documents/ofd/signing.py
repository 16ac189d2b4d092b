"""Adding a signature to an OFD: a seal (GB/T 33190-2016 §18, GB/T 38540-2020 §7.2) or a plain one (GB/T 35275-2017).

Protected: every file of the package, earlier signatures and the own Seal.esl included. Left out: the own Signature.xml
(hashed into the signature) and SignedValue.dat (is the signature). Signatures.xml is left out too, so that others may
sign after us, unless the document is to be closed ("whole protected"). Its lines need no protection: whatever they
leave out is a file that no signature covers, and is found as that.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, Literal

from kernel.crypto.signatures import SigningKey
from kernel.crypto.sm3 import sm3
from kernel.errors import Conflict
from seal.documents.ofd import markup
from seal.documents.ofd.document import OfdDocument, Page, find_body, load_document, load_pages
from seal.documents.ofd.locating import absolute
from seal.documents.ofd.package import OfdPackage
from seal.documents.ofd.signature_file import Reference, SignatureFile, Stamp, write_signature_file
from seal.documents.ofd.signature_list import signatures_list
from seal.documents.ofd.signature_place import SignaturePlace, check_open, choose_place
from seal.documents.positions import PageSize, StampPosition, check_positions
from seal.documents.provider import PROVIDER, PROVIDER_VERSION
from seal.structures.gbt38540 import SignatureContents, load_seal, make_signature
from seal.structures.gm_cms import SignedDataForm, make_signed_data

Protection = Literal["continue", "whole"]
"""Whether others may sign after this signature, or the document is closed."""

KEPT_BYTES: Final = 256 << 10
"""Files of a package that are larger do not take part in keeping digests, which so never takes more than 32 MB."""

StampDigest = Callable[[bytes], bytes]
"""From the SM3 digest of a signature value to a time stamp token over it (DER)."""


@dataclass(frozen=True)
class OfdSealRequest:
    """What to seal with: the seal (DER SESeal), the signer's SM2 key and certificate (DER), where, when.

    `stamp` fetches a time stamp while sealing; without it one can be added later (`timestamps.add_timestamp`).
    """

    seal: bytes
    signer: SigningKey
    certificate: bytes
    positions: Sequence[StampPosition]
    signed_at: datetime
    protection: Protection = "continue"
    stamp: StampDigest | None = None


@dataclass(frozen=True)
class OfdSignRequest:
    """What to sign with when no seal is to show: `Type="Sign"`, in one of the two forms in use."""

    signer: SigningKey
    certificate: bytes
    signed_at: datetime
    form: SignedDataForm = "attributes"
    protection: Protection = "continue"
    stamp: StampDigest | None = None


def seal_ofd(ofd: bytes, request: OfdSealRequest) -> bytes:
    """The sealed file.

    Raises `UnreadablePackage`, `InvalidInput` for positions off the page, and `Conflict` when an earlier signature
    closed the document or the seal does not list the signer.
    """
    if not _allows(request.seal, request.certificate):
        raise Conflict("The seal does not list this signer. It must be made anew for a new certificate.")
    package = OfdPackage.read(ofd)
    document = load_document(package)
    check_open(package, document)
    pages = load_pages(package, document.document_file)
    check_positions(request.positions, [PageSize(page.width_mm, page.height_mm) for page in pages])
    place = choose_place(package, document)
    package = _prepared(package, document, place, "Seal").with_files({place.seal: request.seal})
    stamps = tuple(_stamp(position, pages) for position in request.positions)
    statement = SignatureFile(
        PROVIDER, (), stamps, absolute(place.seal), absolute(place.value), provider_version=PROVIDER_VERSION
    )
    description = _describe(package, place, statement, request)
    contents = SignatureContents(request.seal, sm3(description), absolute(place.description), request.signed_at)
    value = make_signature(contents, request.signer, request.certificate, stamp=request.stamp)
    return package.with_files({place.description: description, place.value: value}).to_bytes()


def sign_ofd(ofd: bytes, request: OfdSignRequest) -> bytes:
    """The file with a signature that shows no seal. Raises `UnreadablePackage` and `Conflict` as `seal_ofd` does."""
    package = OfdPackage.read(ofd)
    document = load_document(package)
    check_open(package, document)
    place = choose_place(package, document)
    package = _prepared(package, document, place, "Sign")
    statement = SignatureFile(PROVIDER, (), (), None, absolute(place.value), provider_version=PROVIDER_VERSION)
    description = _describe(package, place, statement, request)
    value = make_signed_data(
        sm3(description),
        request.signer,
        request.certificate,
        signed_at=request.signed_at,
        form=request.form,
        stamp=request.stamp,
    )
    return package.with_files({place.description: description, place.value: value}).to_bytes()


def _prepared(package: OfdPackage, document: OfdDocument, place: SignaturePlace, kind: str) -> OfdPackage:
    """The package naming the new signature. OFD.xml comes first because it gets hashed."""
    earlier = [(entry.id, entry.kind, entry.file) for entry in document.signatures if entry.file]
    return package.with_files(
        {
            document.root_file: _root_with_signatures(package, document, place),
            place.signatures_file: signatures_list([*earlier, (place.entry_id, kind, place.description)]),
        }
    )


def _root_with_signatures(package: OfdPackage, document: OfdDocument, place: SignaturePlace) -> bytes:
    if document.signatures_file:
        return package.files[document.root_file]
    root = package.parse(document.root_file)
    body = find_body(root)
    namespace = markup.namespace(body)
    for stale in list(markup.children(body, "Signatures")):  # an empty element names nothing
        body.remove(stale)
    body.append(markup.element("Signatures", namespace=namespace, text=absolute(place.signatures_file)))
    return markup.serialise(root)


def _describe(
    package: OfdPackage, place: SignaturePlace, statement: SignatureFile, request: OfdSealRequest | OfdSignRequest
) -> bytes:
    """Signature.xml: `statement` with the digests of all that is protected."""
    left_out = place.signatures_file if request.protection == "continue" else None
    references = tuple(
        Reference(absolute(name), file_digest(content)) for name, content in package.files.items() if name != left_out
    )
    signed_at = request.signed_at.astimezone(UTC).strftime("%Y%m%d%H%M%SZ")
    return write_signature_file(replace(statement, references=references, signed_at=signed_at))


def file_digest(content: bytes) -> bytes:
    """The SM3 digest of a file of a package."""
    return _kept_digest(content) if len(content) <= KEPT_BYTES else sm3(content)


@lru_cache(maxsize=128)
def _kept_digest(content: bytes) -> bytes:
    """Licences of one type share most of their bytes: the template page, its fonts, the seal. Finding these again by
    all their bytes costs a fifth of hashing them."""
    return sm3(content)


@lru_cache(maxsize=32)
def _allows(seal: bytes, certificate: bytes) -> bool:
    return load_seal(seal).contents.properties.allows(certificate)


def _stamp(position: StampPosition, pages: Sequence[Page]) -> Stamp:
    boundary = _box(position.x_mm, position.y_mm, position.width_mm, position.height_mm)
    clip = None
    if position.clip_width_mm is not None:
        clip = _box(position.clip_x_mm, 0, position.clip_width_mm, position.height_mm)
    return Stamp(pages[position.page - 1].id, boundary, clip)


def _box(*numbers: float) -> str:
    return " ".join(f"{number:.3f}".rstrip("0").rstrip(".") for number in numbers)
