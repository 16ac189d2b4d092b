"""`xinyin serve | gateway | demo`."""

import asyncio
import os
import subprocess
import sys
from typing import Annotated

import typer
import uvicorn

from kernel.logs import configure_logs
from xinyin.app import create_app
from xinyin.chores import chores_running
from xinyin.demo.running import VAR, run_demo
from xinyin.house import House, open_house
from xinyin.serving import make_server, running, until_stopped
from xinyin.settings import Settings, load_settings

Host = Annotated[str | None, typer.Option(help="Where to listen; XINYIN_HOST else.")]
Port = Annotated[int | None, typer.Option(help="XINYIN_PORT else.")]


def serve(
    host: Host = None,
    port: Port = None,
    workers: Annotated[int | None, typer.Option(help="Processes; XINYIN_WORKERS else.")] = None,
    gateway_port: Annotated[int | None, typer.Option(help="XINYIN_GATEWAY_PORT else.")] = None,
    with_gateway: Annotated[bool, typer.Option("--gateway/--no-gateway", help="Start the gateway too.")] = True,
) -> None:
    """Start the service, and the gateway beside it."""
    given = {"host": host, "port": port, "workers": workers, "gateway_port": gateway_port}
    settings = load_settings(**{name: value for name, value in given.items() if value is not None})
    configure_logs(human=sys.stderr.isatty())
    if settings.workers > 1:
        _serve_with_workers(settings, with_gateway)
    else:
        asyncio.run(_serve(settings, with_gateway))


def gateway(host: Host = None, port: Port = None) -> None:
    """Start the gateway alone."""
    given = {"host": host, "gateway_port": port}
    settings = load_settings(**{name: value for name, value in given.items() if value is not None})
    configure_logs(human=sys.stderr.isatty())

    async def work() -> None:
        async with open_house(settings) as house, house.gateway_running():
            await until_stopped()

    asyncio.run(work())


def demo() -> None:
    """Start everything with invented data and sandbox providers, and print how to look at it."""
    VAR.mkdir(exist_ok=True)
    configure_logs(file=VAR / "xinyin.log")
    asyncio.run(run_demo(load_settings(mode="demo")))


async def _serve(settings: Settings, with_gateway: bool) -> None:
    async with open_house(settings) as house:
        server = make_server(create_app(house), settings)
        async with running(server), chores_running(house):
            await _with_gateway(house) if with_gateway else await until_stopped()


async def _with_gateway(house: House) -> None:
    async with house.gateway_running():
        await until_stopped()


def _serve_with_workers(settings: Settings, with_gateway: bool) -> None:
    """Several processes behind one port; what was given on the command line reaches them through the environment."""
    environment = {f"XINYIN_{name.upper()}": str(getattr(settings, name)) for name in ("host", "port", "gateway_port")}
    os.environ.update(environment)
    beside = subprocess.Popen([sys.executable, "-m", "xinyin", "gateway"]) if with_gateway else None
    try:
        uvicorn.run(
            "xinyin.app:from_environment",
            factory=True,
            host=settings.host,
            port=settings.port,
            workers=settings.workers,
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=True,
            forwarded_allow_ips=list(settings.trusted_proxies),
            timeout_graceful_shutdown=10,
        )
    finally:
        if beside is not None:
            beside.terminate()
            beside.wait()
