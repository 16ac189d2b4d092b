"""What all tests share: real servers started once, a fresh database a test."""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from kernel.database.engine import Database
from kernel.ephemeral.memory import InProcessStore
from kernel.ephemeral.redis import RedisStore
from kernel.ephemeral.store import EphemeralStore
from tests import servers
from tests.demo_house import demo as demo

settings.register_profile("xinyin", deadline=None, print_blob=True)
settings.load_profile("xinyin")


@pytest.fixture
def spare_port() -> int:
    """A port that nobody listens on."""
    return servers.spare_port()


@pytest.fixture(scope="session")
def server_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that servers running as another user may reach."""
    directory = Path(tempfile.mkdtemp(prefix="xinyin-tests-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_address(server_directory: Path) -> Iterator[str]:
    """The address of a real PostgreSQL, without a database name."""
    with servers.postgresql(server_directory / f"postgresql-{os.getpid()}") as address:
        yield address


@pytest.fixture(scope="session")
def redis_address(server_directory: Path) -> Iterator[str]:
    """The address of a real Redis."""
    with servers.redis(server_directory / f"redis-{os.getpid()}") as address:
        yield address


@pytest.fixture
def postgresql_url(postgresql_address: str) -> str:
    """A fresh PostgreSQL database; the server and all it holds go at the end of the session."""
    name = f"t{secrets.token_hex(6)}"
    port = postgresql_address.rsplit(":", 1)[1]
    subprocess.run(
        [
            servers.postgresql_program("createdb"),
            "-h",
            "127.0.0.1",
            "-p",
            port,
            "-U",
            "xinyin",
            "-T",
            "template0",
            name,
        ],
        check=True,
    )
    return f"{postgresql_address}/{name}"


@pytest.fixture(params=["sqlite", "postgresql"])
def any_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database: the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    url: str = request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture
async def any_database(any_database_url: str) -> AsyncIterator[Database]:
    """An empty database, once SQLite and once PostgreSQL."""
    database = Database(any_database_url)
    yield database
    await database.dispose()


@pytest.fixture(params=["in-process", "redis"])
async def any_store(request: pytest.FixtureRequest) -> AsyncIterator[EphemeralStore]:
    """An empty ephemeral store: the test runs once in-process and once on Redis."""
    store: EphemeralStore = InProcessStore()
    if request.param == "redis":
        store = RedisStore(request.getfixturevalue("redis_address"), prefix=f"{secrets.token_hex(4)}:")
    yield store
    await store.close()
