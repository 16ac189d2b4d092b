"""What every package's `migrations/env.py` calls."""

from alembic import context
from sqlalchemy import Connection, MetaData

from kernel.database.migrations import version_table


def run(metadata: MetaData) -> None:
    """Run the migrations of the package in hand on the connection that `migrations.migrate` opened."""
    connection: Connection = context.config.attributes["connection"]
    package: str = context.config.attributes["package"]
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table=version_table(package),
        render_as_batch=connection.dialect.name == "sqlite",
        include_name=lambda name, kind, _parents: kind != "table" or name in metadata.tables,
    )
    with context.begin_transaction():
        context.run_migrations()
