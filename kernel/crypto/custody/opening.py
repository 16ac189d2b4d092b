"""From the address of a key store to the store. Pure but for the store itself: any process may call it.

Import-restricted as `kernel.crypto.keystore` is.
"""

from collections.abc import Sequence
from pathlib import Path

from kernel.crypto.custody.addresses import FileAddress, parse_address
from kernel.crypto.custody.files import FileKeyStore
from kernel.crypto.keystore import KeyStore


def open_keystore(address: str, master_keys: Sequence[bytes], *, state: Path | None = None) -> KeyStore:
    """The store at `address`, for example `file:var/keys`; see docs/key-custody.md for the kinds there are.

    `master_keys`: 32 bytes each, the current one first; they open the files of a `file:` store. `state`: the folder
    where the counts of uses are kept; without it uses are not counted. Raises ConfigurationError.
    """
    parsed = parse_address(address)
    current, *previous = master_keys
    return _open(parsed, current, previous)


def _open(address: FileAddress, master_key: bytes, previous: Sequence[bytes]) -> KeyStore:
    return FileKeyStore(address.directory, master_key, previous=previous)
