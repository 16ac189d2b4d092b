"""Time stamps of signatures that were made without one (GB/T 38540-2020 §7.2 h: outside of what is signed)."""

from kernel.crypto.sm3 import sm3
from kernel.errors import Conflict, NotFound
from seal.documents.ofd.document import OfdDocument, SignatureEntry, load_document, load_documents
from seal.documents.ofd.package import OfdPackage
from seal.documents.ofd.signature_file import load_signature_file
from seal.structures.gbt38540 import load_seal_signature, with_timestamp


def last_seal(ofd: bytes) -> str:
    """The ID of the seal signature that was added last. Raises `UnreadablePackage`, and `NotFound` without one."""
    entries = load_document(OfdPackage.read(ofd)).signatures
    found = next((entry.id for entry in reversed(entries) if entry.kind == "Seal" and entry.file), None)
    if found is None:
        raise NotFound("The document has no such signature.")
    return found


def digest_to_stamp(ofd: bytes, signature_id: str) -> bytes:
    """The SM3 digest of the value of a seal signature: what a time stamp is to be over.

    `signature_id` is its ID in Signatures.xml. Raises `UnreadablePackage`, `MalformedStructure` and `NotFound`.
    """
    package = OfdPackage.read(ofd)
    _document, entry = _find(package, signature_id)
    return sm3(load_seal_signature(package.files[_value_file(package, entry)]).signature)


def add_timestamp(ofd: bytes, signature_id: str, token: bytes) -> bytes:
    """The file with the token (DER) in the seal signature; whether it is over this signature is the caller's to check.

    Raises as `digest_to_stamp`, and `Conflict` when there is one already or a later signature protects the value.
    """
    package = OfdPackage.read(ofd)
    document, entry = _find(package, signature_id)
    value = _value_file(package, entry)
    if load_seal_signature(package.files[value]).timestamp is not None:
        raise Conflict("The signature has a time stamp already.")
    for other in document.signatures:
        if other.file and any(
            package.find(reference.location, seen_from=other.file) == value
            for reference in load_signature_file(package, other.file).references
        ):
            raise Conflict("A later signature protects this one as it is: no time stamp can be added.")
    return package.with_files({value: with_timestamp(package.files[value], token)}).to_bytes()


def _find(package: OfdPackage, signature_id: str) -> tuple[OfdDocument, SignatureEntry]:
    for document in load_documents(package):
        for entry in document.signatures:
            if entry.id == signature_id and entry.file and entry.kind == "Seal":
                return document, entry
    raise NotFound("The document has no such signature.")


def _value_file(package: OfdPackage, entry: SignatureEntry) -> str:
    assert entry.file is not None
    return package.locate(load_signature_file(package, entry.file).value_location, seen_from=entry.file)
