"""One signature of an OFD, step by step (GB/T 33190-2016 §18, GB/T 38540-2020 §7.3, GB/T 35275-2017).

1 description  2 protected files  3 coverage  4 value  5 binding  6 signature  7 seal  8 certificate  9 time
Step 0, the package, belongs to `ofd`.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from kernel.crypto.certificates import Certificate
from kernel.crypto.signatures import InvalidSignature, decode_signature
from kernel.crypto.sm3 import sm3
from seal.documents.ofd.archive import UnreadablePackage
from seal.documents.ofd.document import SignatureEntry
from seal.documents.ofd.package import OfdPackage
from seal.documents.ofd.signature_file import SignatureFile, load_signature_file
from seal.documents.provider import PROVIDER
from seal.structures.fields import MalformedStructure
from seal.structures.gbt38540 import SealSignature, load_seal_signature
from seal.structures.gm_cms import SM3, SignedData, in_written_form, load_signed_data
from seal.validation.certificates import (
    CertificateQuestion,
    judge_certificate,
    readable_certificates,
    signer_name,
)
from seal.validation.report import (
    Check,
    SealSummary,
    SignatureReport,
    SignatureTime,
    SubIndication,
    failed,
    passed,
    undecided,
    warning,
)
from seal.validation.seal_checks import check_signature, judge_seal, summary
from seal.validation.signing_time import judge_time
from seal.validation.time_stamps import Stamped, judge_stamp, time_in
from seal.validation.trust import TrustStore

DESCRIPTION = "Description of the signature"
FILES = "Protected files"
COVERAGE = "Coverage of the document"
VALUE = "Signature data"
BINDING = "Signature belongs to this document"
SIGNATURE = "Signature value"
SEAL_FILE = "Copy of the seal in the file"
CERTIFICATE = "Signer's certificate"
REVOCATION = "Revocation of the signer's certificate"

_DIGESTS: dict[str, Callable[[bytes], bytes]] = {
    "1.2.156.10197.1.401": sm3,
    "1.2.156.10197.1.401.2": sm3,
    "SM3": sm3,
    "2.16.840.1.101.3.4.2.1": lambda data: hashlib.sha256(data).digest(),
    "SHA256": lambda data: hashlib.sha256(data).digest(),
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).digest(),
    "SHA1": lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),
}
_WEAK = frozenset({"MD5", "SHA1"})


@dataclass(frozen=True)
class SignatureInFile:
    """A signature as listed, with what its description says when that can be read."""

    entry: SignatureEntry
    description: SignatureFile | None
    fault: str = ""

    @classmethod
    def load(cls, package: OfdPackage, entry: SignatureEntry) -> "SignatureInFile":
        """Step 1."""
        if entry.file is None:
            return cls(entry, None, entry.location[:200])
        try:
            return cls(entry, load_signature_file(package, entry.file))
        except UnreadablePackage as fault:
            return cls(entry, None, fault.entry or entry.file)

    def value_file(self, package: OfdPackage) -> str | None:
        """The name of SignedValue.dat."""
        if self.description is None:
            return None
        return package.find(self.description.value_location, seen_from=self.entry.file or "")

    def own_files(self, package: OfdPackage) -> set[str]:
        """The two files that a signature cannot protect."""
        return {name for name in (self.entry.file, self.value_file(package)) if name}

    def protected_files(self, package: OfdPackage) -> set[str]:
        """The names of the files that it refers to and that are there."""
        if self.description is None:
            return set()
        seen_from = self.entry.file or ""
        found = (package.find(each.location, seen_from=seen_from) for each in self.description.references)
        return {name for name in found if name}


@dataclass(frozen=True)
class OfdQuestion:
    """What all signatures of one package are judged by; `never_protected` may be left out by any signature."""

    package: OfdPackage
    never_protected: frozenset[str]
    protected_by_any: frozenset[str]
    trust: TrustStore
    asked_at: datetime
    page_numbers: Mapping[str, int] = field(default_factory=dict)
    digests: dict[tuple[str, str], bytes] = field(default_factory=dict)
    """By method and file: many signatures over the same large files must not cost many times."""

    def digest(self, method: str, name: str) -> bytes:
        """The digest of a file by a method of `_DIGESTS`."""
        if (method, name) not in self.digests:
            self.digests[method, name] = _DIGESTS[method](self.package.files[name])
        return self.digests[method, name]


def judge_signature(signature: SignatureInFile, question: OfdQuestion) -> SignatureReport:
    """Steps 1 to 9; a step that cannot be taken ends the list."""
    kind = "GM-CMS" if signature.entry.kind == "Sign" else "SES"
    nothing = SignatureTime(None, "none")
    if signature.description is None:
        unreadable = "The file {entry} is missing or cannot be read."
        check = undecided(DESCRIPTION, SubIndication.FORMAT_FAILURE, unreadable, entry=signature.fault)
        return SignatureReport(kind, "", None, nothing, False, (check,))
    uncovered = _uncovered(signature, question)
    checks = [
        passed(DESCRIPTION, "Made with {provider}.", provider=signature.description.provider or "?"),
        *_judge_files(signature, signature.description, question),
        _judge_coverage(uncovered, question),
    ]
    name = signature.value_file(question.package)
    value = question.package.files.get(name or "", b"")
    try:
        judged = _judge_value(signature, value, question)
    except MalformedStructure:
        if signature.entry.kind == "Sign" and _is_bare(value):
            detail = "The signature is a bare value: it names no signer."
            checks.append(failed(VALUE, SubIndication.NO_SIGNING_CERTIFICATE_FOUND, detail))
            return SignatureReport(kind, "", None, nothing, not uncovered, tuple(checks))
        location = name or signature.description.value_location[:200]
        detail = "The file {entry} is missing or cannot be read."
        checks.append(failed(VALUE, SubIndication.FORMAT_FAILURE, detail, entry=location))
        return SignatureReport(kind, "", None, nothing, not uncovered, tuple(checks))
    return SignatureReport(
        kind,
        signer_name(judged.certificate),
        judged.seal,
        judged.time,
        not uncovered,
        (*checks, *judged.checks),
        judged.certificate,
    )


def _judge_files(signature: SignatureInFile, description: SignatureFile, question: OfdQuestion) -> Iterator[Check]:
    """Step 2: every reference exists and its digest is equal."""
    method = (description.check_method or "MD5").upper()  # the schema's default
    if method not in _DIGESTS:
        why = SubIndication.CRYPTO_CONSTRAINTS_FAILURE
        yield undecided(FILES, why, "The digest algorithm {oid} is not known here.", oid=method[:64])
        return
    if not description.references:
        yield failed(FILES, SubIndication.SIGNED_DATA_NOT_FOUND, "The signature protects no file.")
        return
    for reference in description.references:
        name = question.package.find(reference.location, seen_from=signature.entry.file or "")
        if name is None:
            detail = "The protected file {entry} is missing."
            yield failed(FILES, SubIndication.SIGNED_DATA_NOT_FOUND, detail, entry=reference.location[:200])
            return
        if question.digest(method, name) != reference.digest:
            yield _changed(name, question)
            return
    if method in _WEAK:
        why = SubIndication.CRYPTO_CONSTRAINTS_FAILURE
        yield undecided(FILES, why, "Files are unchanged by {oid}, which no longer proves it.", oid=method)
        return
    yield passed(FILES, "All {count} files are unchanged since sealing.", count=len(description.references))


def _changed(name: str, question: OfdQuestion) -> Check:
    """In the words of a reader: the page, where it is one."""
    page = question.page_numbers.get(name)
    if page is not None:
        detail = "Page {page} was changed after sealing ({entry})."
        return failed(FILES, SubIndication.HASH_FAILURE, detail, page=page, entry=name)
    return failed(FILES, SubIndication.HASH_FAILURE, "The file {entry} was changed after sealing.", entry=name)


def _uncovered(signature: SignatureInFile, question: OfdQuestion) -> list[str]:
    protected = signature.protected_files(question.package)
    return [name for name in question.package.files if name not in protected | question.never_protected]


def _judge_coverage(uncovered: list[str], question: OfdQuestion) -> Check:
    """Step 3: nothing in the package is free to change."""
    if not uncovered:
        return passed(COVERAGE, "The signature covers the whole document.")
    open_to_change = [name for name in uncovered if name not in question.protected_by_any]
    if open_to_change:
        why = SubIndication.SIG_CONSTRAINTS_FAILURE
        detail = "No signature protects {entry} (files without protection: {count})."
        return undecided(COVERAGE, why, detail, count=len(open_to_change), entry=open_to_change[0])
    detail = "Files added after this signature are covered by another ({count})."
    return warning(COVERAGE, detail, count=len(uncovered))


def _is_bare(value: bytes) -> bool:
    """Early products stored the two numbers of the signature alone."""
    try:
        decode_signature(value)
    except InvalidSignature:
        return False
    return True


@dataclass(frozen=True)
class _Judged:
    certificate: bytes
    seal: SealSummary | None
    time: SignatureTime
    checks: tuple[Check, ...]


def _judge_value(signature: SignatureInFile, value: bytes, question: OfdQuestion) -> _Judged:
    """Steps 4 to 9; raises `MalformedStructure`."""
    assert signature.entry.file is not None
    described = question.package.files[signature.entry.file]
    if signature.entry.kind == "Sign":
        signed = load_signed_data(value)
        if signature.description and signature.description.provider == PROVIDER and not in_written_form(signed):
            raise MalformedStructure("not in the form in which it is written here")
        return _judge_signed_data(signed, described, question)
    if signature.entry.kind != "Seal":
        raise MalformedStructure("unknown type of signature")
    return _judge_seal_signature(load_seal_signature(value), signature, described, question)


def _judge_seal_signature(
    value: SealSignature, signature: SignatureInFile, described: bytes, question: OfdQuestion
) -> _Judged:
    # Version 1 stamps what is sealed, since its time stamp is itself part of what gets signed.
    over = (value.signature, value.signed_bytes, value.data_hash, described)
    # What such a stamp says is then what the signer states.
    time = _judge_time(value.timestamp, over, value.signed_at or time_in(value.timestamp), question)
    checks = [
        passed(VALUE, "A seal signature of version {version}.", version=value.version),
        _judge_binding(value.data_hash == sm3(described), signature.entry.file or ""),
        check_signature(SIGNATURE, value.certificate, value.signature_algorithm, value.signature, value.signed_bytes),
        *_judge_seal_file(value, signature, question.package),
        *judge_seal(
            value.seal, value.certificate, used_at=time.used_at, asked_at=question.asked_at, trust=question.trust
        ),
        *judge_certificate(time.question(value.certificate, question), question.trust),
        *time.checks,
    ]
    return _Judged(value.certificate, summary(value.seal, question.trust), time.stated, tuple(checks))


def _judge_signed_data(value: SignedData, described: bytes, question: OfdQuestion) -> _Judged:
    digest = sm3(described) if value.digest_algorithm == SM3 else None
    time = _judge_time(value.timestamp, (value.signature,), value.signed_at, question)
    companions = readable_certificates(value.certificates)
    checks = [
        passed(VALUE, "Signed data as GB/T 35275 describes it."),
        _judge_binding(value.digest is None or value.digest == digest, "Signature.xml"),
        check_signature(
            SIGNATURE,
            value.certificate,
            value.signature_algorithm.replace("1.2.156.10197.1.301.1", "1.2.156.10197.1.501"),
            value.signature,
            described if value.signed_bytes is None else value.signed_bytes,
        ),
        *judge_certificate(time.question(value.certificate, question, companions), question.trust),
        *time.checks,
    ]
    return _Judged(value.certificate, None, time.stated, tuple(checks))


@dataclass(frozen=True)
class _Time:
    """Step 9: the moment that everything else is judged by, and how it is known."""

    checks: tuple[Check, ...]
    stated: SignatureTime
    used_at: datetime

    def question(
        self, certificate: bytes, question: OfdQuestion, companions: Sequence[Certificate] = ()
    ) -> CertificateQuestion:
        """What is to be known of the signer's certificate."""
        proven = self.stated.source == "timestamp"
        return CertificateQuestion(
            certificate, self.used_at, question.asked_at, CERTIFICATE, REVOCATION, companions, time_is_proven=proven
        )


def _judge_time(token: bytes | None, over: Sequence[bytes], stated: datetime | None, question: OfdQuestion) -> _Time:
    """A trusted time stamp proves the time; the signer's own statement is taken where there is none."""
    checks: list[Check] = []
    proven = None
    if token is not None:
        checks, proven = judge_stamp(Stamped(token, over, stated), question.trust, question.asked_at)
    moment = proven or stated
    source = "timestamp" if proven else "signer" if stated else "none"
    checks.append(judge_time(moment, question.asked_at, source))
    return _Time(tuple(checks), SignatureTime(moment, source), moment or question.asked_at)


def _judge_binding(holds: bool, file: str) -> Check:
    """Step 5: the signature names this description by its digest."""
    if holds:
        return passed(BINDING, "The signature was made for this document.")
    return failed(BINDING, SubIndication.HASH_FAILURE, "The file {entry} was changed after sealing.", entry=file)


def _judge_seal_file(value: SealSignature, signature: SignatureInFile, package: OfdPackage) -> Iterator[Check]:
    """The seal stands inside the signature; a copy beside it (which viewers may show) must be the same."""
    location = signature.description.seal_location if signature.description else None
    if not location:
        return
    name = package.find(location, seen_from=signature.entry.file or "")
    if name is None:
        yield warning(SEAL_FILE, "The package has no file {entry}.", entry=location[:200])
    elif package.files[name] != value.seal.encoded:
        why = SubIndication.SIG_CONSTRAINTS_FAILURE
        yield failed(SEAL_FILE, why, "The file {entry} is another seal than the one that signed.", entry=name)
    else:
        yield passed(SEAL_FILE, "The seal shown is the seal that signed.")
