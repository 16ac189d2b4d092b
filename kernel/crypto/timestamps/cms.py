"""The SignedData around a token (RFC 5652 §5, RFC 3161 §2.4.2), read leniently and written in one form."""

import hashlib
from dataclasses import dataclass
from typing import Final

from kernel.crypto.certificates import Certificate
from kernel.crypto.der import reader, writer
from kernel.crypto.der.reader import Element
from kernel.crypto.public_keys import verify_by_identifier
from kernel.crypto.signatures import InvalidSignature, SigningAlgorithm, SigningKey
from kernel.crypto.timestamps.digests import DigestName, algorithm, digest, digest_name, read_algorithm

SIGNED_DATA_TYPES: Final = frozenset({"1.2.840.113549.1.7.2", "1.2.156.10197.6.1.4.2.2"})
TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"
_SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE, _SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.47"
_SIGNER_ALGORITHMS: Final[dict[SigningAlgorithm, tuple[DigestName, bytes]]] = {
    "SM2-SM3": ("sm3", writer.sequence(writer.oid("1.2.156.10197.1.501"))),
    "ES256": ("sha256", writer.sequence(writer.oid("1.2.840.10045.4.3.2"))),
    "RS256": ("sha256", writer.sequence(writer.oid("1.2.840.113549.1.1.1"), writer.null())),
}
_RSA_PLAIN: Final = "1.2.840.113549.1.1.1"
_RSA_WITH: Final[dict[DigestName, str]] = {
    "sha256": "1.2.840.113549.1.1.11",
    "sha384": "1.2.840.113549.1.1.12",
    "sha512": "1.2.840.113549.1.1.13",
}
_EC_PLAIN: Final = "1.2.840.10045.2.1"
_EC_WITH: Final[dict[DigestName, str]] = {
    "sha256": "1.2.840.10045.4.3.2",
    "sha384": "1.2.840.10045.4.3.3",
    "sha512": "1.2.840.10045.4.3.4",
    "sm3": "1.2.156.10197.1.501",
}
_SM2_PLAIN: Final = frozenset({"1.2.156.10197.1.301", "1.2.156.10197.1.301.1"})


@dataclass(frozen=True)
class SignedContent:
    """One signer's SignedData over `content`. `signed_attributes` is the SET as signed; all else as it came."""

    content: bytes
    certificates: tuple[bytes, ...]
    signer_id: Element
    digest_algorithm: str
    signed_attributes: bytes
    signature_algorithm: Element
    signature: bytes

    def names(self, certificate: Certificate) -> bool:
        """Whether the signer is identified as the holder of `certificate`."""
        if self.signer_id.tag == reader.context(0, constructed=False):
            return certificate.ski == self.signer_id.content
        issuer, serial = self.signer_id.children(reader.SEQUENCE)
        return certificate.issuer.der == issuer.encoded and certificate.serial == reader.integer(serial)

    def verify(self, signer: Certificate) -> None:
        """Check attributes and signature against the certificate; raises InvalidSignature, CertificateUnreadable."""
        try:
            attributes = _read_attributes(self.signed_attributes)
            name = digest_name(self.digest_algorithm)
            self._check_attributes(attributes, name, signer)
            identifier = _full_identifier(self.signature_algorithm, name)
        except (ValueError, IndexError, KeyError) as error:
            raise InvalidSignature(reason=str(error)) from error
        verify_by_identifier(signer.public_key(), identifier, self.signature, self.signed_attributes)

    def _check_attributes(self, attributes: dict[str, Element], name: DigestName, signer: Certificate) -> None:
        if reader.oid(attributes[_CONTENT_TYPE]) != TST_INFO:
            raise ValueError("the signed content type is not that of a time stamp")
        if reader.expect(attributes[_MESSAGE_DIGEST], reader.OCTET_STRING).content != digest(name, self.content):
            raise ValueError("the content is not what was signed")
        _check_signing_certificate(attributes, signer)


def read_signed_content(encoded: bytes) -> SignedContent:
    """Read a ContentInfo with TSTInfo inside and one signer; raises ValueError, IndexError."""
    kind, wrapped = reader.read_element(encoded).children(reader.SEQUENCE)
    if reader.oid(kind) not in SIGNED_DATA_TYPES:
        raise ValueError("not SignedData")
    (signed_data,) = wrapped.children(reader.context(0))
    _version, _digests, content, *rest = signed_data.children(reader.SEQUENCE)
    content_type, content_wrapped = content.children(reader.SEQUENCE)
    if reader.oid(content_type) != TST_INFO:
        raise ValueError("the content is not a time stamp")
    (octets,) = content_wrapped.children(reader.context(0))
    bags = [part for part in rest if part.tag == reader.context(0)]
    (signer_info,) = reader.expect(rest[-1], reader.SET).children()
    _version, signer_id, digest_kind, attributes, signature_kind, signature, *_unsigned = signer_info.children()
    return SignedContent(
        content=reader.expect(octets, reader.OCTET_STRING).content,
        certificates=tuple(part.encoded for bag in bags for part in bag.children() if part.tag == reader.SEQUENCE),
        signer_id=signer_id,
        digest_algorithm=read_algorithm(digest_kind),
        # RFC 5652 §5.4: what is signed is the attributes as a SET, not under their implicit tag.
        signed_attributes=bytes((reader.SET,)) + reader.expect(attributes, reader.context(0)).encoded[1:],
        signature_algorithm=reader.expect(signature_kind, reader.SEQUENCE),
        signature=reader.expect(signature, reader.OCTET_STRING).content,
    )


def write_signed_content(
    content: bytes, key: SigningKey, certificate: Certificate, included: tuple[bytes, ...]
) -> bytes:
    """DER ContentInfo over TSTInfo `content`, signed by `key`; `included` are the certificates to carry along."""
    name, identifier = _SIGNER_ALGORITHMS[key.algorithm]
    attributes = writer.set_of(
        [
            _attribute(_CONTENT_TYPE, writer.oid(TST_INFO)),
            _attribute(_MESSAGE_DIGEST, writer.octets(digest(name, content))),
            _attribute(_SIGNING_CERTIFICATE_V2, _signing_certificate_v2(certificate)),
        ]
    )
    signer_info = writer.sequence(
        writer.integer(1),
        writer.sequence(certificate.issuer.der, writer.integer(certificate.serial)),
        algorithm(name),
        bytes((reader.context(0),)) + attributes[1:],
        identifier,
        writer.octets(key.sign(attributes)),
    )
    signed_data = writer.sequence(
        writer.integer(3),
        writer.set_of([algorithm(name)]),
        writer.sequence(writer.oid(TST_INFO), writer.explicit(0, writer.octets(content))),
        *([writer.element(reader.context(0), b"".join(sorted(included)))] if included else []),
        writer.set_of([signer_info]),
    )
    return writer.sequence(writer.oid(_SIGNED_DATA), writer.explicit(0, signed_data))


def _signing_certificate_v2(certificate: Certificate) -> bytes:
    """ESSCertIDv2 (RFC 5035 §4) with its default SHA-256, in both families: readers know it, and it guards a name."""
    issuer = writer.sequence(writer.element(reader.context(4), certificate.issuer.der))
    serial = writer.sequence(issuer, writer.integer(certificate.serial))
    identifier = writer.sequence(writer.octets(hashlib.sha256(certificate.der).digest()), serial)
    return writer.sequence(writer.sequence(identifier))


def _check_signing_certificate(attributes: dict[str, Element], signer: Certificate) -> None:
    """RFC 3161 §2.4.1, RFC 5816 §2.2.1: the first identifier must be that of the signer's certificate."""
    if _SIGNING_CERTIFICATE_V2 in attributes:
        first = _first_certificate_id(attributes[_SIGNING_CERTIFICATE_V2])
        name: DigestName = digest_name(read_algorithm(first.pop(0))) if first[0].tag == reader.SEQUENCE else "sha256"
        expected = digest(name, signer.der)
    elif _SIGNING_CERTIFICATE in attributes:
        first = _first_certificate_id(attributes[_SIGNING_CERTIFICATE])
        expected = hashlib.sha1(signer.der, usedforsecurity=False).digest()
    else:
        raise ValueError("the signing certificate is not stated")
    if reader.expect(first[0], reader.OCTET_STRING).content != expected:
        raise ValueError("another signing certificate is stated")


def _first_certificate_id(attribute: Element) -> list[Element]:
    return attribute.children(reader.SEQUENCE)[0].children(reader.SEQUENCE)[0].children(reader.SEQUENCE)


def _read_attributes(encoded: bytes) -> dict[str, Element]:
    """Each attribute's only value; the same attribute twice is an error."""
    found: dict[str, Element] = {}
    for attribute in reader.read_element(encoded).children(reader.SET):
        kind, values = attribute.children(reader.SEQUENCE)
        dotted = reader.oid(kind)
        if dotted in found:
            raise ValueError("an attribute is stated twice")
        found[dotted] = values.children(reader.SET)[0]
    return found


def _full_identifier(stated: Element, name: DigestName) -> bytes:
    """Signers may name the key's algorithm alone (RFC 3370 §3.2): the digest algorithm then completes it."""
    oid = reader.oid(stated.children(reader.SEQUENCE)[0])
    if oid == _RSA_PLAIN:
        return writer.sequence(writer.oid(_RSA_WITH[name]))
    if oid == _EC_PLAIN or oid in _SM2_PLAIN:
        return writer.sequence(writer.oid(_EC_WITH[name]))
    return stated.encoded


def _attribute(kind: str, value: bytes) -> bytes:
    return writer.sequence(writer.oid(kind), writer.set_of([value]))
