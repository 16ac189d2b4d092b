"""A provider, and an application of a foreign library that knows it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.idp.conftest import HandClock, Provider, run_provider
from tests.idp.saml.application import ForeignApplication, KeyFiles, make_key


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> KeyFiles:
    return make_key(tmp_path_factory.mktemp("keys"), "app", HandClock())


@pytest.fixture(scope="session")
def other_keys(tmp_path_factory: pytest.TempPathFactory) -> KeyFiles:
    return make_key(tmp_path_factory.mktemp("keys"), "mallory", HandClock())


@pytest.fixture
async def saml_provider(tmp_path: Path) -> AsyncIterator[Provider]:
    """With the clock of the world: foreign libraries look at theirs."""
    clock = WorldClock()
    async for built in run_provider(tmp_path, clock):
        await built.services.single_logout.stop()  # the tests say themselves when notices are delivered
        yield built


class WorldClock(HandClock):
    """The world's time, moved on by what the test says."""

    def __init__(self) -> None:
        super().__init__()
        self._start = self.now

    def __call__(self) -> datetime:
        return datetime.now(UTC) + (self.now - self._start)


@pytest.fixture
async def foreign(saml_provider: Provider, keys: KeyFiles, tmp_path: Path) -> ForeignApplication:
    answer = await saml_provider.browser().client.get("/saml/metadata")
    return ForeignApplication(tmp_path, keys, answer.text)
