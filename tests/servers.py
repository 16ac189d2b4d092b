"""Real servers for the tests: PostgreSQL and Redis as direct children on spare ports, stopped by pid."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path


def spare_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def await_port(port: int, process: subprocess.Popen[bytes], seconds: float = 30) -> None:
    """Wait until `port` answers; raises `RuntimeError` when the process ends first or time runs out."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} does not answer on {port}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a child and reap it."""
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def postgresql_program(name: str) -> str:
    """The path of a PostgreSQL server program, on the PATH or where Debian keeps them."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    found = str(versions[0]) if versions else shutil.which(name)
    if found is None:
        raise RuntimeError(f"{name} is not installed: apt-get install postgresql")
    return found


@contextlib.contextmanager
def postgresql(directory: Path) -> Iterator[str]:
    """A PostgreSQL of its own; gives its address without a database name. Root lends it the user `nobody`."""
    as_root = os.geteuid() == 0
    user = {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid} if as_root else {}
    directory.mkdir(parents=True, exist_ok=True)
    if as_root:
        shutil.chown(directory, "nobody")
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(directory)}
    data, port = directory / "data", spare_port()
    subprocess.run(
        [postgresql_program("initdb"), "-D", data, "-U", "xinyin", "-A", "trust", "-E", "UTF8", "--no-sync"],
        check=True, stdout=subprocess.DEVNULL, env=environment, cwd=directory, **user,  # type: ignore[call-overload]
    )  # fmt: skip
    options = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={directory}", "-c", "fsync=off"]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [postgresql_program("postgres"), "-D", str(data), "-p", str(port), "-c", "max_connections=200", *options],
            stdout=log, stderr=log, env=environment, cwd=directory, **user,
        )  # fmt: skip
        try:
            await_port(port, process)
            _await_postgresql(port)
            yield f"postgresql+asyncpg://xinyin@127.0.0.1:{port}"
        finally:
            stop(process)


def _await_postgresql(port: int, seconds: float = 30) -> None:
    """It takes connections before it takes questions."""
    end = time.monotonic() + seconds
    while subprocess.run([postgresql_program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]).returncode:
        if time.monotonic() > end:
            raise RuntimeError(f"PostgreSQL on {port} does not become ready")
        time.sleep(0.05)


@contextlib.contextmanager
def redis(directory: Path) -> Iterator[str]:
    """A Redis of its own, memory only."""
    port = spare_port()
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(directory)],
            stdout=log, stderr=log,
        )  # fmt: skip
        try:
            await_port(port, process)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            stop(process)
