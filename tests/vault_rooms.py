"""The real seal service and vault on one SQLite database, with one authority whose seal is in use."""

from dataclasses import dataclass
from pathlib import Path

from kernel.audit.chain import Actor, AuditTrail
from kernel.audit.records import Base as AuditBase
from kernel.blobs.files import FileBlobs
from kernel.clock import Clock
from kernel.crypto.custody.files import FileKeyStore
from kernel.crypto.envelope import Envelope
from kernel.database.engine import Database
from kernel.ephemeral.memory import InProcessStore
from licence_vault import app as vault_app
from licence_vault.app import VaultServices
from licence_vault.caller import Issuer
from licence_vault.issuing.service import Requester
from licence_vault.layout.fonts import DEFAULT_FILES, DEFAULT_FOLDERS, load_fonts
from licence_vault.licences.licence import Licence
from licence_vault.schema import Base as VaultBase
from seal import app as seal_app
from seal.app import SealServices
from seal.schema import Base as SealBase
from seal.seals.application import SealApplication
from seal.seals.service import Officer

AUTHORITY = Issuer("11430000006122244L", "示例市市场监督管理局")
APPLICANT, APPROVER = Officer(Actor("user", "applicant")), Officer(Actor("user", "approver"))
BUSINESS_LICENCE = "11100000MB0143028R001"
HOLDER = {"kind": "legal", "id_type": "001", "number": "11430000006122244L", "name": "示例餐饮管理有限公司"}


@dataclass
class Rooms:
    """What tests of the console and of verification need around them."""

    database: Database
    store: InProcessStore
    seals: SealServices
    vault: VaultServices
    seal_id: str

    async def issue(self, **changes: object) -> Licence:
        """Issue the invented business licence."""
        licence_type = await self.vault.catalogue.load(BUSINESS_LICENCE)
        body = {"type": BUSINESS_LICENCE, "holder": HOLDER, "fields": dict(licence_type.example)} | changes
        return await self.vault.issuing.issue(body, Requester(Actor("user", "officer-1"), AUTHORITY))

    async def change(self, action: str, licence: Licence, cause: str = "测试") -> Licence:
        """Revoke, suspend or resume."""
        return await self.vault.changes.apply(action, licence.id, AUTHORITY.uscc, cause, Actor("user", "officer-1"))


async def open_rooms(database: Database, audit: AuditTrail, clock: Clock, folder: Path, public_url: str) -> Rooms:
    """Build both packages on `database`, set the authority up, put one seal to use."""
    async with database.engine.begin() as connection:
        for base in (SealBase, VaultBase, AuditBase):
            await connection.run_sync(base.metadata.create_all)
    seals = seal_app.build_services(
        seal_app.Foundations(
            keystore=FileKeyStore(folder / "seal-keys", bytes(32)),
            database=database,
            audit=audit,
            clock=clock,
            ephemeral=InProcessStore(clock),
            blobs=FileBlobs(folder / "seal-jobs"),
            envelope=Envelope(bytes(range(32))),
            public_url=public_url,
            font=DEFAULT_FOLDERS[0] / DEFAULT_FILES["regular"],
        )
    )
    await seals.start()
    application = SealApplication(AUTHORITY.name, AUTHORITY.uscc, AUTHORITY.name, bottom_text="电子证照专用章")
    draft = await seals.register.apply(APPLICANT, application)
    await seals.register.approve(APPROVER, draft.id)

    async def seal_of(_uscc: str) -> str:
        return draft.id

    store = InProcessStore(clock)
    vault = vault_app.build_services(
        vault_app.Foundations(
            database=database,
            ephemeral=store,
            blobs=FileBlobs(folder / "blobs"),
            envelope=Envelope(bytes(range(32))),
            audit=audit,
            clock=clock,
            sealer=seals.signing,
            seal_of=seal_of,
            fonts=load_fonts(),
            public_url=public_url,
        )
    )
    await vault.start()
    return Rooms(database, store, seals, vault, draft.id)
