"""The master key is changed under a running house: everything goes on, nothing stays behind, a kill does no harm."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from kernel.audit.verification import verify_chains
from kernel.crypto.envelope import master_key_id
from kernel.crypto.startup.master_key import MasterKeyFile, stage_master_key
from kernel.ids.time_ordered import new_id
from licence_vault.licences.records import AccessRow
from tests.houses import CITIZEN_NUMBER, TestHouse, food_order, opened

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[TestHouse]:
    async with opened(tmp_path) as world:
        yield world


def _start(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    settings = {
        "XINYIN_DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'xinyin.db'}",
        "XINYIN_BLOB_URL": f"file:{folder / 'blobs'}",
        "XINYIN_KEYS": f"file:{folder / 'keys'}",
        "XINYIN_KEY_STATE": str(folder / "key-state"),
        "XINYIN_MASTER_KEY_FILE": str(folder / "master.key"),
        "XINYIN_TRUST_DIRECTORY": str(folder / "trust"),
        "PYTHONPATH": str(ROOT),
    }
    clean = {name: value for name, value in os.environ.items() if not name.startswith("XINYIN_")}
    command = [sys.executable, "-m", "xinyin", "keys", *arguments]
    return subprocess.Popen(command, cwd=folder, env=clean | settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


async def keys(folder: Path, *arguments: str, code: int = 0) -> Any:
    process = _start(folder, *arguments, "--json")
    out, err = await asyncio.to_thread(process.communicate, timeout=180)
    assert process.returncode == code, err.decode()
    return json.loads(out) if code == 0 else err.decode()


async def issue(world: TestHouse, key: str) -> str:
    made = await world.house.licence_vault.issuing.issue(food_order(), world.requester(key))
    return made.id


async def check_readable(world: TestHouse, licence_id: str) -> None:
    lookup = world.house.licence_vault.lookup
    licence = await lookup.find_by_id(licence_id)
    assert licence is not None
    assert licence.content.holder.number == CITIZEN_NUMBER
    assert (await lookup.file(licence, "pdf")).startswith(b"%PDF")
    assert (await lookup.file(licence, "ofd")).startswith(b"PK")


def places_with(folder: Path, key_id: bytes) -> list[str]:
    """Where the id of a master key stands in the database and in files that something points to."""
    found = []
    with closing(sqlite3.connect(folder / "xinyin.db")) as database:
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in database.execute(f"SELECT * FROM {table}"):
                found += [table for value in row if isinstance(value, bytes) and key_id in value[:40]]
        named = {name for row in database.execute("SELECT ofd_blob, pdf_blob FROM vault_licence") for name in row}
    for path in [*(folder / "blobs").rglob("*"), *(folder / "keys").rglob("*.key")]:
        if path.is_file() and key_id in path.read_bytes()[:40] and (path.name in named or path.suffix):
            found.append(path.name)
    return found


async def test_a_running_house_changes_its_master_key_and_loses_nothing(world: TestHouse, tmp_path: Path) -> None:
    source = MasterKeyFile(tmp_path / "master.key")
    old = master_key_id(source().current)
    before = await issue(world, "before")
    await world.house.licence_vault.lookup.note_access(before, "agency")
    assert places_with(tmp_path, old)

    report = await keys(tmp_path, "rotate-master")
    assert report["others"] == [old.hex()]
    assert report["hanging_on_others"] == {}
    assert {"key files", "vault_licence.content", "vault_licence.ofd_blob"} <= set(report["moved"])
    assert places_with(tmp_path, old) == []

    # The house that ran all the while reads what was moved, and closes what is new under the new key.
    await check_readable(world, before)
    after = await issue(world, "after")
    assert places_with(tmp_path, old) == []
    identity = world.house.licence_vault.lookup
    licences = [await identity.find_by_id(each) for each in (before, after)]
    assert len({identity.holder_index(licence) for licence in licences if licence}) == 1

    assert "hours ago" in await keys(tmp_path, "drop-master", code=2)
    assert (await keys(tmp_path, "drop-master", "--after", "0"))["others"] == []
    assert len((tmp_path / "master.key").read_text().split()) == 3  # the current one, and `lasting` with its key
    await check_readable(world, before)
    async with opened(tmp_path) as again:
        await check_readable(again, after)
        async with again.house.foundation.database.reading() as session:
            verdicts = await verify_chains(session, again.house.foundation.audit_key)
        assert all(verdict.holds for verdict in verdicts)


async def test_a_rotation_killed_on_its_way_goes_on_where_it_stood(world: TestHouse, tmp_path: Path) -> None:
    source = MasterKeyFile(tmp_path / "master.key")
    old = source().current
    licence = await issue(world, "one")
    envelope = world.house.foundation.envelope
    looks = []
    for _ in range(6000):
        look = new_id()
        about = envelope.encrypt(b"{}", context=f"vault_access:{look}")
        looks.append(
            {"id": look, "licence_id": licence, "at": world.clock(), "way": "agency", "who": "", "about": about}
        )
    async with world.house.foundation.database.transaction() as session:
        await session.execute(insert(AccessRow), looks)

    kills = 0
    for part in (0.9, 0.4):
        process = _start(tmp_path, "rotate-master", "--json")
        while process.poll() is None and _looks_under(tmp_path, master_key_id(old)) > part * len(looks):
            await asyncio.sleep(0.01)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        await asyncio.to_thread(process.communicate)
        await check_readable(world, licence)
    assert kills
    report = await keys(tmp_path, "rotate-master")
    assert report["others"] == [master_key_id(old).hex()]  # one rotation, however often it was begun
    assert report["hanging_on_others"] == {}
    assert places_with(tmp_path, master_key_id(old)) == []
    await check_readable(world, licence)
    accesses = await world.house.licence_vault.lookup.accesses(
        await world.house.licence_vault.lookup.find_by_id(licence)  # type: ignore[arg-type]
    )
    assert len(accesses) == 100


def _looks_under(folder: Path, key_id: bytes) -> int:
    with closing(sqlite3.connect(folder / "xinyin.db", timeout=30)) as database:
        statement = "SELECT count(*) FROM vault_access WHERE substr(about, 3, 8) = ?"
        return int(database.execute(statement, [key_id]).fetchone()[0])


async def test_the_next_key_is_readable_before_it_is_used(world: TestHouse, tmp_path: Path) -> None:
    """For several machines: the staged key reaches all of them before one of them closes anything with it."""
    source = MasterKeyFile(tmp_path / "master.key")
    current = source().current
    stage_master_key(tmp_path / "master.key")
    staged = source().staged
    assert source().current == current
    envelope = world.house.foundation.envelope
    assert envelope.current_key_id == master_key_id(current)
    report = await keys(tmp_path, "rotate-master")
    assert report["current"] == master_key_id(staged).hex()
    assert envelope.current_key_id == master_key_id(staged)


async def test_a_house_that_never_changed_its_key_has_nothing_hanging(world: TestHouse, tmp_path: Path) -> None:
    await issue(world, "one")
    report = await keys(tmp_path, "master")
    assert report["others"] == []
    assert report["hanging_on_others"] == {}
