"""`xinyin signer`: serve the keys of this machine to others."""

import asyncio
import contextlib
import ipaddress
import os
import ssl
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import structlog
import typer
import uvicorn

from kernel.crypto.custody.opening import open_keystore
from kernel.crypto.custody.pkcs11.shared_module import oldest_call_seconds
from kernel.crypto.startup.master_key import MasterKeyFile
from kernel.crypto.startup.selftest import run_self_tests
from kernel.errors import ConfigurationError
from kernel.logs import configure_logs
from xinyin.serving import LoopServer, running, until_stopped
from xinyin.settings import load_settings
from xinyin.signer.app import create_signer_app
from xinyin.signer.clients import read_clients

LONGEST_CALL_SECONDS = 60.0
STUCK = 70
_log = structlog.get_logger(__name__)

OptionalFile = Annotated[Path | None, typer.Option(exists=True, dir_okay=False)]


def signer(
    clients: Annotated[Path, typer.Option(help="Who may use which keys (TOML).", exists=True, dir_okay=False)],
    listen: Annotated[
        str, typer.Option(help="HOST:PORT, beyond this machine with TLS only; or unix:SOCKET.")
    ] = "127.0.0.1:8100",
    certificate: OptionalFile = None,
    key: OptionalFile = None,
    client_ca: Annotated[
        Path | None, typer.Option(help="Let in only who shows a certificate of this CA.", exists=True, dir_okay=False)
    ] = None,
) -> None:
    """Sign for other machines with the keys of this one (XINYIN_KEYS). Needs no database."""
    configure_logs(human=sys.stderr.isatty())
    run_self_tests()
    if (certificate is None) != (key is None) or (client_ca and not certificate):
        raise ConfigurationError("Give --certificate and --key together, and --client-ca only with them.")
    host, port, socket = _read_listen(listen)
    if not certificate and not socket and not _is_loopback(host):
        raise ConfigurationError("{host} can be reached from elsewhere: give --certificate and --key.", host=host)
    settings = load_settings()
    store = open_keystore(settings.keys, MasterKeyFile(settings.master_key_file), state=settings.key_state)
    app = create_signer_app(store, read_clients(clients))
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        uds=socket or None,
        ssl_certfile=str(certificate) if certificate else None,
        ssl_keyfile=str(key) if key else None,
        ssl_ca_certs=str(client_ca) if client_ca else None,
        ssl_cert_reqs=ssl.CERT_REQUIRED if client_ca else ssl.CERT_NONE,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=10,
    )
    asyncio.run(_serve(LoopServer(config), socket))


async def _serve(server: LoopServer, socket: str) -> None:
    async with running(server), _watching():
        if socket:
            os.chmod(socket, 0o660)  # once, before serving; its group may connect
        _log.info("signer is ready", socket=socket, port=server.config.port)
        await until_stopped()


@contextlib.asynccontextmanager
async def _watching() -> AsyncIterator[None]:
    """End the process when a call into a module hangs: nothing within it can free that call."""
    task = asyncio.create_task(_watch())
    try:
        yield
    finally:
        task.cancel()


async def _watch() -> None:
    while True:
        await asyncio.sleep(1)
        if oldest_call_seconds() > LONGEST_CALL_SECONDS:
            _log.critical("a call into the PKCS#11 module does not come back: this process ends to be started anew")
            os._exit(STUCK)


def _read_listen(listen: str) -> tuple[str, int, str]:
    """(host, port, socket); the socket is empty for HOST:PORT."""
    if listen.startswith("unix:/"):
        return "", 0, listen.removeprefix("unix:")
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ConfigurationError("--listen takes HOST:PORT or unix:/PATH/OF/SOCKET.")
    return host.strip("[]"), int(port), ""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
