"""A running application and whoever calls it, without a network."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from tests.houses import TestHouse, opened
from xinyin.app import create_app

WECHAT = {"app_id": "wx-of-tests", "app_secret": "not-a-secret-of-anybody"}
BASE = "http://localhost:8000"


def caller_of(world: TestHouse) -> httpx.AsyncClient:
    """Somebody who speaks HTTP with the application of this house and reads English."""
    asgi = httpx.ASGITransport(app=create_app(world.house))
    return httpx.AsyncClient(transport=asgi, base_url=BASE, headers={"Accept-Language": "en"})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TestHouse]:
    """One house for all questions of a module."""
    directory: Path = tmp_path_factory.mktemp("house")
    async with opened(directory, wechat=WECHAT) as house:
        yield house


@pytest_asyncio.fixture(loop_scope="module")
async def caller(world: TestHouse) -> AsyncIterator[httpx.AsyncClient]:
    """A caller of a fresh application of that house."""
    async with caller_of(world) as client:
        yield client
