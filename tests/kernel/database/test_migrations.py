"""Migrations: from empty to what the code declares, on both databases, also when two processes start together."""

import asyncio

import pytest
from sqlalchemy import inspect

from kernel.database.engine import Database
from kernel.database.migrations import drift, migrate
from xinyin.tables import METADATA, MIGRATIONS, load_rows

load_rows()


@pytest.mark.parametrize("prefix", sorted(METADATA))
def test_every_table_carries_its_packages_prefix(prefix: str) -> None:
    assert METADATA[prefix].info["prefix"] == prefix
    assert METADATA[prefix].tables
    assert all(name.startswith(f"{prefix}_") for name in METADATA[prefix].tables)


@pytest.mark.parametrize("prefix", sorted(METADATA))
def test_no_foreign_key_leaves_its_package(prefix: str) -> None:
    for table in METADATA[prefix].tables.values():
        for key in table.foreign_keys:
            assert key.column.table.name.startswith(f"{prefix}_")


async def test_from_empty_to_what_the_code_declares(any_database: Database) -> None:
    await migrate(any_database, MIGRATIONS, METADATA)
    differences = {prefix: await drift(any_database, prefix, METADATA[prefix]) for prefix in METADATA}
    assert not any(differences.values()), differences


async def test_a_second_run_changes_nothing(any_database: Database) -> None:
    await migrate(any_database, MIGRATIONS, METADATA)
    await migrate(any_database, MIGRATIONS, METADATA)
    async with any_database.engine.connect() as connection:
        tables = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    assert "audit_event" in tables


async def test_two_processes_that_start_together_wait_for_each_other(any_database: Database) -> None:
    other = Database(any_database.url)
    await asyncio.gather(migrate(any_database, MIGRATIONS, METADATA), migrate(other, MIGRATIONS, METADATA))
    await other.dispose()
    assert await drift(any_database, "audit", METADATA["audit"]) == []
