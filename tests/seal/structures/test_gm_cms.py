"""GB/T 35275 SignedData in the two forms that occur."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.crypto.der import reader, writer
from kernel.crypto.sm3 import sm3
from seal.structures.fields import MalformedStructure
from seal.structures.gm_cms import SM3, issuer_and_serial, load_signed_data, make_signed_data
from tests.seal.openssl import verifies_sm2
from tests.seal.pki import NOW, SealPki

DIGEST = sm3(b"Signature.xml")


def plain_signed_data(pki: SealPki, *, enclosed: bytes | None = None) -> bytes:
    """The other form: the content is the hash, the signature covers it, there are no attributes."""
    issuer, serial = issuer_and_serial(pki.signer.certificate.der)
    sm3_algorithm = writer.sequence(writer.oid(SM3), writer.null())
    signer = writer.sequence(
        writer.integer(1),
        writer.sequence(issuer, serial),
        sm3_algorithm,
        writer.sequence(writer.oid("1.2.156.10197.1.301.1"), writer.null()),
        writer.octets(pki.signer.key.sign(DIGEST)),
    )
    signed_data = writer.sequence(
        writer.integer(1),
        writer.set_of([sm3_algorithm]),
        writer.sequence(writer.oid("1.2.156.10197.6.1.4.2.1"), writer.explicit(0, writer.octets(DIGEST))),
        writer.element(reader.context(0), enclosed or pki.signer.certificate.der),
        writer.set_of([signer]),
    )
    return writer.sequence(writer.oid("1.2.156.10197.6.1.4.2.2"), writer.explicit(0, signed_data))


def test_the_form_with_attributes_comes_back_and_openssl_accepts_it(pki: SealPki, tmp_path: Path) -> None:
    encoded = make_signed_data(DIGEST, pki.signer.key, pki.signer.certificate.der, signed_at=NOW)

    signed = load_signed_data(encoded)

    assert (signed.digest, signed.signed_at, signed.certificate) == (DIGEST, NOW, pki.signer.certificate.der)
    assert signed.signed_bytes is not None
    assert verifies_sm2(
        tmp_path, spki=pki.signer.certificate.spki, signature=signed.signature, data=signed.signed_bytes
    )


def test_the_plain_form_is_read(pki: SealPki) -> None:
    signed = load_signed_data(plain_signed_data(pki))

    assert (signed.digest, signed.signed_bytes, signed.signed_at) == (DIGEST, DIGEST, None)
    pki.signer.certificate.public_key().verify(signed.signature, DIGEST)


def test_a_signer_whose_certificate_is_missing_is_malformed(pki: SealPki) -> None:
    with pytest.raises(MalformedStructure):
        load_signed_data(plain_signed_data(pki, enclosed=pki.maker.certificate.der))


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_malformed_and_nothing_else(data: bytes) -> None:
    with pytest.raises(MalformedStructure):
        load_signed_data(data)


@given(st.binary(min_size=32, max_size=32), st.datetimes(datetime(2000, 1, 1), datetime(2049, 1, 1)))
def test_digest_and_time_come_back(pki: SealPki, digest: bytes, moment: datetime) -> None:
    signed_at = moment.replace(microsecond=0, tzinfo=UTC)

    signed = load_signed_data(make_signed_data(digest, pki.signer.key, pki.signer.certificate.der, signed_at=signed_at))

    assert (signed.digest, signed.signed_at) == (digest, signed_at)


def test_an_attribute_stated_twice_is_malformed(pki: SealPki) -> None:
    encoded = make_signed_data(DIGEST, pki.signer.key, pki.signer.certificate.der, signed_at=NOW)
    signing_time, message_digest = (bytes.fromhex("2a864886f70d0109" + arc) for arc in ("05", "04"))

    with pytest.raises(MalformedStructure):
        load_signed_data(encoded.replace(signing_time, message_digest))
