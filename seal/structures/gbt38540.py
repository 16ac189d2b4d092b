"""Electronic seals and seal signatures (GB/T 38540-2020).

Written as version 4. Read as version 1 (GM/T 0031-2014), 4 and 5 (GM/T 0031-2025), told apart by their shape. The bytes
that were signed are kept as they came: a signature is checked over those, never over a new encoding.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from kernel.crypto.der import reader, writer
from kernel.crypto.der.reader import Element
from kernel.crypto.der.times import read_time
from kernel.crypto.signatures import SigningKey
from kernel.crypto.sm3 import sm3
from seal.structures.fields import Fields, MalformedStructure, malformed_on_error

SM2_WITH_SM3: Final = "1.2.156.10197.1.501"
SM3: Final = "1.2.156.10197.1.401"
WRITTEN_VERSION: Final = 4
KEPT_BYTES: Final = 256 << 10
"""Larger seals are read anew each time, so that nobody fills the memory with what is kept."""
KIND_ORGANISATION, KIND_PERSON = 1, 2

_SM3_NAMES = frozenset({"SM3", SM3})
_ISO_TIME = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
_LOCAL_TIME = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")  # China's time: version 1 was used nowhere else


@dataclass(frozen=True, slots=True)
class SealPicture:
    """What the seal looks like (SES_ESPictrueInfo): `format` PNG, GIF, JPG, BMP, SVG or ofd; size in millimetres."""

    format: str
    data: bytes
    width_mm: int
    height_mm: int


@dataclass(frozen=True, slots=True)
class SealExtension:
    """One ExtData."""

    oid: str
    critical: bool
    value: bytes


@dataclass(frozen=True, slots=True)
class SealProperties:
    """SES_ESPropertyInfo: the name on the seal, who may sign with it, and its period.

    `kind` is 1 for an organisation and 2 for a person; others occur (tax seals use 3). Signers are listed by their
    certificates (DER) or by `(algorithm, digest)` of these.
    """

    kind: int
    name: str
    certificates: tuple[bytes, ...]
    certificate_digests: tuple[tuple[str, bytes], ...]
    created_at: datetime
    valid_from: datetime
    valid_to: datetime

    def allows(self, certificate: bytes) -> bool:
        """Whether the signer's `certificate` (DER) is on the list (§7.3 e)."""
        if certificate in self.certificates:
            return True
        digest = sm3(certificate)
        return any(name.upper() in _SM3_NAMES and value == digest for name, value in self.certificate_digests)


@dataclass(frozen=True, slots=True)
class SealContents:
    """SES_SealInfo: everything the seal maker signs."""

    seal_code: str
    vendor: str
    properties: SealProperties
    picture: SealPicture
    extensions: tuple[SealExtension, ...] = ()
    version: int = WRITTEN_VERSION


@dataclass(frozen=True, slots=True)
class ElectronicSeal:
    """A seal as read: its contents and the maker's signature, with `signed_bytes` being what that covers."""

    contents: SealContents
    maker_certificate: bytes
    signature_algorithm: str
    signature: bytes
    signed_bytes: bytes
    encoded: bytes
    timestamp: bytes | None = None


@dataclass(frozen=True, slots=True)
class SealSignature:
    """A seal signature as read (SES_Signature); `signed_bytes` is what `signature` covers.

    `signed_at` is the signer's own statement; `None` when a version 1 value carries a timestamp token in its place.
    """

    version: int
    seal: ElectronicSeal
    signed_at: datetime | None
    data_hash: bytes
    property_info: str
    certificate: bytes
    signature_algorithm: str
    signature: bytes
    signed_bytes: bytes
    encoded: bytes
    timestamp: bytes | None = None


@dataclass(frozen=True, slots=True)
class SignatureContents:
    """What a seal signature is to state (TBS_Sign): the seal (DER), the hash, where the list of files stands, when."""

    seal: bytes
    data_hash: bytes
    property_info: str
    signed_at: datetime


def make_seal(contents: SealContents, maker: SigningKey, maker_certificate: bytes) -> bytes:
    """Sign `contents` as the seal maker (§6.1): DER SESeal, version 4. Takes an SM2 key."""
    _check_sm2(maker)
    with malformed_on_error():
        info = _encode_contents(contents)
    return writer.sequence(
        info,
        writer.octets(maker_certificate),
        writer.oid(SM2_WITH_SM3),
        writer.bit_string(maker.sign(info)),
    )


def make_signature(
    contents: SignatureContents,
    signer: SigningKey,
    certificate: bytes,
    *,
    stamp: Callable[[bytes], bytes] | None = None,
) -> bytes:
    """Seal (§7.2): DER SES_Signature, version 4, over `contents`, by the holder of `certificate`. Takes an SM2 key.

    `stamp` turns the SM3 digest of the signature value into a time stamp token (DER), which is put in.
    """
    _check_sm2(signer)
    with malformed_on_error():
        to_sign = writer.sequence(
            writer.integer(WRITTEN_VERSION),
            contents.seal,
            writer.generalized_time(contents.signed_at),
            writer.bit_string(contents.data_hash),
            writer.ia5(contents.property_info),
        )
    signature = signer.sign(to_sign)
    value = writer.sequence(
        to_sign,
        writer.octets(certificate),
        writer.oid(SM2_WITH_SM3),
        writer.bit_string(signature),
    )
    return with_timestamp(value, stamp(sm3(signature))) if stamp else value


def with_timestamp(signature: bytes, token: bytes) -> bytes:
    """A seal signature of version 4 or 5 (DER) with a time stamp token in it; raises `MalformedStructure`."""
    with malformed_on_error():
        parts = reader.read_element(signature).children(reader.SEQUENCE)
        if len(parts) != 4:
            raise ValueError("not a seal signature without a time stamp")
        return writer.sequence(*(part.encoded for part in parts), writer.explicit(0, writer.bit_string(token)))


def load_seal(data: bytes) -> ElectronicSeal:
    """Read a SESeal of version 1, 4 or 5; raises `MalformedStructure`."""
    with malformed_on_error():
        return _seal(reader.read_element(data))


def load_seal_signature(data: bytes) -> SealSignature:
    """Read a SES_Signature of version 1, 4 or 5; raises `MalformedStructure`."""
    with malformed_on_error():
        outer = reader.read_element(data)
        fields = Fields(outer)
        return _signature_v1(outer, fields) if len(fields) == 2 else _signature_v4(outer, fields)


def _signature_v4(outer: Element, fields: Fields) -> SealSignature:
    to_sign = fields.take(reader.SEQUENCE)
    certificate, algorithm, signature = fields.octets(), fields.oid(), fields.bits()
    timestamp = _timestamp(fields)
    fields.finish()
    stated = Fields(to_sign)
    version, seal, signed_at = stated.integer(), _read_seal(stated.take()), stated.time()
    data_hash, property_info = stated.bits(), stated.text(reader.IA5)
    _extensions(stated.find(reader.context(0)))
    stated.finish()
    return SealSignature(
        version, seal, signed_at, data_hash, property_info, certificate, algorithm, signature,
        to_sign.encoded, outer.encoded, timestamp,
    )  # fmt: skip


def _signature_v1(outer: Element, fields: Fields) -> SealSignature:
    to_sign, signature = fields.take(reader.SEQUENCE), fields.loose_bits()
    stated = Fields(to_sign)
    version, seal = stated.integer(), _seal(stated.take())
    signed_at, timestamp = _time_or_token(stated.loose_bits())
    data_hash, property_info = stated.loose_bits(), stated.text(reader.IA5)
    certificate, algorithm = stated.octets(), stated.oid()
    stated.finish()
    return SealSignature(
        version, seal, signed_at, data_hash, property_info, certificate, algorithm, signature,
        to_sign.encoded, outer.encoded, timestamp,
    )  # fmt: skip


def _read_seal(outer: Element) -> ElectronicSeal:
    return _kept_seal(outer.encoded) if len(outer.encoded) <= KEPT_BYTES else _seal(outer)


@lru_cache(maxsize=32)
def _kept_seal(encoded: bytes) -> ElectronicSeal:
    """Every file that a seal has sealed holds it whole; reading it again and again costs more than the signature."""
    return _seal(reader.read_element(encoded))


def _seal(outer: Element) -> ElectronicSeal:
    fields = Fields(outer)
    info = fields.take(reader.SEQUENCE)
    contents = _decode_contents(Fields(info))
    if len(fields) == 1:
        return _seal_v1(outer, info, contents, fields.inside())
    certificate, algorithm, signature = fields.octets(), fields.oid(), fields.bits()
    timestamp = _timestamp(fields)
    fields.finish()
    return ElectronicSeal(contents, certificate, algorithm, signature, info.encoded, outer.encoded, timestamp)


def _seal_v1(outer: Element, info: Element, contents: SealContents, fields: Fields) -> ElectronicSeal:
    certificate, algorithm = fields.take(reader.OCTET_STRING), fields.take(reader.OID)
    signature = fields.loose_bits()
    fields.finish()
    # GM/T 0031-2014 §6.1: the maker signs the contents together with the certificate and the algorithm.
    signed = writer.sequence(info.encoded, certificate.encoded, algorithm.encoded)
    return ElectronicSeal(contents, certificate.content, reader.oid(algorithm), signature, signed, outer.encoded)


def _decode_contents(fields: Fields) -> SealContents:
    header = fields.inside()
    if header.text(reader.IA5) != "ES":
        raise ValueError("not an electronic seal")
    version, vendor = header.integer(), header.text(reader.IA5)
    header.finish()
    seal_code = fields.text(reader.IA5)
    properties = _decode_properties(fields.inside())
    drawn = fields.inside()
    picture = SealPicture(drawn.text(reader.IA5), drawn.octets(), drawn.integer(), drawn.integer())
    drawn.finish()
    extensions = _extensions(fields.find(reader.SEQUENCE) or fields.find(reader.context(0)))
    fields.finish()
    return SealContents(seal_code, vendor, properties, picture, extensions, version)


def _decode_properties(fields: Fields) -> SealProperties:
    kind, name = fields.integer(), fields.text(reader.UTF8, reader.IA5)
    # certListType came with version 4.
    version_1 = fields.peek() != reader.INTEGER
    by_digest = not version_1 and fields.integer() == 2
    listed = fields.inside().rest()
    times = fields.time(), fields.time(), fields.time()
    fields.finish()
    if by_digest:
        return SealProperties(kind, name, (), tuple(_certificate_digest(Fields(entry)) for entry in listed), *times)
    if version_1:  # some early seals list other things; a signer is never found among these
        listed = [entry for entry in listed if entry.tag == reader.OCTET_STRING]
    certificates = tuple(reader.expect(entry, reader.OCTET_STRING).content for entry in listed)
    return SealProperties(kind, name, certificates, (), *times)


def _certificate_digest(fields: Fields) -> tuple[str, bytes]:
    digest = fields.text(reader.PRINTABLE, reader.IA5), fields.octets()
    fields.finish()
    return digest


def _extensions(element: Element | None) -> tuple[SealExtension, ...]:
    """ExtensionDatas: a plain SEQUENCE in every real seal, `[0]` around it in a signature."""
    if element is None:
        return ()
    if element.tag == reader.context(0):
        wrapped = Fields(element, element.tag)
        element = wrapped.take(reader.SEQUENCE)
        wrapped.finish()
    return tuple(_extension(Fields(entry)) for entry in element.children())


def _extension(fields: Fields) -> SealExtension:
    oid, critical = fields.oid(), fields.find(reader.BOOLEAN)
    extension = SealExtension(oid, critical is not None and reader.boolean(critical), fields.octets())
    fields.finish()
    return extension


def _timestamp(fields: Fields) -> bytes | None:
    if fields.peek() != reader.context(0):
        return None
    wrapped = fields.inside(reader.context(0))
    token = wrapped.bits()
    wrapped.finish()
    return token


def _time_or_token(value: bytes) -> tuple[datetime | None, bytes | None]:
    """Version 1 puts a time (encoded, as text in one of four forms) or a timestamp token into its BIT STRING."""
    if value[:1] in (bytes([reader.UTC_TIME]), bytes([reader.GENERALIZED_TIME])):
        return read_time(reader.read_element(value)), None
    if _LOCAL_TIME.fullmatch(value):
        return datetime.strptime(f"{value.decode()}+0800", "%Y-%m-%d %H:%M:%S%z").astimezone(UTC), None
    if _ISO_TIME.fullmatch(value):
        return datetime.fromisoformat(value.decode()).astimezone(UTC), None
    if value.isdigit() and len(value) == 10:  # seconds since 1970
        return datetime.fromtimestamp(int(value), UTC), None
    if value[:2].isdigit():
        tag = reader.GENERALIZED_TIME if len(value.rstrip(b"Z")) >= 14 else reader.UTC_TIME
        return read_time(Element(tag, value, value)), None
    return None, value


def _encode_contents(contents: SealContents) -> bytes:
    properties, picture = contents.properties, contents.picture
    if properties.certificates and properties.certificate_digests:
        raise ValueError("a seal lists certificates or their digests, not both")
    parts = [
        writer.sequence(writer.ia5("ES"), writer.integer(contents.version), writer.ia5(contents.vendor)),
        writer.ia5(contents.seal_code),
        _encode_properties(properties),
        writer.sequence(
            writer.ia5(picture.format),
            writer.octets(picture.data),
            writer.integer(picture.width_mm),
            writer.integer(picture.height_mm),
        ),
    ]
    if contents.extensions:
        parts.append(_encode_extensions(contents.extensions))
    return writer.sequence(*parts)


def _encode_properties(properties: SealProperties) -> bytes:
    listed = [writer.octets(certificate) for certificate in properties.certificates]
    for name, value in properties.certificate_digests:
        listed.append(writer.sequence(writer.printable(name), writer.octets(value)))
    return writer.sequence(
        writer.integer(properties.kind),
        writer.utf8(properties.name),
        writer.integer(2 if properties.certificate_digests else 1),
        writer.sequence(*listed),
        writer.generalized_time(properties.created_at),
        writer.generalized_time(properties.valid_from),
        writer.generalized_time(properties.valid_to),
    )


def _encode_extensions(extensions: Sequence[SealExtension]) -> bytes:
    encoded = []
    for extension in extensions:
        critical = writer.boolean(True) if extension.critical else b""  # DER leaves the default out
        encoded.append(writer.sequence(writer.oid(extension.oid), critical, writer.octets(extension.value)))
    return writer.sequence(*encoded)


def _check_sm2(key: SigningKey) -> None:
    if key.algorithm != "SM2-SM3":
        raise MalformedStructure(f"seals are signed with SM2, not {key.algorithm}")
