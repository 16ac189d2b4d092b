"""X.509 certificates and chains, SM2 and international (RFC 5280, GM/T 0015).

Lenient about what real certificates get wrong (encoded defaults, NULL parameters, odd strings), strict about what a
verdict rests on. Whatever cannot be read is a CertificateUnreadable, never a ValueError.
"""

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar

from kernel.crypto.der import constraints, reader
from kernel.crypto.der import extensions as ext
from kernel.crypto.der.extensions import Extension, KeyUsage
from kernel.crypto.der.names import Name
from kernel.crypto.der.times import read_time
from kernel.crypto.public_keys import OID_RSA_PSS, load_public_key, verify_with_ids
from kernel.crypto.signatures import InvalidSignature, PublicKey
from kernel.crypto.sm2 import DEFAULT_ID, EMPTY_ID
from kernel.errors import InvalidInput

T = TypeVar("T")

MAX_CERTIFICATE_BYTES = 65_536
_LONGEST_CHAIN = 8
_MOST_SIGNATURES = 32  # a crafted bag of intermediates must not buy endless public-key operations


class CertificateUnreadable(InvalidInput):
    """These bytes are not a certificate, or its key is of a kind we cannot use."""

    code = "certificate-unreadable"

    def __init__(self, *, reason: str | None = None) -> None:
        super().__init__("The certificate cannot be read.", reason=reason)


@dataclass(frozen=True)
class Certificate:
    """One certificate; equal to another when the bytes are. `key_usage` is None when the extension is absent."""

    der: bytes
    tbs: bytes = field(compare=False, repr=False)
    serial: int = field(compare=False)
    issuer: Name = field(compare=False, repr=False)
    subject: Name = field(compare=False)
    not_before: datetime = field(compare=False)
    not_after: datetime = field(compare=False)
    spki: bytes = field(compare=False, repr=False)
    signature_algorithm: str = field(compare=False)
    signature_identifier: bytes = field(compare=False, repr=False)
    signature: bytes = field(compare=False, repr=False)
    extensions: dict[str, Extension] = field(compare=False, repr=False)
    is_ca: bool = field(compare=False)
    path_length: int | None = field(compare=False)
    key_usage: frozenset[KeyUsage] | None = field(compare=False)

    @classmethod
    def load(cls, der: bytes) -> "Certificate":
        """Read one DER certificate; raises CertificateUnreadable."""
        if len(der) > MAX_CERTIFICATE_BYTES:
            raise CertificateUnreadable(reason="too large")
        try:
            return _read(bytes(der))
        except (ValueError, IndexError) as error:
            raise CertificateUnreadable(reason=str(error)) from error

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, lower-case hex."""
        return hashlib.sha256(self.der).hexdigest()

    @property
    def ski(self) -> bytes | None:
        """Subject key identifier, None when absent or unreadable."""
        return self._optional(ext.SUBJECT_KEY_IDENTIFIER, ext.read_subject_key_identifier)

    @property
    def aki(self) -> bytes | None:
        """Authority key identifier, None when absent or unreadable."""
        return self._optional(ext.AUTHORITY_KEY_IDENTIFIER, ext.read_authority_key_identifier)

    @property
    def crl_urls(self) -> tuple[str, ...]:
        return self._optional(ext.CRL_DISTRIBUTION_POINTS, ext.read_crl_urls) or ()

    @property
    def extended_key_usage(self) -> tuple[str, ...]:
        """Dotted purposes; empty when absent or unreadable."""
        return self._optional(ext.EXTENDED_KEY_USAGE, ext.read_extended_key_usage) or ()

    def subject_value(self, label: str) -> str | None:
        """The first subject attribute called `label` (`CN`, `O`, or a dotted type)."""
        return self.subject.value(label)

    def extension(self, oid: str) -> bytes | None:
        """The DER value of an extension, or None."""
        found = self.extensions.get(oid)
        return found.value if found else None

    def allows(self, usage: KeyUsage) -> bool:
        """Whether the key may be used so; no key usage extension means any use (RFC 5280 §4.2.1.3)."""
        return self.key_usage is None or usage in self.key_usage

    def public_key(self) -> PublicKey:
        """The subject's key; raises CertificateUnreadable for a kind we cannot use."""
        try:
            return load_public_key(self.spki)
        except InvalidInput as error:
            raise CertificateUnreadable(reason=error.reason) from error

    def verify_issued_by(self, issuer: "Certificate", *, sm2_ids: Sequence[bytes] = (DEFAULT_ID,)) -> None:
        """Check that `issuer` names and signed this one; raises InvalidSignature. Says nothing of trust.

        `sm2_ids`: the signer IDs that an SM2 signature may be made with, tried in order.
        """
        if not self.issuer.matches(issuer.subject):
            raise InvalidSignature(reason="another issuer is named")
        verify_with_ids(issuer.public_key(), self.signature_identifier, (self.signature, self.tbs), sm2_ids)

    def _optional(self, oid: str, read: Callable[[bytes], T]) -> T | None:
        value = self.extension(oid)
        try:
            return read(value) if value is not None else None
        except (ValueError, IndexError):
            return None


def _read(der: bytes) -> Certificate:
    tbs, algorithm, signature = reader.read_element(der).children(reader.SEQUENCE)
    fields = tbs.children(reader.SEQUENCE)
    if fields[0].tag == reader.context(0):
        fields = fields[1:]
    serial, inner_algorithm, issuer, validity, subject, spki, *rest = fields
    not_before, not_after = validity.children(reader.SEQUENCE)
    signature_oid = reader.oid(algorithm.children(reader.SEQUENCE)[0])
    if signature_oid != reader.oid(inner_algorithm.children(reader.SEQUENCE)[0]):
        raise ValueError("inner and outer signature algorithms differ")
    if signature_oid == OID_RSA_PSS and algorithm.encoded != inner_algorithm.encoded:
        raise ValueError("inner and outer RSA-PSS parameters differ")
    blocks = [part for part in rest if part.tag == reader.context(3)]
    found = ext.read_extensions(reader.read_element(blocks[0].content)) if blocks else {}
    constraints, usage = found.get(ext.BASIC_CONSTRAINTS), found.get(ext.KEY_USAGE)
    is_ca, path_length = ext.read_basic_constraints(constraints.value) if constraints else (False, None)
    return Certificate(
        der=der,
        tbs=tbs.encoded,
        serial=reader.integer(serial),
        issuer=Name.read(issuer),
        subject=Name.read(subject),
        not_before=read_time(not_before),
        not_after=read_time(not_after),
        spki=reader.expect(spki, reader.SEQUENCE).encoded,
        signature_algorithm=signature_oid,
        signature_identifier=algorithm.encoded,
        signature=reader.bit_string(signature),
        extensions=found,
        is_ca=is_ca,
        path_length=path_length,
        key_usage=ext.read_key_usage(usage.value) if usage else None,
    )


class ChainErrorKind(StrEnum):
    """Why a chain does not hold."""

    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    UNTRUSTED = "untrusted"
    BAD_SIGNATURE = "bad_signature"
    NOT_A_CA = "not_a_ca"
    KEY_USAGE = "key_usage"
    PATH_LENGTH = "path_length"
    UNKNOWN_EXTENSION = "unknown_extension"
    NAME_CONSTRAINTS = "name_constraints"


class ChainError(InvalidInput):
    """A chain that does not hold: `kind` says why, `certificate` which link."""

    code = "certificate-chain"

    def __init__(self, kind: ChainErrorKind, certificate: Certificate, *, reason: str | None = None) -> None:
        self.kind = kind
        self.certificate = certificate
        super().__init__(_CHAIN_MESSAGES[kind], reason=reason, subject=str(certificate.subject))


_CHAIN_MESSAGES = {
    ChainErrorKind.EXPIRED: "The certificate of {subject} had expired.",
    ChainErrorKind.NOT_YET_VALID: "The certificate of {subject} was not yet valid.",
    ChainErrorKind.UNTRUSTED: "The issuer of the certificate of {subject} is not trusted here.",
    ChainErrorKind.BAD_SIGNATURE: "The certificate of {subject} is not signed by its issuer.",
    ChainErrorKind.NOT_A_CA: "The certificate of {subject} may not issue certificates.",
    ChainErrorKind.KEY_USAGE: "The certificate of {subject} may not be used for this.",
    ChainErrorKind.PATH_LENGTH: "There are too many certificates below that of {subject}.",
    ChainErrorKind.UNKNOWN_EXTENSION: "The certificate of {subject} makes a demand we do not understand.",
    ChainErrorKind.NAME_CONSTRAINTS: "The issuer of the certificate of {subject} may not certify this name.",
}


def verify_chain(
    leaf: Certificate,
    intermediates: Sequence[Certificate],
    anchors: Collection[Certificate],
    at: datetime,
    *,
    usages: Collection[KeyUsage] = (),
    empty_id_anchors: Collection[Certificate] = (),
) -> list[Certificate]:
    """Find and check a chain from `leaf` to one of `anchors` as of `at` (UTC-aware).

    Returns it, leaf first, anchor last. `usages`: the leaf must allow one of them. Revocation is not looked at.
    `empty_id_anchors`: further anchors, of SM2 authorities that sign with an empty signer ID (OpenSSL 3.0 as it comes);
    below them, and nowhere else, that is tried as well. Raises ChainError; when several chains exist, the first one's
    fault. RFC 5280 §6.1 with name constraints on directory names; a certificate that makes policy constraints critical
    is refused.
    """
    fault: ChainError | None = None
    for roots, sm2_ids in ((tuple(anchors), (DEFAULT_ID,)), (tuple(empty_id_anchors), (DEFAULT_ID, EMPTY_ID))):
        search = _PathSearch(tuple(intermediates), roots, sm2_ids)
        for path in search.paths([leaf]) if roots else ():
            try:
                _check_path(path, at, usages)
            except ChainError as error:
                fault = fault or error
            else:
                return path
        fault = fault or search.fault
    raise fault or ChainError(ChainErrorKind.UNTRUSTED, leaf)


@dataclass
class _PathSearch:
    """Step 1: paths whose every link is named and signed by the next, ending in an anchor."""

    intermediates: tuple[Certificate, ...]
    anchors: tuple[Certificate, ...]
    sm2_ids: tuple[bytes, ...] = (DEFAULT_ID,)
    fault: ChainError | None = None
    signatures_left: int = _MOST_SIGNATURES

    def paths(self, path: list[Certificate]) -> Iterator[list[Certificate]]:
        last = path[-1]
        if last in self.anchors:
            yield path
            return
        if len(path) == _LONGEST_CHAIN:
            return
        known = [*self.anchors, *self.intermediates]
        named = [each for each in known if each not in path and last.issuer.matches(each.subject)]
        named.sort(key=lambda each: each.ski is None or each.ski != last.aki)  # the likeliest first
        signers = [each for each in named if self._signed(last, each)]
        self_issued = last.issuer.matches(last.subject)  # a strange root: untrusted, not badly signed
        if named and not signers and not self_issued:
            self.fault = self.fault or ChainError(ChainErrorKind.BAD_SIGNATURE, last)
        for issuer in signers:
            yield from self.paths([*path, issuer])

    def _signed(self, certificate: Certificate, issuer: Certificate) -> bool:
        if not self.signatures_left:
            return False
        self.signatures_left -= 1
        is_small = len(certificate.der) + len(issuer.der) <= _KEPT_BYTES
        judge = _is_signed_by if is_small else _is_signed_by.__wrapped__
        return judge(certificate, issuer, self.sm2_ids)


_KEPT_BYTES = 16 * 1024
"""What is larger is no certificate in use but an attempt at our memory."""


@lru_cache(maxsize=1024)
def _is_signed_by(certificate: Certificate, issuer: Certificate, sm2_ids: tuple[bytes, ...]) -> bool:
    """Kept, because the same few links stand behind most documents, and bytes do not change their mind."""
    try:
        certificate.verify_issued_by(issuer, sm2_ids=sm2_ids)
    except (InvalidSignature, CertificateUnreadable):
        return False
    return True


def _check_path(path: list[Certificate], at: datetime, usages: Collection[KeyUsage]) -> None:
    """Steps 2 to 7 on every link, anchor included."""
    if usages and not any(path[0].allows(usage) for usage in usages):
        raise ChainError(ChainErrorKind.KEY_USAGE, path[0])
    for position, certificate in enumerate(path):
        _check_period(certificate, at)  # 2
        if position:
            _check_issuer(certificate, path[1:position], is_anchor=position == len(path) - 1)  # 3, 4, 5
            _check_names(certificate, path[:position])  # 7
        unknown = [each for each in certificate.extensions.values() if each.critical and each.oid not in ext.UNDERSTOOD]
        if unknown:  # 6
            raise ChainError(ChainErrorKind.UNKNOWN_EXTENSION, certificate, reason=unknown[0].oid)


def _check_period(certificate: Certificate, at: datetime) -> None:
    if at < certificate.not_before:
        raise ChainError(ChainErrorKind.NOT_YET_VALID, certificate)
    if at > certificate.not_after:
        raise ChainError(ChainErrorKind.EXPIRED, certificate)


def _check_issuer(issuer: Certificate, below: list[Certificate], *, is_anchor: bool) -> None:
    """`below`: the issuers under this one; self-issued ones do not count against the path length (§4.2.1.9).

    An anchor of version 1 has no extensions to say that it is an authority; being an anchor says it (§6.1.1 d).
    """
    if not issuer.is_ca and not (is_anchor and not issuer.extensions):
        raise ChainError(ChainErrorKind.NOT_A_CA, issuer)
    if not issuer.allows("key_cert_sign"):
        raise ChainError(ChainErrorKind.KEY_USAGE, issuer)
    counted = sum(not each.subject.matches(each.issuer) for each in below)
    if issuer.path_length is not None and counted > issuer.path_length:
        raise ChainError(ChainErrorKind.PATH_LENGTH, issuer)


def _check_names(issuer: Certificate, below: list[Certificate]) -> None:
    """An issuer's name constraints hold for every certificate below but self-issued issuers (§6.1.3 b, c)."""
    value = issuer.extension(ext.NAME_CONSTRAINTS)
    if value is None:
        return
    try:
        limits = constraints.NameConstraints.read(value)
        for position, certificate in enumerate(below):
            if position and certificate.subject.matches(certificate.issuer):
                continue
            forms = constraints.alternative_forms(certificate.extension(ext.SUBJECT_ALTERNATIVE_NAME))
            complaint = limits.complaint(certificate.subject, forms)
            if complaint:
                raise ChainError(ChainErrorKind.NAME_CONSTRAINTS, certificate, reason=complaint)
    except (ValueError, IndexError) as error:
        raise ChainError(ChainErrorKind.UNKNOWN_EXTENSION, issuer, reason="unreadable name constraints") from error
