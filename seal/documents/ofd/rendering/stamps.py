"""The pictures of the seals that signed (GB/T 33190-2016 §18.2.3), as viewers show them."""

from collections.abc import Iterator
from dataclasses import dataclass

from seal.documents.ofd.archive import UnreadablePackage
from seal.documents.ofd.document import OfdDocument
from seal.documents.ofd.package import OfdPackage
from seal.documents.ofd.rendering.geometry import Box, read_box
from seal.documents.ofd.signature_file import SignatureFile, load_signature_file
from seal.structures.fields import MalformedStructure
from seal.structures.gbt38540 import SealPicture, load_seal, load_seal_signature


@dataclass(frozen=True)
class ShownStamp:
    """A seal on a page: where, which slice of it, and what it looks like; `None` when that cannot be read."""

    boundary: Box
    clip: Box | None
    picture: SealPicture | None


def find_stamps(package: OfdPackage, document: OfdDocument, page_id: str) -> Iterator[ShownStamp]:
    """The stamps on the page with this object ID, in the order of the signatures."""
    for entry in document.signatures:
        if entry.file is None:
            continue
        try:
            description = load_signature_file(package, entry.file)
        except UnreadablePackage:
            continue
        stamps = [stamp for stamp in description.stamps if stamp.page_id == page_id]
        if not stamps:
            continue
        picture = _picture(package, description, entry.file)
        for stamp in stamps:
            boundary = read_box(stamp.boundary)
            if boundary is not None:
                yield ShownStamp(boundary, read_box(stamp.clip), picture)


def _picture(package: OfdPackage, description: SignatureFile, seen_from: str) -> SealPicture | None:
    """What the signature itself carries comes first: the file beside it is only a copy."""
    value = package.find(description.value_location, seen_from=seen_from)
    if value:
        try:
            return load_seal_signature(package.files[value]).seal.contents.picture
        except MalformedStructure:
            pass
    seal = package.find(description.seal_location, seen_from=seen_from) if description.seal_location else None
    if seal:
        try:
            return load_seal(package.files[seal]).contents.picture
        except MalformedStructure:
            pass
    return None
