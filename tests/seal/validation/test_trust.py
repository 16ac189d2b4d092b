"""A store of trust in a directory."""

import base64
from pathlib import Path

import pytest

from kernel.errors import ConfigurationError
from seal.validation.trust import TrustStore
from tests.seal.pki import SealPki


def pem(kind: str, der: bytes) -> bytes:
    return f"-----BEGIN {kind}-----\n".encode() + base64.encodebytes(der) + f"-----END {kind}-----\n".encode()


def test_anchors_intermediates_and_lists_are_found(pki: SealPki, tmp_path: Path) -> None:
    for folder in ("anchors", "intermediates", "crls"):
        (tmp_path / folder).mkdir()
    roots = pem("CERTIFICATE", pki.sm2.root.certificate.der) + pem("CERTIFICATE", pki.p256.root.certificate.der)
    (tmp_path / "roots.pem").write_bytes(roots)
    (tmp_path / "anchors" / "maker.cer").write_bytes(pki.maker.certificate.der)
    (tmp_path / "intermediates" / "issuing.crt").write_bytes(pki.sm2.issuing.certificate.der)
    (tmp_path / "crls" / "issuing.crl").write_bytes(pki.sm2.crl())
    (tmp_path / "README.txt").write_text("not a certificate")

    store = TrustStore.load(tmp_path)

    assert {anchor.der for anchor in store.anchors} == {
        pki.sm2.root.certificate.der,
        pki.p256.root.certificate.der,
        pki.maker.certificate.der,
    }
    assert [each.der for each in store.intermediates] == [pki.sm2.issuing.certificate.der]
    assert [crl.issuer for crl in store.crls] == [pki.sm2.issuing.certificate.subject]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.cer").write_bytes(b"nothing")

    with pytest.raises(ConfigurationError, match=r"broken\.cer"):
        TrustStore.load(tmp_path)


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nowhere"):
        TrustStore.load(tmp_path / "nowhere")
