"""An OFD as a whole: the package, its signatures, and for files sealed here the archive to the last byte."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from seal.documents.ofd.archive import UnreadablePackage
from seal.documents.ofd.document import OfdDocument, load_documents, number_pages
from seal.documents.ofd.package import OfdPackage
from seal.documents.ofd.signature_list import entry_id, signatures_list
from seal.documents.provider import PROVIDER
from seal.validation.ofd_signature import OfdQuestion, SignatureInFile, judge_signature
from seal.validation.report import (
    Check,
    DocumentSummary,
    SubIndication,
    ValidationReport,
    passed,
    undecided,
)
from seal.validation.trust import TrustStore

PACKAGE = "Package"
SIGNED = "Signed"
ARCHIVE = "Archive"
DOCUMENTS = "Documents in the package"

MOST_SIGNATURES, MOST_REFERENCES = 64, 16 * 1024
"""A made-up list of signatures must not buy endless work; nor must many that each refer to very many files."""

_FOLDER_NUMBER = re.compile(r"/Sign_(\d+)/Signature\.xml$")


@dataclass(frozen=True)
class _SignedDocument:
    """A document of the package and its signatures."""

    document: OfdDocument
    signatures: tuple[SignatureInFile, ...]


def validate_ofd(data: bytes, summary: DocumentSummary, trust: TrustStore, at: datetime) -> ValidationReport:
    """Judge an OFD as of `at`: every signature of every document in it."""
    try:
        package = OfdPackage.read(data)
        documents = load_documents(package)
    except UnreadablePackage as fault:
        check = undecided(PACKAGE, SubIndication.FORMAT_FAILURE, fault.message, **fault.params)
        return ValidationReport(summary, (check,))
    excessive = _excessive(documents)
    signed = None if excessive else _load(package, documents)
    if signed is None:
        detail = "The archive is built in a way that would take too long to check."
        check = excessive or undecided(PACKAGE, SubIndication.FORMAT_FAILURE, detail)
        return ValidationReport(summary, (check,))
    checks = [passed(PACKAGE, "The package is readable and hides nothing."), *_missing_lists(documents)]
    signatures = [signature for each in signed for signature in each.signatures]
    if not signatures:
        return ValidationReport(summary, (*checks, _unsigned(package, documents)))
    protected = frozenset().union(*(signature.protected_files(package) for signature in signatures))
    never = _never_protected(package, documents, signatures)
    question = OfdQuestion(package, never, protected, trust, at, number_pages(package, documents))
    reports = tuple(judge_signature(signature, question) for signature in signatures)
    checks += [*_judge_documents(documents, protected), *_judge_archive(data, package, signed)]
    return ValidationReport(summary, tuple(checks), reports)


def _excessive(documents: Sequence[OfdDocument]) -> Check | None:
    if sum(len(document.signatures) for document in documents) <= MOST_SIGNATURES:
        return None
    detail = "The document carries more than {limit} signatures."
    return undecided(PACKAGE, SubIndication.FORMAT_FAILURE, detail, limit=MOST_SIGNATURES)


def _load(package: OfdPackage, documents: Sequence[OfdDocument]) -> list[_SignedDocument] | None:
    """The signatures, or None when together they refer to more files than anybody would seal."""
    signed, references = [], 0
    for document in documents:
        signatures = []
        for entry in document.signatures:
            signature = SignatureInFile.load(package, entry)
            references += len(signature.description.references) if signature.description else 0
            if references > MOST_REFERENCES:
                return None
            signatures.append(signature)
        signed.append(_SignedDocument(document, tuple(signatures)))
    return signed


def _missing_lists(documents: Sequence[OfdDocument]) -> Iterator[Check]:
    """OFD.xml says that there are signatures, and their list is gone."""
    for document in documents:
        if document.missing_list:
            detail = "The document names a list of signatures, {entry}, that it does not contain."
            yield undecided(SIGNED, SubIndication.SIGNED_DATA_NOT_FOUND, detail, entry=document.missing_list)


def _unsigned(package: OfdPackage, documents: Sequence[OfdDocument]) -> Check:
    """No signature is listed; when there is one nonetheless, the list was tampered with."""
    listed = next((document.signatures_file for document in documents if document.signatures_file), None)
    if listed and any(name.endswith("/SignedValue.dat") for name in package.files):
        detail = "The list {entry} leaves out a signature that the package contains."
        return undecided(SIGNED, SubIndication.FORMAT_FAILURE, detail, entry=listed)
    return undecided(SIGNED, SubIndication.NO_SIGNATURE, "The document carries no signature.")


def _never_protected(
    package: OfdPackage, documents: Sequence[OfdDocument], signatures: Sequence[SignatureInFile]
) -> frozenset[str]:
    own = set().union(*(signature.own_files(package) for signature in signatures))
    return frozenset(own | {document.signatures_file or "" for document in documents})


def _judge_documents(documents: Sequence[OfdDocument], protected: frozenset[str]) -> Iterator[Check]:
    """A viewer may show any document of the package: each must be under a signature."""
    if len(documents) == 1:
        return
    for number, document in enumerate(documents, start=1):
        if document.document_file not in protected:
            detail = "The package holds {count} documents, and no signature protects number {number}."
            why = SubIndication.SIG_CONSTRAINTS_FAILURE
            yield undecided(DOCUMENTS, why, detail, count=len(documents), number=number)
            return
    yield passed(DOCUMENTS, "The package holds {count} documents; all of them are signed.", count=len(documents))


def _judge_archive(data: bytes, package: OfdPackage, signed: Sequence[_SignedDocument]) -> list[Check]:
    """A file sealed here last is, byte for byte, what our writer makes of its contents: even headers are covered."""
    lists = [each for each in signed if each.signatures]
    descriptions = [each.signatures[-1].description for each in lists]
    if not all(description and description.provider == PROVIDER for description in descriptions):
        return []
    culprit = next((each.document.signatures_file for each in lists if not _is_as_written(package, each)), None)
    if culprit is None and _in_sealed_order(package, lists) and package.to_bytes() == data:
        return [passed(ARCHIVE, "The archive is as it was written at sealing, to the last byte.")]
    detail = "The archive was written anew or changed after sealing, {entry} in particular."
    return [undecided(ARCHIVE, SubIndication.FORMAT_FAILURE, detail, entry=culprit or "ZIP")]


def _in_sealed_order(package: OfdPackage, signed: Sequence[_SignedDocument]) -> bool:
    """Whether the files stand in the archive as the last signatures list them: our sealer goes through it in order."""
    for each in signed:
        last = each.signatures[-1].description
        listed = [reference.location.removeprefix("/") for reference in last.references] if last else []
        known = set(listed)
        if [name for name in package.files if name in known] != listed:
            return False
    return True


def _is_as_written(package: OfdPackage, signed: _SignedDocument) -> bool:
    """Whether the list of signatures is what our writer makes of its entries."""
    entries = [(_expected_id(each), each.entry.kind, each.entry.file or "") for each in signed.signatures]
    return package.files[signed.document.signatures_file or ""] == signatures_list(entries)


def _expected_id(signature: SignatureInFile) -> str:
    """The ID our writer gives, which follows from the folder; others' IDs are taken as they stand."""
    number = _FOLDER_NUMBER.search(f"/{signature.entry.file}")
    if signature.description and signature.description.provider == PROVIDER and number:
        return entry_id(int(number[1]))
    return signature.entry.id
