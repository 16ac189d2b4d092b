"""A provider that may call an application on this machine."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.idp.cas.application import Callbacks
from tests.idp.conftest import HandClock, Provider, run_provider


@pytest.fixture
async def callbacks() -> AsyncIterator[Callbacks]:
    async with Callbacks().listening() as server:
        yield server


@pytest.fixture
async def proxied(tmp_path: Path, clock: HandClock) -> AsyncIterator[Provider]:
    def allow_this_machine(values: dict[str, object]) -> None:
        values["outbound_networks"] = ("127.0.0.1/32",)

    async for built in run_provider(tmp_path, clock, allow_this_machine):
        await built.services.single_logout.stop()  # the tests say themselves when notices are delivered
        yield built
