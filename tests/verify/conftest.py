"""What the tests of verification share."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.seal.pki import SealPki
from tests.verify.world import World


@pytest.fixture(scope="session")
def pki() -> SealPki:
    """One PKI for all tests of a run."""
    return SealPki()


@pytest.fixture
def world(pki: SealPki) -> World:
    """A fresh world with one valid licence."""
    return World(pki)


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A program that asks in English."""
    transport = httpx.ASGITransport(app=world.app, client=("203.0.113.7", 40000))
    headers = {"Accept-Language": "en", "Accept": "application/json"}
    async with httpx.AsyncClient(transport=transport, base_url="https://zhengzhao.example.cn", headers=headers) as each:
        yield each
