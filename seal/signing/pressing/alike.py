"""The check of a file that differs from one judged whole in its contents alone: drawn here and sealed in one order with
it, by the same seal, at the same moment, under the same trust.

Everything about the seal, its certificates and their standing was judged with the first. What is left to see of each
other file is that its signature holds, is the seal's, and covers every byte.
"""

import re
from functools import lru_cache

from kernel.crypto.certificates import Certificate
from kernel.crypto.der import reader
from kernel.crypto.der.reader import Element
from kernel.crypto.public_keys import load_public_key
from kernel.crypto.signatures import PublicKey
from kernel.crypto.sm3 import sm3
from kernel.crypto.timestamps.digests import digest
from kernel.errors import IntegrityError, XinyinError
from seal.client import DocumentToSeal
from seal.documents.ofd.document import load_document
from seal.documents.ofd.package import OfdPackage
from seal.documents.ofd.signature_file import load_signature_file
from seal.documents.ofd.signing import file_digest
from seal.signing.pressing.order import SealStock
from seal.structures.cades import SUITES
from seal.structures.gbt38540 import load_seal_signature

_PLACE = re.compile(rb"/ByteRange\[0 (\d{1,10}) (\d{1,10}) (\d{1,10}) *\]/Contents<")
_MESSAGE_DIGEST = "1.2.840.113549.1.9.4"


def check_alike(document: DocumentToSeal, sealed: bytes, seal: SealStock) -> None:
    """Raises `IntegrityError` unless `sealed` is what `seal` makes of `document`."""
    try:
        holds = _ofd_holds(sealed, seal) if document.format == "ofd" else _pdf_holds(document.data, sealed, seal)
    except (ValueError, KeyError, IndexError, StopIteration, XinyinError) as failure:
        raise _refusal(type(failure).__name__) from failure
    if not holds:
        raise _refusal("not as judged")


def _refusal(reason: str) -> IntegrityError:
    return IntegrityError("The sealed file did not pass our own check.", reason=reason)


def _ofd_holds(sealed: bytes, seal: SealStock) -> bool:
    """GB/T 38540 §7.3 c, d, f: the value, the digest of the description, the digest of every file."""
    package = OfdPackage.read(sealed)
    body = load_document(package)
    (entry,) = body.signatures
    assert entry.file is not None, "the entry was written with its file"
    description = load_signature_file(package, entry.file)
    value_file = package.locate(description.value_location, seen_from=entry.file)
    unsigned = {body.signatures_file, entry.file, value_file}
    stated = {package.locate(each.location, seen_from=entry.file): each.digest for each in description.references}
    if stated != {name: file_digest(content) for name, content in package.files.items() if name not in unsigned}:
        return False
    value = load_seal_signature(package.files[value_file])
    _key_of(seal.sm2_certificate).verify(value.signature, value.signed_bytes)
    return (
        value.data_hash == sm3(package.files[entry.file])
        and value.certificate == seal.sm2_certificate
        and value.seal.encoded == seal.esl
        and package.to_bytes() == sealed
    )


def _pdf_holds(unsealed: bytes, sealed: bytes, seal: SealStock) -> bool:
    """ISO 32000-1 §12.8.1, RFC 5652 §5.4: the byte range leaves out the value alone, whose attributes are signed."""
    places = list(_PLACE.finditer(sealed, len(unsealed)))
    (place,) = places
    before, after, rest = map(int, place.groups())
    if before != place.end() - 1 or sealed[after - 1 : after] != b">" or after + rest != len(sealed):
        return False
    certificate, room = seal.p256_certificates[0], sealed[before + 1 : after - 1]
    value = reader.read_leading(bytes.fromhex(room.decode("ascii")))
    if room != value.encoded.hex().encode().ljust(len(room), b"0"):
        return False
    attributes, signature, kept = _signer_info(value)
    _key_of(certificate).verify(signature, b"\x31" + attributes.encoded[1:])
    stated, covered = _message_digest(attributes), sealed[:before] + sealed[after:]
    name = next(suite.digest_name for kind, suite in SUITES.items() if kind == _key_of(certificate).algorithm)
    return stated == digest(name, covered) and sealed.startswith(unsealed) and certificate in kept


def _signer_info(value: Element) -> tuple[Element, bytes, list[bytes]]:
    """Signed attributes, signature and certificates of the one signer of a CMS value."""
    signed_data = value.children(reader.SEQUENCE)[1].children()[0].children(reader.SEQUENCE)
    certificates = next(each for each in signed_data if each.tag == reader.context(0))
    (signer,) = signed_data[-1].children(reader.SET)
    fields = signer.children(reader.SEQUENCE)
    attributes = reader.expect(fields[3], reader.context(0))
    return attributes, fields[5].content, [each.encoded for each in certificates.children()]


def _message_digest(attributes: Element) -> bytes:
    for attribute in attributes.children():
        kind, values = attribute.children(reader.SEQUENCE)
        if reader.oid(kind) == _MESSAGE_DIGEST:
            return reader.expect(values.children(reader.SET)[0], reader.OCTET_STRING).content
    raise ValueError("no message digest")


@lru_cache(maxsize=64)
def _key_of(certificate: bytes) -> PublicKey:
    return load_public_key(Certificate.load(certificate).spki)
