"""Where a new signature goes in a package, and whether there is still room for one."""

from dataclasses import dataclass
from itertools import count
from posixpath import dirname

from kernel.errors import Conflict
from seal.documents.ofd.document import OfdDocument
from seal.documents.ofd.package import OfdPackage
from seal.documents.ofd.signature_file import load_signature_file
from seal.documents.ofd.signature_list import entry_id


@dataclass(frozen=True)
class SignaturePlace:
    """Where the new signature's files go."""

    signatures_file: str
    folder: str
    entry_id: str

    @property
    def description(self) -> str:
        """Signature.xml."""
        return f"{self.folder}/Signature.xml"

    @property
    def value(self) -> str:
        """SignedValue.dat."""
        return f"{self.folder}/SignedValue.dat"

    @property
    def seal(self) -> str:
        """Seal.esl."""
        return f"{self.folder}/Seal.esl"


def check_open(package: OfdPackage, document: OfdDocument) -> None:
    """Earlier signatures must leave Signatures.xml free; adding a line would break them otherwise. Raises Conflict."""
    if document.missing_list:
        raise Conflict("The document names a signature that it does not contain.")
    for entry in document.signatures:
        if entry.file is None:
            raise Conflict("The document names a signature that it does not contain.")
        for reference in load_signature_file(package, entry.file).references:
            if package.find(reference.location, seen_from=entry.file) == document.signatures_file:
                raise Conflict("An earlier signature closed the document: nobody may sign after it.")


def choose_place(package: OfdPackage, document: OfdDocument) -> SignaturePlace:
    """Fresh names beside the earlier signatures, or in `Signs` beside Document.xml."""
    folder = dirname(document.signatures_file or "") or f"{dirname(document.document_file)}/Signs".lstrip("/")
    signatures_file = document.signatures_file or f"{folder}/Signatures.xml"
    taken = {entry.id for entry in document.signatures}
    used = {name.casefold() for name in package.files}
    for number in count(len(document.signatures)):
        place = SignaturePlace(signatures_file, f"{folder}/Sign_{number}", entry_id(number))
        fresh = not any(name.startswith(f"{place.folder}/".casefold()) for name in used)
        if fresh and place.entry_id not in taken:
            return place
    raise AssertionError("count() ended")
