"""Envelopes move to the current master key on both databases, beside writers, and the work can be begun again."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from kernel.blobs.files import FileBlobs
from kernel.crypto.envelope import Envelope, MasterKeys
from kernel.database.engine import Database
from kernel.database.migrations import migrate
from kernel.ids.time_ordered import new_id
from kernel.rekeying.files import SealedFiles
from kernel.rekeying.tables import SealedColumn, SealedColumns
from licence_vault.batches.records import BatchItemRow
from licence_vault.ledger.records import LedgerLeafRow
from licence_vault.licences.records import AccessRow, LicenceRow
from tests.licence_vault.licences.rows import COLUMNS, licence_values
from xinyin.tables import METADATA, MIGRATIONS, load_rows

load_rows()
AT = datetime(2026, 3, 1, 8, 30, 0, 120, tzinfo=UTC)


class Keys:
    """Master keys that change while they are used."""

    def __init__(self) -> None:
        self.now = MasterKeys(os.urandom(32))

    def __call__(self) -> MasterKeys:
        return self.now

    def change(self) -> None:
        self.now = MasterKeys(os.urandom(32), (self.now.current, *self.now.others), self.now.lasting)


@pytest.fixture
async def database(any_database_url: str) -> AsyncIterator[Database]:
    database = Database(any_database_url)
    await migrate(database, {"vault": MIGRATIONS["vault"]}, METADATA)
    yield database
    await database.dispose()


def columns_of(database: Database, envelope: Envelope) -> tuple[SealedColumns, dict[str, SealedColumn]]:
    columns = SealedColumns(database, envelope, [METADATA["vault"]])
    return columns, {str(column): column for column in columns.columns}


async def moved(columns: SealedColumns, column: SealedColumn) -> int:
    return sum([count async for count in columns.move(column)])


async def test_every_row_moves_whatever_its_key_and_opens_where_it_is(database: Database) -> None:
    keys = Keys()
    envelope = Envelope.following(keys)
    looks = [new_id() for _ in range(450)]  # more than two steps
    items = [("b" * 32, number) for number in range(230)] + [("a" * 32, number) for number in range(5)]
    async with database.transaction() as session:
        for look in looks:
            about = envelope.encrypt(look.encode(), context=f"vault_access:{look}")
            session.add(AccessRow(id=look, licence_id="x", at=AT, way="own", who="", about=about))
        session.add(AccessRow(id=new_id(), licence_id="x", at=AT, way="own", who="", about=None))
        for batch, number in items:
            content = envelope.encrypt(b"row", context=f"batch:{batch}:{number}")
            row: dict[str, Any] = {
                "batch_id": batch,
                "number": number,
                "state": "new",
                "row_key": "",
                "content": content,
            }
            session.add(BatchItemRow(**row))
        place = f"vault_ledger_leaf.salt:subject:sealed:{AT.isoformat(timespec='microseconds')}"
        leaf: dict[str, Any] = {
            "leaf_hash": b"l",
            "commitment": b"c",
            "kind": "sealed",
            "subject_ref": "subject",
            "at": AT,
        }
        session.add(LedgerLeafRow(index=0, salt=envelope.encrypt(b"salt", context=place), **leaf))
    keys.change()
    columns, named = columns_of(database, envelope)
    expected = {"vault_access.about": 450, "vault_batch_item.content": 235, "vault_ledger_leaf.salt": 1}
    for name, count in expected.items():
        assert await columns.hanging_on_others(named[name]) == count
        assert await moved(columns, named[name]) == count
        assert await columns.hanging_on_others(named[name]) == 0
        assert await moved(columns, named[name]) == 0
    only_new = Envelope(keys.now.current)
    async with database.reading() as session:
        for row in await session.scalars(select(AccessRow).where(AccessRow.about.is_not(None))):
            assert only_new.decrypt(row.about or b"", context=f"vault_access:{row.id}") == row.id.encode()
        for item in await session.scalars(select(BatchItemRow)):
            assert only_new.decrypt(item.content or b"", context=f"batch:{item.batch_id}:{item.number}") == b"row"
        salt = (await session.scalars(select(LedgerLeafRow.salt))).one()
        assert only_new.decrypt(salt or b"", context=place) == b"salt"


async def test_two_that_move_at_once_and_a_writer_lose_nothing(database: Database) -> None:
    keys = Keys()
    envelope = Envelope.following(keys)
    looks = [new_id() for _ in range(600)]
    async with database.transaction() as session:
        rows = [
            {"id": each, "licence_id": "x", "at": AT, "way": "own", "who": "", "about": b""}
            | {"about": envelope.encrypt(b"before", context=f"vault_access:{each}")}
            for each in looks
        ]
        await session.execute(insert(AccessRow), rows)
    keys.change()

    async def write() -> None:
        for look in looks[::7]:
            about = envelope.encrypt(b"after", context=f"vault_access:{look}")
            async with database.transaction() as session:
                await session.execute(update(AccessRow).where(AccessRow.id == look).values(about=about))

    columns, named = columns_of(database, envelope)
    about = named["vault_access.about"]
    await asyncio.gather(moved(columns, about), moved(columns, about), write())
    assert await columns.hanging_on_others(about) == 0
    only_new = Envelope(keys.now.current)
    async with database.reading() as session:
        found = {row.id: row.about for row in await session.scalars(select(AccessRow))}
    said = {each: only_new.decrypt(found[each] or b"", context=f"vault_access:{each}") for each in looks}
    assert said == {each: b"after" if number % 7 == 0 else b"before" for number, each in enumerate(looks)}


async def test_files_move_and_the_ones_before_are_left_young(database: Database, tmp_path: Path) -> None:
    keys, blobs = Keys(), FileBlobs(tmp_path / "blobs")
    envelope = Envelope.following(keys)
    before: dict[str, str] = {}
    async with database.transaction() as session:
        for number in range(3):
            identity = new_id()
            kept = [
                await blobs.put(envelope.encrypt(f.encode(), context=f"licence:{identity}:{f}")) for f in ("ofd", "pdf")
            ]
            files = {"id": identity, "ofd_blob": kept[0], "pdf_blob": kept[1]}
            session.add(LicenceRow(**(dict(zip(COLUMNS, licence_values(number), strict=True)) | files)))
            before[identity] = kept[0]
    keys.change()
    files_ = SealedFiles(database, envelope, {"licences": blobs}, [METADATA["vault"]], tmp_path / "progress")
    ofd = next(column for column in files_.columns if column.column.name == "ofd_blob")
    files_.start()
    assert await files_.hanging_on_others(ofd) == 3
    assert sum([count async for count in files_.move(ofd)]) == 3
    assert await files_.hanging_on_others(ofd) == 0
    assert sum([count async for count in files_.move(ofd)]) == 0
    only_new = Envelope(keys.now.current)
    async with database.reading() as session:
        for row in await session.scalars(select(LicenceRow)):
            assert row.ofd_blob != before[row.id]
            assert only_new.decrypt(await blobs.get(row.ofd_blob), context=f"licence:{row.id}:ofd") == b"ofd"
            assert await blobs.exists(before[row.id])
