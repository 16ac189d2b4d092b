"""Limits on attempts, by fixed windows: on one account from one address, on one account, and from one address.

The narrow limit stops guessing without letting a stranger lock somebody out elsewhere; the wide ones stop many machines
on one account, and one machine on many.
"""

import hashlib
import ipaddress

from idp.settings import IdpSettings
from kernel.clock import Clock
from kernel.ephemeral.store import EphemeralStore
from kernel.errors import RateLimited

TOO_MANY = "Too many attempts. Wait {minutes} min, then try again."


class AttemptThrottle:
    """Counts attempts before they are checked, so that a hundred at once are a hundred counted."""

    def __init__(self, ephemeral: EphemeralStore, clock: Clock, settings: IdpSettings) -> None:
        self._ephemeral = ephemeral
        self._clock = clock
        self._settings = settings
        self._window = settings.attempts_window_seconds

    async def count(self, account: str, address: str) -> None:
        """Count one attempt on an account from an address. Raises `RateLimited`."""
        address = _network(address)
        limits = (
            (f"account-address:{account}:{address}", self._settings.attempts_per_account_and_address),
            (f"account:{account}", self._settings.attempts_per_account),
            (f"address:{address}", self._settings.attempts_per_address),
        )
        for subject, limit in limits:
            await self._count(subject, limit)

    async def count_code(self, person_id: str) -> None:
        """Count one attempt at a second factor. Raises `RateLimited`."""
        await self._count(f"code:{person_id}", self._settings.attempts_per_account_and_address)

    async def clear(self, account: str, address: str) -> None:
        """Forget the narrow count after a success."""
        await self._ephemeral.delete(self._key(f"account-address:{account}:{_network(address)}"))

    async def clear_code(self, person_id: str) -> None:
        """Forget failed codes after a right one."""
        await self._ephemeral.delete(self._key(f"code:{person_id}"))

    async def _count(self, subject: str, limit: int) -> None:
        if await self._ephemeral.increment(self._key(subject), self._window) > limit:
            now = int(self._clock().timestamp())
            seconds = self._window - now % self._window
            kind = subject.partition(":")[0]
            raise RateLimited(
                TOO_MANY,
                retry_after_seconds=seconds,
                reason=f"too many attempts by {kind}",
                minutes=max(1, -(-seconds // 60)),
            )

    def _key(self, subject: str) -> str:
        # Hashed, so that neither user names nor addresses stand in the store.
        digest = hashlib.sha256(subject.encode()).hexdigest()[:32]
        return f"attempts:{digest}:{int(self._clock().timestamp()) // self._window}"


def _network(address: str) -> str:
    """One IPv4 address, or the /64 that one IPv6 customer has to himself."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    mapped = parsed.ipv4_mapped
    return str(mapped) if mapped is not None else str(ipaddress.ip_network((parsed, 64), strict=False))
