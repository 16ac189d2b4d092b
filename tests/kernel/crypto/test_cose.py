"""QR claims: one encoding, known keys, and nothing decoded before it is proven."""

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.crypto.cose import MAX_MESSAGE_BYTES, key_id, sign_cose, unverified_key_id, verify_cose
from kernel.crypto.private_keys import generate_key
from kernel.crypto.public_keys import load_public_key
from kernel.crypto.signatures import InvalidSignature, raw_to_der
from kernel.errors import InvalidInput

SM2, ES256 = generate_key("SM2-SM3"), generate_key("ES256")
KEYS = [load_public_key(key.public_spki) for key in (SM2, ES256)]
CLAIMS = {1: "1.2.156.3005.2…", 2: ["营业执照", 20261121], 7: b"\x00\x01"}


def find(kid: bytes):
    return [key for key in KEYS if key_id(key.spki) == kid]


@pytest.mark.parametrize("key", [SM2, ES256], ids=["SM2", "ES256"])
def test_claims_come_back(key):
    message = sign_cose(CLAIMS, key)
    assert verify_cose(message, find) == CLAIMS
    assert unverified_key_id(message) == key_id(key.public_spki)
    assert len(message) - len(cbor2.dumps(CLAIMS)) < 90


def test_a_generic_reader_sees_a_cose_sign1():
    tagged = cbor2.loads(sign_cose(CLAIMS, ES256))
    protected, unprotected, payload, signature = tagged.value
    assert tagged.tag == 18
    assert cbor2.loads(protected) == {1: -7, 4: key_id(ES256.public_spki)}
    assert unprotected == {}
    assert cbor2.loads(payload) == CLAIMS
    to_be_signed = cbor2.dumps(["Signature1", protected, b"", payload])
    KEYS[1].verify(raw_to_der(signature), to_be_signed)


@pytest.mark.parametrize("key", [SM2, ES256], ids=["SM2", "ES256"])
@given(position=st.integers(0, 10_000), change=st.integers(1, 255))
def test_a_changed_byte_is_refused(key, position, change):
    message = bytearray(sign_cose(CLAIMS, key))
    message[position % len(message)] ^= change
    with pytest.raises(InvalidSignature):
        verify_cose(bytes(message), find)


@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda tail: b"\xd2\x84" + tail))
def test_garbage_is_never_more_than_an_invalid_signature(garbage):
    with pytest.raises(InvalidSignature):
        verify_cose(garbage, find)


@given(st.integers(0, 1000))
def test_a_cut_or_prolonged_message_is_refused(length):
    message = sign_cose(CLAIMS, ES256)
    for wrong in (message[: length % len(message)], message + b"\x00"):
        with pytest.raises(InvalidSignature):
            verify_cose(wrong, find)


def test_another_encoding_of_the_same_claims_is_refused():
    """The signature would hold, and one licence would have two codes."""
    message = sign_cose({1: "x" * 50}, ES256)
    place = message.index(b"\x58\x36")
    with pytest.raises(InvalidSignature):
        verify_cose(message[:place] + b"\x59\x00\x36" + message[place + 2 :], find)


def test_an_unknown_key_is_refused():
    with pytest.raises(InvalidSignature):
        verify_cose(sign_cose(CLAIMS, generate_key("ES256")), find)


def test_a_kid_that_collides_is_settled_by_the_signature():
    strangers = [load_public_key(generate_key(kind).public_spki) for kind in ("SM2-SM3", "ES256", "Ed25519")]
    assert verify_cose(sign_cose(CLAIMS, ES256), lambda kid: [*strangers, KEYS[1]]) == CLAIMS


def test_a_signed_payload_that_is_no_map_of_numbers_is_refused():
    for claims in ({}, {1: 1}):
        assert verify_cose(sign_cose(claims, ES256), find) == claims
    with pytest.raises(InvalidInput):
        sign_cose({"name": 1}, ES256)  # type: ignore[dict-item]


def test_other_keys_and_too_much_are_refused_when_signing(keys):
    with pytest.raises(InvalidInput):
        sign_cose(CLAIMS, keys["Ed25519"])
    with pytest.raises(InvalidInput):
        sign_cose({1: "x" * MAX_MESSAGE_BYTES}, ES256)
    assert verify_cose(sign_cose({1: "x" * 3000}, ES256), find) == {1: "x" * 3000}
