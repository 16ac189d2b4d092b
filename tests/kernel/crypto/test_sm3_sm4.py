"""SM3 and SM4 give the standards' answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.crypto import sm4
from kernel.crypto.sm3 import hmac_sm3, sm3
from kernel.errors import IntegrityError

KEYS = st.binary(min_size=16, max_size=16)


def test_sm3_gives_the_digests_of_the_standard(vectors):
    for vector in vectors("sm3"):
        assert sm3(bytes.fromhex(vector["message"])).hex() == vector["digest"]


def test_hmac_sm3_agrees_with_openssl(openssl):
    openssl.write("message", b"licence")
    judged = openssl("mac", "-digest", "SM3", "-macopt", "hexkey:000102030405", "-in", "message", "HMAC")
    assert hmac_sm3(bytes(range(6)), b"licence").hex() == judged.stdout.strip().lower()


def test_sm4_gcm_gives_the_answer_of_rfc_8998(vectors):
    vector = {name: bytes.fromhex(value) for name, value in vectors("sm4")["gcm"].items()}
    arguments = vector["key"], vector["nonce"]
    sealed = sm4.encrypt_gcm(*arguments, vector["plaintext"], vector["associated_data"])
    assert sealed == vector["ciphertext"] + vector["tag"]
    assert sm4.decrypt_gcm(*arguments, sealed, vector["associated_data"]) == vector["plaintext"]


def test_sm4_cbc_agrees_with_openssl(openssl, vectors):
    key = vectors("sm4")["block"]["key"]
    openssl.write("plain", b"one block and a bit more")
    judged = openssl("enc", "-sm4-cbc", "-K", key, "-iv", key, "-in", "plain", "-out", "cipher")
    assert judged.returncode == 0, judged.stderr
    ours = sm4.encrypt_cbc(bytes.fromhex(key), bytes.fromhex(key), b"one block and a bit more")
    assert ours == openssl.read("cipher")


@given(KEYS, st.binary(max_size=100))
def test_cbc_comes_back(key, plaintext):
    assert sm4.decrypt_cbc(key, key, sm4.encrypt_cbc(key, key, plaintext)) == plaintext


@given(KEYS, st.binary(max_size=64))
def test_a_broken_cbc_length_is_an_integrity_error(key, ciphertext):
    if len(ciphertext) % 16 or not ciphertext:
        with pytest.raises(IntegrityError):
            sm4.decrypt_cbc(key, key, ciphertext)


@given(KEYS, st.binary(max_size=64), st.integers(0, 1000))
def test_gcm_refuses_any_flipped_byte(key, plaintext, position):
    sealed = bytearray(sm4.encrypt_gcm(key, bytes(12), plaintext, b"here"))
    sealed[position % len(sealed)] ^= 0xFF
    with pytest.raises(IntegrityError):
        sm4.decrypt_gcm(key, bytes(12), bytes(sealed), b"here")
