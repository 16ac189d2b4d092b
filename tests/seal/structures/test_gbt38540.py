"""Seals and seal signatures of GB/T 38540: written as version 4, read as 1, 4 and 5."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.crypto.der import writer
from kernel.crypto.signatures import InvalidSignature, encode_signature
from kernel.crypto.sm3 import sm3
from seal.structures.fields import MalformedStructure
from seal.structures.gbt38540 import (
    SM2_WITH_SM3,
    SealContents,
    SealExtension,
    SealPicture,
    SealProperties,
    SignatureContents,
    load_seal,
    load_seal_signature,
    make_seal,
    make_signature,
)
from tests.seal.openssl import verifies_sm2
from tests.seal.pki import NOW, SEAL_CODE, SEAL_NAME, TINY_PNG, SealPki, contents

moments = st.datetimes(datetime(1990, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=0)
)
ascii_text = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)


class FixedKey:
    """Signs anything with the same made-up numbers: codecs need a value, not a true one."""

    algorithm = "SM2-SM3"
    public_spki = b""

    def sign(self, data: bytes) -> bytes:
        return encode_signature(1 + len(data), 2)


@st.composite
def seal_contents(draw: st.DrawFn) -> SealContents:
    by_digest = draw(st.booleans())
    certificates = tuple(draw(st.lists(st.binary(min_size=1, max_size=80), max_size=3)))
    digests = tuple(("SM3", draw(st.binary(min_size=32, max_size=32))) for _ in range(draw(st.integers(1, 3))))
    extensions = draw(
        st.lists(
            st.builds(SealExtension, st.just("1.2.156.10197.6.7"), st.booleans(), st.binary(max_size=9)), max_size=2
        )
    )
    return SealContents(
        seal_code=draw(ascii_text),
        vendor=draw(ascii_text),
        properties=SealProperties(
            kind=draw(st.integers(-300, 300)),
            name=draw(st.text(max_size=40)),
            certificates=() if by_digest else certificates,
            certificate_digests=digests if by_digest else (),
            created_at=draw(moments),
            valid_from=draw(moments),
            valid_to=draw(moments),
        ),
        picture=SealPicture(
            draw(st.sampled_from(["PNG", "ofd"])), draw(st.binary(max_size=300)), draw(st.integers(1, 99)), 42
        ),
        extensions=tuple(extensions),
    )


def test_a_seal_says_what_it_was_made_to_say(pki: SealPki) -> None:
    seal = load_seal(pki.seal)

    assert seal.contents == contents((pki.signer,), NOW - timedelta(days=30), NOW + timedelta(days=300))
    assert (seal.contents.version, seal.contents.seal_code, seal.contents.properties.name) == (4, SEAL_CODE, SEAL_NAME)
    assert seal.maker_certificate == pki.maker.certificate.der
    assert seal.signature_algorithm == SM2_WITH_SM3


def test_openssl_accepts_the_makers_signature_over_the_seal_info(pki: SealPki, tmp_path: Path) -> None:
    seal = load_seal(pki.seal)

    assert verifies_sm2(tmp_path, spki=pki.maker.certificate.spki, signature=seal.signature, data=seal.signed_bytes)
    assert not verifies_sm2(
        tmp_path, spki=pki.maker.certificate.spki, signature=seal.signature, data=seal.signed_bytes + b"\0"
    )


def test_openssl_accepts_the_signature_over_to_sign(pki: SealPki, tmp_path: Path) -> None:
    stated = SignatureContents(pki.seal, sm3(b"Signature.xml"), "/Doc_0/Signs/Sign_0/Signature.xml", NOW)

    signature = load_seal_signature(make_signature(stated, pki.signer.key, pki.signer.certificate.der))

    assert verifies_sm2(
        tmp_path, spki=pki.signer.certificate.spki, signature=signature.signature, data=signature.signed_bytes
    )
    assert (signature.version, signature.signed_at, signature.data_hash) == (4, NOW, sm3(b"Signature.xml"))
    assert signature.seal.encoded == pki.seal


@given(seal_contents())
def test_seals_come_back_as_they_were_written(original: SealContents) -> None:
    encoded = make_seal(original, FixedKey(), b"maker")

    seal = load_seal(encoded)

    assert seal.contents == original
    assert seal.encoded == encoded
    assert seal.signed_bytes in encoded


@given(seal_contents(), moments, st.binary(min_size=32, max_size=32), ascii_text)
def test_signatures_come_back_as_they_were_written(
    original: SealContents, signed_at: datetime, data_hash: bytes, location: str
) -> None:
    seal = make_seal(original, FixedKey(), b"maker")
    encoded = make_signature(SignatureContents(seal, data_hash, location, signed_at), FixedKey(), b"signer")

    signature = load_seal_signature(encoded)

    assert (signature.signed_at, signature.data_hash, signature.property_info) == (signed_at, data_hash, location)
    assert (signature.certificate, signature.seal.contents, signature.encoded) == (b"signer", original, encoded)


@given(st.binary(max_size=400))
def test_arbitrary_bytes_are_malformed_and_nothing_else(data: bytes) -> None:
    for load in (load_seal, load_seal_signature):
        with pytest.raises(MalformedStructure):
            load(data)


@given(st.data())
def test_a_damaged_seal_is_malformed_or_reads_as_something(data: st.DataObject) -> None:
    encoded = bytearray(make_seal(contents((), NOW, NOW), FixedKey(), b"maker"))
    for _ in range(data.draw(st.integers(1, 4))):
        encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    try:
        seal = load_seal(bytes(encoded))
    except MalformedStructure:
        return
    assert seal.encoded == bytes(encoded)


def test_a_seal_names_its_signers_by_digest_too(pki: SealPki) -> None:
    listed = contents((), NOW, NOW)
    by_digest = replace(
        listed, properties=replace(listed.properties, certificate_digests=(("SM3", sm3(pki.signer.certificate.der)),))
    )

    properties = load_seal(make_seal(by_digest, pki.maker.key, pki.maker.certificate.der)).contents.properties

    assert properties.allows(pki.signer.certificate.der)
    assert not properties.allows(pki.maker.certificate.der)


def test_only_sm2_keys_make_seals_and_signatures(pki: SealPki) -> None:
    with pytest.raises(MalformedStructure):
        make_seal(contents((), NOW, NOW), pki.pdf_signer.key, b"")
    with pytest.raises(MalformedStructure):
        make_signature(SignatureContents(pki.seal, bytes(32), "/x", NOW), pki.pdf_signer.key, b"")


def version_1_seal(pki: SealPki) -> bytes:
    """As GM/T 0031-2014 lays it out: no list type, UTCTime, the maker's part in a SEQUENCE of its own."""
    times = [
        writer.element(0x17, b"260101000000Z"),
        writer.element(0x17, b"260101000000Z"),
        writer.element(0x17, b"361231235959Z"),
    ]
    info = writer.sequence(
        writer.sequence(writer.ia5("ES"), writer.integer(1), writer.ia5("old vendor")),
        writer.ia5(SEAL_CODE),
        writer.sequence(
            writer.integer(1),
            writer.utf8(SEAL_NAME),
            writer.sequence(writer.octets(pki.signer.certificate.der)),
            *times,
        ),
        writer.sequence(writer.ia5("png"), writer.octets(TINY_PNG), writer.integer(42), writer.integer(42)),
    )
    certificate, algorithm = writer.octets(pki.maker.certificate.der), writer.oid(SM2_WITH_SM3)
    signature = pki.maker.key.sign(writer.sequence(info, certificate, algorithm))
    return writer.sequence(info, writer.sequence(certificate, algorithm, writer.bit_string(signature)))


def version_1_signature(pki: SealPki, stated_time: bytes) -> bytes:
    to_sign = writer.sequence(
        writer.integer(1),
        version_1_seal(pki),
        writer.bit_string(stated_time),
        writer.bit_string(bytes(32)),
        writer.ia5("/Doc_0/Signs/Sign_0/Signature.xml"),
        writer.octets(pki.signer.certificate.der),
        writer.oid(SM2_WITH_SM3),
    )
    return writer.sequence(to_sign, writer.bit_string(pki.signer.key.sign(to_sign)))


def test_a_version_1_seal_is_read_with_what_its_maker_signed(pki: SealPki) -> None:
    seal = load_seal(version_1_seal(pki))

    pki.maker.certificate.public_key().verify(seal.signature, seal.signed_bytes)
    assert (seal.contents.version, seal.contents.properties.valid_to.year) == (1, 2036)
    assert seal.contents.properties.allows(pki.signer.certificate.der)


@pytest.mark.parametrize(
    ("stated", "signed_at"),
    [
        (b"20261121100000Z", NOW),
        (b"261121100000Z", NOW),
        (b"2026-11-21 18:00:00", NOW),
        (writer.generalized_time(NOW), NOW),
        (writer.sequence(writer.integer(1)), None),
    ],
    ids=["text", "short text", "local time", "encoded", "a timestamp token"],
)
def test_a_version_1_signature_is_read(pki: SealPki, stated: bytes, signed_at: datetime | None) -> None:
    signature = load_seal_signature(version_1_signature(pki, stated))

    pki.signer.certificate.public_key().verify(signature.signature, signature.signed_bytes)
    assert (signature.version, signature.signed_at) == (1, signed_at)
    assert (signature.timestamp is None) == (signed_at is not None)


def test_a_version_5_seal_carries_a_time_stamp(pki: SealPki) -> None:
    info = load_seal(pki.seal).signed_bytes
    version_5 = writer.sequence(
        info.replace(b"\x02\x01\x04", b"\x02\x01\x05", 1),
        writer.octets(pki.maker.certificate.der),
        writer.oid(SM2_WITH_SM3),
        writer.bit_string(b"signature"),
        writer.explicit(0, writer.bit_string(b"token")),
    )

    seal = load_seal(version_5)

    assert (seal.contents.version, seal.timestamp) == (5, b"token")


def test_a_changed_seal_does_not_verify(pki: SealPki) -> None:
    changed = pki.seal.replace(SEAL_CODE.encode(), b"99000000000002")
    seal = load_seal(changed)

    with pytest.raises(InvalidSignature):
        pki.maker.certificate.public_key().verify(seal.signature, seal.signed_bytes)
