"""Two vaults in processes of their own, each with its database, its files and its port: a city's and a province's."""

import asyncio
import contextlib
import multiprocessing
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import httpx

from idp.clients.client import ClientRegistration
from kernel.audit.chain import Actor
from kernel.logs import configure_logs
from licence_vault.caller import Issuer
from licence_vault.neighbours.neighbour import NewNeighbour
from tests.houses import AGENCY, OTHER_AGENCY, house_settings, make_seal
from xinyin.app import create_app
from xinyin.house import House, open_house
from xinyin.serving import make_server, running, until_stopped

CITY = Issuer("11999999000010022Q", "虚构市政务服务数据管理局")
PROVINCE = Issuer("11990000999999001Y", "虚构省政务服务数据管理局")
KEY = secrets.token_hex(32)
OPERATOR = Actor("system", "command-line")
START_SECONDS = 120
PAUSE_SECONDS = 1.0
"""Sixty calls that find nothing within ten minutes would have the asking program stopped."""

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.licence_vault.neighbours.vaults"])


@dataclass(frozen=True)
class Place:
    """Where a vault is: its folder, its port, its database."""

    directory: Path
    port: int
    database_url: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> Any:
        return house_settings(self.directory, self.database_url, port=self.port, public_url=self.url)


async def program(house: House, name: str, scopes: str, agency: Issuer) -> str:
    """A program of an agency, called by its name; gives its secret."""
    registration = ClientRegistration(
        name=name,
        client_id=name,
        role="agency",
        scopes=tuple(scopes.split()),
        grant_types=("client_credentials",),
        organisation_uscc=agency.uscc,
        organisation_name=agency.name,
    )
    _client, secret = await house.idp.clients.create(registration)
    return secret or ""


def neighbour(side: str, authority: Issuer, url: str, secret: str) -> NewNeighbour:
    """The other vault, as an operator would add it; each calls by the client named after itself."""
    own, theirs = ("city", "province") if side == "above" else ("province", "city")
    return NewNeighbour(theirs, side, authority, url, own, secret, theirs, KEY)


async def prepare(city: Place, province: Place) -> dict[str, str]:
    """Both houses, with programs, each other's neighbour; gives the secrets of the programs."""
    async with open_house(city.settings) as below, open_house(province.settings) as above:
        await make_seal(below, AGENCY)
        secret_there = await program(above, "city", "licence:share", CITY)
        secret_here = await program(below, "province", "licence:share", PROVINCE)
        await below.licence_vault.neighbours.add(neighbour("above", PROVINCE, province.url, secret_there), OPERATOR)
        await above.licence_vault.neighbours.add(neighbour("below", CITY, city.url, secret_here), OPERATOR)
        return {
            "issuer": await program(below, "issuer", "licence:read licence:issue licence:manage", AGENCY),
            "asker": await program(above, "asker", "licence:share", OTHER_AGENCY),
        }


def serve(place: Place) -> None:
    """Serve until told to stop, telling neighbours meanwhile. Runs in the child."""
    log = os.open(place.directory / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    configure_logs(human=False)
    asyncio.run(_serve(place))


async def _serve(place: Place) -> None:
    async with open_house(place.settings) as house:
        server = running(make_server(create_app(house), place.settings))
        async with house.licence_vault.neighbour_runner.work.running(), server:
            await until_stopped()


@contextmanager
def service(place: Place) -> Iterator[BaseProcess]:
    """A child that serves; killed at the end of the block."""
    process = _processes.Process(target=serve, args=(place,))
    process.start()
    try:
        until(lambda: _is_ready(process, place), "the vault does not start")
        yield process
    finally:
        process.kill()
        process.join()


def _is_ready(process: BaseProcess, place: Place) -> bool:
    if not process.is_alive():
        raise RuntimeError((place.directory / "log").read_text())
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(f"{place.url}/healthz", timeout=5).status_code == 200
    return False


def until(holds: Callable[[], Any], complaint: str, seconds: float = START_SECONDS) -> Any:
    """What `holds` gives as soon as it is something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := holds():
            return found
        time.sleep(PAUSE_SECONDS)
    raise AssertionError(complaint)


class Program:
    """An agency's program at a vault."""

    def __init__(self, place: Place, name: str, secret: str, scopes: str) -> None:
        self._place, self._name, self._secret, self._scopes = place, name, secret, scopes

    def post(self, path: str, body: Any) -> httpx.Response:
        form = {"grant_type": "client_credentials", "scope": self._scopes}
        auth = (self._name, self._secret)
        told = httpx.post(f"{self._place.url}/oauth2/token", data=form, auth=auth, timeout=30)
        headers = {"Authorization": f"Bearer {told.json()['access_token']}", "Accept-Language": "en"}
        return httpx.post(self._place.url + path, json=body, headers=headers, timeout=60)
