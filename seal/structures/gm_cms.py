"""SignedData with SM2 (GB/T 35275-2017, GM/T 0010), as OFD signatures of type "Sign" carry it.

Two forms are in use. With attributes: no content, `messageDigest` states the hash, the signature covers the attributes.
Plain: the content is the hash and the signature covers it; no time is stated.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from kernel.crypto.der import reader, writer
from kernel.crypto.der.reader import Element
from kernel.crypto.der.times import read_time
from kernel.crypto.signatures import SigningKey
from kernel.crypto.sm3 import sm3
from seal.structures.fields import Fields, MalformedStructure, malformed_on_error

SM3: Final = "1.2.156.10197.1.401"
SM2_WITH_SM3: Final = "1.2.156.10197.1.501"
SIGNED_DATA_TYPES: Final = frozenset({"1.2.156.10197.6.1.4.2.2", "1.2.840.113549.1.7.2"})
_GM_DATA, _GM_SIGNED_DATA = "1.2.156.10197.6.1.4.2.1", "1.2.156.10197.6.1.4.2.2"
_TIME_STAMP = "1.2.840.113549.1.9.16.2.14"
_CONTENT_TYPE, _MESSAGE_DIGEST, _SIGNING_TIME = (f"1.2.840.113549.1.9.{arc}" for arc in (3, 4, 5))


SignedDataForm = Literal["attributes", "plain"]


@dataclass(frozen=True, slots=True)
class SignedData:
    """SignedData with one signer.

    `digest` is the hash of the signed file as stated (in the attributes or as the content), `None` when it is stated
    nowhere and the signature covers the file itself. `signed_bytes` is what the signature covers, `None` likewise.
    """

    certificate: bytes
    certificates: tuple[bytes, ...]
    digest_algorithm: str
    signature_algorithm: str
    signature: bytes
    digest: bytes | None
    signed_bytes: bytes | None
    signed_at: datetime | None
    encoded: bytes
    timestamp: bytes | None = None


@dataclass(frozen=True, slots=True)
class _Attributes:
    digest: bytes | None
    signed_at: datetime | None
    signed_bytes: bytes | None


def make_signed_data(
    digest: bytes,
    signer: SigningKey,
    certificate: bytes,
    *,
    signed_at: datetime,
    form: SignedDataForm = "attributes",
    stamp: Callable[[bytes], bytes] | None = None,
) -> bytes:
    """DER ContentInfo stating `digest` (SM3), signed by the holder of `certificate` with SM2.

    `signed_at` is stated in the form with attributes alone. `stamp` turns the SM3 digest of the signature value into a
    time stamp token (DER), which is put beside it (RFC 3161 appendix A).
    """
    if signer.algorithm != "SM2-SM3":
        raise MalformedStructure(f"GB/T 35275 is signed with SM2, not {signer.algorithm}")
    plain = form == "plain"
    attributes = writer.set_of(
        [
            _attribute(_CONTENT_TYPE, writer.oid(_GM_DATA)),
            _attribute(_SIGNING_TIME, writer.time(signed_at)),
            _attribute(_MESSAGE_DIGEST, writer.octets(digest)),
        ]
    )
    signature = signer.sign(digest if plain else attributes)
    token = stamp(sm3(signature)) if stamp else None
    return _encode(certificate, signature, digest if plain else None, b"" if plain else attributes, token)


def in_written_form(signed: SignedData) -> bool:
    """Whether `make_signed_data` would have written these very bytes: what it signs leaves some of them open."""
    plain = signed.signed_bytes is not None and signed.signed_bytes == signed.digest
    attributes = b"" if plain else signed.signed_bytes or b""
    content = signed.digest if plain else None
    return _encode(signed.certificate, signed.signature, content, attributes, signed.timestamp) == signed.encoded


def _encode(
    certificate: bytes, signature: bytes, content: bytes | None, attributes: bytes, token: bytes | None
) -> bytes:
    """The value from what varies: `content` in the plain form, `attributes` (a SET) in the other."""
    issuer, serial = issuer_and_serial(certificate)
    stamped = _retagged(writer.set_of([_attribute(_TIME_STAMP, token)]), reader.context(1)) if token else b""
    signer_info = writer.sequence(
        writer.integer(1),
        writer.sequence(issuer, serial),
        _algorithm(SM3),
        _retagged(attributes, reader.context(0)) if attributes else b"",
        _algorithm(SM2_WITH_SM3),
        writer.octets(signature),
        stamped,
    )
    wrapped = b"" if content is None else writer.explicit(0, writer.octets(content))
    signed_data = writer.sequence(
        writer.integer(1),
        writer.set_of([_algorithm(SM3)]),
        writer.sequence(writer.oid(_GM_DATA), wrapped),
        writer.element(reader.context(0), certificate),
        writer.set_of([signer_info]),
    )
    return writer.sequence(writer.oid(_GM_SIGNED_DATA), writer.explicit(0, signed_data))


def load_signed_data(data: bytes) -> SignedData:
    """Read ContentInfo with one signer; raises `MalformedStructure`."""
    with malformed_on_error():
        outer = reader.read_element(data)
        info = Fields(outer)
        if info.oid() not in SIGNED_DATA_TYPES:
            raise ValueError("not SignedData")
        wrapped = info.inside(reader.context(0))
        info.finish()
        fields = wrapped.inside()
        wrapped.finish()
        return _signed_data(outer, fields)


def _signed_data(outer: Element, fields: Fields) -> SignedData:
    fields.integer()
    algorithms = {_algorithm_of(Fields(entry)) for entry in fields.take(reader.SET).children()}
    content = _content(fields.inside())
    listed = fields.find(reader.context(0))
    fields.find(reader.context(1))  # CRLs: revocation is asked elsewhere
    signers = fields.inside(reader.SET)
    signer = signers.inside()
    signers.finish()
    fields.finish()
    certificates = tuple(entry.encoded for entry in listed.children()) if listed else ()
    signed = _signer(outer, certificates, content, signer)
    if signed.digest_algorithm not in algorithms:
        raise ValueError("the signer's digest algorithm is not announced")
    return signed


def _signer(outer: Element, certificates: tuple[bytes, ...], content: bytes | None, fields: Fields) -> SignedData:
    fields.integer()
    identifier = fields.inside()
    certificate = _find_certificate(certificates, identifier.take().encoded, identifier.take().encoded)
    identifier.finish()
    digest_algorithm = _algorithm_of(fields.inside())
    attributes = _attributes(fields.find(reader.context(0)))
    signature_algorithm, signature = _algorithm_of(fields.inside()), fields.octets()
    timestamp = _timestamp(fields.find(reader.context(1)))
    fields.finish()
    stated = attributes or _Attributes(content, None, content)
    return SignedData(
        certificate, certificates, digest_algorithm, signature_algorithm, signature,
        stated.digest, stated.signed_bytes, stated.signed_at, outer.encoded, timestamp,
    )  # fmt: skip


def issuer_and_serial(certificate: bytes) -> tuple[bytes, bytes]:
    """The issuer name and the serial number of a certificate, both as encoded there."""
    with malformed_on_error():
        fields = Fields(reader.read_element(certificate)).inside()
        fields.find(reader.context(0))
        serial = fields.take(reader.INTEGER).encoded
        fields.take(reader.SEQUENCE)
        return fields.take(reader.SEQUENCE).encoded, serial


def _find_certificate(certificates: tuple[bytes, ...], issuer: bytes, serial: bytes) -> bytes:
    for certificate in certificates:
        if issuer_and_serial(certificate) == (issuer, serial):
            return certificate
    raise ValueError("the signer's certificate is not inside")


def _content(fields: Fields) -> bytes | None:
    fields.oid()
    content = fields.inside(reader.context(0)).octets() if len(fields) else None
    fields.finish()
    return content


def _attributes(element: Element | None) -> _Attributes | None:
    if element is None:
        return None
    listed = [_attribute_of(Fields(entry)) for entry in element.children()]
    values = dict(listed)
    if len(values) != len(listed) or _MESSAGE_DIGEST not in values:
        raise ValueError("attributes state no digest, or state something twice")
    signing_time = values.get(_SIGNING_TIME)
    return _Attributes(
        digest=reader.expect(values[_MESSAGE_DIGEST], reader.OCTET_STRING).content,
        signed_at=read_time(signing_time) if signing_time else None,
        # RFC 5652 §5.4: what is signed is the attributes as a SET, not under their implicit tag.
        signed_bytes=_retagged(element.encoded, reader.SET),
    )


def _timestamp(element: Element | None) -> bytes | None:
    """The first time stamp token among the unsigned attributes."""
    for entry in element.children() if element else ():
        kind, value = _attribute_of(Fields(entry))
        if kind == _TIME_STAMP:
            return value.encoded
    return None


def _attribute_of(fields: Fields) -> tuple[str, Element]:
    kind, values = fields.oid(), fields.inside(reader.SET)
    value = values.take()
    values.finish()
    fields.finish()
    return kind, value


def _algorithm_of(fields: Fields) -> str:
    oid = fields.oid()
    fields.find(reader.NULL)
    fields.finish()
    return oid


def _attribute(kind: str, value: bytes) -> bytes:
    return writer.sequence(writer.oid(kind), writer.set_of([value]))


def _algorithm(oid: str) -> bytes:
    return writer.sequence(writer.oid(oid), writer.null())


def _retagged(encoded: bytes, tag: int) -> bytes:
    return bytes((tag,)) + encoded[1:]
