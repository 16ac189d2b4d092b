"""A house for the vault's tests: once on SQLite, and where a test asks for it on PostgreSQL too."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.houses import TestHouse, opened


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[TestHouse]:
    async with opened(tmp_path) as house:
        yield house


@pytest.fixture
async def any_world(tmp_path: Path, any_database_url: str) -> AsyncIterator[TestHouse]:
    async with opened(tmp_path, any_database_url) as house:
        yield house
