"""Sealing alone, in a process that a test may kill: one document as a job, and two together as a licence has them.

Forked from a process that has imported everything. Orders come through a pipe, and what it promises goes back.
"""

import asyncio
import hashlib
import logging
import multiprocessing
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import structlog

from kernel.audit.chain import Actor, AuditTrail
from kernel.audit.records import Base as AuditBase
from kernel.blobs.files import FileBlobs
from kernel.crypto.custody.opening import open_keystore
from kernel.crypto.envelope import Envelope
from kernel.database.engine import Database
from kernel.ephemeral.memory import InProcessStore
from kernel.errors import XinyinError
from seal.app import Foundations, SealServices, build_services
from seal.client import DocumentToSeal
from seal.documents.placement.request import LowerRight
from seal.documents.positions import StampPosition
from seal.schema import Base
from seal.seals.application import SealApplication
from seal.seals.service import Officer
from seal.seals.use_policy import IntendedUse
from seal.signing.jobs.job import JobRequest, SentFile, Wish
from tests.seal.fonts import KAI_BOLD
from tests.seal.ofd_samples import minimal_ofd
from tests.seal.pdf_samples import minimal_pdf
from tests.seal.world import MASTER_KEY, OWNER

SENDER = Actor("client", "agency")
PLACE = [StampPosition(1, 120, 200, 42, 42)]
START_SECONDS = 60
FILES = minimal_ofd(), minimal_pdf()
"""OFD and PDF, made once and handed to every child: a retry sends the same bytes."""

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.reliability.sealing_child"])


@dataclass(frozen=True)
class Ready:
    """A child that waits to be told: its threads by what they do."""

    process: BaseProcess
    pipe: Connection
    threads: dict[str, int]

    def ask(self, order: str, key: str = "") -> dict[str, Any] | None:
        """What it answers; None when it died over it."""
        try:
            self.pipe.send((order, key))
            answer: dict[str, Any] = self.pipe.recv()
        except (EOFError, OSError):
            self.process.join()
            return None
        return answer


@contextmanager
def child(directory: Path, start: int) -> Iterator[Ready]:
    """A process on the data below `directory`; its clock is ten minutes further at each start, so that leases end."""
    ours, theirs = _processes.Pipe()
    process = _processes.Process(target=_main, args=(str(directory), start, theirs, FILES))
    process.start()
    theirs.close()
    try:
        if not ours.poll(START_SECONDS):
            raise RuntimeError("the child did not come up")
        yield Ready(process, ours, ours.recv())
    finally:
        ours.close()
        process.kill()
        process.join()


def _main(directory: str, start: int, pipe: Connection, files: tuple[bytes, bytes]) -> None:
    log = os.open(Path(directory) / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    # A line of the log would be a system call among those to be counted.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    asyncio.run(_Sealing(Path(directory), start, pipe, files).serve())


class _Sealing:
    """Carries out what the parent says, one thing at a time."""

    def __init__(self, directory: Path, start: int, pipe: Connection, files: tuple[bytes, bytes]) -> None:
        self._directory = directory
        self._start = start
        self._pipe = pipe
        self._ofd, self._pdf = files

    def clock(self) -> datetime:
        return datetime.now(UTC) + timedelta(minutes=10) * self._start

    async def serve(self) -> None:
        # One thread for everything that blocks, so that each of its system calls can be named.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1, "worker"))
        database = Database(f"sqlite+aiosqlite:///{self._directory / 'seal.db'}")
        if self._start == 0:
            async with database.engine.begin() as connection:
                await connection.run_sync(AuditBase.metadata.create_all)
                await connection.run_sync(Base.metadata.create_all)
        services = build_services(
            Foundations(
                keystore=open_keystore(
                    f"file:{self._directory / 'keys'}", [MASTER_KEY], state=self._directory / "key-state"
                ),
                database=database,
                audit=AuditTrail(self.clock, b"k" * 32),
                clock=self.clock,
                ephemeral=InProcessStore(self.clock),
                blobs=FileBlobs(self._directory / "blobs"),
                envelope=Envelope(MASTER_KEY),
                public_url="https://zhengzhao.example.cn",
                font=KAI_BOLD,
            )
        )
        await services.authority.bootstrap()
        await services.intents.abandon_expired()
        await services.jobs.runner.run_waiting()
        seal_id = await self._seal(services)
        await services.signing.seal_together(self._documents(), seal_id, purpose="warm")
        self._pipe.send(self._threads())
        while (asked := await _received(self._pipe)) is not None:
            self._pipe.send(await self._answer(services, seal_id, *asked))
        os._exit(0)

    async def _seal(self, services: SealServices) -> str:
        for known in await services.register.seals():
            return known.id
        application = SealApplication(OWNER["name"], OWNER["uscc"], OWNER["name"])
        draft = await services.register.apply(Officer(Actor("user", "a"), OWNER["uscc"]), application)
        await services.register.approve(Officer(Actor("user", "b"), OWNER["uscc"]), draft.id)
        return draft.id

    def _threads(self) -> dict[str, int]:
        """The database's thread and the worker; the loop's own writes nothing but to wake others."""
        named = {thread.name: thread.native_id or 0 for thread in threading.enumerate()}
        others = [id for name, id in named.items() if name.startswith("Thread-")]
        return {"worker": named["worker_0"], **{f"database-{n}": id for n, id in enumerate(sorted(others))}}

    async def _answer(self, services: SealServices, seal_id: str, order: str, key: str) -> dict[str, Any]:
        try:
            if order == "together":
                sealed = await services.signing.seal_together(self._documents(), seal_id, purpose=f"licence:{key}")
                return {"digests": [_digest(each) for each in sealed]}
            return await self._job(services, seal_id, key)
        except XinyinError as refusal:
            return {"refused": refusal.code}

    def _documents(self) -> list[DocumentToSeal]:
        return [DocumentToSeal("ofd", self._ofd, PLACE), DocumentToSeal("pdf", self._pdf, PLACE)]

    async def _job(self, services: SealServices, seal_id: str, key: str) -> dict[str, Any]:
        use = IntendedUse("program", subject=SENDER.id, uscc=OWNER["uscc"])
        wish = Wish([LowerRight()], "job", use=use)
        request = JobRequest(seal_id, [SentFile("a.ofd", "ofd", self._ofd)], wish, SENDER, key=key)
        job = await services.jobs.create(request)
        for item_id in await services.jobs.item_ids(job.id):
            await services.jobs.runner.run_item(item_id)
        _item, data = await services.jobs.file(job.id, SENDER)
        return {"job": job.id, "digests": [_digest(data)]}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def _received(pipe: Connection) -> tuple[str, str] | None:
    """Waits on the loop itself, so that no further thread is there to be counted."""
    while not pipe.poll():
        await asyncio.sleep(0.002)
    try:
        asked: tuple[str, str] = pipe.recv()
    except EOFError:
        return None
    return asked
