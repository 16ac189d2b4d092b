"""What an OCSP responder said about certificates (RFC 6960 §4.2), SM2 and international: read and judged."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from kernel.crypto.certificates import Certificate, CertificateUnreadable
from kernel.crypto.der import extensions as ext
from kernel.crypto.der import reader, writer
from kernel.crypto.der.names import Name
from kernel.crypto.der.reader import Element
from kernel.crypto.der.times import read_time
from kernel.crypto.public_keys import verify_by_identifier
from kernel.crypto.revocation.crl import Revocation
from kernel.crypto.signatures import InvalidSignature
from kernel.crypto.sm3 import sm3
from kernel.errors import InvalidInput

MAX_OCSP_BYTES: Final = 64 * 1024
BASIC_RESPONSE: Final = "1.3.6.1.5.5.7.48.1.1"
NONCE: Final = "1.3.6.1.5.5.7.48.1.2"
OCSP_SIGNING: Final = "1.3.6.1.5.5.7.3.9"
SHA1: Final = "1.3.14.3.2.26"
HASHES: Final[dict[str, Callable[[bytes], bytes]]] = {
    SHA1: lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),  # the name of an issuer, no protection
    "2.16.840.1.101.3.4.2.1": lambda data: hashlib.sha256(data).digest(),
    "2.16.840.1.101.3.4.2.2": lambda data: hashlib.sha384(data).digest(),
    "2.16.840.1.101.3.4.2.3": lambda data: hashlib.sha512(data).digest(),
    "1.2.156.10197.1.401": sm3,
}
Standing = Literal["good", "revoked", "unknown"]
_STANDINGS: Final[dict[int, Standing]] = {0x80: "good", 0xA0: "good", 0xA1: "revoked", 0x82: "unknown", 0xA2: "unknown"}
_MOST_CERTIFICATES: Final = 8


class OcspUnreadable(InvalidInput):
    """These bytes are not a successful OCSP response we can read."""

    code = "ocsp-unreadable"

    def __init__(self, *, reason: str | None = None) -> None:
        super().__init__("The OCSP response cannot be read.", reason=reason)


@dataclass(frozen=True)
class CertificateId:
    """`CertID` (§4.1.1): an issuer by hashes of its name and key, and a serial number. `hash_oid` dotted."""

    hash_oid: str
    name_hash: bytes
    key_hash: bytes
    serial: int

    @classmethod
    def of(cls, serial: int, issuer: Certificate, hash_oid: str = SHA1) -> "CertificateId":
        """Of the certificate with this number under `issuer`."""
        digest = HASHES[hash_oid]
        return cls(hash_oid, digest(issuer.subject.der), digest(key_bits(issuer.spki)), serial)

    def is_from(self, issuer: Certificate) -> bool:
        """Whether `issuer` is meant."""
        digest = HASHES.get(self.hash_oid)
        if digest is None:
            return False
        return (digest(issuer.subject.der), digest(key_bits(issuer.spki))) == (self.name_hash, self.key_hash)

    def encode(self) -> bytes:
        """DER, the algorithm with NULL as everybody writes it."""
        return writer.sequence(
            writer.sequence(writer.oid(self.hash_oid), writer.null()),
            writer.octets(self.name_hash),
            writer.octets(self.key_hash),
            writer.integer(self.serial),
        )

    @classmethod
    def read(cls, element: Element) -> "CertificateId":
        """Raises ValueError."""
        algorithm, name_hash, key_hash, serial = element.children(reader.SEQUENCE)
        return cls(
            reader.oid(algorithm.children(reader.SEQUENCE)[0]),
            reader.expect(name_hash, reader.OCTET_STRING).content,
            reader.expect(key_hash, reader.OCTET_STRING).content,
            reader.integer(serial),
        )


@dataclass(frozen=True)
class SingleStatus:
    """What was said about one certificate, good from `this_update` until `next_update` (None: until asked again)."""

    certificate: CertificateId
    standing: Standing
    this_update: datetime
    next_update: datetime | None = None
    revocation: Revocation | None = None


@dataclass(frozen=True)
class OcspResponse:
    """A successful basic response; equal to another when the bytes are. `nonce` is the value inside, as sent."""

    der: bytes
    tbs: bytes = field(compare=False, repr=False)
    produced_at: datetime = field(compare=False)
    statuses: tuple[SingleStatus, ...] = field(compare=False)
    nonce: bytes | None = field(compare=False)
    signature_identifier: bytes = field(compare=False, repr=False)
    signature: bytes = field(compare=False, repr=False)
    certificates: tuple[Certificate, ...] = field(compare=False, repr=False)
    responder: Element = field(compare=False, repr=False)

    @classmethod
    def load(cls, der: bytes) -> "OcspResponse":
        """Read a DER OCSPResponse; raises OcspUnreadable, also for the error answers of the protocol."""
        if len(der) > MAX_OCSP_BYTES:
            raise OcspUnreadable(reason="too large")
        try:
            return _read(bytes(der))
        except (ValueError, IndexError) as error:
            raise OcspUnreadable(reason=str(error)) from error

    def status_of(self, certificate: Certificate, issuer: Certificate) -> SingleStatus | None:
        """What it says about `certificate` of `issuer`; None when it says nothing."""
        for status in self.statuses:
            if status.certificate.serial == certificate.serial and status.certificate.is_from(issuer):
                return status
        return None

    def verify(self, issuer: Certificate) -> None:
        """Check that `issuer`, or a responder it delegated to, signed this; raises InvalidSignature.

        A delegated responder is issued directly by `issuer` for OCSP signing and was valid when it answered (§4.2.2.2).
        Says nothing of the answer's age.
        """
        for signer in (issuer, *self.certificates):
            if self._names(signer) and (signer == issuer or self._is_delegated(signer, issuer)):
                verify_by_identifier(signer.public_key(), self.signature_identifier, self.signature, self.tbs)
                return
        raise InvalidSignature(reason="no authorized responder signed this")

    def _names(self, signer: Certificate) -> bool:
        if self.responder.tag == reader.context(1):
            return Name.read(reader.read_element(self.responder.content)).matches(signer.subject)
        key_hash = reader.read_element(self.responder.content).content
        return key_hash == HASHES[SHA1](key_bits(signer.spki))

    def _is_delegated(self, signer: Certificate, issuer: Certificate) -> bool:
        if OCSP_SIGNING not in signer.extended_key_usage or not signer.allows("digital_signature"):
            return False
        if not signer.not_before <= self.produced_at <= signer.not_after:
            return False
        unknown = [each for each in signer.extensions.values() if each.critical and each.oid not in ext.UNDERSTOOD]
        try:
            signer.verify_issued_by(issuer)
        except (InvalidSignature, CertificateUnreadable):
            return False
        return not unknown


def key_bits(spki: bytes) -> bytes:
    """The key without its algorithm: what issuers are named by."""
    return reader.bit_string(reader.read_element(spki).children(reader.SEQUENCE)[1])


def _read(der: bytes) -> OcspResponse:
    status, *wrapped = reader.read_element(der).children(reader.SEQUENCE)
    if reader.integer(reader.expect(status, reader.ENUMERATED)) != 0:
        raise ValueError(f"the responder answered with error {reader.integer(status)}")
    kind, octets = reader.read_element(wrapped[0].content).children(reader.SEQUENCE)
    if reader.oid(kind) != BASIC_RESPONSE:
        raise ValueError("another kind of response")
    basic = reader.read_element(reader.expect(octets, reader.OCTET_STRING).content)
    data, algorithm, signature, *bag = basic.children(reader.SEQUENCE)
    parts = data.children(reader.SEQUENCE)
    if parts[0].tag == reader.context(0):
        parts = parts[1:]
    responder, produced_at, responses, *rest = parts
    _read_responder(responder)
    found = ext.read_extensions(reader.read_element(rest[0].content)) if rest else {}
    if any(each.critical and each.oid != NONCE for each in found.values()):
        raise ValueError("critical extension")
    return OcspResponse(
        der=der,
        tbs=data.encoded,
        produced_at=read_time(produced_at),
        statuses=tuple(_read_status(each) for each in responses.children(reader.SEQUENCE)),
        nonce=reader.read_element(found[NONCE].value).content if NONCE in found else None,
        signature_identifier=reader.expect(algorithm, reader.SEQUENCE).encoded,
        signature=reader.bit_string(signature),
        certificates=_read_certificates(bag),
        responder=responder,
    )


def _read_responder(responder: Element) -> None:
    inside = reader.read_element(reader.expect(responder, reader.context(1), reader.context(2)).content)
    if responder.tag == reader.context(1):
        Name.read(inside)
    else:
        reader.expect(inside, reader.OCTET_STRING)


def _read_status(element: Element) -> SingleStatus:
    identity, standing, this_update, *rest = element.children(reader.SEQUENCE)
    kind = _STANDINGS.get(standing.tag)
    if kind is None:
        raise ValueError("unknown standing")
    certificate = CertificateId.read(identity)
    next_updates = [reader.read_element(part.content) for part in rest if part.tag == reader.context(0)]
    extensions = [
        ext.read_extensions(reader.read_element(part.content)) for part in rest if part.tag == reader.context(1)
    ]
    if any(each.critical for found in extensions for each in found.values()):
        raise ValueError("critical extension")
    return SingleStatus(
        certificate=certificate,
        standing=kind,
        this_update=read_time(this_update),
        next_update=read_time(next_updates[0]) if next_updates else None,
        revocation=_read_revocation(standing, certificate.serial) if kind == "revoked" else None,
    )


def _read_revocation(element: Element, serial: int) -> Revocation:
    revoked_at, *reasons = element.children()
    reason = reader.integer(reader.read_element(reasons[0].content)) if reasons else None
    return Revocation(serial, read_time(revoked_at), reason)


def _read_certificates(bag: list[Element]) -> tuple[Certificate, ...]:
    """Those that can be read; a response may carry any."""
    loaded = []
    for element in reader.read_element(bag[0].content).children(reader.SEQUENCE)[:_MOST_CERTIFICATES] if bag else []:
        try:
            loaded.append(Certificate.load(element.encoded))
        except CertificateUnreadable:
            continue
    return tuple(loaded)
