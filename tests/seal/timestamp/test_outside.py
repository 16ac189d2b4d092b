"""An outside authority over real HTTP: what is believed, and every way it can fail."""

import hashlib
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from kernel.crypto.timestamps.messages import Failure, TimestampRequest, granted_response, refused_response
from kernel.crypto.timestamps.token import TimestampToken
from kernel.errors import Unavailable
from seal.timestamp.outside import OutsideAuthority, PinnedTrust
from seal.timestamp.settings import TimestampSettings
from tests.kernel.crypto.pki import NOW
from tests.kernel.crypto.timestamps.stamps import TERMS, StampingPki
from tests.seal.timestamp.http_authority import Answer, Served, serving

DIGEST = hashlib.sha256(b"document").digest()
PKI, STRANGER = StampingPki.create("ES256"), StampingPki.create("ES256")
QUICK = TimestampSettings(timeout=timedelta(seconds=0.5))


def client(served: Served | str, settings: TimestampSettings = QUICK, **changes: object) -> OutsideAuthority:
    url = served if isinstance(served, str) else served.url
    return OutsideAuthority(url, settings, PinnedTrust((PKI.root,)), lambda: NOW, **changes)  # type: ignore[arg-type]


def honest(query: bytes) -> Answer:
    return 200, granted_response(PKI.stamp(TimestampRequest.load(query)))


def stamped(change: Callable[[TimestampRequest], TimestampRequest]) -> Callable[[bytes], Answer]:
    return lambda query: (200, granted_response(PKI.stamp(change(TimestampRequest.load(query)))))


def at(moment: timedelta) -> Callable[[bytes], Answer]:
    terms = replace(TERMS, time=NOW + moment)
    return lambda query: (200, granted_response(PKI.stamp(TimestampRequest.load(query), terms)))


def slowly(query: bytes) -> Answer:
    time.sleep(1.5)
    return honest(query)


def flipped(query: bytes) -> Answer:
    status, body = honest(query)
    return status, body[:-1] + bytes([body[-1] ^ 1])


FAULTS: dict[str, Callable[[bytes], Answer | None]] = {
    "closes the connection": lambda _query: None,
    "answers an error": lambda _query: (503, b"busy"),
    "sends elsewhere": lambda _query: (307, b""),
    "answers garbage": lambda _query: (200, b"<html>Welcome to the hotel</html>"),
    "answers nothing": lambda _query: (200, b""),
    "answers without end": lambda _query: (200, bytes(1_000_000)),
    "hangs": slowly,
    "refuses": lambda _query: (200, refused_response(Failure.SYSTEM_FAILURE, "maintenance")),
    "grants without a token": lambda _query: (200, bytes.fromhex("30053003020100")),
    "says another nonce": stamped(lambda request: replace(request, nonce=(request.nonce or 0) + 1)),
    "says no nonce": stamped(lambda request: replace(request, nonce=None)),
    "stamps something else": stamped(lambda request: replace(request, imprint=bytes(32))),
    "leaves its certificate out": stamped(lambda request: replace(request, certificate_wanted=False)),
    "is a stranger": lambda query: (200, granted_response(STRANGER.stamp(TimestampRequest.load(query)))),
    "has a clock behind ours": at(timedelta(minutes=-10)),
    "has a clock before ours": at(timedelta(minutes=10)),
    "sends a damaged token": flipped,
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_no_fault_is_taken_for_a_stamp(fault: str) -> None:
    with serving(FAULTS[fault]) as served:
        authority = client(served)
        with pytest.raises(Unavailable):
            authority(DIGEST, "sha256")
        authority.close()


def test_nobody_at_the_address_is_no_traceback() -> None:
    with serving(honest) as served:
        gone = served.url
    with pytest.raises(Unavailable):
        client(gone)(DIGEST, "sha256")


def test_an_honest_stamp_is_taken_and_nonces_differ() -> None:
    with serving(honest) as served:
        authority = client(served)
        tokens = [TimestampToken.load(authority(DIGEST, "sha256")) for _each in range(2)]
        authority.close()

    assert [token.imprint for token in tokens] == [DIGEST, DIGEST]
    assert len({TimestampRequest.load(query).nonce for query in served.queries}) == 2


def test_a_name_and_a_password_are_sent_when_they_are_set() -> None:
    with serving(honest) as served:
        client(served, replace(QUICK, username="licences", password="word"))(DIGEST, "sha256")
    assert served.authorizations == [f"Basic {b64encode(b'licences:word').decode()}"]


def test_an_answer_in_drops_is_cut_off() -> None:
    """Each byte comes in time, the whole never does."""
    began = time.monotonic()
    with serving(honest, pause=0.02) as served, pytest.raises(Unavailable):
        client(served)(DIGEST, "sha256")
    assert time.monotonic() - began < 5


def test_one_that_failed_is_left_alone_for_a_moment() -> None:
    now = [0.0]
    answers = [lambda _query: (503, b""), honest]
    with serving(lambda query: answers[min(len(served.queries), 2) - 1](query)) as served:
        authority = client(served, monotonic=lambda: now[0])
        for _each in range(3):
            with pytest.raises(Unavailable):
                authority(DIGEST, "sha256")
        assert len(served.queries) == 1
        now[0] = 11.0
        assert TimestampToken.load(authority(DIGEST, "sha256")).imprint == DIGEST
