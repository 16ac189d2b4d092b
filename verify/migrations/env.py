"""See kernel.database.alembic_env."""

from alembic import context

from kernel.database.alembic_env import run

run(context.config.attributes["metadata"])
