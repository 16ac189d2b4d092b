"""SignedData of a PAdES baseline signature (RFC 5652, EN 319 122-1, EN 319 142-1), in exactly one form.

Written by hand: general CMS libraries spend ten times as long on the attributes as the key does on the signature, and
one fixed form lets a verifier hold us to every byte of it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal

from kernel.crypto.der import reader, writer
from kernel.crypto.signatures import SigningAlgorithm, SigningKey
from kernel.crypto.timestamps.digests import algorithm, digest
from seal.structures.fields import Fields, MalformedStructure, malformed_on_error
from seal.structures.gm_cms import issuer_and_serial

SuiteDigest = Literal["sha256", "sm3"]
Stamp = Callable[[bytes, SuiteDigest], bytes]
"""From a digest and its kind to a DER TimeStampToken over it."""

_DATA, _SIGNED_DATA = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.2"
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
_SIGNATURE_TIME_STAMP = "1.2.840.113549.1.9.16.2.14"


@dataclass(frozen=True, slots=True)
class Suite:
    """How a kind of key signs PDF files: the digest, and the signature's AlgorithmIdentifier (DER)."""

    digest_name: SuiteDigest
    algorithm: bytes


SUITES: Final[dict[SigningAlgorithm, Suite]] = {
    "ES256": Suite("sha256", writer.sequence(writer.oid("1.2.840.10045.4.3.2"))),
    "RS256": Suite("sha256", writer.sequence(writer.oid("1.2.840.113549.1.1.1"), writer.null())),
    "SM2-SM3": Suite("sm3", writer.sequence(writer.oid("1.2.156.10197.1.501"))),
}
"""By key. SM2 is for verifiers at home: no other reader of PDF knows it."""


@dataclass(frozen=True, slots=True)
class CadesSignature:
    """The parts that vary. `certificates`: the signer's first, then its issuers; `attributes`: the signed SET, DER;
    `timestamp`: a DER TimeStampToken over the signature value (level B-T), empty at level B-B."""

    certificates: tuple[bytes, ...]
    attributes: bytes
    suite: Suite
    signature: bytes
    timestamp: bytes = b""

    def with_timestamp(self, token: bytes) -> "CadesSignature":
        """The same at level B-T."""
        return replace(self, timestamp=token)

    @property
    def signature_digest(self) -> bytes:
        """What a time stamp is over."""
        return digest(self.suite.digest_name, self.signature)

    def encode(self) -> bytes:
        """DER ContentInfo, detached."""
        issuer, serial = issuer_and_serial(self.certificates[0])
        digest_algorithm = algorithm(self.suite.digest_name)
        signer_info = writer.sequence(
            writer.integer(1),
            writer.sequence(issuer, serial),
            digest_algorithm,
            bytes((reader.context(0),)) + self.attributes[1:],
            self.suite.algorithm,
            writer.octets(self.signature),
            *([_unsigned(self.timestamp)] if self.timestamp else []),
        )
        signed_data = writer.sequence(
            writer.integer(1),
            writer.set_of([digest_algorithm]),
            writer.sequence(writer.oid(_DATA)),
            writer.element(reader.context(0), b"".join(self.certificates)),
            writer.set_of([signer_info]),
        )
        return writer.sequence(writer.oid(_SIGNED_DATA), writer.explicit(0, signed_data))


def suite_of(signer: SigningKey) -> Suite:
    """How this key signs PDF files; raises `MalformedStructure` for one that does not."""
    suite = SUITES.get(signer.algorithm)
    if suite is None:
        raise MalformedStructure(f"PDF signatures are not made with {signer.algorithm}")
    return suite


def make_cades_signature(
    document_digest: bytes, signer: SigningKey, certificates: tuple[bytes, ...], stamp: Stamp | None = None
) -> bytes:
    """Sign the digest of a document, made with `suite_of(signer)`: DER ContentInfo, time-stamped if `stamp` is given.

    The first of `certificates` is the signer's. The time of signing is not stated here but in the PDF (EN 319 142-1
    §5.3). Raises what `stamp` raises.
    """
    suite = suite_of(signer)
    attributes = signed_attributes(document_digest, certificates[0], suite)
    made = CadesSignature(certificates, attributes, suite, signer.sign(attributes))
    if stamp is not None:
        made = made.with_timestamp(stamp(made.signature_digest, suite.digest_name))
    return made.encode()


def signed_attributes(document_digest: bytes, certificate: bytes, suite: Suite) -> bytes:
    """What the signature covers: the document's digest and that of the signer's certificate, as a DER SET."""
    stated = [] if suite.digest_name == "sha256" else [algorithm(suite.digest_name)]  # SHA-256 is the default
    certificate_id = writer.sequence(*stated, writer.octets(digest(suite.digest_name, certificate)))
    return writer.set_of(
        [
            _attribute(_CONTENT_TYPE, writer.oid(_DATA)),
            _attribute(_MESSAGE_DIGEST, writer.octets(document_digest)),
            _attribute(_SIGNING_CERTIFICATE_V2, writer.sequence(writer.sequence(certificate_id))),
        ]
    )


def load_cades_signature(data: bytes) -> CadesSignature:
    """Read what `make_cades_signature` writes, and nothing else; raises `MalformedStructure`."""
    with malformed_on_error():
        info = Fields(reader.read_element(data))
        info.oid()
        fields = info.inside(reader.context(0)).inside()
        for tag in (reader.INTEGER, reader.SET, reader.SEQUENCE):
            fields.take(tag)
        certificates = fields.take(reader.context(0)).children()
        signer = fields.inside(reader.SET).inside()
        for tag in (reader.INTEGER, reader.SEQUENCE, reader.SEQUENCE):
            signer.take(tag)
        attributes = signer.take(reader.context(0)).encoded
        stated = signer.take(reader.SEQUENCE).encoded
        read = CadesSignature(
            certificates=tuple(certificate.encoded for certificate in certificates),
            attributes=bytes((reader.SET,)) + attributes[1:],
            suite=next((suite for suite in SUITES.values() if suite.algorithm == stated), SUITES["ES256"]),
            signature=signer.octets(),
            timestamp=_read_timestamp(signer),
        )
        if read.encode() != data:
            raise ValueError("not in our form")
        return read


def _read_timestamp(signer: Fields) -> bytes:
    unsigned = signer.find(reader.context(1))
    if unsigned is None:
        return b""
    (attribute,) = unsigned.children()
    kind, values = attribute.children(reader.SEQUENCE)
    if reader.oid(kind) != _SIGNATURE_TIME_STAMP:
        raise ValueError("not a time stamp")
    (token,) = values.children(reader.SET)
    return token.encoded


def _unsigned(timestamp: bytes) -> bytes:
    """unsignedAttrs [1] with the signature time stamp (EN 319 122-1 §5.3)."""
    return writer.element(reader.context(1), _attribute(_SIGNATURE_TIME_STAMP, timestamp))


def _attribute(kind: str, value: bytes) -> bytes:
    return writer.sequence(writer.oid(kind), writer.set_of([value]))
