"""What the tests of sealing share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kernel.database.engine import Database
from tests.seal.ofd_samples import minimal_ofd
from tests.seal.pki import SealPki
from tests.seal.world import SealWorld, open_world


@pytest.fixture(scope="session")
def pki() -> SealPki:
    """One PKI for all tests of a run."""
    return SealPki()


@pytest.fixture(scope="session")
def ofd() -> bytes:
    """An unsigned OFD of two A4 pages."""
    return minimal_ofd(pages=2)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[SealWorld]:
    """The seal service on a fresh SQLite database."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'seal.db'}")
    async for opened in open_world(tmp_path, database):
        yield opened
    await database.dispose()


@pytest.fixture
async def any_world(tmp_path: Path, any_database: Database) -> AsyncIterator[SealWorld]:
    """The seal service, once on SQLite and once on PostgreSQL."""
    async for opened in open_world(tmp_path, any_database):
        yield opened
