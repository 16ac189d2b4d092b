"""Everything that judging without a network needs, in one answer: the trust list and the status lists."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kernel.clock import Clock
from verify.trust_list.service import TrustListPublication

StatusTokens = Callable[[], Awaitable[Sequence[str]]]
"""Gives every status list as it is now: Status List Tokens."""

KEPT_FOR = timedelta(seconds=15)
"""A list is half a minute old at most where it is made, and stands in a pack at most a minute after a revocation."""


@dataclass(frozen=True)
class TrustPack:
    """The pack as JSON text, and its entity tag."""

    text: str
    etag: str


class TrustPacks:
    """Makes the pack; the same for everybody who asks."""

    def __init__(self, trust_list: TrustListPublication, status_tokens: StatusTokens, clock: Clock) -> None:
        self._trust_list = trust_list
        self._status_tokens = status_tokens
        self._clock = clock
        self._kept: tuple[datetime, TrustPack] | None = None

    async def current(self) -> TrustPack:
        """The pack, a few seconds old at most."""
        now = self._clock()
        if self._kept is None or not timedelta() <= now - self._kept[0] < KEPT_FOR:
            self._kept = (now, await self._make())
        return self._kept[1]

    async def _make(self) -> TrustPack:
        document = {
            "trust_list": await self._trust_list.current(),
            "status_lists": list(await self._status_tokens()),
        }
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        return TrustPack(text, f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"')
