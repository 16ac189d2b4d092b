"""Write the next migration of a package from what its rows declare: scripts/new_migration.py PREFIX MESSAGE."""

import asyncio
import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import Connection

from kernel.database.engine import Database
from kernel.database.migrations import alembic_config, migrate
from xinyin.tables import METADATA, MIGRATIONS, load_rows


async def revise(prefix: str, message: str) -> None:
    """Bring an empty database to the newest revision, then note the difference to the code."""
    load_rows()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite+aiosqlite:///{Path(folder) / 'empty.db'}")
        await migrate(database, {prefix: MIGRATIONS[prefix]}, METADATA)
        config = alembic_config(prefix, MIGRATIONS[prefix], METADATA[prefix])
        number = f"{len(list((MIGRATIONS[prefix] / 'versions').glob('*.py'))) + 1:04d}"

        def write(connection: Connection) -> None:
            config.attributes["connection"] = connection
            command.revision(config, message, autogenerate=True, rev_id=f"{prefix}_{number}")

        async with database.engine.connect() as connection:
            await connection.run_sync(write)
        await database.dispose()


if __name__ == "__main__":
    asyncio.run(revise(sys.argv[1], sys.argv[2]))
