"""Every use of a key is counted and logged, before the key is touched: no signature without its count.

Counts are kept on this machine, a row for each key and day, in a file that the processes of the machine share. It
survives their death; after a power cut the last few seconds may be missing.
"""

import hashlib
import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from kernel.clock import Clock, system_clock
from kernel.crypto.keystore import KeyStore
from kernel.crypto.signatures import NO_PSS, PssSigner, SigningAlgorithm, SigningKey
from kernel.errors import InvalidInput, Unavailable

_log = structlog.get_logger(__name__)
_TABLE = """
CREATE TABLE IF NOT EXISTS key_use (
    key TEXT NOT NULL, name TEXT NOT NULL, algorithm TEXT NOT NULL, day TEXT NOT NULL,
    uses INTEGER NOT NULL, last_used_at TEXT NOT NULL,
    PRIMARY KEY (key, day)
) WITHOUT ROWID
"""
_COUNT = """
INSERT INTO key_use (key, name, algorithm, day, uses, last_used_at) VALUES (?, ?, ?, ?, 1, ?)
ON CONFLICT (key, day) DO UPDATE SET uses = uses + 1, last_used_at = excluded.last_used_at
"""
_SUM = (
    "SELECT key, name, algorithm, sum(uses), max(last_used_at) FROM key_use GROUP BY key, name, algorithm ORDER BY name"
)


@dataclass(frozen=True)
class KeyUse:
    """How often a key was used on this machine. `key` is `key_fingerprint` of its public half: names return."""

    key: str
    name: str
    algorithm: str
    uses: int
    last_used_at: datetime


class KeyUses:
    """The counts of this machine. Safe for threads and processes."""

    def __init__(self, folder: Path, clock: Clock = system_clock) -> None:
        """`folder` is made when first needed."""
        self._path = folder / "key-uses.db"
        self._clock = clock
        self._lock = threading.Lock()
        self._opened: tuple[int, sqlite3.Connection] | None = None

    def count(self, name: str, key: SigningKey) -> None:
        """One more use of a key; raises Unavailable when that cannot be written down."""
        now = self._clock().astimezone(UTC)
        row = (key_fingerprint(key.public_spki), name, key.algorithm, f"{now:%Y-%m-%d}", now.isoformat())
        try:
            with self._lock:
                self._connection().execute(_COUNT, row)
        except (sqlite3.Error, OSError) as error:
            raise Unavailable(
                "The use of a key cannot be written down, so it is not used.", reason=str(error)
            ) from error

    def totals(self) -> list[KeyUse]:
        """All keys ever used on this machine, by name; also those that are destroyed."""
        if not self._path.exists():
            return []
        with closing(_connect(self._path)) as connection:
            rows = connection.execute(_SUM).fetchall()
        return [
            KeyUse(key, name, algorithm, uses, datetime.fromisoformat(at)) for key, name, algorithm, uses, at in rows
        ]

    def _connection(self) -> sqlite3.Connection:
        """A forked child must not use its parent's."""
        if self._opened is None or self._opened[0] != os.getpid():
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._opened = (os.getpid(), _connect(self._path))
        return self._opened[1]


@dataclass(frozen=True, repr=False)
class CountedKey:
    """A handle whose every use is counted."""

    name: str
    _key: SigningKey
    _count: Callable[[str, SigningKey], None]

    @property
    def algorithm(self) -> SigningAlgorithm:
        return self._key.algorithm

    @property
    def public_spki(self) -> bytes:
        return self._key.public_spki

    def sign(self, data: bytes) -> bytes:
        """See SigningKey. The log names what was signed by its SHA-256."""
        self._count(self.name, self._key)
        _log.info("key used", key=self.name, algorithm=self.algorithm, digest=hashlib.sha256(data).hexdigest())
        return self._key.sign(data)

    def sign_pss(self, data: bytes) -> bytes:
        """See PssSigner; counted like `sign`."""
        if not isinstance(self._key, PssSigner):
            raise InvalidInput(NO_PSS)
        self._count(self.name, self._key)
        _log.info("key used", key=self.name, algorithm="PS256", digest=hashlib.sha256(data).hexdigest())
        return self._key.sign_pss(data)

    def __repr__(self) -> str:
        return repr(self._key)


class CountedKeyStore:
    """See KeyStore: another one, with its keys' uses counted."""

    def __init__(self, store: KeyStore, uses: KeyUses) -> None:
        self._store = store
        self._uses = uses

    def generate(self, name: str, algorithm: SigningAlgorithm) -> SigningKey:
        """See KeyStore."""
        key = self._store.generate(name, algorithm)
        _log.info("key made", key=name, algorithm=algorithm, public_key=key_fingerprint(key.public_spki))
        return CountedKey(name, key, self._uses.count)

    def open(self, name: str) -> SigningKey:
        """See KeyStore."""
        return CountedKey(name, self._store.open(name), self._uses.count)

    def exists(self, name: str) -> bool:
        return self._store.exists(name)

    def names(self) -> list[str]:
        return self._store.names()

    def destroy(self, name: str) -> None:
        """See KeyStore."""
        self._store.destroy(name)
        _log.info("key destroyed", key=name)


def key_fingerprint(public_spki: bytes) -> str:
    """The first 16 bytes of SHA-256 of the public key, hex: tells a key from others that had its name."""
    return hashlib.sha256(public_spki).hexdigest()[:32]


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
    path.chmod(0o600)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(_TABLE)
    return connection
