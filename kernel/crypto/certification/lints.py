"""What is wrong with a certificate: every rule a named function that cites its clause and says what it found.

For certificates of our own kinds, before they are signed and in `xinyin ca lint`; foreign ones are judged by
`kernel.crypto.certificates`, which is lenient where these are not.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Final, Literal

from kernel.crypto.certificates import Certificate, CertificateUnreadable
from kernel.crypto.der import extensions as ext
from kernel.crypto.der import reader
from kernel.crypto.der.extensions import KeyUsage
from kernel.crypto.der.names import OIDS
from kernel.crypto.der.reader import Element
from kernel.crypto.public_keys import RSAPublicKey

Purpose = Literal["root", "issuing", "signer", "tsa", "ocsp"]

_TIME_STAMPING, _OCSP_SIGNING, _ANY_PURPOSE = "1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.9", "2.5.29.37.0"
_OCSP_NO_CHECK: Final = "1.3.6.1.5.5.7.48.1.5"
_LONGEST_NAMES: Final = {OIDS[label]: 64 for label in ("CN", "O", "OU", "serialNumber", "SN")} | {
    OIDS["L"]: 128,
    OIDS["ST"]: 128,
}
_LONGEST_LIVES: Final[dict[Purpose, timedelta]] = {
    "root": timedelta(days=25 * 366),
    "issuing": timedelta(days=15 * 366),
    "signer": timedelta(days=6 * 366),
    "tsa": timedelta(days=15 * 366),
    "ocsp": timedelta(days=100),
}
_NEEDED_USAGE: Final[dict[Purpose, frozenset[KeyUsage]]] = {
    "root": frozenset({"key_cert_sign", "crl_sign"}),
    "issuing": frozenset({"key_cert_sign", "crl_sign"}),
    "signer": frozenset({"digital_signature", "non_repudiation"}),
    "tsa": frozenset({"digital_signature"}),
    "ocsp": frozenset({"digital_signature"}),
}
_SIGNATURE_OIDS: Final = {
    "SM2-SM3": "1.2.156.10197.1.501",
    "ES256": "1.2.840.10045.4.3.2",
    "RS256": "1.2.840.113549.1.1.11",
}


@dataclass(frozen=True)
class Candidate:
    """What is looked at: a certificate (DER, perhaps signed with a throw-away key), what for, and its issuer's.

    `issuer` is None for a root.
    """

    der: bytes
    purpose: Purpose
    issuer: Certificate | None

    @cached_property
    def certificate(self) -> Certificate:
        return Certificate.load(self.der)

    @cached_property
    def parts(self) -> list[Element]:
        """TBSCertificate, AlgorithmIdentifier, signature."""
        return reader.read_element(self.der).children(reader.SEQUENCE)

    @cached_property
    def fields(self) -> list[Element]:
        """The fields of TBSCertificate, the version first."""
        return self.parts[0].children(reader.SEQUENCE)

    @property
    def is_ca(self) -> bool:
        return self.purpose in ("root", "issuing")


Lint = Callable[[Candidate], Iterator[str]]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: the rule's name, and what it found."""

    rule: str
    complaint: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.complaint}"


def lint(candidate: Candidate) -> list[Finding]:
    """Everything that is wrong; empty when nothing is. What cannot be read is one finding."""
    try:
        return (
            [Finding("readable", "an extension is there twice")] if _repeats_extension(candidate) else _all(candidate)
        )
    except (ValueError, IndexError) as error:
        return [Finding("readable", f"not a certificate: {error}")]
    except CertificateUnreadable as error:
        return [Finding("readable", error.reason or error.text)]


def version_is_3(candidate: Candidate) -> Iterator[str]:
    """RFC 5280 §4.1.2.1: with extensions, the version is 3."""
    version = candidate.fields[0]
    if version.tag != reader.context(0) or reader.integer(reader.read_element(version.content)) != 2:
        yield "the version is not 3"


def serial_is_long_and_positive(candidate: Candidate) -> Iterator[str]:
    """RFC 5280 §4.1.2.2, CA/Browser Forum BR §7.1: positive, at most 20 octets, at least 64 random bits."""
    serial = candidate.certificate.serial
    if not 0 < serial < 1 << 159:
        yield "the serial number is not positive or has more than 20 octets"
    if serial.bit_length() < 64:
        yield "the serial number has fewer than 64 bits"
    if serial > 0 and len(set(serial.to_bytes(serial.bit_length() // 8 + 1, "big"))) < 4:
        yield "the serial number is not random"


def algorithms_agree(candidate: Candidate) -> Iterator[str]:
    """RFC 5280 §4.1.1.2: the same AlgorithmIdentifier inside and outside, and one that we sign with."""
    inside, outside = candidate.fields[2].encoded, candidate.parts[1].encoded
    if inside != outside:
        yield "the signature algorithms inside and outside differ"
    if candidate.certificate.signature_algorithm not in _SIGNATURE_OIDS.values():
        yield "the signature algorithm is not one of ours"


def signature_fits_the_issuers_key(candidate: Candidate) -> Iterator[str]:
    """GM/T 0015 §5.2, RFC 3279, RFC 5758: one family from the root down."""
    issuer = candidate.issuer or candidate.certificate
    algorithm = issuer.public_key().algorithm
    if _SIGNATURE_OIDS.get(algorithm) != candidate.certificate.signature_algorithm:
        yield f"a {algorithm} issuer does not sign so"


def encoding_is_der(candidate: Candidate) -> Iterator[str]:
    """X.690 §10, §11: shortest lengths and integers, booleans FF, no default written, sets in order."""
    yield from _der_faults(candidate.parts[0])


def times_are_written_right(candidate: Candidate) -> Iterator[str]:
    """RFC 5280 §4.1.2.5: UTCTime to 2049, GeneralizedTime after, seconds and Z, no fractions."""
    for time in candidate.fields[4].children(reader.SEQUENCE):
        text = time.content.decode("ascii", "replace")
        year = int(text[:4] if time.tag == reader.GENERALIZED_TIME else text[:2])
        right = (time.tag == reader.UTC_TIME and len(text) == 13) or (
            time.tag == reader.GENERALIZED_TIME and len(text) == 15 and year >= 2050
        )
        if not right or not text.endswith("Z"):
            yield f"the time {text} is written wrong"


def validity_is_sound(candidate: Candidate) -> Iterator[str]:
    """RFC 5280 §4.1.2.5, GB/T 38540 §7.3: begins before it ends, inside its issuer's, not longer than its kind may."""
    certificate, issuer = candidate.certificate, candidate.issuer
    if certificate.not_after <= certificate.not_before:
        yield "it ends before it begins"
    if certificate.not_after - certificate.not_before > _LONGEST_LIVES[candidate.purpose]:
        yield f"it lasts longer than a certificate of this kind may ({_LONGEST_LIVES[candidate.purpose].days} days)"
    if issuer and certificate.not_after > issuer.not_after:
        yield "it outlasts its issuer's certificate"


def subject_is_named(candidate: Candidate) -> Iterator[str]:
    """RFC 5280 §4.1.2.6: somebody is named, with a common name."""
    if not candidate.certificate.subject_value("CN"):
        yield "the subject has no common name"


def names_are_within_bounds(candidate: Candidate) -> Iterator[str]:
    """RFC 5280 appendix A.1: upper bounds in characters; a country is two capital letters; nothing is empty."""
    for kind, text in candidate.certificate.subject.attributes:
        if not text.strip() or any(ord(character) < 32 for character in text):
            yield f"the name attribute {kind} is empty or holds control characters"
        if len(text) > _LONGEST_NAMES.get(kind, 256):
            yield f"the name attribute {kind} is too long"
        if kind == OIDS["C"] and not (len(text) == 2 and text.isascii() and text.isupper()):
            yield "the country is not two capital letters"


def strings_are_of_today(candidate: Candidate) -> Iterator[str]:
    """RFC 5280 §4.1.2.4: PrintableString or UTF8String (IA5String where an attribute wants it)."""
    for relative in candidate.fields[5].children(reader.SEQUENCE):
        for pair in relative.children(reader.SET):
            if pair.children(reader.SEQUENCE)[1].tag not in (reader.PRINTABLE, reader.UTF8, reader.IA5):
                yield "a name is in an old kind of string"


def issuer_is_its_subject(candidate: Candidate) -> Iterator[str]:
    """RFC 5280 §4.1.2.4, §7.1: byte for byte the issuer's subject, so that every verifier finds it."""
    expected = candidate.issuer.subject if candidate.issuer else candidate.certificate.subject
    if candidate.certificate.issuer.der != expected.der:
        yield "the issuer's name is not the issuer's subject"


def key_is_strong_and_its_own(candidate: Candidate) -> Iterator[str]:
    """GB/T 32918, FIPS 186-5, NIST SP 800-57: SM2, P-256 or RSA of 3072 bits (2048 at the end), not the issuer's."""
    try:
        key = candidate.certificate.public_key()
    except CertificateUnreadable as error:
        yield f"the key cannot be used: {error.reason}"
        return
    if key.algorithm not in _SIGNATURE_OIDS:
        yield f"a {key.algorithm} key is not certified here"
    least = 3072 if candidate.is_ca else 2048
    if isinstance(key, RSAPublicKey) and (key.key.key_size < least or key.key.public_numbers().e < 65537):
        yield "the RSA key is too weak"
    if candidate.issuer and candidate.certificate.spki == candidate.issuer.spki:
        yield "the key is the issuer's own"


def basic_constraints_fit(candidate: Candidate) -> Iterator[str]:
    """RFC 5280 §4.2.1.9: critical, and true for authorities alone; who issues to signers issues to nobody else."""
    found = candidate.certificate.extensions.get(ext.BASIC_CONSTRAINTS)
    if candidate.is_ca and (found is None or not found.critical):
        yield "an authority's basic constraints are missing or not critical"
    if candidate.certificate.is_ca != candidate.is_ca:
        yield "whether it is an authority does not fit what it is for"
    if candidate.purpose == "issuing" and candidate.certificate.path_length != 0:
        yield "the path length is not 0"
    if candidate.issuer and not candidate.issuer.is_ca:
        yield "the issuer is no authority"
    if candidate.is_ca and candidate.issuer and candidate.issuer.path_length == 0:
        yield "the issuer may not certify authorities"


def key_usage_fits(candidate: Candidate) -> Iterator[str]:
    """RFC 5280 §4.2.1.3: there, critical, exactly what its kind needs."""
    found = candidate.certificate.extensions.get(ext.KEY_USAGE)
    if found is None or not found.critical:
        yield "the key usage is missing or not critical"
    if candidate.certificate.key_usage != _NEEDED_USAGE[candidate.purpose]:
        yield "the key usage is not what a certificate of this kind has"


def extended_key_usage_fits(candidate: Candidate) -> Iterator[str]:
    """RFC 5280 §4.2.1.12, RFC 3161 §2.3 (one purpose, critical), RFC 6960 §4.2.2.2."""
    found = candidate.certificate.extensions.get(ext.EXTENDED_KEY_USAGE)
    purposes = candidate.certificate.extended_key_usage
    wanted = {"tsa": (_TIME_STAMPING,), "ocsp": (_OCSP_SIGNING,)}.get(candidate.purpose)
    if wanted and purposes != wanted:
        yield "the extended key usage is not the one purpose of its kind"
    if candidate.purpose == "tsa" and not (found and found.critical):
        yield "the extended key usage of a time-stamping certificate is not critical"
    if not wanted and {_TIME_STAMPING, _OCSP_SIGNING, _ANY_PURPOSE} & set(purposes):
        yield "the extended key usage allows stamping, answering or anything"


def key_identifiers_are_there(candidate: Candidate) -> Iterator[str]:
    """RFC 5280 §4.2.1.1, §4.2.1.2: both there, not critical, the issuer's as the issuer states it."""
    certificate = candidate.certificate
    for oid, name in ((ext.SUBJECT_KEY_IDENTIFIER, "subject"), (ext.AUTHORITY_KEY_IDENTIFIER, "authority")):
        found = certificate.extensions.get(oid)
        if found is None or found.critical:
            yield f"the {name} key identifier is missing or critical"
    issuer = candidate.issuer or certificate
    if certificate.aki != issuer.ski:
        yield "the authority key identifier is not the issuer's"


def revocation_can_be_asked(candidate: Candidate) -> Iterator[str]:
    """RFC 5280 §4.2.1.13, §4.2.2.1; RFC 6960 §4.2.2.2.1: where lists are, or why nobody need ask."""
    certificate = candidate.certificate
    no_check = _OCSP_NO_CHECK in certificate.extensions
    if candidate.purpose in ("issuing", "signer", "tsa") and not certificate.crl_urls:
        yield "it does not say where its revocation list is"
    if any(not url.startswith("http") for url in certificate.crl_urls):
        yield "the revocation list is not at an HTTP address"
    if (candidate.purpose == "ocsp") != no_check:
        yield "whether the responder itself need be asked about is wrong"
    if candidate.purpose != "root" and ext.AUTHORITY_INFORMATION_ACCESS not in certificate.extensions:
        yield "it does not say where its issuer's certificate is"


def no_strange_critical_extension(candidate: Candidate) -> Iterator[str]:
    """RFC 5280 §4.2: a verifier must refuse what it does not know; so must an issuer."""
    for extension in candidate.certificate.extensions.values():
        if extension.critical and extension.oid not in ext.UNDERSTOOD:
            yield f"the critical extension {extension.oid} is not known"


LINTS: Final[tuple[Lint, ...]] = (
    version_is_3,
    serial_is_long_and_positive,
    algorithms_agree,
    signature_fits_the_issuers_key,
    encoding_is_der,
    times_are_written_right,
    validity_is_sound,
    subject_is_named,
    names_are_within_bounds,
    strings_are_of_today,
    issuer_is_its_subject,
    key_is_strong_and_its_own,
    basic_constraints_fit,
    key_usage_fits,
    extended_key_usage_fits,
    key_identifiers_are_there,
    revocation_can_be_asked,
    no_strange_critical_extension,
)


def _all(candidate: Candidate) -> list[Finding]:
    return [Finding(rule.__name__, complaint) for rule in LINTS for complaint in rule(candidate)]


def _repeats_extension(candidate: Candidate) -> bool:
    """RFC 5280 §4.2: each extension once. Read here because a certificate with two cannot be loaded."""
    blocks = [part for part in candidate.fields if part.tag == reader.context(3)]
    listed = reader.read_element(blocks[0].content).children(reader.SEQUENCE) if blocks else []
    kinds = [each.children(reader.SEQUENCE)[0].content for each in listed]
    return len(set(kinds)) != len(kinds)


def _der_faults(element: Element) -> Iterator[str]:
    """Depth first; values inside octet strings of extensions included."""
    header = len(element.encoded) - len(element.content)
    size = len(element.content)
    if header != 2 + (0 if size < 0x80 else (size.bit_length() + 7) // 8):
        yield "a length is not the shortest"
    if element.tag == reader.BOOLEAN and element.content not in (b"\xff", b"\x00"):
        yield "a boolean is neither FF nor 00"
    if element.tag == reader.INTEGER and _is_padded(element.content):
        yield "an integer is not the shortest"
    if element.tag == reader.SET and [each.encoded for each in element.children()] != sorted(
        each.encoded for each in element.children()
    ):
        yield "a set is not in order"
    if element.tag & 0x20:
        children = element.children()
        yield from _default_faults(element, children)
        for child in children:
            yield from _der_faults(child)


def _default_faults(element: Element, children: list[Element]) -> Iterator[str]:
    """An extension's `critical FALSE` and the `cA FALSE` inside one are defaults, which DER leaves out (§11.5)."""
    if element.tag != reader.SEQUENCE or not children or children[-1].tag != reader.OCTET_STRING:
        return
    if children[0].tag != reader.OID or len(children) not in (2, 3):
        return
    if len(children) == 3 and children[1].encoded == b"\x01\x01\x00":
        yield "an extension's criticality is written though it is the default"
    inside = reader.read_element(children[-1].content)
    if reader.oid(children[0]) == ext.BASIC_CONSTRAINTS and b"\x01\x01\x00" in inside.content[:3]:
        yield "basic constraints write their default"
    yield from _der_faults(inside)


def _is_padded(content: bytes) -> bool:
    return not content or (
        len(content) > 1 and ((content[0] == 0 and content[1] < 0x80) or (content[0] == 0xFF and content[1] >= 0x80))
    )
