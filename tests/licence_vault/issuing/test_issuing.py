"""Issuing: whole or not at all, once for a key, and every wrong entry named."""

import asyncio
import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from kernel.ids.licence_identifier import LicenceIdentifier
from licence_vault.issuing.sweeping import sweep_orphans
from licence_vault.licences.licence import LicenceStatus
from licence_vault.licences.records import LicenceRow, OutboxRow
from seal.validation.report import Indication
from seal.validation.service import validate_document
from tests.houses import AGENCY, CITIZEN_NUMBER, COMPANY_NAME, COMPANY_NUMBER, OTHER_AGENCY, TestHouse, food_order

HOLDERS = {
    "001": {"kind": "legal", "id_type": "001", "number": COMPANY_NUMBER, "name": COMPANY_NAME},
    "111": {"kind": "natural", "id_type": "111", "number": CITIZEN_NUMBER, "name": "林小满"},
}


async def count(world: TestHouse, row: Any = LicenceRow) -> int:
    async with world.house.foundation.database.reading() as session:
        return (await session.execute(select(func.count()).select_from(row))).scalar_one()


async def blobs(world: TestHouse) -> list[str]:
    return [reference async for reference, _ in world.house.foundation.blobs.references()]


async def test_an_issued_licence_is_sealed_in_both_formats_and_judged_valid(any_world: TestHouse) -> None:
    vault = any_world.house.licence_vault
    licence = await vault.issuing.issue(food_order(), any_world.requester())
    trust = await any_world.house.seal.publication.trust_store()
    for format, kind, digest in (("ofd", "SES", licence.ofd_digest), ("pdf", "PAdES", licence.pdf_digest)):
        data = await vault.lookup.file(licence, format)
        assert hashlib.sha256(data).hexdigest() == digest
        report = await asyncio.to_thread(validate_document, data, trust, at=any_world.clock())
        assert report.indication is Indication.PASSED
        assert [signature.kind for signature in report.signatures] == [kind]


async def test_every_shipped_type_is_sealed_on_all_its_places_and_judged_valid(world: TestHouse) -> None:
    vault = world.house.licence_vault
    trust = await world.house.seal.publication.trust_store()
    for licence_type in await vault.catalogue.list():
        licence = await vault.issuing.issue(licence_type.example_order(HOLDERS), world.requester())
        for format in ("ofd", "pdf"):
            data = await vault.lookup.file(licence, format)
            report = await asyncio.to_thread(validate_document, data, trust, at=world.clock())
            assert report.indication is Indication.PASSED, (licence_type.name, format)


async def test_the_identifier_is_of_the_type_and_the_issuer_and_has_its_check_character(world: TestHouse) -> None:
    licence = await world.house.licence_vault.issuing.issue(food_order(), world.requester())
    identifier = LicenceIdentifier.parse(licence.identifier)
    assert (identifier.type_code, identifier.issuer, identifier.version) == (licence.type_code, AGENCY.uscc, 1)


async def test_the_ofd_carries_metadata_field_index_template_and_attachment(world: TestHouse) -> None:
    vault = world.house.licence_vault
    licence = await vault.issuing.issue(food_order(), world.requester())
    package = zipfile.ZipFile(io.BytesIO(await vault.lookup.file(licence, "ofd")))
    names = set(package.namelist())
    assert {"OFD.xml", "Doc_0/Tpls/Tpl_0/Content.xml", "Doc_0/Signs/Sign_0/SignedValue.dat"} <= names
    root = package.read("OFD.xml").decode()
    assert f'Name="ZZBS">{licence.identifier}<' in root
    assert CITIZEN_NUMBER in root
    tags = next(package.read(name).decode() for name in names if name.endswith("CustomTag.xml"))
    assert "许可证编号" in tags
    assert "林小满" not in package.read("Doc_0/Tpls/Tpl_0/Content.xml").decode()


async def test_a_company_can_hold_a_licence(world: TestHouse) -> None:
    holder = {"kind": "legal", "id_type": "001", "number": COMPANY_NUMBER.lower(), "name": COMPANY_NAME}
    licence = await world.house.licence_vault.issuing.issue(food_order(holder=holder), world.requester())
    assert licence.content.holder.number == COMPANY_NUMBER


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (
            {"holder": {"kind": "natural", "id_type": "111", "number": "110101199003070012", "name": "林"}},
            "holder.number",
        ),
        (
            {"holder": {"kind": "legal", "id_type": "001", "number": "91999999MA02DE34XX", "name": "某"}},
            "holder.number",
        ),
        ({"holder": {"kind": "natural", "id_type": "001", "number": COMPANY_NUMBER, "name": "某"}}, "holder.kind"),
        ({"holder": {"kind": "natural", "id_type": "414", "number": "E12345678", "name": "某"}}, "holder.id_type"),
        ({"holder": {"kind": "natural", "id_type": "111", "number": CITIZEN_NUMBER}}, "holder.name"),
        ({"holder": "somebody"}, "holder"),
        ({"fields": food_order()["fields"] | {"colour": "red"}}, "fields.colour"),
        ({"fields": {k: v for k, v in food_order()["fields"].items() if k != "premises"}}, "fields.premises"),
        ({"fields": food_order()["fields"] | {"licence_number": "JY1"}}, "fields.licence_number"),
        ({"fields": food_order()["fields"] | {"business_form": "circus"}}, "fields.business_form"),
        ({"fields": food_order()["fields"] | {"premises": "𪚥" * 3 + "\U0003fffe"}}, "fields.premises"),
        ({"fields": None}, "fields"),
        ({"valid_to": "next year"}, "valid_to"),
        ({"valid_from": "2026-12-01", "valid_to": "2026-11-01"}, "valid_to"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_a_wrong_entry_is_named_and_nothing_is_made(world: TestHouse, change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        await world.house.licence_vault.issuing.issue(food_order(**change), world.requester())
    assert field in [error.field for error in refusal.value.fields]
    assert await count(world) == 0
    assert await blobs(world) == []


async def test_all_wrong_entries_are_named_at_once(world: TestHouse) -> None:
    holder = {"kind": "natural", "id_type": "111", "number": "1", "name": "某"}
    with pytest.raises(InvalidInput) as refusal:
        await world.house.licence_vault.issuing.issue(food_order(holder=holder, fields={}), world.requester())
    named = {error.field for error in refusal.value.fields}
    assert {"holder.number", "fields.premises", "fields.signatory"} <= named


async def test_an_unknown_type_is_refused(world: TestHouse) -> None:
    with pytest.raises(NotFound):
        await world.house.licence_vault.issuing.issue(food_order(type="x"), world.requester())


async def test_an_authority_without_a_seal_cannot_issue(world: TestHouse) -> None:
    with pytest.raises(Conflict, match="no seal"):
        await world.house.licence_vault.issuing.issue(food_order(), world.requester(issuer=OTHER_AGENCY))
    assert await count(world) == 0


async def test_the_same_key_and_body_lead_to_the_same_licence(any_world: TestHouse) -> None:
    issue = any_world.house.licence_vault.issuing.issue
    first = await issue(food_order(), any_world.requester("key-1"))
    again = await issue(food_order(), any_world.requester("key-1"))
    assert again.id == first.id
    assert await count(any_world) == 1


async def test_one_key_used_many_times_at_once_issues_once(any_world: TestHouse) -> None:
    issue = any_world.house.licence_vault.issuing.issue
    licences = await asyncio.gather(*(issue(food_order(), any_world.requester("key-1")) for _ in range(5)))
    assert len({licence.id for licence in licences}) == 1
    assert await count(any_world) == 1


async def test_a_key_taken_by_another_body_is_a_conflict(world: TestHouse) -> None:
    issue = world.house.licence_vault.issuing.issue
    await issue(food_order(), world.requester("key-1"))
    with pytest.raises(Conflict, match="Idempotency-Key"):
        await issue(food_order(valid_to=None), world.requester("key-1"))
    assert await count(world) == 1


async def test_a_key_whose_first_order_was_refused_is_free(world: TestHouse) -> None:
    issue = world.house.licence_vault.issuing.issue
    with pytest.raises(InvalidInput):
        await issue(food_order(fields={}), world.requester("key-1"))
    assert (await issue(food_order(), world.requester("key-1"))).status is LicenceStatus.VALID


async def test_issuing_tells_the_outbox_the_ledger_and_the_audit_trail_once(world: TestHouse) -> None:
    await world.house.licence_vault.issuing.issue(food_order(), world.requester())
    assert await count(world, OutboxRow) == 1
    verdict = await world.house.licence_vault.ledger.check()
    assert verdict.holds
    assert (await world.house.licence_vault.ledger.checkpoint()).splitlines()[1] == "1"


async def test_a_reissued_licence_supersedes_the_one_before(world: TestHouse) -> None:
    vault = world.house.licence_vault
    first = await vault.issuing.issue(food_order(), world.requester())
    changed = {"fields": food_order()["fields"] | {"premises": "虚构市新址 1 号"}}
    second = await vault.issuing.reissue(first.id, changed, world.requester())
    before, after = LicenceIdentifier.parse(first.identifier), LicenceIdentifier.parse(second.identifier)
    assert (after.serial, after.version) == (before.serial, 2)
    old = await vault.lookup.find_by_id(first.id)
    assert old is not None
    assert (old.status, old.superseded_by) == (LicenceStatus.SUPERSEDED, second.id)
    with pytest.raises(Conflict):
        await vault.issuing.reissue(first.id, {}, world.requester())


async def test_only_the_issuing_authority_changes_a_licence(world: TestHouse) -> None:
    vault = world.house.licence_vault
    licence = await vault.issuing.issue(food_order(), world.requester())
    requester = world.requester(issuer=OTHER_AGENCY)
    with pytest.raises(Forbidden):
        await vault.changes.apply("revoke", licence.id, OTHER_AGENCY.uscc, "cause", requester.actor)
    with pytest.raises(Forbidden):
        await vault.issuing.reissue(licence.id, {}, requester)


async def test_a_suspended_licence_resumes_and_a_revoked_one_never_does(any_world: TestHouse) -> None:
    vault, actor = any_world.house.licence_vault, any_world.requester().actor
    licence = await vault.issuing.issue(food_order(), any_world.requester())

    async def change(action: str, cause: str = "查处") -> LicenceStatus:
        return (await vault.changes.apply(action, licence.id, AGENCY.uscc, cause, actor)).status

    assert await change("suspend") is LicenceStatus.SUSPENDED
    assert await change("resume") is LicenceStatus.VALID
    assert await change("revoke") is LicenceStatus.REVOKED
    assert await change("revoke") is LicenceStatus.REVOKED
    for action in ("suspend", "resume"):
        with pytest.raises(Conflict):
            await change(action)
    assert [event.action for event in await vault.lookup.events(licence)] == ["issue", "suspend", "resume", "revoke"]


async def test_revoking_needs_a_cause(world: TestHouse) -> None:
    vault = world.house.licence_vault
    licence = await vault.issuing.issue(food_order(), world.requester())
    with pytest.raises(InvalidInput):
        await vault.changes.apply("revoke", licence.id, AGENCY.uscc, "  ", world.requester().actor)


async def test_files_that_no_licence_names_are_swept_after_an_hour(world: TestHouse) -> None:
    foundation = world.house.foundation
    await world.house.licence_vault.issuing.issue(food_order(), world.requester())
    orphan = await foundation.blobs.put(b"left behind by a crash")
    assert await sweep_orphans(foundation.database, foundation.blobs, world.clock) == 0
    world.clock.advance(hours=2)
    assert await sweep_orphans(foundation.database, foundation.blobs, world.clock) == 1
    assert not await foundation.blobs.exists(orphan)
    assert len(await blobs(world)) == 2


async def test_nothing_personal_is_plain_on_disk(world: TestHouse, tmp_path: Path) -> None:
    await world.house.licence_vault.issuing.issue(food_order(), world.requester("key-1"))
    secrets = [CITIZEN_NUMBER.encode(), "林小满".encode(), "文昌路".encode()]
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert not [secret for secret in secrets if secret in path.read_bytes()], path
