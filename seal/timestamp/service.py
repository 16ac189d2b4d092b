"""Time stamping put together: who stamps, what is still missing, and who may ask how often."""

import asyncio
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from kernel.crypto.certificates import Certificate
from kernel.crypto.sm3 import sm3
from kernel.ephemeral.pacing import Pace
from kernel.ephemeral.store import EphemeralStore
from kernel.errors import InvalidInput, Unavailable, XinyinError
from seal.timestamp.authority import AuthorityWiring, TimestampAuthority
from seal.timestamp.outside import OutsideAuthority, PinnedTrust
from seal.timestamp.pending import PendingTimestamps
from seal.timestamp.settings import BUILT_IN, TimestampSettings
from seal.timestamp.stamper import StampDigest, Stamper

FETCHED_EVERY_SECONDS: Final = 60
_log = structlog.get_logger()


@dataclass(frozen=True)
class TimestampParts:
    """What stamping works with. `anchors`: the roots of the outside authority, when there is one."""

    wiring: AuthorityWiring
    ephemeral: EphemeralStore
    anchors: tuple[Certificate, ...] = ()


class TimestampService:
    """`stamper` for those who seal, `authority` for `POST /tsa`, `pending` for what is missing.

    Call `start` before, `stop` after.
    """

    def __init__(self, parts: TimestampParts, settings: TimestampSettings) -> None:
        wiring = parts.wiring
        self.settings = settings
        self.authority = TimestampAuthority(wiring, settings)
        self.anchors = parts.anchors
        self._pace = Pace(parts.ephemeral, "tsa", per_minute=settings.requests_per_minute)
        self._outside = _outside(parts, settings)
        self.stamper: Stamper = self._stamp
        self.pending = PendingTimestamps(wiring.database, wiring.audit, wiring.clock, self.stamper, settings)
        self._fetching: asyncio.Task[None] | None = None

    @property
    def is_outside(self) -> bool:
        """Whether stamps come from elsewhere, and so may be missing for a time."""
        return bool(self._outside)

    async def start(self) -> None:
        """Begin a run of the built-in authority, and fetch missing stamps from time to time."""
        await self.authority.start()
        self._fetching = asyncio.create_task(self._fetch_for_ever())

    async def stop(self) -> None:
        """Write down what is not written yet, and give back connections."""
        if self._fetching:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)
        await self.authority.stop()
        for outside in set(self._outside.values()):
            outside.close()

    async def admit(self, address: str) -> None:
        """Count a request from `address`; raises RateLimited."""
        await self._pace.admit(address)

    def export_anchors(self, directory: Path) -> None:
        """Write the roots of the outside authority, replacing those of an earlier export, for verifying with no server.

        What an operator added under other names stays. Blocks.
        """
        directory.mkdir(parents=True, exist_ok=True)
        for old in directory.glob("outside-*.cer"):
            old.unlink()
        for number, anchor in enumerate(self.anchors, start=1):
            (directory / f"outside-{number:02d}.cer").write_bytes(anchor.der)

    async def check_health(self) -> None:
        """Obtain a real token of each kind; raises Unavailable."""
        probe = b"xinyin health check"
        await asyncio.to_thread(self.stamper, hashlib.sha256(probe).digest(), "sha256")
        await asyncio.to_thread(self.stamper, sm3(probe), "sm3")

    def _stamp(self, digest: bytes, digest_name: StampDigest) -> bytes:
        outside = self._outside.get(digest_name)
        if outside:
            return outside(digest, digest_name)
        try:
            return self.authority(digest, digest_name)
        except (Unavailable, InvalidInput):
            raise
        except XinyinError as failure:  # the key is away
            raise Unavailable("The time-stamp authority gives no time stamps.", reason=failure.message) from failure

    async def _fetch_for_ever(self) -> None:
        while True:
            await asyncio.sleep(FETCHED_EVERY_SECONDS)
            try:
                await self.pending.fetch()
            except XinyinError as failure:
                _log.warning("missing time stamps not fetched", reason=type(failure).__name__)


def _outside(parts: TimestampParts, settings: TimestampSettings) -> dict[StampDigest, OutsideAuthority]:
    """Which digests go elsewhere: all to one address, or SM3 to one of its own or to the built-in authority."""
    trust, clock = PinnedTrust(parts.anchors), parts.wiring.clock
    found: dict[StampDigest, OutsideAuthority] = {}
    if settings.url:
        found["sha256"] = OutsideAuthority(settings.url, settings, trust, clock)
    if settings.sm3_url and settings.sm3_url != BUILT_IN:
        found["sm3"] = OutsideAuthority(settings.sm3_url, settings, trust, clock)
    elif settings.url and settings.sm3_url != BUILT_IN:
        found["sm3"] = found["sha256"]
    return found
