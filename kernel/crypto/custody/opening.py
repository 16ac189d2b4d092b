"""From the address of a key store to the store. Any process may call it, with nothing else running.

Import-restricted as `kernel.crypto.keystore` is.
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kernel.crypto.custody.addresses import FileAddress, PlacedAddress, StoreAddress, parse_address
from kernel.crypto.custody.counting import CountedKeyStore, KeyUses
from kernel.crypto.custody.files import FileKeyStore
from kernel.crypto.custody.pkcs11.pin_guard import PinGuard
from kernel.crypto.custody.pkcs11.store import Pkcs11KeyStore
from kernel.crypto.custody.placement import PlacedKeyStore
from kernel.crypto.custody.remote.address import RemoteAddress
from kernel.crypto.custody.remote.store import RemoteKeyStore
from kernel.crypto.envelope import MasterKeys
from kernel.crypto.keystore import KeyStore


@dataclass(frozen=True)
class _Means:
    master_keys: Callable[[], MasterKeys]
    state: Path | None


def open_keystore(
    address: str, master_keys: Sequence[bytes] | Callable[[], MasterKeys], *, state: Path | None = None
) -> KeyStore:
    """The store at `address`, for example `file:var/keys`; see docs/key-custody.md for the kinds there are.

    `master_keys`: 32 bytes each, the current one first, or a function that is asked for them at every use; they open
    the files of a `file:` store. `state`: a folder of this machine for what must outlive the process: counts of uses,
    marks of refused PINs. Without it nothing is counted. Raises ConfigurationError.
    """
    if not callable(master_keys):
        fixed = MasterKeys(master_keys[0], tuple(master_keys[1:]))
        return open_keystore(address, lambda: fixed, state=state)
    store = _open_places(parse_address(address), _Means(master_keys, state))
    return CountedKeyStore(store, KeyUses(state)) if state else store


def _open_places(parsed: StoreAddress | PlacedAddress, means: _Means) -> KeyStore:
    if not isinstance(parsed, PlacedAddress):
        return _open(parsed, means)
    opened: dict[int, KeyStore] = {}
    for each in parsed.places.values():
        if id(each) not in opened:
            opened[id(each)] = _open(each, means)
    return PlacedKeyStore({algorithm: opened[id(each)] for algorithm, each in parsed.places.items()})


def _open(address: StoreAddress, means: _Means) -> KeyStore:
    if isinstance(address, FileAddress):
        return FileKeyStore(address.directory, means.master_keys)
    if isinstance(address, RemoteAddress):
        return RemoteKeyStore(address)
    key = hmac.digest(means.master_keys().lasting, b"xinyin:refused pins", hashlib.sha256)
    return Pkcs11KeyStore(address, PinGuard(key, means.state))
