"""A log with a real key on an empty database."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kernel.crypto.envelope import Envelope
from kernel.database.engine import Database
from licence_vault.ledger.entries import LeafKind, LedgerEntry
from licence_vault.ledger.service import Ledger
from seal.client import SealerKey

ORIGIN = "zhengzhao.example.cn/log"
MASTER_KEY = bytes(range(32))


def spki_of_raw(raw: bytes) -> bytes:
    """DER SubjectPublicKeyInfo of the 32 bytes of an Ed25519 key."""
    return Ed25519PublicKey.from_public_bytes(raw).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


class LogKey:
    """A sealer for checkpoints, as far as the log knows one; counts its signatures."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        self.signed = 0

    @property
    def spki(self) -> bytes:
        return self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, data: bytes) -> bytes:
        self.signed += 1
        return self._key.sign(data)

    async def sign_checkpoint(self, note: bytes) -> bytes:
        await asyncio.sleep(0)
        return self.sign(note)

    async def public_keys(self) -> Sequence[SealerKey]:
        return [SealerKey("claims", "ES256", b"other"), SealerKey("checkpoint", "Ed25519", self.spki)]


class Hours:
    """A clock that moves on by an hour and a microsecond whenever it is read."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 21, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        self._now += timedelta(hours=1, microseconds=1)
        return self._now


def make_ledger(database: Database, key: LogKey) -> Ledger:
    """The log as the composition root makes it."""
    return Ledger(database, key, Hours(), ORIGIN, envelope=Envelope(MASTER_KEY))


def digest_of(text: str) -> bytes:
    """A stand-in for the digest of a file."""
    return sha256(text.encode()).digest()


def entry(number: int, kind: LeafKind = "sealed") -> LedgerEntry:
    """What is said of licence `number`."""
    return LedgerEntry(kind, f"licence-{number}", digest_of(f"file {number}"))


async def grow(database: Database, ledger: Ledger, numbers: Sequence[int]) -> list[int]:
    """Add one leaf a transaction; returns their indices."""
    indices = []
    for number in numbers:
        async with database.transaction() as session:
            pending = await ledger.append(session, entry(number))
        assert pending.index is not None
        indices.append(pending.index)
    return indices
