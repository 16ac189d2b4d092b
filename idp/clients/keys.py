"""The public keys of clients: written into the registration, or fetched from where it says."""

from collections import OrderedDict
from datetime import datetime, timedelta

from idp.clients.client import Client
from kernel.clock import Clock
from kernel.crypto.jose import JwkSet
from kernel.errors import Forbidden, InvalidInput, Unavailable
from kernel.outbound.fetch import GuardedFetcher

KEEP = timedelta(minutes=5)
PAUSE = timedelta(seconds=10)
MOST_KEPT = 1000


class ClientKeys:
    """Finds a client's keys. Fetched sets are kept, and fetched anew when they are old or lack a key."""

    def __init__(self, fetcher: GuardedFetcher, clock: Clock) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._kept: OrderedDict[str, tuple[JwkSet, datetime]] = OrderedDict()

    async def find(self, client: Client, key_id: str | None) -> JwkSet:
        """The client's keys; an empty set when there are none to be had."""
        metadata = client.metadata
        if metadata.jwks is not None:
            return _load(metadata.jwks)
        if metadata.jwks_uri is None:
            return JwkSet(())
        kept = self._kept.get(metadata.jwks_uri)
        if kept is not None and self._is_good(kept, key_id):
            return kept[0]
        return await self._fetch(metadata.jwks_uri, kept)

    def _is_good(self, kept: tuple[JwkSet, datetime], key_id: str | None) -> bool:
        keys, fetched_at = kept
        age = self._clock() - fetched_at
        has_it = key_id is None or any(key.get("kid") == key_id for key in keys.document()["keys"])
        return age < (KEEP if has_it else PAUSE)

    async def _fetch(self, address: str, kept: tuple[JwkSet, datetime] | None) -> JwkSet:
        try:
            answer = await self._fetcher.get(address)
            keys = _load(answer.json()) if answer.status == 200 else JwkSet(())
        except (Forbidden, Unavailable):
            keys = kept[0] if kept is not None else JwkSet(())
        self._kept[address] = (keys, self._clock())
        self._kept.move_to_end(address)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return keys


def _load(document: object) -> JwkSet:
    try:
        return JwkSet.load(document)
    except InvalidInput:
        return JwkSet(())
