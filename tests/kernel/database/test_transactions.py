"""Transactions behave alike on SQLite and PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kernel.database.engine import Database, before_commit
from kernel.database.schema import JSONDocument, UTCDateTime, package_metadata
from kernel.errors import ConfigurationError, Unavailable


class Base(DeclarativeBase):
    metadata = package_metadata("probe")


class Row(Base):
    __tablename__ = "probe_row"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    document: Mapped[dict[str, object]] = mapped_column(JSONDocument, default=dict)


NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
async def database(any_database: Database) -> AsyncIterator[Database]:
    async with any_database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    return any_database


async def ids(database: Database) -> list[int]:
    async with database.reading() as session:
        return sorted(await session.scalars(select(Row.id)))


async def test_what_a_transaction_wrote_is_there_after_it(database: Database) -> None:
    async with database.transaction() as session:
        session.add(Row(id=1, at=NOON, document={"名称": ["a", 1, None]}))
    async with database.reading() as session:
        row = (await session.scalars(select(Row))).one()
    assert (row.at, row.document) == (NOON, {"名称": ["a", 1, None]})


async def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as session:
            session.add(Row(id=1, at=NOON))
            await session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await ids(database) == []


async def test_reading_never_commits(database: Database) -> None:
    async with database.reading() as session:
        session.add(Row(id=1, at=NOON))
        await session.flush()
    assert await ids(database) == []


async def test_many_writers_at_once_all_succeed(database: Database) -> None:
    async def write(number: int) -> None:
        async with database.transaction() as session:
            session.add(Row(id=number, at=NOON))

    await asyncio.gather(*(write(number) for number in range(40)))
    assert await ids(database) == list(range(40))


async def test_work_before_the_commit_runs_last_and_once(database: Database) -> None:
    steps: list[str] = []

    async def last() -> None:
        steps.append("last")

    async with database.transaction() as session:
        before_commit(session, "key", last)
        before_commit(session, "key", last)
        steps.append("first")
    assert steps == ["first", "last"]


async def test_times_come_back_in_utc(database: Database) -> None:
    shanghai = datetime(2026, 11, 21, 20, tzinfo=timezone(timedelta(hours=8)))
    async with database.transaction() as session:
        session.add(Row(id=1, at=shanghai))
    async with database.reading() as session:
        assert (await session.scalars(select(Row.at))).one() == NOON


async def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    async def store_naive() -> None:
        async with database.transaction() as session:
            session.add(Row(id=1, at=datetime(2026, 1, 1)))

    with pytest.raises(StatementError, match="zone"):
        await store_naive()


async def test_a_server_that_is_away_is_named_unavailable(spare_port: int) -> None:
    database = Database(f"postgresql+asyncpg://xinyin@127.0.0.1:{spare_port}/none")
    with pytest.raises(Unavailable):
        await database.ping()
    await database.dispose()


@pytest.mark.parametrize("url", ["not a url", "mysql://root@localhost/x", "sqlite:///x.db"])
def test_an_unknown_database_is_refused_by_name(url: str) -> None:
    with pytest.raises(ConfigurationError, match="XINYIN_DATABASE_URL"):
        Database(url)


async def test_a_fault_of_our_own_does_not_look_like_an_outage(database: Database) -> None:
    for door in (database.transaction, database.reading):
        with pytest.raises(DBAPIError):
            async with door() as session:
                await session.execute(text("SELECT * FROM a_table_that_is_not_there"))


async def test_who_is_undone_in_favour_of_others_may_try_again(postgresql_url: str) -> None:
    """Two transactions lock two rows crosswise: PostgreSQL ends one of them, which is nobody's fault."""
    database = Database(postgresql_url)
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with database.transaction() as session:
        session.add_all([Row(id=1, at=NOON), Row(id=2, at=NOON)])
    both = asyncio.Barrier(2)

    async def lock(first: int, second: int) -> str:
        try:
            async with database.transaction() as session:
                await session.execute(select(Row).where(Row.id == first).with_for_update())
                await both.wait()
                await session.execute(select(Row).where(Row.id == second).with_for_update())
        except Unavailable:
            return "undone"
        return "done"

    assert sorted(await asyncio.gather(lock(1, 2), lock(2, 1))) == ["done", "undone"]
    await database.dispose()


async def test_a_connection_that_is_cut_is_an_outage(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    with pytest.raises(Unavailable):
        async with database.transaction() as session:
            await session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    await database.ping()
    await database.dispose()
