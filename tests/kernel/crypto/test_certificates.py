"""Certificates are read as they are, and what cannot be read says so."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.crypto.certificates import MAX_CERTIFICATE_BYTES, Certificate, CertificateUnreadable
from kernel.crypto.der import reader, writer
from kernel.crypto.der.extensions import Extension
from kernel.crypto.issuance import issue_certificate
from kernel.crypto.private_keys import SM2PrivateKey
from kernel.crypto.signatures import InvalidSignature
from tests.kernel.crypto.pki import NOW, build_pki, profile

SM2 = writer.oid("1.2.156.10197.1.501")
KEY = SM2PrivateKey.generate()


def odd_certificate(**parts: bytes) -> bytes:
    """A self-signed SM2 certificate put together by hand, so that any part of it can be odd."""
    algorithm = parts.get("algorithm", writer.sequence(SM2))
    name = parts.get("name", named(writer.utf8("测试")))
    validity = parts.get("validity", writer.sequence(time("250101000000Z"), time("350101000000Z")))
    extensions = parts.get("extensions", b"")
    tbs = writer.sequence(
        writer.explicit(0, writer.integer(2)),
        writer.integer(1),
        algorithm,
        name,
        validity,
        name,
        parts.get("spki", KEY.public_spki),
        writer.explicit(3, writer.sequence(extensions)) if extensions else b"",
    )
    return writer.sequence(tbs, parts.get("outer", algorithm), writer.bit_string(KEY.sign(tbs)))


def named(value: bytes) -> bytes:
    return writer.sequence(writer.set_of([writer.sequence(writer.oid("2.5.4.3"), value)]))


def time(text: str) -> bytes:
    return writer.element(reader.UTC_TIME if len(text) < 15 else reader.GENERALIZED_TIME, text.encode())


def test_a_certificate_says_what_it_was_issued_with(sm2_pki):
    leaf = sm2_pki.leaf
    assert str(leaf.subject) == "C=CN, O=测试机构, CN=电子印章 33010600000001"
    assert leaf.subject_value("CN") == leaf.subject_value("2.5.4.3") == "电子印章 33010600000001"
    assert leaf.subject_value("OU") is None
    assert (leaf.not_before, leaf.not_after) == (NOW - timedelta(days=30), NOW + timedelta(days=3650))
    assert leaf.key_usage == {"digital_signature", "non_repudiation"}
    assert not leaf.is_ca
    assert sm2_pki.intermediate.is_ca
    assert sm2_pki.intermediate.path_length == 0
    assert leaf.aki == sm2_pki.intermediate.ski
    assert leaf.public_key().spki == sm2_pki.leaf_key.public_spki
    assert leaf.tbs in leaf.der


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "Ed25519"])
def test_a_second_library_reads_the_same(algorithm):
    leaf = build_pki(algorithm).leaf
    theirs = x509.load_der_x509_certificate(leaf.der)
    assert theirs.serial_number == leaf.serial
    assert theirs.not_valid_after_utc == leaf.not_after
    assert theirs.tbs_certificate_bytes == leaf.tbs
    assert theirs.signature_algorithm_oid.dotted_string == leaf.signature_algorithm
    assert {each.oid.dotted_string for each in theirs.extensions} == set(leaf.extensions)


def test_null_parameters_are_read_inside_outside_or_nowhere():
    null = writer.sequence(SM2, writer.null())
    for der in (odd_certificate(), odd_certificate(algorithm=null), odd_certificate(outer=null)):
        certificate = Certificate.load(der)
        certificate.verify_issued_by(certificate)


def test_two_different_signature_algorithms_are_refused():
    with pytest.raises(CertificateUnreadable):
        Certificate.load(odd_certificate(outer=writer.sequence(writer.oid("1.2.840.10045.4.3.2"))))


def test_encoded_defaults_are_read():
    constraints = writer.sequence(writer.boolean(False))
    encoded = writer.sequence(writer.oid("2.5.29.19"), writer.boolean(False), writer.octets(constraints))
    certificate = Certificate.load(odd_certificate(extensions=encoded))
    assert not certificate.is_ca
    assert not certificate.extensions["2.5.29.19"].critical


@pytest.mark.parametrize(
    ("tag", "content"),
    [
        (reader.BMP, "测试".encode("utf-16-be")),
        (reader.UNIVERSAL, "测试".encode("utf-32-be")),
        (reader.PRINTABLE, "测试".encode()),
        (reader.T61, "测试".encode("gb18030")),
        (reader.UTF8, "测试".encode("gb18030")),
        (reader.IA5, "测试".encode()),
    ],
    ids=["bmp", "universal", "utf-8 in printable", "gb18030 in t61", "gb18030 in utf-8", "utf-8 in ia5"],
)
def test_names_are_read_from_any_string_type(tag, content):
    certificate = Certificate.load(odd_certificate(name=named(writer.element(tag, content))))
    assert certificate.subject_value("CN") == "测试"


def test_a_certificate_without_a_subject_is_read():
    assert str(Certificate.load(odd_certificate(name=writer.sequence())).subject) == ""


@pytest.mark.parametrize(
    ("tag", "text", "moment"),
    [
        (reader.UTC_TIME, "250102030405Z", datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (reader.UTC_TIME, "2501020304Z", datetime(2025, 1, 2, 3, 4, tzinfo=UTC)),
        (reader.UTC_TIME, "250102110405+0800", datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (reader.UTC_TIME, "991231235959Z", datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (reader.GENERALIZED_TIME, "20250102030405Z", datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (reader.GENERALIZED_TIME, "20250102030405.123Z", datetime(2025, 1, 2, 3, 4, 5, 123_000, tzinfo=UTC)),
    ],
)
def test_times_are_read_in_every_form_that_occurs(tag, text, moment):
    begin = writer.element(tag, text.encode())
    certificate = Certificate.load(odd_certificate(validity=writer.sequence(begin, time("99991231235959Z"))))
    assert certificate.not_before == moment


@pytest.mark.parametrize("text", ["251302030405Z", "nonsense", "", "2５0102030405Z", "00000101000000Z"])
def test_a_time_that_does_not_exist_is_unreadable(text):
    begin = writer.element(reader.GENERALIZED_TIME if len(text) > 14 else reader.UTC_TIME, text.encode())
    with pytest.raises(CertificateUnreadable):
        Certificate.load(odd_certificate(validity=writer.sequence(begin, begin)))


def test_a_repeated_extension_is_refused():
    once = Extension("1.2.3.4", False, b"\x05\x00").encoded()
    assert Certificate.load(odd_certificate(extensions=once)).extension("1.2.3.4") == b"\x05\x00"
    with pytest.raises(CertificateUnreadable):
        Certificate.load(odd_certificate(extensions=once + once))


def test_an_unreadable_key_identifier_is_as_good_as_none_but_constraints_must_be_readable():
    assert Certificate.load(odd_certificate(extensions=Extension("2.5.29.14", False, b"\x00").encoded())).ski is None
    with pytest.raises(CertificateUnreadable):
        Certificate.load(odd_certificate(extensions=Extension("2.5.29.19", True, b"\x00").encoded()))
    with pytest.raises(CertificateUnreadable):
        Certificate.load(odd_certificate(extensions=Extension("2.5.29.15", True, b"\x00").encoded()))


def test_an_unknown_kind_of_key_is_found_out_when_it_is_asked_for():
    spki = writer.sequence(writer.sequence(writer.oid("1.2.3")), writer.bit_string(b"key"))
    certificate = Certificate.load(odd_certificate(spki=spki))
    with pytest.raises(CertificateUnreadable):
        certificate.public_key()


def test_a_certificate_of_another_issuer_is_not_issued_by_this_one(sm2_pki):
    sm2_pki.leaf.verify_issued_by(sm2_pki.intermediate)
    with pytest.raises(InvalidSignature):
        sm2_pki.leaf.verify_issued_by(sm2_pki.root)
    key = SM2PrivateKey.generate()
    impostor = issue_certificate(
        profile(key, "Issuing", ca=True, key_usage={"key_cert_sign"}), sm2_pki.root, sm2_pki.root_key
    )
    with pytest.raises(InvalidSignature):
        sm2_pki.leaf.verify_issued_by(impostor)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_garbage_is_never_more_than_unreadable(garbage):
    with pytest.raises(CertificateUnreadable):
        Certificate.load(garbage)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_changed_byte_makes_it_unreadable_or_breaks_the_signature(sm2_pki, position, change):
    der = bytearray(sm2_pki.leaf.der)
    der[position % len(der)] ^= change
    with pytest.raises((CertificateUnreadable, InvalidSignature)):
        Certificate.load(bytes(der)).verify_issued_by(sm2_pki.intermediate)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10_000))
def test_a_cut_certificate_is_unreadable(sm2_pki, length):
    with pytest.raises(CertificateUnreadable):
        Certificate.load(sm2_pki.leaf.der[: length % len(sm2_pki.leaf.der)])


def test_an_oversized_certificate_is_refused_unread():
    with pytest.raises(CertificateUnreadable):
        Certificate.load(writer.octets(bytes(MAX_CERTIFICATE_BYTES)))
