"""An OFD as a whole: the package, its signatures, and for files sealed here the archive to the last byte."""

import re
from collections.abc import Sequence
from datetime import datetime

from seal.documents.ofd.archive import UnreadablePackage
from seal.documents.ofd.document import OfdDocument, load_document
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

MOST_SIGNATURES, MOST_REFERENCES = 64, 16 * 1024
"""A made-up list of signatures must not buy endless work; nor must many that each refer to very many files."""

_FOLDER_NUMBER = re.compile(r"/Sign_(\d+)/Signature\.xml$")


def validate_ofd(data: bytes, summary: DocumentSummary, trust: TrustStore, at: datetime) -> ValidationReport:
    """Judge an OFD as of `at`."""
    try:
        package = OfdPackage.read(data)
        document = load_document(package)
    except UnreadablePackage as fault:
        check = undecided(PACKAGE, SubIndication.FORMAT_FAILURE, fault.message, **fault.params)
        return ValidationReport(summary, (check,))
    readable = passed(PACKAGE, "The package is readable and hides nothing.")
    if not document.signatures:
        return ValidationReport(summary, (readable, _unsigned(package, document)))
    if len(document.signatures) > MOST_SIGNATURES:
        detail = "The document carries more than {limit} signatures."
        check = undecided(PACKAGE, SubIndication.FORMAT_FAILURE, detail, limit=MOST_SIGNATURES)
        return ValidationReport(summary, (check,))
    signatures = _load(package, document)
    if signatures is None:
        detail = "The archive is built in a way that would take too long to check."
        check = undecided(PACKAGE, SubIndication.FORMAT_FAILURE, detail)
        return ValidationReport(summary, (check,))
    protected = set().union(*(signature.protected_files(package) for signature in signatures))
    question = OfdQuestion(package, _never_protected(package, document, signatures), frozenset(protected), trust, at)
    reports = tuple(judge_signature(signature, question) for signature in signatures)
    return ValidationReport(summary, (readable, *_judge_archive(data, package, document, signatures)), reports)


def _load(package: OfdPackage, document: OfdDocument) -> list[SignatureInFile] | None:
    """The signatures, or None when together they refer to more files than anybody would seal."""
    signatures, references = [], 0
    for entry in document.signatures:
        signature = SignatureInFile.load(package, entry)
        references += len(signature.description.references) if signature.description else 0
        if references > MOST_REFERENCES:
            return None
        signatures.append(signature)
    return signatures


def _unsigned(package: OfdPackage, document: OfdDocument) -> Check:
    """No signature is listed; when there is one nonetheless, the list was tampered with."""
    if document.signatures_file and any(name.endswith("/SignedValue.dat") for name in package.files):
        detail = "The list {entry} leaves out a signature that the package contains."
        return undecided(SIGNED, SubIndication.FORMAT_FAILURE, detail, entry=document.signatures_file)
    return undecided(SIGNED, SubIndication.NO_SIGNATURE, "The document carries no signature.")


def _never_protected(
    package: OfdPackage, document: OfdDocument, signatures: Sequence[SignatureInFile]
) -> frozenset[str]:
    own = set().union(*(signature.own_files(package) for signature in signatures))
    return frozenset(own | {document.signatures_file or ""})


def _judge_archive(
    data: bytes, package: OfdPackage, document: OfdDocument, signatures: Sequence[SignatureInFile]
) -> list[Check]:
    """A file sealed here last is, byte for byte, what our writer makes of its contents: even headers are covered."""
    last = signatures[-1].description
    if last is None or last.provider != PROVIDER:
        return []
    entries = [(_expected_id(each), each.entry.kind, each.entry.file or "") for each in signatures]
    listed = package.files[document.signatures_file or ""] == signatures_list(entries)
    if listed and package.to_bytes() == data:
        return [passed(ARCHIVE, "The archive is as it was written at sealing, to the last byte.")]
    detail = "The archive was written anew or changed after sealing, {entry} in particular."
    culprit = "ZIP" if listed else (document.signatures_file or "")
    return [undecided(ARCHIVE, SubIndication.FORMAT_FAILURE, detail, entry=culprit)]


def _expected_id(signature: SignatureInFile) -> str:
    """The ID our writer gives, which follows from the folder; others' IDs are taken as they stand."""
    number = _FOLDER_NUMBER.search(f"/{signature.entry.file}")
    if signature.description and signature.description.provider == PROVIDER and number:
        return entry_id(int(number[1]))
    return signature.entry.id
