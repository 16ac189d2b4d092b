"""The access log's partitions on PostgreSQL: one a quarter, made well before anybody looks in it."""

from datetime import UTC, datetime

from sqlalchemy import text

from kernel.clock import Clock
from kernel.database.engine import Database

QUARTERS_AHEAD = 8


async def prepare_access_partitions(database: Database, clock: Clock, ahead: int = QUARTERS_AHEAD) -> list[str]:
    """Make what is missing of the next `ahead` quarters and name it. Nothing to do on SQLite.

    A quarter that begins before its partition is there goes to `vault_access_rest`; then it is left there.
    """
    if database.is_sqlite:
        return []
    first = _quarter(clock())
    wanted = {f"vault_access_{q // 4}q{q % 4 + 1}": q for q in range(first + 1, first + 1 + ahead)}
    async with database.transaction() as session:
        there = set(await session.scalars(text("SELECT relname FROM pg_class WHERE relname LIKE 'vault_access_%'")))
        missing = [name for name in wanted if name not in there]
        for name in missing:
            bounds = f"FROM ('{first_id(wanted[name])}') TO ('{first_id(wanted[name] + 1)}')"
            await session.execute(
                text(f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF vault_access FOR VALUES {bounds}")
            )
    return missing


def first_id(quarter: int) -> str:
    """Where the ids of a quarter (year × 4 + 0…3) begin: with their millisecond, 12 hexadecimal digits."""
    begin = datetime(quarter // 4, quarter % 4 * 3 + 1, 1, tzinfo=UTC)
    return f"{int(begin.timestamp()) * 1000:012x}"


def _quarter(moment: datetime) -> int:
    moment = moment.astimezone(UTC)
    return moment.year * 4 + (moment.month - 1) // 3
