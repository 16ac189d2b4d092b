"""python-cas, unchanged, talks to a running provider in every version of the protocol."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import cas
import pytest
import uvicorn

from idp.persons.records import load_person
from tests.idp.cas.application import Callbacks
from tests.idp.cas.test_protocol import register, ticket_for
from tests.idp.conftest import HandClock, Provider, run_provider
from tests.idp.people import enter_person, signed_in_browser


@pytest.fixture
async def served(tmp_path: Path, clock: HandClock, spare_port: int) -> AsyncIterator[tuple[Provider, str]]:
    async for provider in run_provider(tmp_path, clock):
        config = uvicorn.Config(provider.app, port=spare_port, log_level="critical", lifespan="off")
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.02)
        yield provider, f"http://127.0.0.1:{spare_port}/cas/"
        server.should_exit = True
        await task


@pytest.mark.parametrize("version", [1, 2, 3])
async def test_it_learns_who_it_is(served: tuple[Provider, str], callbacks: Callbacks, version: int) -> None:
    provider, address = served
    person = await enter_person(provider)
    async with provider.database.transaction() as session:
        (await load_person(session, person)).username = "ming"
    await register(provider, callbacks.address, user="username", attributes=("name",))
    service = f"{callbacks.address}/home?next=%2Fmy%20page"
    client: Any = cas.CASClient(version=version, service_url=service, server_url=address)
    browser = await signed_in_browser(provider)
    ticket = await ticket_for(browser, service)

    user, attributes, _iou = await asyncio.to_thread(client.verify_ticket, ticket)

    assert user == "ming"
    if version == 3:
        assert attributes["name"] == "小明"
    assert (await asyncio.to_thread(client.verify_ticket, ticket))[0] is None
