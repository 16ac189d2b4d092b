"""One worker process as the service sees it: started, asked, killed when it does not answer in time."""

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any

from seal.signing.pressing.order import PressLost
from seal.signing.workers.wire import decode, encode

START_SECONDS = 60.0
_ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class KeyPlace:
    """Where a worker finds keys: the address of the store, the master key's file, this machine's memory of keys."""

    keys: str
    master_key_file: Path
    key_state: Path


class Child:
    """Used by one thread at a time, but for `kill`."""

    def __init__(self, place: KeyPlace) -> None:
        """Start it and wait until its key store is open; raises `PressLost` when it does not come up."""
        ours, theirs = Pipe()
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(_ROOT), os.environ.get("PYTHONPATH", "")])}
        command = [sys.executable, "-m", "seal.signing.workers.worker", str(theirs.fileno())]
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, our own module, a number
            command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, env=environment, close_fds=True
        )
        theirs.close()
        self._connection: Connection = ours
        self.trust = ""
        try:
            settings = {name: str(value) for name, value in vars(place).items()}
            self.ask(settings, START_SECONDS)
        except PressLost:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def ask(self, message: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """The reply; raises `PressLost`, the process then being dead, when none comes in time."""
        # A worker that hangs may also leave what we send unread: its death alone frees both sides.
        deadline = threading.Timer(seconds, self._process.kill)
        deadline.daemon = True
        deadline.start()
        try:
            self._connection.send_bytes(encode(message))
            return decode(self._connection.recv_bytes())
        except (OSError, EOFError, ValueError) as failure:
            in_time = deadline.is_alive()
            self.close()
            raise PressLost(type(failure).__name__ if in_time else "no answer in time") from failure
        finally:
            deadline.cancel()

    def close(self) -> None:
        """End it at once and clear away what is left of it."""
        with suppress(OSError):
            self._connection.close()
        self._process.kill()
        self._process.wait()
