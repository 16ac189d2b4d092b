"""`kill -9` in the middle of a batch, again and again: each row becomes one licence, every file holds.

`XINYIN_ENDURANCE_ROWS` and `XINYIN_ENDURANCE_KILLS` make it as long as somebody has time for; the workers are two.
Nothing personal stands in plain anywhere afterwards: database, files, logs.
"""

import asyncio
import os
import random
import sys
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import text

from kernel.audit.verification import verify_chains
from licence_vault.batches.service import Batch, FileOrder
from licence_vault.batches.states import BatchState, RowState
from licence_vault.issuing.sweeping import sweep_orphans
from seal.validation.report import Indication
from seal.validation.service import validate_document
from tests.houses import AGENCY, CITIZEN_NAME, CITIZEN_NUMBER, FOOD, TestHouse, opened
from tests.licence_vault.batches.files import cells, csv_file
from tests.reliability.batch_worker import worker

ROWS = int(os.environ.get("XINYIN_ENDURANCE_ROWS", "240"))
KILLS = int(os.environ.get("XINYIN_ENDURANCE_KILLS", "3"))
FILES_JUDGED = int(os.environ.get("XINYIN_ENDURANCE_JUDGED", "40"))
SECONDS_A_ROW, SECONDS_MORE = 2.0, 120.0
pytestmark = [pytest.mark.xdist_group("reliability"), pytest.mark.timeout(ROWS * SECONDS_A_ROW + 2 * SECONDS_MORE)]
PREMISES = "虚构市青禾路 77 号"


async def test_each_row_becomes_one_licence_however_often_the_workers_die(
    tmp_path: Path, any_database_url: str
) -> None:
    rows = [cells(number, 经营场所=PREMISES) for number in range(ROWS)]
    started = time.monotonic()
    async with opened(tmp_path, any_database_url) as world:
        order = FileOrder(FOOD, csv_file(rows, "gb18030"), starts_itself=True)
        batch = await world.house.licence_vault.batches.create(order, world.requester())
        killed = await work_and_kill(world, tmp_path, any_database_url, batch.id)
        seconds = time.monotonic() - started
        assert killed == KILLS
        await check(world, batch.id)
        await check_nothing_plain(world, tmp_path)
    sys.stdout.write(f"{ROWS} rows, {killed} kills, {seconds:.0f} s\n")


async def work_and_kill(world: TestHouse, directory: Path, database_url: str, batch_id: str) -> int:
    """Two workers, one or both killed at `KILLS` moments spread over the batch, until it is done."""
    killed, end = 0, time.monotonic() + ROWS * SECONDS_A_ROW + SECONDS_MORE
    chance = random.Random(20261121)
    points = [round(ROWS * (number + chance.random()) / (KILLS + 1)) for number in range(KILLS)]
    while True:
        with ExitStack() as stack:
            workers = [stack.enter_context(worker(directory, database_url)) for _ in range(2)]
            while time.monotonic() < end:
                batch = await world.house.licence_vault.batches.load(batch_id, AGENCY.uscc)
                if batch.finished:
                    assert batch.state is BatchState.DONE, batch
                    return killed
                if killed < KILLS and batch.count(RowState.ISSUED) >= points[killed]:
                    workers[killed % 2].kill()
                    workers[(killed + 1) % 2].kill()
                    killed += 1
                    break
                await asyncio.sleep(0.05 + chance.random() / 10)
            else:
                raise AssertionError(f"not done in time: {await told(world, batch_id)}")


async def told(world: TestHouse, batch_id: str) -> Batch:
    return await world.house.licence_vault.batches.load(batch_id, AGENCY.uscc)


async def check(world: TestHouse, batch_id: str) -> None:
    """As many licences as rows, no identifier or number twice, the chains hold, files pass verification."""
    vault, database = world.house.licence_vault, world.house.foundation.database
    issued = [each async for each in vault.batches.issued_rows(batch_id, AGENCY.uscc)]
    assert [number for number, _id in issued] == list(range(2, ROWS + 2))
    async with database.reading() as session:
        stored = (await session.execute(text("SELECT id, identifier FROM vault_licence"))).all()
        verdicts = await verify_chains(session, world.house.foundation.audit_key)
    assert sorted(row[0] for row in stored) == sorted(licence_id for _number, licence_id in issued)
    assert len({row[1] for row in stored}) == ROWS
    assert all(verdict.holds for verdict in verdicts)
    assert (await vault.ledger.check()).holds
    trust = await world.house.seal.publication.trust_store()
    numbers: Counter[str] = Counter()
    judged = set(random.Random(1).sample(range(ROWS), min(FILES_JUDGED, ROWS)))
    for index, (_number, licence_id) in enumerate(issued):
        licence = await vault.lookup.find_by_id(licence_id)
        assert licence is not None
        numbers[licence.content.number] += 1
        for format in ("ofd", "pdf"):
            data = await vault.lookup.file(licence, format)
            if index in judged:
                report = await asyncio.to_thread(validate_document, data, trust, at=world.clock())
                assert report.indication is Indication.PASSED
    assert set(numbers) == {f"JY{number:014}" for number in range(ROWS)}
    await sweep_orphans(database, world.house.foundation.blobs, world.clock)


async def check_nothing_plain(world: TestHouse, directory: Path) -> None:
    """No name, number or address in any file below the house, nor in any column of the database."""
    secrets = [each.encode(code) for each in (CITIZEN_NUMBER, CITIZEN_NAME, PREMISES) for code in ("utf-8", "gb18030")]
    escaped = [repr(each)[1:-1].encode() for each in (ascii(CITIZEN_NAME)[1:-1], ascii(PREMISES)[1:-1])]
    files = [path for path in directory.rglob("*") if path.is_file()]
    assert len(files) > 2 * ROWS
    for path in files:
        data = path.read_bytes()
        assert not [each for each in (*secrets, *escaped) if each in data], path
    await check_columns(world, (CITIZEN_NUMBER, CITIZEN_NAME, PREMISES))


async def check_columns(world: TestHouse, secrets: tuple[str, ...]) -> None:
    database = world.house.foundation.database
    if database.is_sqlite:
        return  # its file was read above
    async with database.reading() as session:
        tables = await session.execute(
            text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        )
        for (name,) in tables.all():
            for secret in secrets:
                found = await session.execute(
                    text(f'SELECT count(*) FROM "{name}" AS t WHERE position(:secret in t::text) > 0'),
                    {"secret": secret},
                )
                assert found.scalar_one() == 0, (name, "in plain")
                hexed = secret.encode().hex()
                found = await session.execute(
                    text(f'SELECT count(*) FROM "{name}" AS t WHERE position(:secret in t::text) > 0'),
                    {"secret": hexed},
                )
                assert found.scalar_one() == 0, (name, "as bytes")
