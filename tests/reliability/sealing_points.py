"""Every system call of sealing that writes, found by watching one run, and what must hold after dying or failing there.

Threads are traced one by one: strace counts calls for each thread, so that a point is the n-th call of one kind in one
thread, and the same run gives the same points.
"""

import hashlib
import re
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.reliability.sealing_child import Ready, child

WRITING = ("write", "pwrite64", "fsync", "fdatasync", "rename", "mkdir", "unlink", "ftruncate", "utimensat", "link")
ATTACH_SECONDS = 10
_CALL = re.compile(r"(\w+)\(")


@dataclass(frozen=True)
class Point:
    """The n-th `call` in one thread while `order` is carried out, and what happens there: "KILL", "EIO", "ENOSPC"."""

    order: str
    thread: str
    call: str
    n: int
    event: str = "KILL"

    def __str__(self) -> str:
        return f"{self.order}-{self.thread}-{self.call}-{self.n}-{self.event}"


@dataclass
class Campaign:
    """Data that all points share: each goes on with what the last one left."""

    directory: Path
    starts: int = 0
    promised: dict[str, Any] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)

    @contextmanager
    def started(self) -> Iterator[Ready]:
        """The next start of the program."""
        with child(self.directory, self.starts) as ready:
            self.starts += 1
            yield ready

    def points(self, order: str) -> list[Point]:
        """Every writing call that `order` makes."""
        with self.started() as ready:
            counted = [
                (thread, call, count)
                for number, (thread, id) in enumerate(ready.threads.items())
                for call, count in calls_of(ready, id, order, f"watched-{self.starts}-{number}").items()
            ]
        return [Point(order, thread, call, n) for thread, call, count in counted for n in range(1, count + 1)]

    def strike(self, point: Point) -> bool:
        """Have it happen; then start again, finish what was begun, and check. Whether it did happen."""
        key = f"{self.starts}-{point}"
        with self.started() as ready:
            with struck(ready, point):
                answer = ready.ask(point.order, key)
            died = answer is None
            self._note(point, key, answer)
            self.check(point)
        with self.started() as ready:
            # What is sealed together is kept by whoever asked; only jobs can be asked for again.
            again = ready.ask("job", key) if point.order == "job" else self.promised.get(key, {"digests": []})
            if again is None or "digests" not in again:
                self.violations.append(f"{point}: after a new start its key gives {again}")
            elif key in self.promised and again["digests"] != self.promised[key]["digests"]:
                self.violations.append(f"{point}: another file than was promised")
            self._note(point, key, again)
            self.check(point)
            self.check_settled(point)
        return died or (answer or {}).get("refused") is not None

    def _note(self, point: Point, key: str, answer: dict[str, Any] | None) -> None:
        if answer and "digests" in answer and answer["digests"]:
            self.promised.setdefault(key, answer)
        elif answer and answer.get("refused") not in (None, "unavailable", "conflict"):
            self.violations.append(f"{point}: refused as {answer['refused']}")

    def check(self, point: Point) -> None:
        """At any moment: what was promised is there, each use has its one intent, no signature is unexplained."""
        with closing(sqlite3.connect(self.directory / "seal.db")) as database:
            intents = database.execute("SELECT id, state, format, fence, output_digest FROM seal_intent").fetchall()
            uses = Counter(row[0] for row in database.execute("SELECT digest FROM seal_use"))
            items = database.execute("SELECT id, output_digest, output_blob FROM seal_job_item WHERE state = 'done'")
            done_items = items.fetchall()
        done = Counter(row[4] for row in intents if row[1] == "done")
        if done != uses:
            self.violations.append(f"{point}: uses and intents differ by {(done - uses) + (uses - done)}")
        by_id = {row[0]: row for row in intents}
        for id, digest, blob in done_items:
            path = self.directory / "blobs" / blob[:2] / blob[2:4] / blob
            if id not in by_id or (by_id[id][1], by_id[id][4]) != ("done", digest):
                self.violations.append(f"{point}: a file is done and its intent is not")
            if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != blob:
                self.violations.append(f"{point}: the file of a job is not whole")
        for answer in self.promised.values():
            if missing := set(answer["digests"]) - set(uses):
                self.violations.append(f"{point}: promised and not recorded: {missing}")
        self._check_key_uses(point, intents)

    def check_settled(self, point: Point) -> None:
        """After a new start: nothing hangs between."""
        with closing(sqlite3.connect(self.directory / "seal.db")) as database:
            (open_intents,) = database.execute("SELECT count(*) FROM seal_intent WHERE state = 'open'").fetchone()
            (waiting,) = database.execute("SELECT count(*) FROM seal_job_item WHERE state = 'waiting'").fetchone()
        if open_intents or waiting:
            self.violations.append(f"{point}: {open_intents} open intents, {waiting} waiting files are left")

    def _check_key_uses(self, point: Point, intents: list[Any]) -> None:
        with closing(sqlite3.connect(self.directory / "key-state" / "key-uses.db")) as counts:
            rows = counts.execute(
                "SELECT name, sum(uses) FROM key_use WHERE name LIKE 'seal-%' GROUP BY name"
            ).fetchall()
        for name, used in rows:
            format = "ofd" if name.endswith("-sm2") else "pdf"
            explained = sum(row[3] for row in intents if row[2] == format)
            needed = sum(row[1] == "done" for row in intents if row[2] == format)
            if not needed <= used <= explained:
                self.violations.append(f"{point}: {name} was used {used} times, {needed} done, {explained} explained")


def calls_of(ready: Ready, thread: int, order: str, key: str) -> Counter[str]:
    """How often one thread makes each writing call while `order` is carried out once more."""
    command = ["strace", "-qq", "-p", str(thread), "--trace", ",".join(WRITING)]
    tracer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        await_traced(thread, tracer)
        assert ready.ask(order, key), "nothing was done"
    finally:
        tracer.terminate()
        _out, lines = tracer.communicate()
    return Counter(match[1] for line in lines.splitlines() if (match := _CALL.match(line)))


@contextmanager
def struck(ready: Ready, point: Point) -> Iterator[None]:
    """Have strace do it at the point, counting the calls of its thread from now on."""
    event = "signal=KILL" if point.event == "KILL" else f"error={point.event}"
    thread = ready.threads[point.thread]
    command = ["strace", "-qq", "-p", str(thread), "-o", "/dev/null", "--trace", point.call]
    tracer = subprocess.Popen([*command, "--inject", f"{point.call}:{event}:when={point.n}"])
    try:
        await_traced(thread, tracer)
        yield
    finally:
        tracer.kill()  # told to stop politely it may wait for ever for what it has killed
        tracer.wait()


def await_traced(thread: int, tracer: "subprocess.Popen[Any]") -> None:
    """Until strace has attached; raises PermissionError where nobody may trace."""
    end = time.monotonic() + ATTACH_SECONDS
    status = Path(f"/proc/{thread}/status")
    while "TracerPid:\t0" in status.read_text(encoding="ascii"):
        if tracer.poll() is not None or time.monotonic() > end:
            raise PermissionError("strace may not attach here")
        time.sleep(0.005)
