"""The CMS value of our PDF signatures: one form, judged by OpenSSL."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from kernel.crypto.private_keys import generate_key
from seal.structures.cades import load_cades_signature, make_cades_signature
from seal.structures.fields import MalformedStructure
from tests.seal.pki import Authority, SealPki

DOCUMENT = b"a document\n"
DIGEST = hashlib.sha256(DOCUMENT).digest()


def certificates(pki: SealPki) -> tuple[bytes, ...]:
    return pki.pdf_signer.certificate.der, pki.p256.issuing.certificate.der


def test_openssl_verifies_the_signature_up_to_the_root(pki: SealPki, tmp_path: Path) -> None:
    (tmp_path / "cms").write_bytes(make_cades_signature(DIGEST, pki.pdf_signer.key, certificates(pki)))
    (tmp_path / "document").write_bytes(DOCUMENT)
    (tmp_path / "root.der").write_bytes(pki.p256.root.certificate.der)
    subprocess.run(
        ["openssl", "x509", "-inform", "DER", "-in", tmp_path / "root.der", "-out", tmp_path / "root.pem"], check=True
    )
    when = "1795255200"  # within every period: 2026-11-21

    judged = subprocess.run(
        [
            "openssl", "cms", "-verify", "-binary", "-cades", "-inform", "DER", "-in", tmp_path / "cms", "-content",
            tmp_path / "document", "-CAfile", tmp_path / "root.pem", "-purpose", "any", "-attime", when,
        ],
        capture_output=True,
        check=False,
    )  # fmt: skip

    assert judged.returncode == 0, judged.stderr


def test_what_is_written_is_read_and_nothing_else(pki: SealPki) -> None:
    encoded = make_cades_signature(DIGEST, pki.pdf_signer.key, certificates(pki))

    assert load_cades_signature(encoded).encode() == encoded
    for position in range(0, len(encoded), 7):
        changed = bytearray(encoded)
        changed[position] ^= 0x04
        try:
            read = load_cades_signature(bytes(changed))
        except MalformedStructure:
            continue
        # What still reads differs in one of the parts that a verifier compares or checks.
        assert read != load_cades_signature(encoded)


def test_rsa_and_sm2_keys_sign_too_and_ed25519_keys_do_not(pki: SealPki) -> None:
    rsa = Authority.create("RS256", "Example RSA").issue("rsa signer")

    for holder in (rsa, pki.signer):
        read = load_cades_signature(make_cades_signature(DIGEST, holder.key, (holder.certificate.der,)))
        holder.certificate.public_key().verify(read.signature, read.attributes)
    with pytest.raises(MalformedStructure):
        make_cades_signature(DIGEST, generate_key("Ed25519"), (pki.signer.certificate.der,))
