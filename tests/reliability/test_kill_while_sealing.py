"""Death and disk faults at the system calls of sealing that write; and what is on the disk before anything is promised.

`make test` takes a sample of the points, `make endurance` (XINYIN_ENDURANCE=1) all of them: docs/reliability.md.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.reliability.sealing_points import Campaign, Point, await_traced

pytestmark = [
    pytest.mark.timeout(3600),
    pytest.mark.xdist_group("reliability-sealing"),
    pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace"),
]

EVENTS = ("KILL", "EIO", "ENOSPC")
IS_FULL = bool(os.environ.get("XINYIN_ENDURANCE"))
SAMPLED = 24


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    """One set of data for all points: each goes on with what the last one left."""
    return Campaign(tmp_path_factory.mktemp("sealing"))


@pytest.fixture(scope="module")
def points(campaign: Campaign) -> list[Point]:
    """All of them, found by watching."""
    try:
        return [*campaign.points("job"), *campaign.points("together")]
    except PermissionError as refusal:
        pytest.skip(str(refusal))


def chosen(points: list[Point]) -> Iterator[Point]:
    """All of them with each event; or every n-th, so that each run takes the same."""
    every = [replace(point, event=event) for point in points for event in EVENTS]
    # A step that three does not divide goes through the events in turn.
    step = 1 if IS_FULL else max(1, len(every) // SAMPLED) // 3 * 3 + 1
    yield from every[::step]


def test_the_points_are_where_they_are_thought_to_be(points: list[Point]) -> None:
    kinds = {(point.order, point.call) for point in points}

    assert {("job", call) for call in ("write", "fsync", "rename", "pwrite64", "fdatasync")} <= kinds
    assert {("together", "pwrite64"), ("together", "fdatasync")} <= kinds
    # A job: job and input, intent, outcome; two together: intents, outcome. Each commit syncs the log once.
    syncs = {order: sum((p.order, p.call) == (order, "fdatasync") for p in points) for order in ("job", "together")}
    assert syncs["job"] >= 3
    assert syncs["together"] >= 2


@pytest.mark.timeout(3600)
def test_nothing_promised_is_lost_and_every_signature_is_explained(campaign: Campaign, points: list[Point]) -> None:
    struck = [(point, campaign.strike(point)) for point in chosen(points)]

    assert campaign.violations == []
    kills = [happened for point, happened in struck if point.event == "KILL"]
    # Pages of the database grow with it, so that the last few calls are not there in each run.
    # A late write of a page may not come again; more than one in twenty, and one in the sample, would be a fault.
    assert len(kills) - sum(kills) <= max(1, 0.05 * len(kills)), "it was not killed where it should have been"
    print(f"\n{len(struck)} of {len(EVENTS) * len(points)} points struck, {sum(kills)} kills, 0 violations")


def test_nothing_is_promised_before_file_folder_and_database_are_synced(campaign: Campaign, tmp_path: Path) -> None:
    """A kill does not lose what the kernel holds in memory: a sync that is missing is found by the order of calls."""
    told = tmp_path / "calls"
    with campaign.started() as ready:
        pid = ready.process.pid
        calls = "fsync,fdatasync,rename,write,pwrite64"
        tracer = subprocess.Popen(["strace", "-f", "-y", "-qq", "-p", str(pid), "-o", str(told), "--trace", calls])
        try:
            await_traced(ready.threads["worker"], tracer)
            await_traced(ready.threads["database-0"], tracer)
            answer = ready.ask("job", "order-of-calls")
        finally:
            tracer.terminate()
            tracer.wait()
    assert answer
    assert answer.get("digests")
    lines = told.read_text().splitlines()

    promise = last(lines, r"write\(\d+<(?:socket|pipe|UNIX)")
    commit = last(lines, r"fdatasync\(\d+<[^>]*seal\.db-wal>")
    name = last(lines, r"rename\(")
    folder = last(lines[:commit], r"fsync\(\d+<[^>]*/blobs>")
    content = last(lines[:name], r"fsync\(\d+<[^>]*/blobs/\w\w/\w\w/\.[0-9a-f]{64}\.")
    key_used = last(lines, r"pwrite64\(\d+<[^>]*key-uses\.db")
    intent = [at for at, line in enumerate(lines) if re.search(r"fdatasync\(\d+<[^>]*seal\.db-wal>", line)][-2]
    assert intent < key_used < content < name < folder < commit < promise
    # Whatever is written to the log is synced before the next step begins.
    assert last(lines, r"pwrite64\(\d+<[^>]*seal\.db-wal>") < commit


def last(lines: list[str], pattern: str) -> int:
    """Where the last call like this stands; fails when there is none."""
    found = [number for number, line in enumerate(lines) if re.search(pattern, line)]
    assert found, f"no call like {pattern} in {lines[-40:]}"
    return found[-1]
