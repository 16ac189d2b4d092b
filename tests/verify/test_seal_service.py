"""Verification over the real seal service: its documents pass, a revoked seal is seen at once, it signs receipts."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from kernel.audit.chain import Actor, AuditTrail
from kernel.audit.records import Base as AuditBase
from kernel.blobs.files import FileBlobs
from kernel.crypto.custody.files import FileKeyStore
from kernel.crypto.envelope import Envelope
from kernel.crypto.jose import JwkSet, verify_jws
from kernel.database.engine import Database
from kernel.ephemeral.memory import InProcessStore
from kernel.errors import InvalidInput
from seal import app as seal_app
from seal.app import SealServices
from seal.documents.positions import StampPosition
from seal.schema import Base as SealBase
from seal.seals.application import SealApplication
from seal.seals.service import Officer
from tests.seal.pki import SEAL_PNG, SealPki
from tests.verify.sealed_files import licence_ofd
from tests.verify.world import PUBLIC_URL, World
from verify.cli import verify_offline
from verify.trust_list.directory import export_trust_list
from verify.trust_list.source import ServiceTrust

ONE, OTHER = Officer(Actor("user", "one")), Officer(Actor("user", "other"))


@dataclass
class Office:
    """A seal service with one seal in use, and verification over it."""

    world: World
    seals: SealServices
    seal_id: str
    client: httpx.AsyncClient

    async def sealed(self) -> bytes:
        return await self.seals.signing.seal_ofd(licence_ofd(None), self.seal_id, [StampPosition(1, 120, 200, 42, 42)])

    async def verify(self, data: bytes) -> dict[str, object]:
        answer = await self.client.post("/api/v1/verifications", files={"file": ("a.ofd", data)})
        report: dict[str, object] = answer.json()
        return report


@pytest.fixture
async def office(pki: SealPki, tmp_path: Path) -> AsyncIterator[Office]:
    world = World(pki)
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'seal.db'}")
    async with database.engine.begin() as connection:
        await _create_tables(connection)
    seals = seal_app.build_services(
        seal_app.Foundations(
            keystore=FileKeyStore(tmp_path / "keys", bytes(32)),
            database=database,
            audit=AuditTrail(world.clock, bytes(32)),
            clock=world.clock,
            ephemeral=InProcessStore(world.clock),
            blobs=FileBlobs(tmp_path / "seal-jobs"),
            envelope=Envelope(bytes(range(32))),
            public_url=PUBLIC_URL,
            font=Path("no font: pictures are uploaded"),
        )
    )
    await seals.start()
    application = SealApplication(
        "示例市市场监督管理局", "11430000006122244L", "示例市市场监督管理局", picture=SEAL_PNG
    )
    draft = await seals.register.apply(ONE, application)
    await seals.register.approve(OTHER, draft.id)
    trust = ServiceTrust(seals.publication, seals.signing, issuer="示例市政务服务平台", clock=world.clock)
    world.build(trust=trust, receipts=seals.signing)
    transport = httpx.ASGITransport(app=world.app)
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
        yield Office(world, seals, draft.id, client)
    await database.dispose()


async def _create_tables(connection: AsyncConnection) -> None:
    for base in (SealBase, AuditBase):
        await connection.run_sync(base.metadata.create_all)


async def test_a_document_of_the_service_passes_with_a_receipt_of_the_service(office: Office) -> None:
    report = await office.verify(await office.sealed())
    assert report["indication"] == "TOTAL-PASSED", report
    keys = [each.spki for each in await office.seals.signing.public_keys() if each.purpose == "receipt"]
    _header, payload = verify_jws(str(report["receipt"]), JwkSet.of(keys), ["ES256"])
    assert json.loads(payload)["indication"] == "TOTAL-PASSED"


async def test_a_revoked_seal_is_seen_at_once(office: Office) -> None:
    data = await office.sealed()
    assert (await office.verify(data))["indication"] == "TOTAL-PASSED"
    await office.seals.register.revoke(OTHER, office.seal_id, "key-compromise")
    assert (await office.verify(data))["indication"] != "TOTAL-PASSED"


async def test_its_trust_list_is_enough_to_judge_without_it(office: Office, tmp_path: Path) -> None:
    trust = ServiceTrust(office.seals.publication, office.seals.signing, issuer="x", clock=office.world.clock)
    export_trust_list(await trust.published(), tmp_path / "trust")
    report = verify_offline(await office.sealed(), tmp_path / "trust", office.world.clock)
    assert report.to_dict()["indication"] == "TOTAL-PASSED"
    published = (await office.client.get("/api/v1/trust-list")).json()
    assert {each["status"] for each in published["seals"]} == {"active"}
    assert {each["issuer"] for each in published["qr_keys"] + published["receipt_keys"]} == {"示例市政务服务平台"}


async def test_a_suspended_seal_is_known_without_the_service(office: Office, tmp_path: Path) -> None:
    trust = ServiceTrust(office.seals.publication, office.seals.signing, issuer="x", clock=office.world.clock)
    folder, data = tmp_path / "trust", await office.sealed()

    async def judged() -> str:
        sealing = office.seals
        token = await sealing.publication.status_list(sealing.signing.sign_seal_status, sealing.public_url)
        export_trust_list(await trust.published(), folder, seal_status=token)
        return str(verify_offline(data, folder, office.world.clock).to_dict()["indication"])

    assert await judged() == "TOTAL-PASSED"
    await office.seals.register.suspend(OTHER, office.seal_id)
    await judged()
    report = verify_offline(data, folder, office.world.clock).to_dict()
    assert report["signatures"][0]["seal"]["status"] == "suspended"
    (folder / "seal-status.jwt").write_text("a.b.c")
    with pytest.raises(InvalidInput, match=r"seal-status\.jwt"):
        verify_offline(data, folder, office.world.clock)
