"""SignedData of a PAdES baseline signature (RFC 5652, EN 319 122-1, EN 319 142-1 level B-B), in exactly one form.

Written by hand: general CMS libraries spend ten times as long on the attributes as the key does on the signature, and
one fixed form lets a verifier hold us to every byte of it.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from kernel.crypto.der import reader, writer
from kernel.crypto.signatures import SigningKey
from seal.structures.fields import Fields, MalformedStructure, malformed_on_error
from seal.structures.gm_cms import issuer_and_serial

_DATA, _SIGNED_DATA = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.2"
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
_SHA256 = writer.sequence(writer.oid("2.16.840.1.101.3.4.2.1"))
_SIGNATURE_ALGORITHMS: Final = {
    "ES256": writer.sequence(writer.oid("1.2.840.10045.4.3.2")),
    "RS256": writer.sequence(writer.oid("1.2.840.113549.1.1.1"), writer.null()),
}


@dataclass(frozen=True, slots=True)
class CadesSignature:
    """The parts that vary. `certificates`: the signer's first, then its issuers; `attributes`: the signed SET, DER."""

    certificates: tuple[bytes, ...]
    attributes: bytes
    signature_algorithm: bytes
    signature: bytes

    def encode(self) -> bytes:
        """DER ContentInfo, detached."""
        issuer, serial = issuer_and_serial(self.certificates[0])
        signer_info = writer.sequence(
            writer.integer(1),
            writer.sequence(issuer, serial),
            _SHA256,
            bytes((reader.context(0),)) + self.attributes[1:],
            self.signature_algorithm,
            writer.octets(self.signature),
        )
        signed_data = writer.sequence(
            writer.integer(1),
            writer.set_of([_SHA256]),
            writer.sequence(writer.oid(_DATA)),
            writer.element(reader.context(0), b"".join(self.certificates)),
            writer.set_of([signer_info]),
        )
        return writer.sequence(writer.oid(_SIGNED_DATA), writer.explicit(0, signed_data))


def make_cades_signature(digest: bytes, signer: SigningKey, certificates: tuple[bytes, ...]) -> bytes:
    """Sign a SHA-256 `digest` of a document: DER ContentInfo. The first of `certificates` is the signer's.

    Takes P-256 and RSA keys. The time of signing is not stated here but in the PDF (EN 319 142-1 §5.3).
    """
    algorithm = _SIGNATURE_ALGORITHMS.get(signer.algorithm)
    if algorithm is None:
        raise MalformedStructure(f"PDF signatures are not made with {signer.algorithm}")
    attributes = signed_attributes(digest, certificates[0])
    return CadesSignature(certificates, attributes, algorithm, signer.sign(attributes)).encode()


def signed_attributes(digest: bytes, certificate: bytes) -> bytes:
    """What the signature covers: the document's `digest` and that of the signer's certificate, as a DER SET."""
    certificate_id = writer.sequence(writer.octets(hashlib.sha256(certificate).digest()))
    return writer.set_of(
        [
            _attribute(_CONTENT_TYPE, writer.oid(_DATA)),
            _attribute(_MESSAGE_DIGEST, writer.octets(digest)),
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
        read = CadesSignature(
            certificates=tuple(certificate.encoded for certificate in certificates),
            attributes=bytes((reader.SET,)) + attributes[1:],
            signature_algorithm=signer.take(reader.SEQUENCE).encoded,
            signature=signer.octets(),
        )
        if read.signature_algorithm not in _SIGNATURE_ALGORITHMS.values() or read.encode() != data:
            raise ValueError("not in our form")
        return read


def _attribute(kind: str, value: bytes) -> bytes:
    return writer.sequence(writer.oid(kind), writer.set_of([value]))
