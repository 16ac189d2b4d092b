"""Alembic, one version table a package, run in the order of the house."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, text

from kernel.database.engine import Database


def version_table(package: str) -> str:
    """The table in which alembic notes how far `package` has come."""
    return f"alembic_version_{package}"


def alembic_config(package: str, script_location: Path, metadata: MetaData) -> Config:
    """The configuration that alembic wants, without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(script_location).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["package"] = package
    config.attributes["metadata"] = metadata
    return config


async def migrate(database: Database, locations: Mapping[str, Path], metadata: Mapping[str, MetaData]) -> None:
    """Bring every package in `locations` (table prefix → its migrations folder) to its newest revision.

    Two processes that start together wait for each other (an advisory lock on PostgreSQL, the write lock on SQLite).
    """
    for package, location in locations.items():
        config = alembic_config(package, location, metadata[package])
        async with database.engine.connect() as connection:
            if not database.is_sqlite:
                await connection.execute(text("SET lock_timeout = '30s'"))
                await connection.execute(text("SELECT pg_advisory_lock(7246871002)"))
                await connection.commit()
            await connection.run_sync(_upgrade, config)
            await connection.commit()
            if not database.is_sqlite:
                await connection.execute(text("SELECT pg_advisory_unlock(7246871002)"))
                await connection.commit()


def _upgrade(connection: Connection, config: Config) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def belongs_to(dialect: str) -> Callable[..., bool]:
    """Tells of a declared constraint whether it is meant for this database: see `info={"only_on": …}`."""

    def include(item: Any, _name: str | None, _kind: str, _reflected: bool, _other: Any) -> bool:
        wanted = item.info.get("only_on", dialect)
        return bool(wanted == dialect)

    return include


async def drift(database: Database, package: str, metadata: MetaData) -> list[str]:
    """How the database differs from what the code declares for `package`; empty when it does not."""

    def compare(connection: Connection) -> list[str]:
        context = MigrationContext.configure(
            connection,
            opts={
                "version_table": version_table(package),
                "include_name": lambda name, kind, _parents: kind != "table" or name in metadata.tables,
                "include_object": belongs_to(connection.dialect.name),
            },
        )
        return [repr(difference) for difference in compare_metadata(context, metadata)]

    async with database.engine.connect() as connection:
        return await connection.run_sync(compare)
