"""After every way in which a licence comes and goes, nothing that it says can be read in what the service keeps.

The whole house in this process, on SQLite and on PostgreSQL: the database (its files, or every row of every table),
the blobs, the keys, the trust folder, and what was logged.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from sqlalchemy import text

from licence_vault.batches.service import FileOrder
from licence_vault.batches.states import RowState
from tests.houses import (
    AGENCY,
    CITIZEN_NAME,
    CITIZEN_NUMBER,
    FOOD,
    OTHER_AGENCY,
    TestHouse,
    food_order,
    make_seal,
    opened,
)
from tests.licence_vault.forms.wallet import Wallet
from tests.licence_vault.sharing.conftest import PURPOSE, browser, call, person, program
from tests.licence_vault.wallets.taking import ask, make_offer, nonce, proof, redeem
from xinyin.app import create_app

SAID = {
    "holder": CITIZEN_NAME,
    "number": CITIZEN_NUMBER,
    "representative": "欧阳未见",
    "residence": "虚构市无名巷七十七号",
    "phone": "13800005678",
    "licence number": "JY19900000004242",
}


def order() -> dict[str, Any]:
    fields = food_order()["fields"] | {
        "legal_representative": SAID["representative"],
        "residence": SAID["residence"],
        "complaint_phone": SAID["phone"],
        "licence_number": SAID["licence number"],
    }
    return food_order(fields=fields)


class Story:
    """What happens to a licence, by the doors that programs and people use."""

    def __init__(self, world: TestHouse) -> None:
        self.world = world
        self.app = create_app(world.house)
        self.secrets: dict[str, str] = {}

    async def run(self) -> None:
        world, app = self.world, self.app
        agency = await program(world, app, "licence:read licence:issue licence:manage", AGENCY.uscc, AGENCY.name)
        asker = await program(world, app, "licence:share", OTHER_AGENCY.uscc, OTHER_AGENCY.name)
        # What an account is called is public and its owner's choice; here it is not their name.
        holder = await person(world, app, "holder", CITIZEN_NUMBER, "小满")
        made = (await agency.post("/api/v1/licences", json=order())).json()
        await self.forms(agency, made)
        await self.wallet(holder, made)
        await self.sharing(asker, holder, made)
        await self.batch(agency)
        again = await agency.post(f"/api/v1/licences/{made['id']}/reissue", json={})
        assert again.status_code == 201, again.text
        assert (await holder.get("/me/licences", headers={"Accept": "text/html"})).status_code == 200

    async def forms(self, agency: httpx.AsyncClient, made: dict[str, Any]) -> None:
        for format in ("ofd", "pdf", "json", "sd-jwt"):
            answer = await agency.get(f"/api/v1/licences/{made['id']}/file?format={format}")
            files = {"file": (f"a.{format}", answer.content)}
            report = (await agency.post("/api/v1/verifications", files=files)).json()
            assert report["indication"] == "TOTAL-PASSED", report

    async def wallet(self, holder: httpx.AsyncClient, made: dict[str, Any]) -> None:
        anyone, wallet = browser(self.world, self.app), Wallet()
        offered = await make_offer(holder, anyone, made)
        token = (await redeem(anyone, offered)).json()["access_token"]
        proven = proof(wallet, offered.offer["credential_issuer"], await nonce(anyone))
        credential = (await ask(anyone, token, offered.configuration, proven)).json()["credentials"][0]["credential"]
        report = await anyone.post("/api/v1/verifications", json={"credential": wallet.show(credential, {"name"})})
        assert report.json()["shown"]["holder"] == {"name": CITIZEN_NAME}
        self.secrets |= {"wallet's token": token, "offer": offered.code, "credential": credential.split("~")[1]}

    async def sharing(self, asker: httpx.AsyncClient, holder: httpx.AsyncClient, made: dict[str, Any]) -> None:
        until = self.world.clock().replace(microsecond=0).isoformat().replace("2026", "2027")
        grant = {"licence": made["id"], "grantee": {"uscc": OTHER_AGENCY.uscc}, "purpose": PURPOSE, "until": until}
        given = await holder.post(
            "/api/v1/me/grants", json=grant | {"fields": ["holder_name", "residence"], "file": True}
        )
        assert given.status_code == 201, given.text
        wish = call({"kind": "grant"}, identifier=made["identifier"], fields=["holder_name", "residence"], copy="pdf")
        fetched = (await asker.post("/api/v1/sharing/fetch", json=wish)).json()
        assert fetched["fields"]["residence"] == SAID["residence"]

    async def batch(self, agency: httpx.AsyncClient) -> None:
        vault = self.world.house.licence_vault
        rows = json.dumps(order(), ensure_ascii=False).encode()
        created = await vault.batches.create(FileOrder(FOOD, rows, starts_itself=True), self.world.requester())
        while await vault.batch_runner.step(created.id):
            pass
        batch = await vault.batches.load(created.id, AGENCY.uscc)
        assert batch.finished
        assert batch.count(RowState.ISSUED) == 1


async def kept(world: TestHouse, folder: Path) -> list[tuple[str, bytes]]:
    """Everything that the service has written: files, and the rows of a database that is elsewhere."""
    files = [(str(path.relative_to(folder)), path.read_bytes()) for path in sorted(folder.rglob("*")) if path.is_file()]
    database = world.house.foundation.database
    async with database.reading() as session:
        if session.get_bind().dialect.name != "postgresql":
            return files
        names = (await session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))).all()
        for name in names:
            rows = (await session.scalars(text(f'SELECT each::text FROM "{name}" AS each'))).all()
            files.append((name, "\n".join(rows).encode()))
    return files


def spellings(secret: str) -> Iterator[bytes]:
    """How a text may stand in a file: as it is, in JSON, in an address, in UTF-16, as PostgreSQL writes bytes."""
    for spelling in (secret, json.dumps(secret)[1:-1], quote(secret), secret.encode().hex()):
        yield spelling.encode()
    yield secret.encode("utf-16-be")
    yield secret.encode("utf-16-le")


def found(files: list[tuple[str, bytes]], secrets: dict[str, str]) -> set[tuple[str, str]]:
    return {
        (what, name)
        for what, secret in secrets.items()
        for spelling in spellings(secret)
        for name, data in files
        if spelling in data
    }


async def test_nothing_is_kept_or_logged_in_plain(
    tmp_path: Path, any_database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with opened(tmp_path, any_database_url) as world:
        await make_seal(world.house, OTHER_AGENCY)
        story = Story(world)
        await story.run()
        files = await kept(world, tmp_path)
    logged = capsys.readouterr()
    files.append(("log", (logged.out + logged.err).encode()))
    assert found(files, {"public": AGENCY.name}), "the search would find what is there"
    assert b"key used" in files[-1][1]
    assert found(files, SAID | story.secrets) == set()
