"""After many verifications, nothing that runs them has written down which licence was verified, or whose it is.

What its holder may read of who looked lives encrypted in the vault alone. `make endurance` asks ten thousand times.
"""

import logging
import os
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from licence_vault.licences.records import find_by
from tests.houses import CITIZEN_NAME, CITIZEN_NUMBER, TestHouse, food_order, opened
from xinyin.app import create_app

TIMES = 10_000 if os.environ.get("XINYIN_ENDURANCE") else 300


OF_THE_HOLDER = {("id", "vault_access", "licence_id")}
"""The holder's own record of who looked names the licence by the vault's random id, which no address and file shows."""


class Records(logging.Handler):
    """Every line that any logger of the process writes, by whatever handler it would go."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


async def rows_of(world: TestHouse) -> dict[str, int]:
    """How many rows each table has."""
    async with world.house.foundation.database.reading() as session:
        names = list(await session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")))
        return {name: int(await session.scalar(text(f'SELECT count(*) FROM "{name}"')) or 0) for name in names}


async def columns_with(world: TestHouse, words: dict[str, str]) -> set[tuple[str, str, str]]:
    """Where in the tables a word stands in plain: the word's name, the table, the column."""
    found = set()
    async with world.house.foundation.database.reading() as session:
        for table in await rows_of(world):
            columns = [row[1] for row in await session.execute(text(f'PRAGMA table_info("{table}")'))]
            for row in await session.execute(text(f'SELECT * FROM "{table}"')):
                for column, value in zip(columns, row, strict=True):
                    plain = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                    found |= {(name, table, column) for name, word in words.items() if word in plain}
    return found


async def test_no_log_and_no_new_row_tells_what_was_verified(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    records, root = Records(), logging.getLogger()
    async with opened(tmp_path) as world:
        licence = await world.house.licence_vault.issuing.issue(food_order(), world.requester())
        async with world.house.foundation.database.reading() as session:
            row = await find_by(session, id=licence.id)
        assert row
        words = {
            "id": licence.id,
            "identifier": licence.identifier,
            "handle": licence.handle,
            "holder": CITIZEN_NAME,
            "number": CITIZEN_NUMBER,
            "fragment": licence.qr.rpartition("#")[2][:40],
        }
        before, rows = await columns_with(world, words), await rows_of(world)
        capfd.readouterr()
        root.addHandler(records)
        try:
            await verify_often(world, licence)
        finally:
            root.removeHandler(records)
        after = await columns_with(world, words)
        grown = {name: count - rows[name] for name, count in (await rows_of(world)).items()}

    printed = capfd.readouterr()
    told = "\n".join([*records.lines, printed.out, printed.err])
    assert {name for name, word in words.items() if word in told} == set()
    assert after - before <= OF_THE_HOLDER, after - before
    assert grown["vault_access"] == TIMES


async def verify_often(world: TestHouse, licence: Any) -> None:
    transport = httpx.ASGITransport(create_app(world.house))
    base = world.house.settings.public_url
    headers = {"Accept": "application/json"}
    async with httpx.AsyncClient(transport=transport, base_url=base, headers=headers) as anyone:
        for number in range(TIMES):
            match number % 3:
                case 0:
                    answer = await anyone.get(f"/v/{licence.handle}")
                case 1:
                    answer = await anyone.post("/api/v1/verifications", json={"qr": licence.qr})
                case _:
                    answer = await anyone.get(f"/V/{licence.handle}", headers={"Accept": "text/html"})
            assert answer.status_code == 200, answer.text
