"""OCSP responses that others made, and noise."""

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.crypto.revocation.ocsp import CertificateId, OcspResponse, OcspUnreadable
from kernel.crypto.revocation.ocsp_answers import OcspError, OcspRequest, OcspRequestRefused
from kernel.crypto.signatures import SigningAlgorithm
from tests.kernel.crypto.pki import NOW, build_pki
from tests.kernel.crypto.timestamps.stamps import openssl
from tests.kernel.crypto.timestamps.test_tokens import pem


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_openssls_own_responder_is_understood(algorithm: SigningAlgorithm, tmp_path: Path) -> None:
    """The issuer answers itself, by name, with a revoked and a good certificate in its index."""
    pki = build_pki(algorithm)
    (tmp_path / "issuer.pem").write_text(pem(pki.intermediate.der))
    (tmp_path / "leaf.pem").write_text(pem(pki.leaf.der))
    (tmp_path / "key.der").write_bytes(pki.intermediate_key.to_pkcs8())
    openssl(tmp_path, "pkey", "-inform", "DER", "-in", "key.der", "-out", "key.pem")
    serial = f"{pki.leaf.serial:X}"
    (tmp_path / "index.txt").write_text(f"R\t361118000000Z\t261101000000Z,keyCompromise\t{serial}\tunknown\t/CN=leaf\n")
    (tmp_path / "request").write_bytes(
        OcspRequest((CertificateId.of(pki.leaf.serial, pki.intermediate),), b"n" * 16).encode()
    )
    subprocess.run(
        [
            "openssl", "ocsp", "-index", "index.txt", "-CA", "issuer.pem", "-rsigner", "issuer.pem", "-rkey", "key.pem",
            "-reqin", "request", "-respout", "response", "-ndays", "1",
        ],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip

    response = OcspResponse.load((tmp_path / "response").read_bytes())
    response.verify(pki.intermediate)
    status = response.status_of(pki.leaf, pki.intermediate)
    assert status is not None
    assert status.revocation is not None
    assert (status.standing, status.revocation.reason) == ("revoked", 1)
    assert status.revocation.revoked_at.date() == (NOW - timedelta(days=20)).date()
    assert status.next_update is not None
    assert response.nonce == b"n" * 16
    assert response.status_of(pki.intermediate, pki.root) is None


@given(st.binary(max_size=300))
def test_noise_is_unreadable_and_never_a_crash(noise: bytes) -> None:
    with pytest.raises(OcspUnreadable):
        OcspResponse.load(noise)
    with pytest.raises(OcspRequestRefused) as refused:
        OcspRequest.load(noise)
    assert refused.value.error is OcspError.MALFORMED_REQUEST
