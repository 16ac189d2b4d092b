"""Time stamps: what is asked, what a token says, and when it is believed (RFC 3161)."""

import hashlib
from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.crypto.certificates import ChainError
from kernel.crypto.der import writer
from kernel.crypto.signatures import InvalidSignature, SigningAlgorithm
from kernel.crypto.sm3 import sm3
from kernel.crypto.timestamps.digests import DigestName
from kernel.crypto.timestamps.messages import (
    Failure,
    RequestRefused,
    TimestampRequest,
    TimestampResponse,
    TimestampUnreadable,
    granted_response,
    refused_response,
)
from kernel.crypto.timestamps.token import TimestampToken
from kernel.crypto.timestamps.verification import verify_timestamp
from kernel.errors import InvalidInput
from tests.kernel.crypto.pki import NOW
from tests.kernel.crypto.timestamps.stamps import POLICY, TERMS, StampingPki, openssl

DATA = "证照".encode()
SHA256, SM3 = hashlib.sha256(DATA).digest(), sm3(DATA)


@lru_cache
def pki(algorithm: SigningAlgorithm) -> StampingPki:
    return StampingPki.create(algorithm)


@pytest.mark.parametrize(
    ("algorithm", "name", "imprint"),
    [("SM2-SM3", "sm3", SM3), ("ES256", "sha256", SHA256), ("RS256", "sha256", SHA256)],
)
def test_a_token_says_what_was_asked_and_when_and_is_believed(
    algorithm: SigningAlgorithm, name: DigestName, imprint: bytes
) -> None:
    request = TimestampRequest(name, imprint, nonce=12345)
    token = TimestampToken.load(pki(algorithm).stamp(request))

    assert (token.digest_name, token.imprint, token.nonce) == (name, imprint, 12345)
    assert (token.time, token.accuracy, token.serial, token.policy) == (NOW, timedelta(seconds=1), 7, POLICY)
    assert token.authority_name == "Stamper"
    path = verify_timestamp(token, imprint, pki(algorithm).trust, NOW + timedelta(days=1))
    assert path == [pki(algorithm).certificate, pki(algorithm).root]


def test_a_token_without_certificates_is_judged_by_those_at_hand() -> None:
    stamps = pki("ES256")
    token = TimestampToken.load(stamps.stamp(TimestampRequest("sha256", SHA256, certificate_wanted=False)))

    assert token.certificates == ()
    with pytest.raises(InvalidSignature):
        verify_timestamp(token, SHA256, stamps.trust, NOW)
    verify_timestamp(token, SHA256, replace(stamps.trust, intermediates=(stamps.certificate,)), NOW)


def test_times_and_accuracies_keep_their_fractions() -> None:
    terms = replace(
        TERMS, time=NOW.replace(microsecond=250_999), accuracy=timedelta(seconds=2, milliseconds=200, microseconds=7)
    )
    token = TimestampToken.load(pki("ES256").stamp(TimestampRequest("sha256", SHA256), terms))

    assert token.time == NOW.replace(microsecond=250_000)
    assert token.accuracy == terms.accuracy


def test_a_stamp_over_something_else_is_refused() -> None:
    token = TimestampToken.load(pki("ES256").stamp(TimestampRequest("sha256", SHA256)))
    with pytest.raises(InvalidSignature):
        verify_timestamp(token, hashlib.sha256(b"other").digest(), pki("ES256").trust, NOW)


def test_a_stamp_from_the_future_is_refused() -> None:
    token = TimestampToken.load(pki("ES256").stamp(TimestampRequest("sha256", SHA256)))
    with pytest.raises(InvalidSignature):
        verify_timestamp(token, SHA256, pki("ES256").trust, NOW - timedelta(minutes=6))


def test_a_strangers_stamp_is_refused() -> None:
    token = TimestampToken.load(StampingPki.create("ES256").stamp(TimestampRequest("sha256", SHA256)))
    with pytest.raises(ChainError):
        verify_timestamp(token, SHA256, pki("ES256").trust, NOW)


@pytest.mark.parametrize("purposes", [("1.3.6.1.5.5.7.3.9",), ("1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.4")])
def test_a_certificate_that_is_not_for_stamping_alone_is_refused(purposes: tuple[str, ...]) -> None:
    stamps = StampingPki.create("ES256", *purposes)
    token = TimestampToken.load(stamps.stamp(TimestampRequest("sha256", SHA256)))
    with pytest.raises(ChainError):
        verify_timestamp(token, SHA256, stamps.trust, NOW)


@pytest.mark.parametrize(("algorithm", "imprint"), [("SM2-SM3", SM3), ("ES256", SHA256)])
def test_every_flipped_byte_is_noticed(algorithm: SigningAlgorithm, imprint: bytes) -> None:
    stamps = pki(algorithm)
    der = stamps.stamp(TimestampRequest("sm3" if algorithm == "SM2-SM3" else "sha256", imprint, 5))
    good = TimestampToken.load(der)
    ignored = 0
    for position in range(len(der)):
        damaged = bytearray(der)
        damaged[position] ^= 1
        try:
            token = TimestampToken.load(bytes(damaged))
            verify_timestamp(token, imprint, stamps.trust, NOW)
        except (TimestampUnreadable, InvalidInput):
            continue
        # What is left is outside the signature: versions, the announced digests, the root carried along.
        assert (token.time, token.imprint, token.serial, token.nonce) == (NOW, imprint, 7, 5)
        ignored += 1
    assert ignored < len(der) - len(good.signed.content) - len(good.signed.signed_attributes)


def test_requests_are_read_as_they_were_written() -> None:
    request = TimestampRequest("sm3", SM3, 99, POLICY, certificate_wanted=False)
    assert TimestampRequest.load(request.encode()) == request
    with pytest.raises(InvalidInput):
        TimestampRequest("sha256", b"short").encode()


@pytest.mark.parametrize(
    "bytes_sent", [b"garbage", b"\x30" * 5000, TimestampRequest("sha256", SHA256).encode() + b"\0"]
)
def test_unreadable_requests_are_answered_with_the_protocols_reason(bytes_sent: bytes) -> None:
    with pytest.raises(RequestRefused) as refused:
        TimestampRequest.load(bytes_sent)
    assert refused.value.failure is Failure.BAD_DATA_FORMAT


def test_weak_digests_and_digests_of_a_wrong_length_are_refused_by_name() -> None:
    for oid, size, failure in (
        ("1.3.14.3.2.26", 20, Failure.BAD_ALGORITHM),
        ("2.16.840.1.101.3.4.2.1", 31, Failure.BAD_DATA_FORMAT),
    ):
        imprint = writer.sequence(writer.sequence(writer.oid(oid), writer.null()), writer.octets(bytes(size)))
        with pytest.raises(RequestRefused) as refused:
            TimestampRequest.load(writer.sequence(writer.integer(1), imprint))
        assert refused.value.failure is failure


def test_extensions_are_refused_by_name() -> None:
    plain = TimestampRequest("sha256", SHA256, certificate_wanted=False).encode()
    with pytest.raises(RequestRefused) as refused:
        TimestampRequest.load(writer.sequence(plain[2:], writer.explicit(0, writer.sequence())))
    assert refused.value.failure is Failure.UNACCEPTED_EXTENSION


def test_refusals_carry_their_reason() -> None:
    response = TimestampResponse.load(refused_response(Failure.TIME_NOT_AVAILABLE, "The clock is behind."))
    assert (response.granted, response.failures, response.text) == (False, {14}, "The clock is behind.")


@given(st.binary(max_size=300))
def test_noise_is_unreadable_and_never_a_crash(noise: bytes) -> None:
    for load in (TimestampToken.load, TimestampResponse.load):
        with pytest.raises(TimestampUnreadable):
            load(noise)
    with pytest.raises(RequestRefused):
        TimestampRequest.load(noise)


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_openssl_believes_our_token(algorithm: SigningAlgorithm, tmp_path: Path) -> None:
    stamps = pki(algorithm)
    (tmp_path / "data").write_bytes(DATA)
    openssl(tmp_path, "ts", "-query", "-data", "data", "-sha256", "-cert", "-out", "query")
    request = TimestampRequest.load((tmp_path / "query").read_bytes())
    assert request.imprint == SHA256
    assert request.nonce

    (tmp_path / "reply").write_bytes(granted_response(stamps.stamp(request)))
    (tmp_path / "root.pem").write_text(pem(stamps.root.der))
    said = openssl(
        tmp_path, "ts", "-verify", "-in", "reply", "-queryfile", "query", "-CAfile", "root.pem",
        "-attime", str(int(NOW.timestamp())),
    )  # fmt: skip
    assert "Verification: OK" in said


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_we_believe_openssls_token(algorithm: SigningAlgorithm, tmp_path: Path) -> None:
    stamps = pki(algorithm)
    (tmp_path / "root.pem").write_text(pem(stamps.root.der))
    (tmp_path / "signer.pem").write_text(pem(stamps.certificate.der))
    (tmp_path / "key.der").write_bytes(stamps.key.to_pkcs8())
    openssl(tmp_path, "pkey", "-inform", "DER", "-in", "key.der", "-out", "key.pem")
    (tmp_path / "serial").write_text("2A\n")
    (tmp_path / "ts.cnf").write_text(
        "[tsa]\ndefault_tsa=one\n[one]\nserial=serial\nsigner_cert=signer.pem\nsigner_key=key.pem\ncerts=root.pem\n"
        f"default_policy={POLICY}\ndigests=sha256\nsigner_digest=sha256\naccuracy=secs:2\nordering=yes\n"
        "ess_cert_id_alg=sha1\n"
    )
    (tmp_path / "query").write_bytes(TimestampRequest("sha256", SHA256, 77).encode())
    openssl(tmp_path, "ts", "-reply", "-config", "ts.cnf", "-queryfile", "query", "-out", "reply")

    response = TimestampResponse.load((tmp_path / "reply").read_bytes())
    assert response.granted
    token = TimestampToken.load(response.token or b"")
    assert (token.nonce, token.serial, token.accuracy, token.ordering) == (77, 0x2B, timedelta(seconds=2), True)
    assert verify_timestamp(token, SHA256, stamps.trust, token.time)[-1] == stamps.root


def pem(der: bytes) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{b64encode(der).decode()}\n-----END CERTIFICATE-----\n"
