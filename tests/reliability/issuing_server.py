"""The service alone, without sandbox and legacy application, in a process that a test may kill and start again.

Processes are forked from one that has imported everything, so that a start takes a second and not five.
"""

import asyncio
import contextlib
import multiprocessing
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

import httpx

from idp.clients.client import ClientRegistration
from kernel.logs import configure_logs
from tests.houses import AGENCY, house_settings, make_seal
from xinyin.app import create_app
from xinyin.house import open_house
from xinyin.serving import make_server, running, until_stopped

CLIENT_ID = "agency-under-fire"
SCOPES = ("licence:read", "licence:issue", "licence:manage")
START_SECONDS = 60

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.reliability.issuing_server"])


async def prepare(directory: Path) -> str:
    """A house with an agency, its seal and its program; gives the program's secret."""
    async with open_house(house_settings(directory)) as house:
        await house.idp.organisations.create(AGENCY.uscc, AGENCY.name, "agency")
        await make_seal(house, AGENCY)
        registration = ClientRegistration(
            name="业务系统",
            role="agency",
            client_id=CLIENT_ID,
            scopes=SCOPES,
            grant_types=("client_credentials",),
            organisation_uscc=AGENCY.uscc,
            organisation_name=AGENCY.name,
        )
        _client, secret = await house.idp.clients.create(registration)
        return secret or ""


def serve(directory: str, port: int) -> None:
    """Serve the house below `directory` until told to stop. Runs in the child."""
    log = os.open(Path(directory) / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    configure_logs(human=False)
    asyncio.run(_serve(Path(directory), port))


async def _serve(directory: Path, port: int) -> None:
    settings = house_settings(directory, port=port)
    async with open_house(settings) as house, running(make_server(create_app(house), settings)):
        await until_stopped()


@contextmanager
def service(directory: Path, port: int) -> Iterator[BaseProcess]:
    """A child that serves; killed, if it still runs, when the block ends."""
    process = _processes.Process(target=serve, args=(str(directory), port))
    process.start()
    try:
        _await_ready(process, port, directory)
        yield process
    finally:
        process.kill()
        process.join()


def _await_ready(process: BaseProcess, port: int, directory: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.is_alive():
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5).status_code == 200:
                return
        time.sleep(0.05)
    raise RuntimeError(f"the service did not start: {(directory / 'log').read_text(encoding='utf-8')[-3000:]}")
