"""Hands files to judges in processes of their own, and ends those that take too long."""

import hashlib
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import cbor2
import structlog

from kernel.errors import InvalidInput, Unavailable
from seal.validation.report import Check, DocumentSummary, SubIndication, ValidationReport, undecided
from seal.validation.service import FORMAT, sniff
from seal.validation.transfer import read_report, write_trust
from seal.validation.trust import TrustStore
from verify.upload.judging.findings import Findings
from verify.upload.judging.nursery import FORKED, READY

START_SECONDS: Final = 60.0
_ROOT: Final = Path(__file__).parents[3]
_KEPT_VARIABLES: Final = ("PATH", "LANG", "LC_ALL", "TZ")
"""Nothing else of the environment is told: database passwords stand there."""
_log = structlog.get_logger()


@dataclass(frozen=True)
class JudgingLimits:
    """How many judges, and what one file may cost: seconds of computing, seconds passing, address space.

    A judge takes so many `files` before it is replaced: what one file left behind must not wait for the next forever.
    """

    judges: int = 2
    cpu_seconds: int = 15
    wall_seconds: float = 40.0
    memory_bytes: int = 1 << 30
    files: int = 100


class JudgeLost(Exception):
    """The judge ended without an answer: by itself, or killed since its time was over."""

    def __init__(self, *, too_slow: bool) -> None:
        super().__init__("too slow" if too_slow else "ended")
        self.too_slow = too_slow


class _Nursery:
    """The program that forks judges."""

    def __init__(self, memory_bytes: int) -> None:
        self._socket, theirs = socket.socketpair()
        self._socket.settimeout(START_SECONDS)
        environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        environment["PYTHONPATH"] = os.pathsep.join([str(_ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
        command = [sys.executable, "-m", "verify.upload.judging.nursery", str(theirs.fileno()), str(memory_bytes)]
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, our own module, two numbers
            command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, env=environment, cwd="/", close_fds=True
        )
        theirs.close()
        try:
            if self._socket.recv(1) != READY:
                raise Unavailable("Files cannot be checked just now. Try again in a moment.")
        except OSError as failure:
            raise Unavailable("Files cannot be checked just now. Try again in a moment.") from failure

    def fork(self) -> "_Judge":
        """A new judge; raises OSError when the nursery is gone."""
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._socket, [FORKED], [theirs.fileno()])
        answer, handles, _flags, _address = socket.recv_fds(self._socket, 1, 1)
        if answer != FORKED or not handles:
            raise OSError("no judge was forked")
        return _Judge(Connection(ours.detach()), handles[0])

    def close(self) -> None:
        self._socket.close()
        self._process.kill()
        self._process.wait()


class _Judge:
    """One judge as the service sees it; used by one thread at a time."""

    def __init__(self, connection: Connection, pidfd: int) -> None:
        self._connection = connection
        self._pidfd = pidfd
        self._trust = ""
        self.files = 0

    def ask(self, message: Mapping[str, Any], data: bytes, seconds: float) -> dict[str, Any]:
        """Its answer on a file. Raises JudgeLost; it is dead then."""
        # One that hangs may also leave what is sent unread: its death alone frees both sides.
        deadline = threading.Timer(seconds, self.kill)
        deadline.daemon = True
        deadline.start()
        self.files += 1
        try:
            self._connection.send_bytes(cbor2.dumps(dict(message)))
            self._connection.send_bytes(data)
            answer: dict[str, Any] = cbor2.loads(self._connection.recv_bytes())
            return answer
        except (OSError, EOFError, ValueError) as failure:
            raise JudgeLost(too_slow=deadline.finished.is_set()) from failure
        finally:
            deadline.cancel()

    @property
    def is_alive(self) -> bool:
        """Whether it waits for a file; what ends while nobody asks must not spoil the next one's answer."""
        return not self._connection.poll(0)

    def take_trust(self, id: str, trust: bytes) -> None:
        """Tell it whom to believe, unless it knows."""
        if self._trust != id:
            with suppress(OSError):  # one that is gone shows when it is asked
                self._connection.send_bytes(cbor2.dumps({"task": "trust", "trust": trust}))
            self._trust = id

    def kill(self) -> None:
        """End it at once."""
        with suppress(OSError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def close(self) -> None:
        """End it and let go of it."""
        self.kill()
        with suppress(OSError):
            self._connection.close()
        os.close(self._pidfd)


class JudgingPool:
    """Implements `Judges`. Processes begin with `start`, or with the first file."""

    def __init__(self, limits: JudgingLimits | None = None) -> None:
        self._limits = limits or JudgingLimits()
        self._lock = threading.Lock()
        self._nursery: _Nursery | None = None
        self._free: queue.LifoQueue[_Judge | None] = queue.LifoQueue()
        for _place in range(self._limits.judges):
            self._free.put(None)
        self._told: tuple[TrustStore | None, str, bytes] = (None, "", b"")
        self._closed = False

    def judge(self, data: bytes, trust: TrustStore, at: datetime) -> Findings:
        """See `Judges`. What no judge survives is undecided."""
        try:
            answer = self._ask({"task": "judge", "at": at.isoformat()}, data, self._trust_message(trust))
            named, place = (None if hint is None else str(hint) for hint in (answer["named"], answer["place"]))
            return Findings(read_report(answer["report"]), named, place)
        except JudgeLost as loss:
            return Findings(_gave_up(data, loss), None)
        except (KeyError, TypeError, ValueError):  # no judge of ours speaks so; the file must have taken it over
            return Findings(_gave_up(data, JudgeLost(too_slow=False)), None)

    def read_qr(self, data: bytes) -> str:
        """See `Judges`."""
        try:
            answer = self._ask({"task": "qr"}, data, None)
        except JudgeLost as loss:
            message = "This picture cannot be read. Send it as PNG or JPEG."
            raise InvalidInput(message, reason=str(loss)) from loss
        if "refused" in answer:
            raise InvalidInput(str(answer["refused"]))
        return str(answer["text"])

    def start(self) -> None:
        """See `Judges`."""
        places = [self._free.get() for _place in range(self._limits.judges)]
        for place in places:
            self._free.put(place or self._fork())

    def close(self) -> None:
        """See `Judges`. Waits for files under way."""
        with self._lock:
            self._closed = True
        for _place in range(self._limits.judges):
            judge = self._free.get()
            if judge is not None:
                judge.close()
        with self._lock:
            if self._nursery is not None:
                self._nursery.close()
        for _place in range(self._limits.judges):
            self._free.put(None)

    def _ask(self, message: Mapping[str, Any], data: bytes, trust: tuple[str, bytes] | None) -> dict[str, Any]:
        judge = self._free.get()
        try:
            if judge is not None and not judge.is_alive:
                judge.close()
                judge = None
            judge = judge or self._fork()
            if trust is not None:
                judge.take_trust(*trust)
            told = {**message, "cpu_seconds": self._limits.cpu_seconds}
            answer = judge.ask(told, data, self._limits.wall_seconds)
            if judge.files >= self._limits.files:
                judge.close()
                judge = None
            return answer
        except JudgeLost as loss:
            _log.warning("a judge was lost", reason=str(loss), bytes=len(data))
            if judge is not None:
                judge.close()
            judge = None
            raise
        finally:
            self._free.put(judge)

    def _fork(self) -> _Judge:
        """A judge, from a new nursery when the last one is gone."""
        with self._lock:
            if self._closed:
                raise Unavailable("The service is shutting down. Please try again in a moment.")
            if self._nursery is not None:
                try:
                    return self._nursery.fork()
                except OSError:
                    self._nursery.close()
            self._nursery = _Nursery(self._limits.memory_bytes)
            try:
                return self._nursery.fork()
            except OSError as failure:
                raise Unavailable("Files cannot be checked just now. Try again in a moment.") from failure

    def _trust_message(self, trust: TrustStore) -> tuple[str, bytes]:
        known, id, data = self._told
        if known is not trust:
            data = write_trust(trust)
            id = hashlib.sha256(data).hexdigest()
            self._told = (trust, id, data)
        return id, data


def _gave_up(data: bytes, loss: JudgeLost) -> ValidationReport:
    summary = DocumentSummary(sniff(data), f"sha256:{hashlib.sha256(data).hexdigest()}")
    return ValidationReport(summary, (_reason(too_slow=loss.too_slow),))


def _reason(*, too_slow: bool) -> Check:
    why = SubIndication.FORMAT_FAILURE
    if too_slow:
        return undecided(FORMAT, why, "Checking this file took too long and was stopped. No ordinary document does.")
    detail = "Checking this file took more than it may, and was stopped. No ordinary document does."
    return undecided(FORMAT, why, detail)
