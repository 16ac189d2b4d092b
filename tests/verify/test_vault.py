"""Verification over the real vault: what was issued passes as file, code and photo until its state changes."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from kernel.audit.chain import AuditTrail
from kernel.database.engine import Database
from kernel.i18n import DISPLAY_ZONE
from licence_vault.licences.licence import Licence
from licence_vault.presentations.service import Showing
from seal.documents.positions import StampPosition
from tests.seal.pki import SealPki
from tests.vault_rooms import APPROVER, Rooms, open_rooms
from tests.verify.sealed_files import licence_ofd
from tests.verify.world import PUBLIC_URL, World
from verify.cli import verify_offline
from verify.trust_list.directory import export_trust_list
from verify.trust_list.source import ServiceTrust
from verify.vault import VaultStandings


@dataclass
class House:
    """The real rooms with one licence in them."""

    world: World
    rooms: Rooms
    trust: ServiceTrust
    licence: Licence
    client: httpx.AsyncClient

    async def file(self, format: str) -> bytes:
        return await self.rooms.vault.lookup.file(self.licence, format)

    async def verify_file(self, format: str) -> dict[str, Any]:
        answer = await self.client.post("/api/v1/verifications", files={"file": ("a", await self.file(format))})
        report: dict[str, Any] = answer.json()
        return report

    async def verify_qr(self, text: str) -> dict[str, Any]:
        report: dict[str, Any] = (await self.client.post("/api/v1/verifications", json={"qr": text})).json()
        return report


@pytest.fixture
async def house(pki: SealPki, tmp_path: Path) -> AsyncIterator[House]:
    world = World(pki)
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'house.db'}")
    rooms = await open_rooms(database, AuditTrail(world.clock, bytes(32)), world.clock, tmp_path, PUBLIC_URL)
    trust = ServiceTrust(rooms.seals.publication, rooms.seals.signing, issuer="示例市", clock=world.clock)
    standings = VaultStandings(rooms.vault.lookup, rooms.vault.presentations, world.clock, ledger=rooms.vault.ledger)
    world.build(trust=trust, receipts=rooms.seals.signing, standings=standings)
    headers = {"Accept": "application/json", "Accept-Language": "en"}
    transport = httpx.ASGITransport(app=world.app)
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL, headers=headers) as client:
        yield House(world, rooms, trust, await rooms.issue(), client)
    await database.dispose()


@pytest.mark.parametrize(("format", "kind"), [("ofd", "SES"), ("pdf", "PAdES")])
async def test_an_issued_file_passes_and_names_its_licence(house: House, format: str, kind: str) -> None:
    report = await house.verify_file(format)
    assert (report["indication"], report["code"]) == ("TOTAL-PASSED", 0), report
    assert [each["kind"] for each in report["signatures"]] == [kind]
    assert report["licence"]["identifier"] == house.licence.identifier
    assert report["licence"]["holder_masked"] == house.licence.content.holder.name  # an organisation's name is public


async def test_the_printed_code_passes_and_its_page_shows_the_public_face(house: House) -> None:
    report = await house.verify_qr(house.licence.qr)
    assert (report["indication"], report["code"]) == ("TOTAL-PASSED", 0), report
    assert report["signatures"][0]["kind"] == "COSE"
    verdict = (await house.client.get(f"/V/{house.licence.handle}")).json()
    assert (verdict["state"], verdict["licence"]["type_name"]) == ("valid", "营业执照")


@pytest.mark.parametrize("format", ["ofd", "pdf"])
async def test_a_revocation_is_seen_at_once_everywhere(house: House, format: str) -> None:
    await house.rooms.change("revoke", house.licence, "提供虚假材料取得")
    report = await house.verify_file(format)
    assert (report["indication"], report["sub_indication"]) == ("TOTAL-FAILED", "REVOKED")
    assert report["licence"]["status_cause"] == "提供虚假材料取得"
    assert (await house.client.get(f"/v/{house.licence.handle}")).json()["state"] == "revoked"
    assert (await house.verify_qr(house.licence.qr))["code"] == 3


async def test_a_suspended_licence_comes_back(house: House) -> None:
    await house.rooms.change("suspend", house.licence)
    assert (await house.verify_file("ofd"))["indication"] == "INDETERMINATE"
    await house.rooms.change("resume", house.licence)
    assert (await house.verify_file("ofd"))["indication"] == "TOTAL-PASSED"


async def test_a_code_on_a_phone_shows_what_its_holder_chose_and_then_lapses(house: House) -> None:
    shown = await house.rooms.vault.presentations.present(
        house.licence, "holder-1", Showing(["holder_name", "fields.enterprise_type"], 60, purpose="租赁店面")
    )
    verdict = (await house.client.get(f"/v/{shown.code}")).json()
    assert verdict["licence"]["disclosed"] == {"holder_name": "示例餐饮管理有限公司"}
    assert [each["label"] for each in verdict["licence"]["shown_fields"]] == ["enterprise_type"]
    assert verdict["licence"]["presentation"]["purpose"] == "租赁店面"
    page = (await house.client.get(f"/v/{shown.code}", headers={"Accept": "text/html"})).text
    assert "租赁店面" in page
    assert verdict["licence"]["shown_fields"][0]["text"] in page
    house.world.pass_time(seconds=61)
    assert (await house.client.get(f"/v/{shown.code}")).status_code == 410


async def test_how_it_stood_on_a_day_that_is_over(house: House) -> None:
    def on(days: int) -> str:
        return (
            f"/v/{house.licence.handle}?on={(house.world.now + timedelta(days=days)).astimezone(DISPLAY_ZONE):%Y-%m-%d}"
        )

    house.world.pass_time(days=10)
    await house.rooms.change("suspend", house.licence)
    house.world.pass_time(days=10)
    await house.rooms.change("resume", house.licence)
    house.world.pass_time(days=10)
    await house.rooms.change("revoke", house.licence)
    house.world.pass_time(days=10)
    told = [(await house.client.get(on(days))).json()["on"]["state"] for days in (-60, -35, -25, -15, -5, 0)]
    assert told == ["not_issued", "valid", "suspended", "valid", "revoked", "revoked"]


async def test_every_look_stands_in_the_holders_record(house: House) -> None:
    await house.client.get(f"/v/{house.licence.handle}")
    await house.verify_file("pdf")
    ways = [each.way for each in await house.rooms.vault.lookup.accesses(house.licence)]
    assert ways == ["file", "handle"]


async def test_file_and_code_pass_without_the_service(house: House, tmp_path: Path) -> None:
    export_trust_list(await house.trust.published(), tmp_path / "trust")
    for given in (await house.file("ofd"), await house.file("pdf"), house.licence.qr):
        report = verify_offline(given, tmp_path / "trust", house.world.clock)
        assert report.to_dict()["indication"] == "TOTAL-PASSED", report.to_dict()


async def test_one_licences_fate_does_not_touch_another(house: House) -> None:
    other = await house.rooms.issue()
    await house.rooms.change("revoke", other)
    assert (await house.verify_file("ofd"))["indication"] == "TOTAL-PASSED"


async def test_a_seal_whose_key_was_stolen_takes_its_files_with_it(house: House) -> None:
    await house.rooms.seals.register.revoke(APPROVER, house.rooms.seal_id, "key-compromise")
    assert (await house.verify_file("ofd"))["indication"] != "TOTAL-PASSED"


async def test_the_public_log_vouches_for_the_file(house: House) -> None:
    report = await house.verify_file("pdf")
    assert report["licence"]["log_entry"] == {"index": 0, "tree_size": 1}
    assert any("Entry 1 of 1 in the public log" in check["detail"] for check in report["checks"])


async def test_a_record_changed_behind_the_logs_back_is_noticed(house: House) -> None:
    """Whoever can write to the database and use the seal still cannot make the log say so."""
    sealer, unsealed = house.rooms.seals.signing, licence_ofd(house.licence.identifier)
    forged = await sealer.seal_ofd(unsealed, house.rooms.seal_id, [StampPosition(1, 120, 200, 42, 42)])
    async with house.rooms.database.transaction() as session:
        change = text("UPDATE vault_licence SET ofd_digest = :digest")
        await session.execute(change, {"digest": hashlib.sha256(forged).hexdigest()})
    answer = await house.client.post("/api/v1/verifications", files={"file": ("a", forged)})
    details = [check["detail"] for check in answer.json()["checks"]]
    assert "The public log does not hold this file. Tell the issuer." in details
    assert answer.json()["signatures"][0]["indication"] == "TOTAL-PASSED"
    assert (answer.json()["indication"], answer.json()["sub_indication"]) == ("INDETERMINATE", "HASH_FAILURE")
