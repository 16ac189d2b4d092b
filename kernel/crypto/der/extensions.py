"""Certificate extension values, read and written (RFC 5280 §4.2). Readers raise ValueError alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from kernel.crypto.der import reader, writer
from kernel.crypto.der.reader import Element

SUBJECT_KEY_IDENTIFIER = "2.5.29.14"
KEY_USAGE = "2.5.29.15"
SUBJECT_ALTERNATIVE_NAME = "2.5.29.17"
BASIC_CONSTRAINTS = "2.5.29.19"
CRL_NUMBER = "2.5.29.20"
EXPIRED_CERTS_ON_CRL = "2.5.29.60"
REASON_CODE = "2.5.29.21"
NAME_CONSTRAINTS = "2.5.29.30"
CRL_DISTRIBUTION_POINTS = "2.5.29.31"
CERTIFICATE_POLICIES = "2.5.29.32"
AUTHORITY_KEY_IDENTIFIER = "2.5.29.35"
EXTENDED_KEY_USAGE = "2.5.29.37"
AUTHORITY_INFORMATION_ACCESS = "1.3.6.1.5.5.7.1.1"

KeyUsage = Literal[
    "digital_signature",
    "non_repudiation",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
]
_USAGES: tuple[KeyUsage, ...] = get_args(KeyUsage)

UNDERSTOOD = frozenset(
    {
        KEY_USAGE,
        BASIC_CONSTRAINTS,
        SUBJECT_ALTERNATIVE_NAME,
        EXTENDED_KEY_USAGE,
        CERTIFICATE_POLICIES,
        SUBJECT_KEY_IDENTIFIER,
        AUTHORITY_KEY_IDENTIFIER,
        CRL_DISTRIBUTION_POINTS,
        AUTHORITY_INFORMATION_ACCESS,
        NAME_CONSTRAINTS,
    }
)
"""Extensions that may be critical without making a chain fail. Policy constraints are not among them."""


@dataclass(frozen=True)
class Extension:
    """One extension: dotted type, criticality, DER value."""

    oid: str
    critical: bool
    value: bytes

    def encoded(self) -> bytes:
        critical = [writer.boolean(True)] if self.critical else []
        return writer.sequence(writer.oid(self.oid), *critical, writer.octets(self.value))


def read_extensions(element: Element) -> dict[str, Extension]:
    """From `Extensions`, by type; a repeated type is an error (§4.2)."""
    found: dict[str, Extension] = {}
    for item in element.children(reader.SEQUENCE):
        kind, *rest = item.children(reader.SEQUENCE)
        critical = len(rest) == 2 and reader.boolean(rest[0])
        dotted = reader.oid(kind)
        if dotted in found or len(rest) not in (1, 2):
            raise ValueError("repeated or malformed extension")
        found[dotted] = Extension(dotted, critical, reader.expect(rest[-1], reader.OCTET_STRING).content)
    return found


def read_basic_constraints(value: bytes) -> tuple[bool, int | None]:
    """(is a CA, path length or None). An encoded `cA FALSE` default is read."""
    parts = reader.read_element(value).children(reader.SEQUENCE)
    is_ca = bool(parts) and parts[0].tag == reader.BOOLEAN and reader.boolean(parts[0])
    lengths = [reader.integer(part) for part in parts if part.tag == reader.INTEGER]
    if any(length < 0 for length in lengths):
        raise ValueError("negative path length")
    return is_ca, lengths[0] if lengths else None


def read_key_usage(value: bytes) -> frozenset[KeyUsage]:
    bits = reader.named_bits(reader.read_element(value))
    return frozenset(usage for number, usage in enumerate(_USAGES) if number in bits)


def read_extended_key_usage(value: bytes) -> tuple[str, ...]:
    return tuple(reader.oid(part) for part in reader.read_element(value).children(reader.SEQUENCE))


def read_subject_key_identifier(value: bytes) -> bytes:
    return reader.expect(reader.read_element(value), reader.OCTET_STRING).content


def read_authority_key_identifier(value: bytes) -> bytes | None:
    parts = reader.read_element(value).children(reader.SEQUENCE)
    return next((part.content for part in parts if part.tag == reader.context(0, constructed=False)), None)


def read_crl_urls(value: bytes) -> tuple[str, ...]:
    """The URIs of all distribution points given by full name."""
    urls = []
    for point in reader.read_element(value).children(reader.SEQUENCE):
        for name in (part for part in point.children() if part.tag == reader.context(0)):
            for full in (part for part in name.children() if part.tag == reader.context(0)):
                urls += [uri.content.decode() for uri in full.children() if uri.tag == _URI]
    return tuple(urls)


_URI = reader.context(6, constructed=False)


def basic_constraints(is_ca: bool, path_length: int | None) -> Extension:
    parts = [writer.boolean(True)] if is_ca else []
    if path_length is not None:
        parts.append(writer.integer(path_length))
    return Extension(BASIC_CONSTRAINTS, True, writer.sequence(*parts))


def key_usage(usages: Iterable[KeyUsage]) -> Extension:
    return Extension(KEY_USAGE, True, writer.named_bits(_USAGES.index(usage) for usage in usages))


def extended_key_usage(oids: Sequence[str], *, critical: bool) -> Extension:
    return Extension(EXTENDED_KEY_USAGE, critical, writer.sequence(*(writer.oid(dotted) for dotted in oids)))


def subject_key_identifier(identifier: bytes) -> Extension:
    return Extension(SUBJECT_KEY_IDENTIFIER, False, writer.octets(identifier))


def authority_key_identifier(identifier: bytes) -> Extension:
    return Extension(AUTHORITY_KEY_IDENTIFIER, False, writer.sequence(writer.implicit(0, identifier)))


def dns_names(names: Sequence[str]) -> Extension:
    value = writer.sequence(*(writer.implicit(2, name.encode("ascii")) for name in names))
    return Extension(SUBJECT_ALTERNATIVE_NAME, False, value)


def crl_distribution_points(urls: Sequence[str]) -> Extension:
    points = [
        writer.sequence(writer.explicit(0, writer.explicit(0, writer.implicit(6, url.encode("ascii"))))) for url in urls
    ]
    return Extension(CRL_DISTRIBUTION_POINTS, False, writer.sequence(*points))


def authority_information_access(ocsp_urls: Sequence[str], issuer_urls: Sequence[str]) -> Extension:
    ways = [("1.3.6.1.5.5.7.48.1", url) for url in ocsp_urls] + [("1.3.6.1.5.5.7.48.2", url) for url in issuer_urls]
    entries = [writer.sequence(writer.oid(way), writer.implicit(6, url.encode("ascii"))) for way, url in ways]
    return Extension(AUTHORITY_INFORMATION_ACCESS, False, writer.sequence(*entries))
