"""One killable security module for all: p11-kit's client reads its server's address once in a process."""

import os
from collections.abc import Iterator

import pytest

from tests.softhsm import P11KitServer, SoftHsm


@pytest.fixture(scope="session")
def p11_kit(tmp_path_factory: pytest.TempPathFactory) -> P11KitServer:
    """With a token for each test that seals, and one for signatures alone."""
    hsm = SoftHsm.make(tmp_path_factory.mktemp("hsm"), "batch", "seals-0", "seals-2")
    server = P11KitServer(hsm)
    os.environ["P11_KIT_SERVER_ADDRESS"] = f"unix:path={server.socket}"
    return server


@pytest.fixture
def server(p11_kit: P11KitServer) -> Iterator[P11KitServer]:
    """It runs; the test may kill and start it."""
    with p11_kit.running():
        yield p11_kit
