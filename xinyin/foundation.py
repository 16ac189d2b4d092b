"""What every package is given: clock, database, stores, keys, audit. Made from the settings, closed at the end."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from kernel.audit.chain import AuditTrail
from kernel.blobs.opening import open_blobs
from kernel.blobs.store import BlobStore
from kernel.clock import Clock, system_clock
from kernel.crypto.custody.addresses import file_folders, parse_address
from kernel.crypto.custody.opening import open_keystore
from kernel.crypto.envelope import Envelope
from kernel.crypto.keystore import KeyStore
from kernel.crypto.startup.master_key import MasterKeyFile
from kernel.crypto.startup.selftest import run_self_tests
from kernel.database.engine import Database
from kernel.database.migrations import migrate
from kernel.ephemeral.memory import InProcessStore
from kernel.ephemeral.redis import RedisStore
from kernel.ephemeral.store import EphemeralStore
from kernel.errors import ConfigurationError
from kernel.messages.building import build_sender
from kernel.messages.message import MessageSender
from seal.signing.workers.child import KeyPlace
from seal.signing.workers.pool import PoolSettings, WorkerPool
from xinyin.settings import Settings
from xinyin.tables import METADATA, MIGRATIONS, load_rows


@dataclass(frozen=True)
class Foundation:
    """The ground floor. Secrets derived from the master key stay out of any printed form."""

    settings: Settings
    clock: Clock
    database: Database
    ephemeral: EphemeralStore
    blobs: BlobStore
    seal_job_blobs: BlobStore
    sealing_workers: WorkerPool | None
    keystore: KeyStore
    envelope: Envelope = field(repr=False)
    audit: AuditTrail
    messages: MessageSender
    audit_key: bytes = field(repr=False)
    csrf_key: bytes = field(repr=False)
    page_client_secret: str = field(repr=False)
    gateway_client_secret: str = field(repr=False)


@asynccontextmanager
async def open_foundation(settings: Settings, *, clock: Clock = system_clock) -> AsyncIterator[Foundation]:
    """Test the cryptography, open everything, bring the tables up to date; close all at the end."""
    run_self_tests()
    load_rows()
    _check_master_key_is_there(settings)
    masters = MasterKeyFile(settings.master_key_file)
    lasting = masters().lasting
    database = Database(settings.database_url)
    ephemeral: EphemeralStore = RedisStore(settings.redis_url) if settings.redis_url else InProcessStore(clock)
    workers = _sealing_workers(settings)
    blobs, seal_job_blobs = open_blobs(settings.blob_address), open_blobs(settings.blob_address, "seal-jobs")
    try:
        await migrate(database, MIGRATIONS, METADATA)
        audit_key = derive_key(lasting, "audit head")
        yield Foundation(
            settings=settings,
            clock=clock,
            database=database,
            ephemeral=ephemeral,
            blobs=blobs,
            seal_job_blobs=seal_job_blobs,
            sealing_workers=workers,
            keystore=open_keystore(settings.keys, masters, state=settings.key_state),
            envelope=Envelope.following(masters),
            audit=AuditTrail(clock, audit_key),
            messages=build_sender(settings.smtp, settings.message_gateway, clock),
            audit_key=audit_key,
            csrf_key=derive_key(lasting, "csrf"),
            page_client_secret=derive_key(lasting, "client of our pages").hex(),
            gateway_client_secret=derive_key(lasting, "client of the gateway").hex(),
        )
    finally:
        if workers:
            await asyncio.to_thread(workers.close)
        await blobs.close()
        await seal_job_blobs.close()
        await ephemeral.close()
        await database.dispose()


def _check_master_key_is_there(settings: Settings) -> None:
    """A new master key beside keys that an earlier one encrypted would open nothing, and hide the loss."""
    if settings.master_key_file.exists():
        return
    for keys in file_folders(parse_address(settings.keys)):
        if keys.is_dir() and any(keys.iterdir()):
            message = "{path} is missing, but {keys} holds keys that it encrypted. Put the master key back."
            raise ConfigurationError(message, path=settings.master_key_file, keys=keys)


def _sealing_workers(settings: Settings) -> WorkerPool | None:
    """Processes that open the key store themselves; none when sealing is done here."""
    if settings.sealing_workers == 0:
        return None
    place = KeyPlace(settings.keys, settings.master_key_file, settings.key_state)
    return WorkerPool(PoolSettings(settings.sealing_workers, place))


def derive_key(lasting: bytes, purpose: str) -> bytes:
    """A key of its own for each purpose, the same after rotations: HMAC-SHA-256 of it under the lasting key."""
    return hmac.digest(lasting, f"xinyin:{purpose}".encode(), hashlib.sha256)
