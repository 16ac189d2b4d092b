"""One running sandbox for all of these tests; each begins on a good day, at the present time."""

from collections.abc import Iterator

import pytest

from tests.sandbox.serving import MovableClock, SandboxKeys, clear_faults, make_keys, sandbox_settings, serve
from xinyin.sandbox.app import create_sandbox_app


@pytest.fixture(scope="session")
def sandbox_keys() -> SandboxKeys:
    """Alipay's key and ours."""
    return make_keys()


@pytest.fixture(scope="session")
def sandbox_clock() -> MovableClock:
    """The sandbox's clock."""
    return MovableClock()


@pytest.fixture(scope="session")
def sandbox_address(sandbox_keys: SandboxKeys, sandbox_clock: MovableClock) -> Iterator[str]:
    """The running sandbox."""
    with serve(create_sandbox_app(sandbox_settings(sandbox_keys, sandbox_clock))) as address:
        yield address


@pytest.fixture
def sandbox(sandbox_address: str, sandbox_clock: MovableClock) -> Iterator[str]:
    """The address of the sandbox; faults are cleared and the clock is set right afterwards."""
    yield sandbox_address
    sandbox_clock.ahead *= 0
    for provider in ("/wechat", "/qq", "/alipay", ""):
        clear_faults(f"{sandbox_address}{provider}")
