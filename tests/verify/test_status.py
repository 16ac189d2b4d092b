"""With status lists at hand, a verifier without a network knows of revocations, and of its own ignorance."""

import asyncio
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kernel.crypto.jose import sign_jwt
from kernel.crypto.private_keys import generate_key
from licence_vault.licences.licence import Licence
from licence_vault.licences.protection import LicenceData
from licence_vault.licences.records import find_by
from licence_vault.status.encoding import StatusArray
from tests.houses import AGENCY, TestHouse, food_order, opened
from verify.cli import verify_offline
from verify.status.judging import StatusReference
from verify.trust_list.document import QrKey
from xinyin.chores import renew_trust_folder


@dataclass
class Offline:
    """A licence, its files, and a verifier that has nothing but a folder."""

    world: TestHouse
    licence: Licence
    files: dict[str, bytes]

    @property
    def folder(self) -> Path:
        return self.world.house.settings.trust_directory

    async def change(self, action: str) -> None:
        actor = self.world.requester().actor
        await self.world.house.licence_vault.changes.apply(action, self.licence.id, AGENCY.uscc, "测试", actor)

    async def renew(self) -> None:
        """A minute later, fetch the folder anew."""
        self.world.clock.advance(seconds=61)
        await renew_trust_folder(self.world.house)

    async def judge(self, at: datetime | None = None) -> dict[str, dict[str, Any]]:
        """The reports on both files and the printed code."""
        subjects: dict[str, bytes | str] = {**self.files, "qr": self.licence.qr}
        now = at or self.world.clock()
        return {
            name: (await asyncio.to_thread(verify_offline, subject, self.folder, lambda: now)).to_dict()
            for name, subject in subjects.items()
        }


@pytest.fixture
async def offline(tmp_path: Path) -> Any:
    async with opened(tmp_path) as world:
        vault = world.house.licence_vault
        licence = await vault.issuing.issue(food_order(), world.requester())
        async with world.house.foundation.database.reading() as session:
            row = await find_by(session, id=licence.id)
        assert row
        blobs, data = world.house.foundation.blobs, LicenceData(world.house.foundation.envelope)
        files = {
            "ofd": data.open_file(licence.id, "ofd", await blobs.get(row.ofd_blob)),
            "pdf": data.open_file(licence.id, "pdf", await blobs.get(row.pdf_blob)),
        }
        made = Offline(world, licence, files)
        await made.renew()
        yield made


def told(reports: dict[str, dict[str, Any]]) -> set[tuple[str, str | None]]:
    return {(report["indication"], report.get("sub_indication")) for report in reports.values()}


def status_check(report: dict[str, Any]) -> dict[str, Any]:
    return next(check for check in report["checks"] if check["name"] in ("Licence status", "证照状态"))


async def test_a_fresh_list_says_that_nothing_was_revoked(offline: Offline) -> None:
    reports = await offline.judge()
    assert told(reports) == {("TOTAL-PASSED", None)}
    assert {status_check(report)["result"] for report in reports.values()} == {"PASSED"}


async def test_a_revocation_is_known_without_a_network(offline: Offline) -> None:
    await offline.change("revoke")
    assert told(await offline.judge()) == {("TOTAL-PASSED", None)}  # the folder is from before
    await offline.renew()
    reports = await offline.judge()
    assert told(reports) == {("TOTAL-FAILED", "REVOKED")}
    assert {status_check(report)["result"] for report in reports.values()} == {"FAILED"}


async def test_a_suspension_is_told_and_ends(offline: Offline) -> None:
    await offline.change("suspend")
    await offline.renew()
    assert {report["indication"] for report in (await offline.judge()).values()} == {"INDETERMINATE"}
    await offline.change("resume")
    await offline.renew()
    assert told(await offline.judge()) == {("TOTAL-PASSED", None)}


async def test_a_stale_list_is_neither_valid_nor_broken(offline: Offline) -> None:
    reports = await offline.judge(offline.world.clock() + timedelta(hours=30))
    assert told(reports) == {("INDETERMINATE", "TRY_LATER")}
    assert all("30" in status_check(report)["detail"] for report in reports.values())


async def test_a_list_from_before_the_licence_says_nothing_about_it(offline: Offline) -> None:
    lists = offline.world.house.licence_vault.statuses
    first = await lists.token(1)
    offline.world.clock.advance(hours=2)
    licence = await offline.world.house.licence_vault.issuing.issue(food_order(), offline.world.requester())
    for file in (offline.folder / "status").glob("*.jwt"):
        file.write_text(first)
    later = replace(offline, licence=licence, files={})
    assert status_check((await later.judge())["qr"])["result"] == "WARNING"


async def test_without_lists_the_status_is_said_to_be_unknown(offline: Offline) -> None:
    for file in (offline.folder / "status").glob("*.jwt"):
        file.unlink()
    reports = await offline.judge()
    assert {status_check(report)["result"] for report in reports.values()} == {"WARNING"}


@pytest.mark.parametrize("forgery", ["another key", "changed", "cut", "another type", "not a list"])
async def test_a_forged_list_is_as_good_as_none(offline: Offline, forgery: str) -> None:
    await offline.change("revoke")
    await offline.renew()
    (file,) = (offline.folder / "status").glob("*.jwt")
    uri = f"{offline.world.house.settings.public_url}/api/v1/status/1"
    now = int(offline.world.clock().timestamp())
    clean = {"bits": 2, "lst": StatusArray.of(1 << 18, {}).lst}
    claims = {"sub": uri, "iat": now, "exp": now + 3600, "status_list": clean}
    token = file.read_text()
    file.write_text(
        {
            "another key": sign_jwt(claims, generate_key("ES256"), typ="statuslist+jwt"),
            "changed": token[:200] + ("A" if token[200] != "A" else "B") + token[201:],
            "cut": token[:-10],
            "another type": sign_jwt(claims, generate_key("ES256")),
            "not a list": "这不是清单",
        }[forgery],
        encoding="utf-8",
    )
    reports = await offline.judge()
    assert {status_check(report)["result"] for report in reports.values()} == {"WARNING"}


async def test_one_issuer_cannot_clear_the_licences_of_another(offline: Offline) -> None:
    """Both are trusted for their own licences; a list counts below its signer's own address alone."""
    await offline.change("revoke")
    await offline.renew()
    stranger = generate_key("ES256")
    keys = offline.folder / "status-keys.json"
    known = keys.read_text(encoding="utf-8").rstrip().removesuffix("]").rstrip()
    entry = QrKey("00000000", "ES256", stranger.public_spki, "https://elsewhere.example").to_json()
    keys.write_text(f"{known}, {json.dumps(entry)}]", encoding="utf-8")
    uri = f"{offline.world.house.settings.public_url}/api/v1/status/1"
    now = int(offline.world.clock().timestamp()) + 5
    clean = {"bits": 2, "lst": StatusArray.of(1 << 18, {}).lst}
    forged = sign_jwt({"sub": uri, "iat": now, "exp": now + 3600, "status_list": clean}, stranger, typ="statuslist+jwt")
    (offline.folder / "status" / "99.jwt").write_text(forged)
    assert {report["indication"] for report in (await offline.judge()).values()} == {"TOTAL-FAILED"}


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("https://a.example/api/v1/status/3#1234", True),
        ("http://localhost:8000/api/v1/status/1#0", True),
        ("https://a.example/api/v1/status/0#1", False),
        ("https://a.example/api/v1/status/3#-1", False),
        ("https://a.example/other/3#1", False),
        ("ftp://a.example/api/v1/status/3#1", False),
        ("", False),
    ],
)
def test_a_reference_is_read_strictly(text: str, reads: bool) -> None:
    assert (StatusReference.parse(text) is not None) is reads
