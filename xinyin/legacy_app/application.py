"""Installing, starting and stopping the legacy system, and giving people accounts there."""

import hashlib
import json
import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from kernel.errors import Conflict, Unavailable

REQUIREMENTS = Path(__file__).parents[2] / "requirements" / "legacy-app.txt"
LIBRARY = Path(__file__).with_name("library.sql")
INSTALL_SECONDS = 600
START_SECONDS = 60
STOP_SECONDS = 15
COPY_ADMIN = """
    INSERT INTO user (name, email, role, password, kindle_mail, kobo_only_shelves_sync, locale, sidebar_view,
                      default_language, denied_tags, allowed_tags, denied_column_value, view_settings)
    SELECT ?, ?, ?, ?, '', 0, locale, sidebar_view,
           default_language, denied_tags, allowed_tags, denied_column_value, view_settings
    FROM user WHERE name = 'admin'
"""
DOWNLOAD_AND_PASSWORD = 2 | 16
"""The rights of a reader there: to download, and to change the password."""


class LegacyApplication:
    """One installation under `directory`: `venv/`, the settings database `app.db`, the `library/`, the log.

    Every call blocks; from a coroutine use `asyncio.to_thread`.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self._venv = self.directory / "venv"
        self._settings = self.directory / "app.db"
        self._log = self.directory / "log"
        self._running = self.directory / "running.json"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_installed(self) -> bool:
        """Whether `install` has been through."""
        return (self.directory / "prepared").exists()

    def install(self) -> None:
        """Install from the locked list and prepare an own library; does nothing when done. Raises Unavailable."""
        self.directory.mkdir(parents=True, exist_ok=True)
        wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
        stamp = self.directory / "installed"
        if not (stamp.exists() and stamp.read_text() == wanted and self._program("cps").exists()):
            self._run([sys.executable, "-m", "venv", "--clear", str(self._venv)])
            pip = [str(self._program("python")), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
            self._run([*pip, "--require-hashes", "-r", str(REQUIREMENTS)])
            stamp.write_text(wanted)
        if not (self.directory / "prepared").exists():
            self._prepare()
            (self.directory / "prepared").touch()

    def start(self, port: int) -> str:
        """Start it on `port` of this machine and wait until it answers; gives its address. Raises Unavailable."""
        self.install()
        self.stop()
        self._set(config_port=port, config_external_port=port)
        command = [str(self._program("cps")), "-p", str(self._settings), "-i", "127.0.0.1", "-o", str(self._log)]
        with (self.directory / "output").open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603 (our own program)
                command, stdout=output, stderr=output, env=self._environment(), cwd=self.directory
            )
        self._running.write_text(json.dumps({"pid": self._process.pid, "port": port}))
        self._await(port, self._process)
        return f"http://127.0.0.1:{port}"

    def stop(self) -> None:
        """End it, also when an earlier process of ours started it; nothing happens when it does not run."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        elif self._running.exists():
            _end_stranger(json.loads(self._running.read_text())["pid"], self._settings)
        self._running.unlink(missing_ok=True)

    def create_account(self, username: str, password: str) -> None:
        """Give a reader an account, as its administrator would. Raises Conflict when the name is taken."""
        self.install()
        with closing(sqlite3.connect(self._settings, timeout=10)) as settings, settings:
            try:
                settings.execute(
                    COPY_ADMIN, (username, f"{username}@example.invalid", DOWNLOAD_AND_PASSWORD, hashed(password))
                )
            except sqlite3.IntegrityError:
                raise Conflict("There is already an account {username}.", username=username) from None

    def set_password(self, username: str, password: str) -> None:
        """Change somebody's password there, so that what the gateway stores becomes stale."""
        with closing(sqlite3.connect(self._settings, timeout=10)) as settings, settings:
            settings.execute("UPDATE user SET password = ? WHERE name = ?", (hashed(password), username))

    def _prepare(self) -> None:
        """A library with three books, and an administrator whose password is not the published one."""
        library = self.directory / "library"
        library.mkdir(exist_ok=True)
        with closing(sqlite3.connect(library / "metadata.db")) as books:
            if not books.execute("SELECT 1 FROM sqlite_master").fetchone():
                books.executescript(LIBRARY.read_text(encoding="utf-8"))
        password = f"Aa1!{secrets.token_urlsafe(18)}"
        base = [str(self._program("cps")), "-p", str(self._settings), "-o", str(self._log)]
        self._run([*base, "-s", f"admin:{password}"])
        # Its own limit of three sign-ins a minute would stop a demo; the gateway counts attempts itself.
        self._set(config_calibre_dir=str(library), config_ratelimiter=0, config_default_locale="zh_Hans_CN")
        with closing(sqlite3.connect(self._settings)) as settings, settings:
            settings.execute("UPDATE user SET locale = 'zh_Hans_CN' WHERE name = 'admin'")

    def _set(self, **values: object) -> None:
        columns = ", ".join(f"{name} = ?" for name in values)
        with closing(sqlite3.connect(self._settings, timeout=10)) as settings, settings:
            settings.execute(f"UPDATE settings SET {columns}", tuple(values.values()))  # noqa: S608

    def _program(self, name: str) -> Path:
        return self._venv / "bin" / name

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("XINYIN_", "PYTHON"))}
        return kept | {"CALIBRE_DBPATH": str(self.directory), "LC_ALL": "C.UTF-8"}

    def _run(self, command: list[str]) -> None:
        try:
            done = subprocess.run(  # noqa: S603 (our own programs)
                command,
                capture_output=True,
                text=True,
                timeout=INSTALL_SECONDS,
                env=self._environment(),
                cwd=self.directory,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as failure:
            raise Unavailable("The legacy application could not be installed.", reason=str(failure)[-300:]) from failure
        if done.returncode:
            last = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
            raise Unavailable("The legacy application could not be installed: {problem}", problem=last[:300])

    def _await(self, port: int, process: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", port), 1):
                    return
            except OSError:
                time.sleep(0.1)
        self.stop()
        raise Unavailable(
            "The legacy application did not start on port {port}; see {log}.",
            port=port,
            log=str(self.directory / "output"),
        )


def hashed(password: str) -> str:
    """A password as Werkzeug keeps it: scrypt with N 32768, r 8, p 1."""
    salt = secrets.token_hex(8)
    digest = hashlib.scrypt(password.encode(), salt=salt.encode(), n=32768, r=8, p=1, maxmem=132 * 32768 * 8)
    return f"scrypt:32768:8:1${salt}${digest.hex()}"


def _end_stranger(pid: int, settings: Path) -> None:
    """End a process that an earlier run left behind, but only if it is truly ours."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        if str(settings).encode() not in command:
            return
        os.kill(pid, signal.SIGTERM)
    except OSError:
        return
    end = time.monotonic() + STOP_SECONDS
    while time.monotonic() < end and Path(f"/proc/{pid}").exists():
        time.sleep(0.1)
