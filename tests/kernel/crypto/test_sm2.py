"""SM2 does what GB/T 32918 says and refuses everything else."""

import sys
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.crypto.backend import sm2_fallback
from kernel.crypto.backend.sm2_curve import N, message_digest
from kernel.crypto.der import writer
from kernel.crypto.private_keys import SM2PrivateKey
from kernel.crypto.signatures import (
    InvalidSignature,
    decode_signature,
    der_to_raw,
    encode_signature,
    read_signature,
)
from kernel.crypto.sm2 import DEFAULT_ID, SM2PublicKey
from kernel.errors import InvalidInput

KEY = SM2PrivateKey.generate()
PUBLIC = KEY.public_key
BIG = b"licence" * 1_000_000
BIG_SIGNED = KEY.sign(BIG)


@pytest.fixture(scope="session")
def sample(vectors):
    return vectors("sm2")["signature"]


def sample_private_key(sample) -> SM2PrivateKey:
    """The standard's private key as PKCS#8."""
    point = writer.bit_string(bytes.fromhex(sample["public_point"]))
    scalar = writer.octets(bytes.fromhex(sample["private_key"]))
    ec_key = writer.sequence(writer.integer(1), scalar, writer.explicit(1, point))
    algorithm = writer.sequence(writer.oid("1.2.840.10045.2.1"), writer.oid("1.2.156.10197.1.301"))
    return SM2PrivateKey.from_pkcs8(writer.sequence(writer.integer(0), algorithm, writer.octets(ec_key)))


def test_the_signature_of_the_standard_verifies(sample):
    key = SM2PublicKey.from_point(bytes.fromhex(sample["public_point"]))
    signature = encode_signature(int(sample["r"], 16), int(sample["s"], 16))
    key.verify(signature, sample["message"].encode(), identifier=sample["identifier"].encode())


def test_the_digest_of_the_standard_comes_out(sample):
    point = bytes.fromhex(sample["public_point"])
    digest = message_digest(point, sample["message"].encode(), sample["identifier"].encode())
    assert f"{digest:064x}" == sample["digest"]


def test_the_fallback_verifies_the_signature_of_the_standard(sample):
    point = bytes.fromhex(sample["public_point"])
    numbers = int(sample["r"], 16), int(sample["s"], 16)
    sm2_fallback.verify(point, numbers, sample["message"].encode(), DEFAULT_ID)


def test_the_ciphertext_of_the_standard_opens(vectors, sample):
    encryption = vectors("sm2")["encryption"]
    c1 = encryption["c1"]
    ciphertext = writer.sequence(
        writer.integer(int(c1[2:66], 16)),
        writer.integer(int(c1[66:], 16)),
        writer.octets(bytes.fromhex(encryption["c3"])),
        writer.octets(bytes.fromhex(encryption["c2"])),
    )
    assert sample_private_key(sample).decrypt(ciphertext) == encryption["plaintext"].encode()


def test_a_private_key_knows_its_public_point(sample):
    assert sample_private_key(sample).public_key.point.hex() == sample["public_point"]


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=300), st.binary(max_size=64))
def test_what_one_side_signs_the_other_verifies(data, identifier):
    signature = KEY.sign(data, identifier=identifier)
    PUBLIC.verify(signature, data, identifier=identifier)
    PUBLIC.verify_raw64(der_to_raw(signature), data, identifier=identifier)


@settings(max_examples=15, deadline=None)
@given(st.binary(max_size=64))
def test_the_fallback_agrees_with_openssl(data):
    signature = KEY.sign(data)
    sm2_fallback.verify(PUBLIC.point, decode_signature(signature), data, DEFAULT_ID)
    with pytest.raises(InvalidSignature):
        sm2_fallback.verify(PUBLIC.point, decode_signature(signature), data + b".", DEFAULT_ID)


def test_the_fallback_serves_when_openssl_has_no_sm2(monkeypatch):
    monkeypatch.setattr("kernel.crypto.sm2.sm2_is_available", lambda: False)
    monkeypatch.setattr("kernel.crypto.sm2.load_libcrypto", lambda: pytest.fail("libcrypto was asked"))
    signature = KEY.sign(b"data")
    PUBLIC.verify(signature, b"data")
    with pytest.raises(InvalidSignature):
        PUBLIC.verify(signature, b"other data")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 7))
def test_a_flipped_bit_anywhere_in_the_signature_is_refused(position, bit):
    signature = bytearray(KEY.sign(b"licence"))
    signature[position % len(signature)] ^= 1 << bit
    with pytest.raises(InvalidSignature):
        PUBLIC.verify(bytes(signature), b"licence")


def test_the_signer_id_is_part_of_what_is_signed():
    signature = KEY.sign(b"licence")
    with pytest.raises(InvalidSignature):
        PUBLIC.verify(signature, b"licence", identifier=b"")


@pytest.mark.parametrize(
    "numbers",
    [(0, 1), (1, 0), (N, 1), (1, N), (N + 1, 1), (1, N - 1), (2**256 - 1, 1)],
    ids=["r=0", "s=0", "r=n", "s=n", "r>n", "r+s=n", "r=2^256-1"],
)
def test_numbers_out_of_range_are_refused_by_both_implementations(numbers):
    with pytest.raises(InvalidSignature) as ours:
        PUBLIC.verify(encode_signature(*numbers), b"")
    with pytest.raises(InvalidSignature) as fallback:
        sm2_fallback.verify(PUBLIC.point, numbers, b"", DEFAULT_ID)
    assert ours.value.reason == fallback.value.reason == "r or s is out of range"


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=150))
def test_garbage_is_never_more_than_an_invalid_signature(garbage):
    with pytest.raises(InvalidSignature):
        PUBLIC.verify(garbage, b"")
    with pytest.raises(InvalidSignature):
        PUBLIC.verify_raw64(garbage, b"")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=150))
def test_garbage_is_never_more_than_an_unreadable_key(garbage):
    with pytest.raises(InvalidInput):
        SM2PublicKey.from_spki(garbage)
    with pytest.raises(InvalidInput):
        SM2PublicKey.from_point(garbage)
    with pytest.raises(InvalidInput):
        SM2PrivateKey.from_pkcs8(garbage)


def test_a_point_beside_the_curve_is_refused():
    point = bytearray(PUBLIC.point)
    point[-1] ^= 1
    with pytest.raises(InvalidInput):
        SM2PublicKey.from_point(bytes(point))


def test_a_key_of_another_curve_is_refused(keys):
    with pytest.raises(InvalidInput):
        SM2PublicKey.from_spki(keys["ES256"].public_spki)
    with pytest.raises(InvalidInput):
        SM2PrivateKey.from_pkcs8(keys["ES256"].to_pkcs8())


def test_an_spki_that_names_the_curve_as_its_algorithm_is_read():
    algorithm = writer.sequence(writer.oid("1.2.156.10197.1.301"))
    assert SM2PublicKey.from_spki(writer.sequence(algorithm, writer.bit_string(PUBLIC.point))) == PUBLIC


def test_bytes_after_a_private_key_are_refused():
    with pytest.raises(InvalidInput):
        SM2PrivateKey.from_pkcs8(KEY.to_pkcs8() + b"\x00")


@settings(max_examples=25, deadline=None)
@given(st.binary(min_size=1, max_size=200))
def test_what_is_encrypted_to_a_key_opens_with_it_alone(secret):
    ciphertext = PUBLIC.encrypt(secret)
    assert KEY.decrypt(ciphertext) == secret
    with pytest.raises(InvalidInput):
        SM2PrivateKey.generate().decrypt(ciphertext)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_a_garbled_ciphertext_does_not_open(garbage):
    with pytest.raises(InvalidInput):
        KEY.decrypt(garbage)


@given(st.integers(1, N - 1), st.integers(1, N - 1))
def test_both_encodings_of_a_signature_are_read(r, s):
    der = encode_signature(r, s)
    assert decode_signature(der) == (r, s)
    assert read_signature(der) == read_signature(der_to_raw(der)) == der


@pytest.mark.parametrize(
    "der",
    [
        "3006020200010201010",
        "30060201010201017f",
        "3007020200010201 01",
        "30080202008002020080ff",
        "3006020181020101",
        "3081060201010201 01",
    ],
)
def test_other_than_strict_der_is_refused(der):
    cleaned = der.replace(" ", "")
    with pytest.raises(InvalidSignature):
        decode_signature(bytes.fromhex(cleaned[: len(cleaned) // 2 * 2]))


@pytest.mark.parametrize(
    "work", [lambda: KEY.sign(BIG), lambda: PUBLIC.verify(BIG_SIGNED, BIG)], ids=["sign", "verify"]
)
def test_other_threads_run_while_openssl_computes(work):
    """With a switch interval beyond the test, another thread gets the GIL only where it is released."""
    gate, moved = threading.Lock(), []

    def move() -> None:
        with gate:
            moved.append(True)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    try:
        other = threading.Thread(target=move)
        with gate:
            other.start()
            time.sleep(0.05)  # it stands at the gate
        sum(range(100_000))
        before = list(moved)
        work()
        after = list(moved)
    finally:
        sys.setswitchinterval(interval)
        other.join()
    assert (before, after) == ([], [True])
