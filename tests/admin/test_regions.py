"""The console's page of other regions: one brings a pack, another approves it, either ends the trust."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from idp.roles.scopes import Role
from kernel.audit.chain import AuditTrail
from kernel.audit.records import Base as AuditBase
from kernel.crypto.private_keys import generate_key
from kernel.database.engine import Database
from tests.admin.conftest import AUDIT_KEY, Console
from tests.verify.regions.packs import WEST, region_pack
from verify.regions.service import Regions
from verify.schema import Base

PATH = "/console/regions"
WHERE = "Handed over in person; fingerprint read out by telephone"


@pytest.fixture
async def regions(console: Console, tmp_path: Path) -> AsyncIterator[Regions]:
    """The console's own, over a database of its own."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'regions.db'}")
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        await connection.run_sync(AuditBase.metadata.create_all)
    audit = AuditTrail(console.provider.clock, AUDIT_KEY)
    found = Regions(database, audit, console.provider.clock, own_issuer="https://east.example")
    console.app.state.admin = replace(console.app.state.admin, regions=found)
    yield found
    await database.dispose()


async def bring(console: Console, pack: bytes, **changes: str) -> httpx.Response:
    given = {"name": "West", "provenance": WHERE} | changes
    return await console.post(PATH, PATH, files={"pack": ("pack.json", pack, "application/json")}, **given)


async def test_two_persons_make_a_region_trusted_and_one_ends_it(console: Console, regions: Regions) -> None:
    console.sit(Role.SECURITY_ADMIN, subject="one")
    assert "No other regions yet" in (await console.get(PATH)).text
    pack = region_pack(generate_key("ES256"), console.provider.clock())
    assert (await bring(console, pack)).status_code == 303
    (waiting,) = await regions.listed()
    mine = (await console.get(PATH)).text
    assert "Somebody else must approve it." in mine
    assert WHERE in mine
    approval = f"{PATH}/{waiting.id}/approve"
    assert (await console.post(PATH, approval)).status_code == 403
    console.sit(Role.SECURITY_ADMIN, subject="two")
    assert (await console.post(PATH, approval)).status_code == 303
    assert [each.pack.issuer for each in await regions.trusted()] == [WEST]
    assert "Trusted" in (await console.get(PATH)).text
    assert (await console.post(PATH, f"{PATH}/{waiting.id}/revoke", reason="Key stolen")).status_code == 303
    assert await regions.trusted() == ()
    assert "Key stolen" in (await console.get(PATH)).text


async def test_what_is_no_pack_is_refused_with_a_reason_and_what_was_entered_stays(
    console: Console, regions: Regions
) -> None:
    console.sit(Role.SECURITY_ADMIN, subject="one")
    answer = await bring(console, b"{}")
    assert answer.status_code == 400
    assert "not a trust pack" in answer.text
    assert WHERE in answer.text
    assert (await bring(console, b"{}", provenance="")).status_code == 400
    assert await regions.listed() == []


async def test_it_is_for_security_administrators_alone(console: Console, regions: Regions) -> None:
    console.sit(Role.SYSTEM_ADMIN, Role.OFFICER)
    assert (await console.get(PATH)).status_code == 403
