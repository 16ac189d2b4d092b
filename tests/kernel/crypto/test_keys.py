"""Every kind of key signs, verifies, and comes back from its encoding."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from kernel.crypto.private_keys import load_private_key
from kernel.crypto.public_keys import load_public_key, verify_by_oid
from kernel.crypto.signatures import InvalidSignature
from kernel.errors import InvalidInput

ALGORITHMS = ["SM2-SM3", "ES256", "RS256", "Ed25519"]


def spki_of(key) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_comes_back_from_pkcs8_and_signs(keys, algorithm):
    key = load_private_key(keys[algorithm].to_pkcs8())
    public = load_public_key(key.public_spki)
    assert key.algorithm == public.algorithm == algorithm
    assert public.spki == key.public_spki == keys[algorithm].public_spki
    public.verify(key.sign(b"licence"), b"licence")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_other_data_another_key_and_a_cut_signature_are_refused(keys, algorithm):
    signature = keys[algorithm].sign(b"licence")
    public = load_public_key(keys[algorithm].public_spki)
    for wrong, data in [(signature, b"Licence"), (signature[:-1], b"licence"), (b"", b"licence")]:
        with pytest.raises(InvalidSignature):
            public.verify(wrong, data)
    for other in ALGORITHMS:
        if other != algorithm:
            with pytest.raises(InvalidSignature):
                load_public_key(keys[other].public_spki).verify(signature, b"licence")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_signature_identifier_must_fit_the_key(keys, algorithm):
    oids = {
        "SM2-SM3": "1.2.156.10197.1.501",
        "ES256": "1.2.840.10045.4.3.2",
        "RS256": "1.2.840.113549.1.1.11",
        "Ed25519": "1.3.101.112",
    }
    signature = keys[algorithm].sign(b"licence")
    public = load_public_key(keys[algorithm].public_spki)
    verify_by_oid(public, oids.pop(algorithm), signature, b"licence")
    for foreign in oids.values():
        with pytest.raises(InvalidSignature):
            verify_by_oid(public, foreign, signature, b"licence")


def test_p384_verifies_with_sha384():
    from cryptography.hazmat.primitives import hashes

    key = ec.generate_private_key(ec.SECP384R1())
    public = load_public_key(spki_of(key.public_key()))
    public.verify(key.sign(b"licence", ec.ECDSA(hashes.SHA384())), b"licence")
    assert public.algorithm == "ES384"


def test_weak_and_unknown_keys_are_refused():
    with pytest.raises(InvalidInput):
        load_public_key(spki_of(rsa.generate_private_key(65537, 1024).public_key()))
    with pytest.raises(InvalidInput):
        load_public_key(spki_of(ec.generate_private_key(ec.SECP256K1()).public_key()))


@given(st.binary(max_size=200))
def test_garbage_is_never_more_than_an_unreadable_key(garbage):
    with pytest.raises(InvalidInput):
        load_public_key(garbage)
    with pytest.raises(InvalidInput):
        load_private_key(garbage)
