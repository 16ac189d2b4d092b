"""What every package's `migrations/env.py` calls."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, MetaData

from kernel.database.migrations import belongs_to, version_table
from kernel.database.schema import JSONDocument, UTCDateTime


def run(metadata: MetaData) -> None:
    """Run the migrations of the package in hand on the connection that `migrations.migrate` opened."""
    connection: Connection = context.config.attributes["connection"]
    package: str = context.config.attributes["package"]
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table=version_table(package),
        render_as_batch=True,
        render_item=_render_item,
        include_name=lambda name, kind, _parents: kind != "table" or name in metadata.tables,
        include_object=belongs_to(connection.dialect.name),
    )
    with context.begin_transaction():
        context.run_migrations()


def _render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Our column types by what they are in the database: a migration never imports the code that it outlives."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, JSONDocument):
        autogen.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False
