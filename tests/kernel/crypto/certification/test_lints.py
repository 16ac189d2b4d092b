"""Each rule finds the certificate that breaks it, and no rule complains of one that is right."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any

import pytest

from kernel.crypto.certificates import Certificate
from kernel.crypto.certification import lints
from kernel.crypto.certification.linted import CertificateRefused, issue_linted
from kernel.crypto.certification.lints import Candidate, Purpose, lint
from kernel.crypto.der import extensions as ext
from kernel.crypto.der import reader, writer
from kernel.crypto.der.algorithms import SIGNATURES
from kernel.crypto.der.extensions import Extension
from kernel.crypto.issuance import issue_certificate, sign_tbs
from kernel.crypto.private_keys import PrivateKey, generate_key
from kernel.crypto.signatures import SigningAlgorithm
from tests.kernel.crypto.pki import NOW, ca_profile, profile

URLS: Mapping[str, Any] = {
    "crl_urls": ["http://ca.example/x.crl"],
    "issuer_urls": ["http://ca.example/x.cer"],
    "not_after": NOW + timedelta(days=365),
}
NO_CHECK = Extension("1.3.6.1.5.5.7.48.1.5", False, writer.null())
OTHER_KEY = generate_key("ES256")


class World:
    """An issuing authority of one family, and a right certificate of each kind below it."""

    def __init__(self, algorithm: SigningAlgorithm) -> None:
        self.root_key, self.key, self.leaf_key = (generate_key(algorithm) for _each in range(3))
        self.root = issue_certificate(ca_profile(self.root_key, "Root"), None, self.root_key)
        issuing = ca_profile(
            self.key, "Issuing", path_length=0, **(dict(URLS) | {"not_after": NOW + timedelta(days=3650)})
        )
        self.issuing = issue_certificate(issuing, self.root, self.root_key)

    def profile(self, purpose: Purpose, **changes: Any) -> Any:
        kinds: dict[str, dict[str, Any]] = {
            "signer": {},
            "tsa": {"key_usage": {"digital_signature"}, "extended_key_usage": ["1.3.6.1.5.5.7.3.8"]},
            "ocsp": {
                "key_usage": {"digital_signature"},
                "extended_key_usage": ["1.3.6.1.5.5.7.3.9"],
                "extra_extensions": [NO_CHECK],
                "crl_urls": [],
                "not_after": NOW + timedelta(days=60),
            },
        }
        return profile(self.leaf_key, "Leaf", **(dict(URLS) | kinds[purpose] | changes))

    def issue(self, purpose: Purpose = "signer", **changes: Any) -> Certificate:
        return issue_certificate(self.profile(purpose, **changes), self.issuing, self.key)


@lru_cache
def world(algorithm: SigningAlgorithm = "ES256") -> World:
    return World(algorithm)


def rules(candidate: Candidate) -> set[str]:
    return {finding.rule for finding in lint(candidate)}


@pytest.mark.parametrize("algorithm", ["SM2-SM3", "ES256", "RS256"])
def test_right_certificates_pass(algorithm: SigningAlgorithm) -> None:
    here = world(algorithm)
    assert lint(Candidate(here.root.der, "root", None)) == []
    assert lint(Candidate(here.issuing.der, "issuing", here.root)) == []
    for purpose in ("signer", "tsa", "ocsp"):
        assert lint(Candidate(here.issue(purpose).der, purpose, here.issuing)) == [], purpose


WRONG: list[tuple[str, Purpose, dict[str, Any]]] = [
    ("serial_is_long_and_positive", "signer", {"serial": 1}),
    ("serial_is_long_and_positive", "signer", {"serial": 1 << 127}),
    ("validity_is_sound", "signer", {"not_after": NOW + timedelta(days=6 * 366 + 1)}),
    (
        "validity_is_sound",
        "signer",
        {"not_before": NOW + timedelta(days=3640), "not_after": NOW + timedelta(days=3651)},
    ),
    ("validity_is_sound", "ocsp", {"not_after": NOW + timedelta(days=365)}),
    ("subject_is_named", "signer", {"subject": {"C": "CN", "O": "机构"}}),
    ("names_are_within_bounds", "signer", {"subject": {"C": "cn", "CN": "x"}}),
    ("names_are_within_bounds", "signer", {"subject": {"C": "CN", "CN": "a\x07b"}}),
    ("names_are_within_bounds", "signer", {"subject": {"C": "CN", "O": " ", "CN": "x"}}),
    ("key_is_strong_and_its_own", "signer", {"public_spki": None}),
    ("key_usage_fits", "signer", {"key_usage": ()}),
    ("key_usage_fits", "signer", {"key_usage": ("digital_signature",)}),
    ("key_usage_fits", "tsa", {"key_usage": ("digital_signature", "key_agreement")}),
    ("extended_key_usage_fits", "tsa", {"extended_key_usage": ()}),
    ("extended_key_usage_fits", "tsa", {"extended_key_usage": ["1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.4"]}),
    ("extended_key_usage_fits", "ocsp", {"extended_key_usage": ["1.3.6.1.5.5.7.3.8"]}),
    ("extended_key_usage_fits", "signer", {"extended_key_usage": ["2.5.29.37.0"]}),
    ("extended_key_usage_fits", "signer", {"extended_key_usage": ["1.3.6.1.5.5.7.3.8"]}),
    ("revocation_can_be_asked", "signer", {"crl_urls": ()}),
    ("revocation_can_be_asked", "signer", {"crl_urls": ["ldap://ca.example/x"]}),
    ("revocation_can_be_asked", "signer", {"issuer_urls": ()}),
    ("revocation_can_be_asked", "ocsp", {"extra_extensions": ()}),
    ("revocation_can_be_asked", "signer", {"extra_extensions": [NO_CHECK]}),
    ("no_strange_critical_extension", "signer", {"extra_extensions": [Extension("1.2.3.4", True, writer.null())]}),
]


@pytest.mark.parametrize(("rule", "purpose", "changes"), WRONG)
def test_each_rule_finds_what_breaks_it(rule: str, purpose: Purpose, changes: dict[str, Any]) -> None:
    here = world()
    if changes.get("public_spki", "") is None:
        changes = {"public_spki": here.key.public_spki}
    assert rules(Candidate(here.issue(purpose, **changes).der, purpose, here.issuing)) == {rule}


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("basic_constraints_fit", {"path_length": None}),
        ("basic_constraints_fit", {"path_length": 1}),
        ("key_usage_fits", {"key_usage": {"key_cert_sign"}}),
        ("key_usage_fits", {"key_usage": {"key_cert_sign", "crl_sign", "digital_signature"}}),
    ],
)
def test_authorities_are_linted_too(rule: str, changes: dict[str, Any]) -> None:
    here = world()
    issuing = ca_profile(here.key, "Issuing", **(dict(URLS) | {"path_length": 0} | changes))
    certificate = issue_certificate(issuing, here.root, here.root_key)
    assert rules(Candidate(certificate.der, "issuing", here.root)) == {rule}


def test_an_authority_below_one_that_may_not_have_any_is_found() -> None:
    here = world()
    below = issue_certificate(ca_profile(here.leaf_key, "Below", path_length=0, **URLS), here.issuing, here.key)
    assert rules(Candidate(below.der, "issuing", here.issuing)) == {"basic_constraints_fit"}


def test_another_family_or_issuer_is_found() -> None:
    here, sm2 = world(), world("SM2-SM3")
    crossed = sign_tbs(tbs_of(here.issue()), SIGNATURES["ES256"], here.key)
    assert rules(Candidate(crossed, "signer", sm2.issuing)) == {
        "signature_fits_the_issuers_key",
        "key_identifiers_are_there",
    }
    renamed = issue_certificate(ca_profile(here.key, "Another", path_length=0, **URLS), here.root, here.root_key)
    assert rules(Candidate(here.issue().der, "signer", renamed)) >= {"issuer_is_its_subject"}


def tbs_of(certificate: Certificate) -> bytes:
    return certificate.tbs


def rewritten(change: Callable[[list[bytes]], None], purpose: Purpose = "signer") -> Candidate:
    """A right certificate with fields of its TBS changed byte by byte; 0 version … 7 extensions."""
    here = world()
    fields = [each.encoded for each in reader.read_element(here.issue(purpose).tbs).children()]
    change(fields)
    return Candidate(sign_tbs(writer.sequence(*fields), SIGNATURES["ES256"], here.key), purpose, here.issuing)


def extensions_of(fields: list[bytes]) -> list[bytes]:
    return [each.encoded for each in reader.read_element(reader.read_element(fields[7]).content).children()]


def with_extensions(fields: list[bytes], extensions: list[bytes]) -> None:
    fields[7] = writer.explicit(3, writer.sequence(*extensions))


def repeat_extension(fields: list[bytes]) -> None:
    found = extensions_of(fields)
    with_extensions(fields, [*found, found[0]])


def write_criticality(fields: list[bytes]) -> None:
    found = extensions_of(fields)
    kind, value = reader.read_element(found[1]).children()
    with_extensions(fields, [found[0], writer.sequence(kind.encoded, writer.boolean(False), value.encoded), *found[2:]])


def write_default_of_basic_constraints(fields: list[bytes]) -> None:
    value = writer.sequence(writer.boolean(False))
    with_extensions(fields, [Extension(ext.BASIC_CONSTRAINTS, True, value).encoded(), *extensions_of(fields)[1:]])


def leave_out(oid: str) -> Callable[[list[bytes]], None]:
    wanted = writer.oid(oid)
    return lambda fields: with_extensions(fields, [each for each in extensions_of(fields) if wanted not in each])


def make_uncritical(oid: str) -> Callable[[list[bytes]], None]:
    def change(fields: list[bytes]) -> None:
        changed = []
        for each in extensions_of(fields):
            parts = reader.read_element(each).children()
            changed.append(writer.sequence(parts[0].encoded, parts[-1].encoded) if writer.oid(oid) in each else each)
        with_extensions(fields, changed)

    return change


def set_field(number: int, value: bytes) -> Callable[[list[bytes]], None]:
    def change(fields: list[bytes]) -> None:
        fields[number] = value

    return change


def times(*texts: tuple[int, str]) -> Callable[[list[bytes]], None]:
    return set_field(4, writer.sequence(*(writer.element(tag, text.encode()) for tag, text in texts)))


BMP_SUBJECT = writer.sequence(
    writer.set_of([writer.sequence(writer.oid("2.5.4.3"), writer.element(reader.BMP, "证照".encode("utf-16-be")))])
)
END = (reader.UTC_TIME, "270101000000Z")


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("version_is_3", set_field(0, writer.explicit(0, writer.integer(1)))),
        ("serial_is_long_and_positive", set_field(1, writer.integer(-(1 << 90)))),
        ("serial_is_long_and_positive", set_field(1, writer.integer(int.from_bytes(bytes(range(1, 22)), "big")))),
        ("algorithms_agree", set_field(2, writer.sequence(writer.oid("1.2.840.10045.4.3.2"), writer.null()))),
        ("encoding_is_der", set_field(1, b"\x02\x11\x00" + bytes(range(1, 17)))),
        ("encoding_is_der", write_criticality),
        ("encoding_is_der", write_default_of_basic_constraints),
        ("encoding_is_der", set_field(5, b"\x30\x81\x13" + bytes.fromhex("3111300f06035504030c08") + b"Long way")),
        ("times_are_written_right", times((reader.GENERALIZED_TIME, "20261101000000Z"), END)),
        ("times_are_written_right", times((reader.UTC_TIME, "2611010000Z"), END)),
        ("times_are_written_right", times((reader.UTC_TIME, "261101000000+0800"), END)),
        ("validity_is_sound", times((reader.UTC_TIME, "270201000000Z"), END)),
        ("strings_are_of_today", set_field(5, BMP_SUBJECT)),
        ("readable", repeat_extension),
        ("key_identifiers_are_there", leave_out(ext.SUBJECT_KEY_IDENTIFIER)),
        ("key_identifiers_are_there", leave_out(ext.AUTHORITY_KEY_IDENTIFIER)),
        ("key_usage_fits", make_uncritical(ext.KEY_USAGE)),
        ("key_usage_fits", leave_out(ext.KEY_USAGE)),
    ],
)
def test_each_rule_finds_bytes_that_no_profile_writes(rule: str, change: Callable[[list[bytes]], None]) -> None:
    assert rules(rewritten(change)) == {rule}


def test_a_stamping_purpose_that_is_not_critical_is_found() -> None:
    assert rules(rewritten(make_uncritical(ext.EXTENDED_KEY_USAGE), "tsa")) == {"extended_key_usage_fits"}


def test_what_is_no_certificate_is_one_finding() -> None:
    assert rules(Candidate(b"nonsense", "signer", None)) == {"readable"}


def test_every_rule_has_a_clause() -> None:
    assert len(lints.LINTS) >= 18
    for rule in lints.LINTS:
        assert rule.__doc__
        assert any(source in rule.__doc__ for source in ("RFC", "GM/T", "GB/T", "X.690"))


class Watched:
    """A key that tells how often it signed."""

    def __init__(self, key: PrivateKey) -> None:
        self._key = key
        self.algorithm, self.public_spki, self.signed = key.algorithm, key.public_spki, 0

    def sign(self, data: bytes) -> bytes:
        self.signed += 1
        return self._key.sign(data)


@pytest.mark.parametrize("algorithm", ["SM2-SM3", "ES256", "RS256"])
def test_the_issuers_key_is_not_touched_for_a_bad_certificate(algorithm: SigningAlgorithm) -> None:
    here = world(algorithm)
    key = Watched(here.key)

    with pytest.raises(CertificateRefused, match="subject_is_named"):
        issue_linted(here.profile("signer", subject={"C": "CN", "O": "机构"}), here.issuing, key, "signer")
    assert key.signed == 0

    issue_linted(here.profile("signer"), here.issuing, key, "signer").verify_issued_by(here.issuing)
    assert key.signed == 1
