"""Partitions on PostgreSQL: old rows move in, what is unique stays so, and no everyday question reads a whole table."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.database.engine import Database
from kernel.database.migrations import alembic_config, migrate
from licence_vault.licences.partitions import prepare_access_partitions
from licence_vault.licences.records import (
    AccessRow,
    LicenceRow,
    accesses_of,
    events_of,
    find_by,
    find_for_update,
    looked_since,
    of_holders,
    of_issuer,
    with_identifiers,
)
from licence_vault.status.records import marked_now
from tests.licence_vault.licences.rows import COLUMNS, ISSUER, START, copy_licences, holder, licence_values
from xinyin.tables import METADATA, MIGRATIONS, load_rows

load_rows()


@pytest.fixture
async def database(postgresql_url: str) -> AsyncIterator[Database]:
    database = Database(postgresql_url)
    await migrate(database, {"vault": MIGRATIONS["vault"]}, METADATA)
    yield database
    await database.dispose()


def row(number: int, **other: Any) -> LicenceRow:
    return LicenceRow(**(dict(zip(COLUMNS, licence_values(number), strict=True)) | other))


async def _to_revision(database: Database, revision: str, *, down: bool = False) -> None:
    config = alembic_config("vault", MIGRATIONS["vault"], METADATA["vault"])

    def run(connection: Connection) -> None:
        config.attributes["connection"] = connection
        (command.downgrade if down else command.upgrade)(config, revision)

    async with database.engine.connect() as connection:
        await connection.run_sync(run)
        await connection.commit()


async def _seed(session: AsyncSession) -> None:
    session.add_all([row(number) for number in range(200)])
    for number, when in enumerate((START, datetime.now(UTC))):
        identity = f"{int(when.timestamp() * 1000):012x}7{number:019x}"
        session.add(AccessRow(id=identity, licence_id=licence_values(1)[0], at=when, way="own", who="", about=None))


async def test_rows_move_into_the_partitions_and_back(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    await _to_revision(database, "vault_0005")
    async with database.transaction() as session:
        await _seed(session)
    await _to_revision(database, "vault_0006")
    async with database.reading() as session:
        parts = text("SELECT count(DISTINCT tableoid), count(*) FROM vault_licence")
        assert tuple((await session.execute(parts)).one()) == (16, 200)
        looks = await accesses_of(session, licence_values(1)[0])
        assert len(looks) == 2
        parts = text("SELECT DISTINCT tableoid::regclass::text FROM vault_access")
        assert "vault_access_2026q1" in set(await session.scalars(parts))
        assert "vault_access_rest" not in set(await session.scalars(parts))
        found = await find_by(session, handle="h00000000000000000007")
        assert found is not None
        assert found.id == licence_values(7)[0]
    await _to_revision(database, "vault_0005", down=True)
    async with database.reading() as session:
        assert (await session.scalars(text("SELECT count(*) FROM vault_licence"))).one() == 200
    await database.dispose()


@pytest.mark.parametrize("column", ["id", "identifier", "handle", "ofd_digest", "pdf_digest"])
async def test_nothing_unique_comes_twice_in_any_partition(database: Database, column: str) -> None:
    async with database.transaction() as session:
        session.add(row(1))
    taken = {column: licence_values(1)[COLUMNS.index(column)]}
    for number in range(2, 6):  # whichever partition they fall into
        with pytest.raises(IntegrityError):
            async with database.transaction() as session:
                session.add(row(number, **taken))
    async with database.reading() as session:
        assert (await session.scalars(text("SELECT count(*) FROM vault_licence"))).one() == 1
        assert (await session.scalars(text("SELECT count(*) FROM vault_licence_key"))).one() == 4


async def test_a_changed_value_is_found_and_the_one_before_is_free(database: Database) -> None:
    async with database.transaction() as session:
        session.add(row(1))
    async with database.transaction() as session:
        await session.execute(text("UPDATE vault_licence SET handle = 'new', status = 'revoked'"))
    async with database.transaction() as session:
        assert await find_by(session, handle="new") is not None
        session.add(row(2, handle=licence_values(1)[COLUMNS.index("handle")]))
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM vault_licence"))
        assert (await session.scalars(text("SELECT count(*) FROM vault_licence_key"))).one() == 0


async def test_quarters_to_come_are_made_ahead_and_once(database: Database) -> None:
    later = datetime(2031, 11, 1, tzinfo=UTC)
    made = await prepare_access_partitions(database, lambda: later, ahead=2)
    assert made == ["vault_access_2032q1", "vault_access_2032q2"]
    assert await prepare_access_partitions(database, lambda: later, ahead=2) == []
    when = datetime(2032, 3, 31, 23, 59, tzinfo=UTC)
    async with database.transaction() as session:
        identity = f"{int(when.timestamp() * 1000):012x}7{0:019x}"
        session.add(AccessRow(id=identity, licence_id="x", at=when, way="own", who="", about=None))
    async with database.reading() as session:
        place = text("SELECT tableoid::regclass::text FROM vault_access")
        assert (await session.scalars(place)).one() == "vault_access_2032q1"


async def _ask_everything(session: AsyncSession) -> None:
    """The questions that people wait for."""
    known = licence_values(77)
    for column in ("id", "identifier", "handle", "ofd_digest", "pdf_digest"):
        assert await find_by(session, **{column: known[COLUMNS.index(column)]}) is not None
    assert await find_for_update(session, known[0]) is not None
    assert len(await of_holders(session, [holder(9), holder(10)])) == 8
    page = await of_issuer(session, ISSUER, None, 50)
    assert len(await of_issuer(session, ISSUER, page[-1].id, 50)) == 50
    assert len(await with_identifiers(session, [known[1], licence_values(78)[1]])) == 2
    await events_of(session, known[0])
    await accesses_of(session, known[0], before="f")
    await looked_since(session, known[0], "own", START)
    await marked_now(session, 0)


async def test_no_everyday_question_reads_a_whole_table(database: Database) -> None:
    await copy_licences(database, 0, 60_000)
    asked: list[tuple[str, Any]] = []
    engine = database.engine.sync_engine

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    async with database.reading() as session:
        await _ask_everything(session)
    event.remove(engine, "before_cursor_execute", note)
    assert len(asked) > 12
    async with database.engine.connect() as connection:
        for statement, parameters in asked:
            answer = await connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
            plan = answer.scalar_one()
            read_whole = [node["Relation Name"] for node in _nodes(plan) if node["Node Type"] == "Seq Scan"]
            full = [name for name in read_whole if name.startswith(("vault_licence_p", "vault_licence_key"))]
            assert not full, (statement, plan)


def _nodes(plan: Any) -> list[dict[str, Any]]:
    tree = json.loads(plan) if isinstance(plan, str) else plan
    found, open_nodes = [], [tree[0]["Plan"]]
    while open_nodes:
        node = open_nodes.pop()
        found.append(node)
        open_nodes.extend(node.get("Plans", ()))
    return found
