"""Running the servers: the service, the gateway beside it, and whatever else shares the loop."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Iterator
from typing import Any

import uvicorn

from kernel.errors import Unavailable
from xinyin.settings import Settings


class LoopServer(uvicorn.Server):
    """A uvicorn server that shares its loop with others: the signals are ours to handle, not each server's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signal handlers alone."""
        yield


def make_server(app: Any, settings: Settings) -> LoopServer:
    """A server for an application that is built already; our own middleware writes the access log."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=True,
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=10,
    )
    return LoopServer(config)


@contextlib.asynccontextmanager
async def running(server: LoopServer) -> AsyncIterator[None]:
    """Have `server` answer during the block. Raises `Unavailable` when its port is taken."""
    task = asyncio.create_task(_serve(server))
    try:
        while not server.started:
            if task.done():
                await task
                raise _port_taken(server)
            await asyncio.sleep(0.01)
        yield
    finally:
        server.should_exit = True
        with contextlib.suppress(Unavailable):
            await task


async def _serve(server: LoopServer) -> None:
    try:
        await server.serve()
    except SystemExit as failure:  # uvicorn's way of saying that it cannot bind
        raise _port_taken(server) from failure


def _port_taken(server: LoopServer) -> Unavailable:
    return Unavailable("Port {port} is taken. Choose another one.", port=server.config.port)


async def until_stopped() -> None:
    """Wait for SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()
