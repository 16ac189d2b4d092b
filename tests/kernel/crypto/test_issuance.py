"""Issued certificates and lists are whole, and nonsense is refused before anything is signed."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from kernel.crypto.der import reader, writer
from kernel.crypto.der.extensions import Extension
from kernel.crypto.issuance import CrlProfile, issue_certificate, issue_crl, new_serial
from kernel.crypto.private_keys import generate_key
from kernel.crypto.revocation.crl import Crl, CrlUnreadable, Revocation
from kernel.crypto.signatures import InvalidSignature
from kernel.errors import InvalidInput
from tests.kernel.crypto.pki import NOW, build_pki, ca_profile, profile

TIME_STAMPING = "1.3.6.1.5.5.7.3.8"


@pytest.fixture(scope="module")
def pki():
    return build_pki("ES256")


def issue(pki, name="leaf", **changes):
    return issue_certificate(profile(pki.leaf_key, name, **changes), pki.intermediate, pki.intermediate_key)


def test_addresses_and_purposes_are_as_a_second_library_reads_them(pki):
    certificate = issue(
        pki,
        dns_names=["seal.example"],
        extended_key_usage=[TIME_STAMPING],
        crl_urls=["http://ca.example/1.crl"],
        ocsp_urls=["http://ca.example/ocsp"],
        issuer_urls=["http://ca.example/1.cer"],
    )
    theirs = x509.load_der_x509_certificate(certificate.der).extensions
    assert theirs.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName) == [
        "seal.example"
    ]
    purposes = theirs.get_extension_for_class(x509.ExtendedKeyUsage)
    assert purposes.critical
    assert [each.dotted_string for each in purposes.value] == [TIME_STAMPING] == list(certificate.extended_key_usage)
    access = theirs.get_extension_for_class(x509.AuthorityInformationAccess).value
    assert [each.access_location.value for each in access] == ["http://ca.example/ocsp", "http://ca.example/1.cer"]
    assert certificate.crl_urls == ("http://ca.example/1.crl",)


def test_serial_numbers_are_random_positive_and_128_bits_long(pki):
    serials = {new_serial() for _ in range(200)}
    assert len(serials) == 200
    assert all(serial.bit_length() == 128 for serial in serials)
    assert issue(pki, serial=5).serial == 5


def test_validity_beyond_2049_is_written_as_generalized_time(pki):
    certificate = issue(pki, not_after=datetime(2060, 1, 1, tzinfo=UTC))
    assert certificate.not_after == datetime(2060, 1, 1, tzinfo=UTC)
    assert b"20600101000000Z" in certificate.der


@pytest.mark.parametrize(
    "changes",
    [
        {"not_after": NOW - timedelta(days=31)},
        {"path_length": 1},
        {"key_usage": {"key_cert_sign"}},
        {"ca": True},
        {"serial": 0},
        {"serial": 1 << 159},
        {"subject": {"XX": "?"}},
        {"subject": {"CN": ""}},
        {"subject": {"CN": "长" * 65}},
        {"subject": {"C": "CHN"}},
        {"dns_names": ["测试"]},
        {"crl_urls": ["http://测试"]},
        {"extended_key_usage": ["9.9"]},
    ],
    ids=str,
)
def test_a_profile_that_makes_no_sense_is_refused(pki, changes):
    with pytest.raises(InvalidInput):
        issue(pki, **changes)


def test_only_the_issuer_s_own_key_signs(pki):
    with pytest.raises(InvalidInput):
        issue_certificate(profile(pki.leaf_key, "leaf"), pki.intermediate, pki.root_key)
    with pytest.raises(InvalidInput):
        issue_certificate(ca_profile(pki.root_key, "Root"), None, pki.leaf_key)
    with pytest.raises(InvalidInput):
        issue_certificate(profile(generate_key("ES256"), "below"), pki.leaf, pki.leaf_key)


@pytest.mark.parametrize("algorithm", ["SM2-SM3", "ES256", "RS256"])
def test_a_list_tells_who_is_on_it(algorithm):
    pki = build_pki(algorithm)
    revocations = [Revocation(pki.leaf.serial, NOW, 1), Revocation(7, NOW - timedelta(days=1))]
    update = CrlProfile(3, NOW, NOW + timedelta(days=1), revocations)
    crl = Crl.load(issue_crl(update, pki.intermediate, pki.intermediate_key).der)
    crl.verify(pki.intermediate)
    assert crl.number == 3
    assert (crl.this_update, crl.next_update) == (NOW, NOW + timedelta(days=1))
    assert crl.revoked_at(pki.leaf.serial) == NOW
    assert crl.entries[pki.leaf.serial].reason == 1
    assert crl.entries[7].reason is None
    assert crl.revoked_at(8) is None


def test_an_empty_list_is_read_by_a_second_library(pki):
    crl = issue_crl(CrlProfile(1, NOW, NOW + timedelta(days=1)), pki.intermediate, pki.intermediate_key)
    theirs = x509.load_der_x509_crl(crl.der)
    assert len(theirs) == 0
    assert theirs.next_update_utc == crl.next_update
    assert theirs.is_signature_valid(x509.load_der_x509_certificate(pki.intermediate.der).public_key())


def test_a_list_by_another_key_or_changed_is_refused(pki):
    update = CrlProfile(1, NOW, NOW + timedelta(days=1))
    with pytest.raises(InvalidSignature):
        issue_crl(update, pki.intermediate, pki.leaf_key)
    crl = issue_crl(update, pki.intermediate, pki.intermediate_key)
    with pytest.raises(InvalidSignature):
        crl.verify(pki.root)
    changed = bytearray(crl.der)
    changed[changed.index(b"261121")] ^= 1
    with pytest.raises((InvalidSignature, CrlUnreadable)):
        Crl.load(bytes(changed)).verify(pki.intermediate)


def test_a_ca_whose_key_is_not_for_lists_issues_none():
    key = generate_key("ES256")
    issuer = issue_certificate(ca_profile(key, "certificates only", key_usage={"key_cert_sign"}), None, key)
    with pytest.raises(InvalidSignature):
        issue_crl(CrlProfile(1, NOW, NOW + timedelta(days=1)), issuer, key)


def test_a_partial_list_is_refused_rather_than_taken_for_the_whole(pki):
    """Delta and partitioned lists say so in a critical extension."""
    crl = issue_crl(CrlProfile(1, NOW, NOW + timedelta(days=1)), pki.intermediate, pki.intermediate_key)
    *fields, _ = reader.read_element(crl.tbs).children()
    delta = Extension("2.5.29.27", True, writer.integer(1)).encoded()
    tbs = writer.sequence(*(each.encoded for each in fields), writer.explicit(0, writer.sequence(delta)))
    algorithm = fields[1].encoded
    with pytest.raises(CrlUnreadable):
        Crl.load(writer.sequence(tbs, algorithm, writer.bit_string(pki.intermediate_key.sign(tbs))))


def test_a_certificate_is_not_a_list(pki):
    with pytest.raises(CrlUnreadable):
        Crl.load(pki.leaf.der)


def test_a_list_whose_next_update_comes_first_is_refused(pki):
    with pytest.raises(InvalidInput):
        issue_crl(CrlProfile(1, NOW, NOW), pki.intermediate, pki.intermediate_key)
