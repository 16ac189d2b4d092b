"""Certification requests: OpenSSL's are read, ours are read by OpenSSL, and nobody gets a key that is another's."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.crypto.certification.requests import CertificateRequest, RequestUnreadable, make_request
from kernel.crypto.private_keys import generate_key
from kernel.crypto.signatures import InvalidSignature, SigningAlgorithm
from kernel.errors import InvalidInput
from tests.kernel.crypto.timestamps.stamps import openssl

ALGORITHMS: list[SigningAlgorithm] = ["SM2-SM3", "ES256", "RS256"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_ours_are_proven_and_read_again_from_pem(algorithm: SigningAlgorithm) -> None:
    key = generate_key(algorithm)
    made = make_request({"C": "CN", "O": "示例市", "CN": "99000000000001"}, key)

    read = CertificateRequest.load(made.to_pem().encode())
    assert read == made
    assert read.verify_possession().algorithm == algorithm
    assert (read.spki, read.subject.value("CN")) == (key.public_spki, "99000000000001")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_openssl_proves_ours(algorithm: SigningAlgorithm, tmp_path: Path) -> None:
    (tmp_path / "request.pem").write_text(make_request({"C": "CN", "CN": "x"}, generate_key(algorithm)).to_pem())
    options = ["-vfyopt", "distid:1234567812345678"] if algorithm == "SM2-SM3" else []
    assert "verify OK" in openssl(tmp_path, "req", "-in", "request.pem", "-verify", "-noout", *options)


@pytest.mark.parametrize("options", [[], ["-sigopt", "distid:1234567812345678"]])
def test_sm2_requests_of_openssl_are_proven_with_either_signer_id(options: list[str], tmp_path: Path) -> None:
    openssl(tmp_path, "genpkey", "-algorithm", "SM2", "-out", "key.pem")
    openssl(tmp_path, "req", "-new", "-sm3", "-key", "key.pem", "-subj", "/CN=UKey", "-out", "request.pem", *options)

    request = CertificateRequest.load((tmp_path / "request.pem").read_bytes())
    assert request.verify_possession().algorithm == "SM2-SM3"


@pytest.mark.parametrize(
    "options",
    [
        ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
        ["-newkey", "rsa:2048"],
        ["-newkey", "rsa:2048", "-sigopt", "rsa_padding_mode:pss", "-sha256"],
    ],
)
def test_international_requests_of_openssl_are_proven(options: list[str], tmp_path: Path) -> None:
    openssl(
        tmp_path, "req", "-new", *options, "-nodes", "-keyout", "key.pem", "-subj", "/CN=other", "-outform", "DER",
        "-addext", "basicConstraints=CA:TRUE", "-out", "request.der",
    )  # fmt: skip
    CertificateRequest.load((tmp_path / "request.der").read_bytes()).verify_possession()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_request_for_somebody_elses_key_is_refused(algorithm: SigningAlgorithm) -> None:
    mine, other = generate_key(algorithm), generate_key(algorithm)
    honest = make_request({"CN": "x"}, mine)
    forged = CertificateRequest.load(honest.der.replace(mine.public_spki, other.public_spki))
    with pytest.raises(InvalidInput):
        forged.verify_possession()


def test_a_changed_name_is_noticed() -> None:
    honest = make_request({"CN": "mine"}, generate_key("ES256"))
    with pytest.raises(InvalidSignature):
        CertificateRequest.load(honest.der.replace(b"mine", b"your")).verify_possession()


@given(
    st.binary(max_size=200) | st.binary(max_size=50).map(lambda noise: b"-----BEGIN CERTIFICATE REQUEST-----" + noise)
)
def test_noise_is_unreadable(noise: bytes) -> None:
    with pytest.raises(RequestUnreadable):
        CertificateRequest.load(noise)
