"""An outside authority over HTTP (RFC 3161 §3.4): asked with a nonce, believed only when everything fits."""

import logging
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import httpx

from kernel.clock import Clock
from kernel.crypto.certificates import Certificate
from kernel.crypto.timestamps.messages import MAX_RESPONSE_BYTES, TimestampRequest, TimestampResponse
from kernel.crypto.timestamps.token import TimestampToken
from kernel.crypto.timestamps.verification import CLOCK_SKEW, verify_timestamp
from kernel.errors import InvalidInput, Unavailable
from seal.timestamp.settings import TimestampSettings
from seal.timestamp.stamper import StampDigest

RESTS_SECONDS: Final = 10.0
"""How long an authority that failed is left alone: sealing must not wait for its time-out again and again."""
_HEADERS: Final = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}


@dataclass(frozen=True)
class PinnedTrust:
    """The roots, and nothing else, that the authority's certificate must lead to; intermediates come in its tokens."""

    anchors: tuple[Certificate, ...]
    intermediates: tuple[Certificate, ...] = ()


class OutsideAuthority:
    """A `Stamper`. Usable from any thread; close it with `close`."""

    def __init__(
        self,
        url: str,
        settings: TimestampSettings,
        trust: PinnedTrust,
        clock: Clock,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._limit = settings.timeout.total_seconds()
        self._trust = trust
        self._clock = clock
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._rests_until = 0.0
        auth = (settings.username, settings.password) if settings.username else None
        self._client = httpx.Client(timeout=httpx.Timeout(self._limit), auth=auth, follow_redirects=False)
        logging.getLogger("httpx").setLevel(logging.WARNING)  # one line a stamp is no news

    def __call__(self, digest: bytes, digest_name: StampDigest) -> bytes:
        """See `Stamper`."""
        with self._lock:
            if self._monotonic() < self._rests_until:
                raise _away("it failed a moment ago")
        request = TimestampRequest(digest_name, digest, nonce=secrets.randbits(63) | 1)
        try:
            token = self._check(request, self._ask(request.encode()))
        except Unavailable:
            with self._lock:
                self._rests_until = self._monotonic() + RESTS_SECONDS
            raise
        return token

    def close(self) -> None:
        """Give back connections."""
        self._client.close()

    def _ask(self, query: bytes) -> bytes:
        """The answer's bytes, all of them within the time allowed."""
        deadline = self._monotonic() + self._limit
        try:
            with self._client.stream("POST", self._url, content=query, headers=_HEADERS) as response:
                if response.status_code != httpx.codes.OK:
                    raise _away(f"HTTP {response.status_code}")
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > MAX_RESPONSE_BYTES or self._monotonic() > deadline:
                        raise _away("the answer is too long, in bytes or in time")
        except (httpx.HTTPError, httpx.InvalidURL) as failure:  # their texts hold the address
            raise _away(type(failure).__name__) from None
        return bytes(body)

    def _check(self, request: TimestampRequest, answer: bytes) -> bytes:
        """The token, when it answers this request and comes from whom it must (RFC 3161 §2.2)."""
        now = self._clock()
        try:
            response = TimestampResponse.load(answer)
            if not response.granted or response.token is None:
                raise _away(f"status {response.status} {sorted(response.failures)} {response.text}")
            token = TimestampToken.load(response.token)
            verify_timestamp(token, request.imprint, self._trust, now)
        except InvalidInput as failure:
            raise _away(f"{failure.message} {failure.reason or ''}") from failure
        if token.nonce != request.nonce or token.digest_name != request.digest_name:
            raise _away("the answer is to another question")
        if not _near(token.time, now):
            raise _away("its clock and ours differ")
        return response.token


def _near(moment: datetime, now: datetime) -> bool:
    return abs(moment - now) <= CLOCK_SKEW


def _away(reason: str) -> Unavailable:
    return Unavailable("The time-stamp authority gives no time stamps.", reason=reason)
