"""The start-up self-test knows the standards' values, and finds each algorithm out when it answers wrongly."""

import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4

from kernel.crypto.signatures import decode_signature
from kernel.crypto.startup import known_answers as known
from kernel.crypto.startup.selftest import run_self_tests
from kernel.errors import ConfigurationError

NO_SM2 = """
openssl_conf = start
[start]
providers = providers
[providers]
base = base
[base]
activate = 1
"""
"""OpenSSL with its `base` provider alone has no SM2, as on systems that compile it out."""


def test_the_self_test_holds_the_values_of_the_vectors(vectors):
    sm2, sm4 = vectors("sm2"), vectors("sm4")
    signature, encryption = sm2["signature"], sm2["encryption"]
    assert known.SM2_PRIVATE_KEY.hex() == signature["private_key"]
    assert known.SM2_POINT.hex() == signature["public_point"]
    assert known.SM2_MESSAGE.decode() == signature["message"]
    numbers = known.SM2_DIGEST, known.SM2_R, known.SM2_S
    assert [f"{number:064x}" for number in numbers] == [signature[name] for name in ("digest", "r", "s")]
    assert known.SM2_PLAINTEXT.decode() == encryption["plaintext"]
    assert [part.hex() for part in (known.SM2_C1, known.SM2_C2, known.SM2_C3)] == [
        encryption[name] for name in ("c1", "c2", "c3")
    ]
    assert {known.SM3_ABC.hex(), known.SM3_ABCD_16.hex()} <= {each["digest"] for each in vectors("sm3")}
    assert (known.SM4_KEY.hex(), known.SM4_BLOCK.hex()) == (sm4["block"]["key"], sm4["block"]["ciphertext"])
    cbc, gcm = sm4["cbc"], sm4["gcm"]
    assert known.SM4_CBC_VECTOR.hex() == cbc["initial_vector"]
    assert (known.SM4_CBC_PLAINTEXT.hex(), known.SM4_CBC_CIPHERTEXT.hex()) == (cbc["plaintext"], cbc["ciphertext"])
    assert (known.SM4_GCM_NONCE.hex(), known.SM4_GCM_ASSOCIATED.hex()) == (gcm["nonce"], gcm["associated_data"])
    assert known.SM4_GCM_PLAINTEXT.hex() == gcm["plaintext"]
    assert known.SM4_GCM_SEALED.hex() == gcm["ciphertext"] + gcm["tag"]


def test_sm4_a_million_times_over(vectors):
    """GB/T 32907 Annex A.2."""
    block = bytes.fromhex(vectors("sm4")["block"]["key"])
    encryptor = Cipher(SM4(block), modes.ECB()).encryptor()
    for _ in range(1_000_000):
        block = encryptor.update(block)
    assert block.hex() == vectors("sm4")["block"]["million_times"]


@pytest.mark.parametrize(
    ("place", "wrong", "named"),
    [
        ("selftest.sm3", lambda data: bytes(32), "SM3"),
        ("selftest.sm4.encrypt_cbc", lambda key, vector, plaintext: bytes(48), "SM4-CBC"),
        ("selftest.sm4.encrypt_gcm", lambda key, nonce, plaintext, associated: bytes(80), "SM4-GCM"),
        ("selftest.sm4.decrypt_gcm", lambda key, nonce, sealed, associated: b"", "SM4-GCM"),
        ("selftest.message_digest", lambda point, data, identifier: 0, "SM2"),
        ("selftest.sm2_fallback.verify", lambda *arguments: decode_signature(b""), "SM2"),
        ("selftest.SM2PrivateKey.decrypt", lambda self, ciphertext: b"", "SM2 decryption"),
        ("selftest.SM2PublicKey.verify", lambda self, signature, data: None, "SM2"),
    ],
)
def test_an_algorithm_that_answers_wrongly_stops_the_start(monkeypatch, place, wrong, named):
    monkeypatch.setattr(f"kernel.crypto.startup.{place}", wrong)
    with pytest.raises(ConfigurationError, match=rf"self-test of {named}.* failed"):
        run_self_tests()


def test_a_nonce_that_comes_twice_stops_the_start(monkeypatch):
    """Two SM2 signatures with one nonce give the private key away."""
    from kernel.crypto.private_keys import SM2PrivateKey

    sign, kept = SM2PrivateKey.sign, {}
    monkeypatch.setattr(SM2PrivateKey, "sign", lambda self, data: kept.setdefault((self, data), sign(self, data)))
    with pytest.raises(ConfigurationError, match="SM2 nonces"):
        run_self_tests()


def run_without_sm2(tmp_path: Path, program: str, *arguments: str) -> str:
    (tmp_path / "openssl.cnf").write_text(NO_SM2)
    environment = {"OPENSSL_CONF": str(tmp_path / "openssl.cnf"), "PYTHONPATH": str(Path.cwd()), "PATH": "/usr/bin"}
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120).stdout


def test_on_a_system_without_sm2_verifying_goes_on_and_signing_says_what_to_install(tmp_path, keys):
    """A real process whose OpenSSL has no SM2."""
    program = """
import sys
from kernel.crypto.backend.libcrypto import sm2_is_available
from kernel.crypto.private_keys import generate_key
from kernel.crypto.public_keys import load_public_key
from kernel.crypto.signatures import InvalidSignature
from kernel.crypto.startup.selftest import run_self_tests
from kernel.errors import ConfigurationError
run_self_tests(signing=False)
key, signature = load_public_key(bytes.fromhex(sys.argv[1])), bytes.fromhex(sys.argv[2])
key.verify(signature, b"licence")
try:
    key.verify(signature, b"license")
except InvalidSignature:
    print("verified by the fallback:", not sm2_is_available())
for work in (run_self_tests, lambda: generate_key("SM2-SM3"), lambda: key.encrypt(b"secret")):
    try:
        work()
    except ConfigurationError as error:
        print(error.text)
print(generate_key("ES256").algorithm)
"""
    key = keys["SM2-SM3"]
    first, *refusals, last = run_without_sm2(
        tmp_path, program, key.public_spki.hex(), key.sign(b"licence").hex()
    ).splitlines()
    assert first == "verified by the fallback: True"
    assert len(refusals) == 3
    assert all(refusal.startswith("SM2 needs OpenSSL 3 built with SM2. Install libssl3") for refusal in refusals)
    assert last == "ES256"
