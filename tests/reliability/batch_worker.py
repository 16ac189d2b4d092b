"""One worker of batches in a process that a test may kill and start again."""

import asyncio
import multiprocessing
import os
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

from kernel.logs import configure_logs
from tests.houses import house_settings
from xinyin.house import open_house

LEASE_SECONDS = 2.0

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.reliability.batch_worker"])


def work(directory: str, database_url: str) -> None:
    """Work until killed. Runs in the child."""
    log = os.open(Path(directory) / "worker.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    configure_logs(human=False)
    asyncio.run(_work(Path(directory), database_url))


async def _work(directory: Path, database_url: str) -> None:
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(open_house(house_settings(directory, database_url)))
        await stack.enter_async_context(house.licence_vault.batch_runner.another(LEASE_SECONDS).work.running())
        await asyncio.Event().wait()


@contextmanager
def worker(directory: Path, database_url: str) -> Iterator[BaseProcess]:
    """A child that works; killed, if it still runs, when the block ends."""
    process = _processes.Process(target=work, args=(str(directory), database_url))
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()
