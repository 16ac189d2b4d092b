"""What the tests of the transparency log share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kernel.audit.records import Base as AuditBase
from kernel.database.engine import Database
from licence_vault.ledger.records import Base
from licence_vault.ledger.service import Ledger
from tests.licence_vault.ledger.world import LogKey, make_ledger


async def create_tables(database: Database) -> Database:
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        await connection.run_sync(AuditBase.metadata.create_all)
    return database


@pytest.fixture
async def database(any_database: Database) -> Database:
    """An empty database with the log's tables, once SQLite and once PostgreSQL."""
    return await create_tables(any_database)


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[Database]:
    """An empty SQLite database, where the other one adds nothing."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'log.db'}")
    yield await create_tables(database)
    await database.dispose()


@pytest.fixture
def key() -> LogKey:
    return LogKey()


@pytest.fixture
def ledger(database: Database, key: LogKey) -> Ledger:
    return make_ledger(database, key)
