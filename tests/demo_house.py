"""The product as people meet it: `xinyin demo` in an empty folder, with its commands beside it."""

import fcntl
import json
import os
import re
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyotp
import pytest

from tests.servers import spare_port
from xinyin.legacy_app.application import LegacyApplication

ROOT = Path(__file__).parents[1]
LEGACY_CACHE = ROOT / "build" / "legacy-application"
START_SECONDS, STOP_SECONDS, COMMAND_SECONDS = 240, 40, 90
STEP_SECONDS = 30


@dataclass(frozen=True)
class Demo:
    """A running demo. `directory` is where it was started: its data is under `var/` there."""

    directory: Path
    environment: Mapping[str, str]
    description: Mapping[str, Any]
    printed: str
    process: subprocess.Popen[bytes]
    used_steps: dict[str, int] = field(default_factory=dict)

    @property
    def base_url(self) -> str:
        """The service's address."""
        url: str = self.description["base_url"]
        return url

    @property
    def gateway_url(self) -> str:
        """The gateway's address."""
        url: str = self.description["gateway_url"]
        return url

    @property
    def sandbox_url(self) -> str:
        """The address of the sandbox providers, as the start-up text says it."""
        found = re.search(r"sandbox\s+(http://\S+)", self.printed)
        assert found, self.printed
        return found[1]

    @property
    def var(self) -> Path:
        """The demo's data."""
        return self.directory / "var"

    @property
    def log(self) -> str:
        """Everything that the service has written to its log, and to standard error, so far."""
        return _said(self.directory)

    def account(self, role: str) -> Mapping[str, str]:
        """Somebody who signs in by password."""
        return _of_role(self.description["accounts"], role)

    def client(self, role: str) -> Mapping[str, Any]:
        """A relying party or a program."""
        return _of_role(self.description["clients"], role)

    def licence_type(self, name: str) -> Mapping[str, Any]:
        """A licence type by its Chinese name, with an example body."""
        return next(each for each in self.description["licence_types"] if each["name"] == name)

    def one_time_code(self, role: str) -> str:
        """A code of this account's authenticator that has not been used; the service takes each of them once."""
        step = max(self.used_steps.get(role, 0) + 1, int(time.time()) // STEP_SECONDS)
        # The service takes the code of the step to come, too; for one after that there is nothing but waiting.
        time.sleep(max(0.0, (step - 1) * STEP_SECONDS + 1 - time.time()))
        self.used_steps[role] = step
        return pyotp.HOTP(self.account(role)["totp_secret"]).at(step)

    def run(self, *arguments: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run `xinyin` with these arguments (and other settings), in the demo's folder, as its operator would."""
        return subprocess.run(
            [sys.executable, "-m", "xinyin", *map(str, arguments)],
            cwd=self.directory, env={**self.environment, **settings}, capture_output=True, text=True,
            encoding="utf-8", timeout=COMMAND_SECONDS, check=False,
        )  # fmt: skip

    def row_counts(self, *prefixes: str) -> dict[str, int]:
        """How many rows stand in each table whose name begins with one of `prefixes`, and how many blobs there are."""
        with closing(sqlite3.connect(self.var / "xinyin.db", timeout=20)) as database:
            named = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            tables = [name for (name,) in named if name.startswith(prefixes)]
            assert tables, prefixes
            counts = {table: _count(database, table) for table in sorted(tables)}
        return counts | {"blobs": sum(1 for path in (self.var / "blobs").rglob("*") if path.is_file())}


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo, started once. Mark whatever uses it `xdist_group("demo")`, so that one worker does."""
    with running_demo(tmp_path_factory.mktemp("demo")) as started:
        yield started


@contextmanager
def running_demo(directory: Path) -> Iterator[Demo]:
    """Start the demo in `directory` on spare ports, wait until it says that it is ready, and stop it by its pid."""
    _lend_legacy_application(directory / "var" / "legacy")
    environment = demo_environment()
    with (directory / "out").open("wb") as stdout, (directory / "error").open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "xinyin", "demo"], cwd=directory, env=environment, stdout=stdout, stderr=stderr
        )
    try:
        printed = _await_ready(process, directory)
        description = json.loads((directory / "var" / "demo.json").read_text(encoding="utf-8"))
        yield Demo(directory, environment, description, printed, process)
    finally:
        _stop(process)
    assert process.returncode == 0, f"the demo ended with {process.returncode}: {_said(directory)[-3000:]}"
    assert "Traceback" not in _said(directory)
    assert "unexpected_error" not in _said(directory)


def demo_environment() -> dict[str, str]:
    """Our own settings and nobody else's."""
    port, gateway_port = spare_port(), spare_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XINYIN_")}
    paths = [str(ROOT), *filter(None, [kept.get("PYTHONPATH")])]
    return kept | {
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONUNBUFFERED": "1",
        "XINYIN_PORT": str(port),
        "XINYIN_GATEWAY_PORT": str(gateway_port),
        "XINYIN_PUBLIC_URL": f"http://localhost:{port}",
        "XINYIN_GATEWAY_URL": f"http://localhost:{gateway_port}",
    }


def _await_ready(process: subprocess.Popen[bytes], directory: Path) -> str:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        printed = (directory / "out").read_text(encoding="utf-8")
        if "Stop with" in printed:
            return printed
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError(f"the demo did not start: {_said(directory)[-3000:]}")


def _said(directory: Path) -> str:
    files = (directory / "error", directory / "var" / "xinyin.log")
    return "".join(path.read_text(encoding="utf-8") for path in files if path.exists())


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _lend_legacy_application(directory: Path) -> None:
    """Its programs take most of a minute to install, so they are installed once a checkout; its data is always new."""
    LEGACY_CACHE.parent.mkdir(exist_ok=True)
    with LEGACY_CACHE.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        LegacyApplication(LEGACY_CACHE).install()
    directory.mkdir(parents=True)
    (directory / "venv").symlink_to(LEGACY_CACHE / "venv")
    shutil.copy(LEGACY_CACHE / "installed", directory / "installed")


def _of_role(entries: list[dict[str, Any]], role: str) -> dict[str, Any]:
    return next(entry for entry in entries if entry["role"] == role)


def _count(database: sqlite3.Connection, table: str) -> int:
    (count,) = database.execute(f'SELECT count(*) FROM "{table}"').fetchone()
    return int(count)


def new_key() -> str:
    """An `Idempotency-Key` that nobody has used."""
    return f"test-{secrets.token_hex(8)}"
