"""`kill -9` while licences are issued: whatever was acknowledged is there and whole, and nothing is half-visible.

Most points are places in the program: the n-th call of one kind that writes, at which strace ends the process. The
others are moments after the first order has gone out, which need nothing from the machine.
"""

import asyncio
import shutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import httpx
import pytest

from kernel.audit.verification import verify_chains
from tests.houses import house_settings
from tests.reliability.client import Program, Promises
from tests.reliability.issuing_server import prepare, service
from tests.servers import spare_port
from xinyin.house import House, open_house

pytestmark = pytest.mark.xdist_group("reliability")

LONGEST_SECONDS = 20
ATTACH_SECONDS = 10


@dataclass(frozen=True)
class At:
    """The n-th `call` of one thread, before it is done."""

    call: str
    n: int

    def __str__(self) -> str:
        return f"{self.call}-{self.n}"


@dataclass(frozen=True)
class After:
    """So many milliseconds after the first order."""

    milliseconds: int

    def __str__(self) -> str:
        return f"{self.milliseconds}ms"


POINTS = [
    # The files: made aside, synced, renamed, their folders synced.
    At("mkdir", 1), At("fsync", 1), At("rename", 1), At("fsync", 3), At("rename", 2),
    # The transactions: the uses of the seal (two), then the licence with all that belongs to it.
    At("pwrite64", 1), At("fdatasync", 1), At("pwrite64", 30), At("pwrite64", 45), At("pwrite64", 70),
    At("fdatasync", 4), At("fdatasync", 6),
    After(15), After(90), After(180), After(300), After(500),
]  # fmt: skip


@dataclass
class Site:
    """The data that all points share, the program's secret, and what the last start left unanswered."""

    directory: Path
    secret: str
    unanswered: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """One house for all points: each goes on with what the last one left."""
    directory = tmp_path_factory.mktemp("issuing")
    return Site(directory, asyncio.run(prepare(directory)), {})


@pytest.mark.parametrize("point", POINTS, ids=str)
def test_nothing_acknowledged_is_lost_and_nothing_is_half_made(site: Site, point: At | After) -> None:
    port = spare_port()
    with service(site.directory, port) as process:
        program = Program(port, site.secret)
        retry_what_was_not_answered(program, site)
        promises = issue_until_killed(program, process, point)
    assert not process.is_alive()
    assert promises.unanswered, "it was not killed while it issued"
    asyncio.run(check_everything_stored(site.directory))
    with service(site.directory, port):
        program = Program(port, site.secret)
        for key, answer in promises.acknowledged.items():
            check_acknowledged(program, key, answer)
    site.unanswered = promises.unanswered


def test_a_licence_that_was_kept_but_never_acknowledged_is_the_one_that_its_key_finds(site: Site) -> None:
    """The third sync of the first order is the licence's own: its pages are written, its answer is not."""
    port = spare_port()
    with service(site.directory, port) as process:
        promises = issue_until_killed(Program(port, site.secret), process, At("fdatasync", 3))
    asyncio.run(check_everything_stored(site.directory))
    ((key, order),) = promises.unanswered.items()
    with closing(sqlite3.connect(site.directory / "xinyin.db")) as database:
        kept = database.execute("SELECT licence_id FROM vault_idempotency WHERE key = ?", (key,)).fetchall()
    if not kept:
        pytest.skip("nobody may trace here: the moment of the kill cannot be chosen")
    with service(site.directory, port):
        answer = Program(port, site.secret).post(order, key)
    assert (answer.status_code, answer.json()["id"]) == (201, kept[0][0])


def issue_until_killed(program: Program, process: BaseProcess, point: At | After) -> Promises:
    """Issue until the process is ended at `point`."""
    begun = threading.Event()
    if isinstance(point, At) and shutil.which("strace"):
        with struck_at(process, point) as attached:
            if attached:
                return program.issue_until_it_dies(begun, LONGEST_SECONDS, workers=1)
    # Where nobody may trace, a moment stands for the place.
    delay = point.milliseconds / 1000 if isinstance(point, After) else 0.03 * point.n
    killer = threading.Thread(target=lambda: (begun.wait(), time.sleep(delay), process.kill()))
    killer.start()
    promises = program.issue_until_it_dies(begun, LONGEST_SECONDS, workers=3)
    killer.join()
    return promises


@contextmanager
def struck_at(process: BaseProcess, point: At) -> Iterator[bool]:
    """Have strace end the process at the point; counting the calls of each thread from now on. Gives whether it may."""
    command = ["strace", "-f", "-qq", "-p", str(process.pid), "-o", "/dev/null", "--trace", point.call]
    tracer = subprocess.Popen([*command, "--inject", f"{point.call}:signal=KILL:when={point.n}"])
    try:
        end = time.monotonic() + ATTACH_SECONDS
        while not is_traced(process) and tracer.poll() is None and time.monotonic() < end:
            time.sleep(0.02)
        yield is_traced(process)
    finally:
        tracer.kill()  # told to stop politely it may wait for ever for what it has killed
        tracer.wait()


def is_traced(process: BaseProcess) -> bool:
    """Whether somebody has attached to the process."""
    return "TracerPid:\t0" not in Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")


def retry_what_was_not_answered(program: Program, site: Site) -> None:
    """Each key leads to one licence, whether or not the first attempt had got so far, however often it is sent."""
    for key, order in site.unanswered.items():
        first, second = program.post(order, key), program.post(order, key)
        assert (first.status_code, second.status_code) == (201, 201), first.text
        assert first.json() == second.json()
        check_acknowledged(program, key, first.json())
    with closing(sqlite3.connect(site.directory / "xinyin.db")) as database:
        for key in site.unanswered:
            assert database.execute("SELECT count(*) FROM vault_idempotency WHERE key = ?", (key,)).fetchone() == (1,)


def check_acknowledged(program: Program, key: str, answer: dict[str, Any]) -> None:
    """What was promised can be read, and both files pass verification."""
    licence = program.get(f"/api/v1/licences/{answer['id']}")
    assert licence.status_code == 200, licence.text
    assert {**licence.json(), "files": None}.items() >= {**answer, "files": None}.items()
    for format in ("ofd", "pdf"):
        data = program.get(f"/api/v1/licences/{answer['id']}/file?format={format}").content
        report = httpx.post(f"{program.base}/api/v1/verifications", files={"file": data}, timeout=60).json()
        assert report["indication"] == "TOTAL-PASSED", report
        assert report["licence"]["identifier"] == answer["identifier"]


async def check_everything_stored(directory: Path) -> None:
    """On the data as the kill left it: rows belong together, every file is there, both chains hold."""
    async with open_house(house_settings(directory)) as house:
        async with house.foundation.database.reading() as session:
            verdicts = await verify_chains(session, house.foundation.audit_key)
        assert verdicts
        assert all(verdict.holds for verdict in verdicts), verdicts
        ledger = await house.licence_vault.ledger.check()
        assert ledger.holds, ledger
        check_rows(directory / "xinyin.db")
        await check_files(house, directory / "xinyin.db")


def check_rows(path: Path) -> None:
    """One transaction wrote a licence, its event, its key, its ledger leaf and its audit event: all there, or none."""
    with closing(sqlite3.connect(path)) as database:
        licences = {row[0] for row in database.execute("SELECT id FROM vault_licence")}
        for statement in (
            "SELECT licence_id FROM vault_idempotency",
            "SELECT licence_id FROM vault_licence_event WHERE action = 'issue'",
            "SELECT subject_ref FROM vault_ledger_leaf",
            "SELECT substr(subject_ref, 9) FROM audit_event WHERE action = 'licence.issue' AND outcome = 'success'",
        ):
            named = [row[0].removeprefix("licence:") for row in database.execute(statement)]
            assert sorted(named) == sorted(licences), statement


async def check_files(house: House, path: Path) -> None:
    """Every file that a licence names is there, unchanged, and opens."""
    with closing(sqlite3.connect(path)) as database:
        ids = [row[0] for row in database.execute("SELECT id FROM vault_licence")]
    for licence_id in ids:
        licence = await house.licence_vault.lookup.find_by_id(licence_id)
        assert licence is not None
        for format in ("ofd", "pdf"):
            assert await house.licence_vault.lookup.file(licence, format)
