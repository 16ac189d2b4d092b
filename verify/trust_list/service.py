"""The trust list as it is published."""

from datetime import datetime, timedelta
from typing import Any

from kernel.clock import Clock
from verify.receipt.receipt import ReceiptSigner
from verify.trust_list.document import digest_of
from verify.trust_list.source import TrustSource

KEPT_FOR = timedelta(seconds=5)
"""Anybody may ask as often as they like; a signature each time would be a gift to those who wish us ill."""


class TrustListPublication:
    """Gives the list with a signature over its digest, so that a mirror cannot change it unnoticed."""

    def __init__(self, *, source: TrustSource, signer: ReceiptSigner, issuer: str, clock: Clock) -> None:
        self._source = source
        self._signer = signer
        self._issuer = issuer
        self._clock = clock
        self._kept: tuple[datetime, dict[str, Any]] | None = None
        self.etag = ""
        """Of what `current` gave last: another when anything but its time has changed (RFC 9110 §8.8.1)."""

    async def current(self) -> dict[str, Any]:
        """The list as JSON, a few seconds old at most; `signature` is a compact JWS over issuer, time and digest."""
        now = self._clock()
        if self._kept is None or not timedelta() <= now - self._kept[0] < KEPT_FOR:
            self._kept = (now, await self._sign())
        return self._kept[1]

    async def _sign(self) -> dict[str, Any]:
        trust = await self._source.published()
        document = trust.to_json()
        lasting = {name: value for name, value in document.items() if name != "issued_at"}
        self.etag = f'W/"{digest_of(lasting)[:32]}"'
        claims = {"iss": self._issuer, "iat": int(trust.issued_at.timestamp()), "digest": document["digest"]}
        return document | {"signature": await self._signer.sign_receipt(claims)}
