"""Using a seal: through the service as the vault does, and through the API."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from kernel.crypto.cose import verify_cose
from kernel.crypto.jose import JwkSet, verify_jws
from kernel.crypto.public_keys import load_public_key
from kernel.errors import Conflict, IntegrityError, InvalidInput, NotFound
from seal.client import Sealer
from seal.documents.ofd.document import load_document
from seal.documents.ofd.package import OfdPackage
from seal.documents.ofd.signature_file import load_signature_file
from seal.documents.positions import StampPosition
from seal.validation.report import Indication, ValidationReport
from seal.validation.service import validate_document
from seal.validation.trust import TrustStore
from tests.seal.ofd_samples import minimal_files, zipped
from tests.seal.pdf_samples import minimal_pdf
from tests.seal.world import OTHER_OWNER, SealWorld

PLACE = StampPosition(1, 120, 200, 42, 42)


async def judged(world: SealWorld, data: bytes) -> ValidationReport:
    return validate_document(data, await world.services.publication.trust_store(), at=world.clock())


async def uses_of(world: SealWorld, seal: dict[str, Any]) -> list[dict[str, Any]]:
    response = await world.client.get(f"/api/v1/seals/{seal['id']}/uses", headers=world.user)
    uses: list[dict[str, Any]] = response.json()["uses"]
    return uses


async def seal_job(
    world: SealWorld, data: bytes, headers: dict[str, str] | None = None, **fields: str
) -> httpx.Response:
    files = {"file": ("document", data, "application/octet-stream")}
    given = {"Accept": "application/pdf, application/ofd", **(headers or world.user)}
    return await world.client.post("/api/v1/seal-jobs", data=fields, files=files, headers=given)


async def test_both_formats_are_sealed_checked_and_noted(any_world: SealWorld, ofd: bytes) -> None:
    world = any_world
    seal = await world.active_seal()
    sealer: Sealer = world.services.signing

    sealed_ofd = await sealer.seal_ofd(ofd, seal["id"], [PLACE], purpose="licence.issue 1")
    sealed_pdf = await sealer.seal_pdf(minimal_pdf(), seal["code"], [PLACE], purpose="licence.issue 1")

    for sealed in (sealed_ofd, sealed_pdf):
        report = await judged(world, sealed)
        assert report.indication is Indication.PASSED
        assert report.signatures[0].seal is not None
        assert (report.signatures[0].seal.id, report.signatures[0].seal.status) == (seal["code"], "active")
    uses = await uses_of(world, seal)
    assert [(use["format"], use["purpose"], use["actor"]) for use in uses] == [
        ("pdf", "licence.issue 1", "xinyin"),
        ("ofd", "licence.issue 1", "xinyin"),
    ]
    assert uses[1]["digest"] == (await judged(world, sealed_ofd)).document.digest
    assert [event for event in await world.events() if event[0] == "seal.use"] == [("seal.use", "success")] * 2


@pytest.mark.parametrize("state", ["draft", "suspended", "revoked"])
async def test_only_a_seal_in_use_seals(world: SealWorld, ofd: bytes, state: str) -> None:
    seal = await (world.apply() if state == "draft" else world.active_seal())
    if state != "draft":
        action = {"suspended": "suspend", "revoked": "revoke"}[state]
        await world.client.post(f"/api/v1/seals/{seal['id']}/{action}", headers=world.approver)

    with pytest.raises(Conflict):
        await world.services.signing.seal_ofd(ofd, seal["id"], [PLACE])

    assert (await world.events())[-1] == ("seal.use", "refused")
    assert await uses_of(world, seal) == []


async def test_an_expired_or_unknown_seal_does_not_seal(world: SealWorld, ofd: bytes) -> None:
    seal = await world.active_seal(valid_to="2027-01-01T00:00:00Z")
    world.clock.advance(days=60)

    with pytest.raises(Conflict, match="valid from"):
        await world.services.signing.seal_ofd(ofd, seal["id"], [PLACE])
    with pytest.raises(NotFound):
        await world.services.signing.seal_ofd(ofd, "unknown", [PLACE])


async def test_a_seal_suspended_while_signing_lets_nothing_out(
    world: SealWorld, ofd: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal = await world.active_seal()
    service = world.services.signing
    trust_store = world.services.publication.trust_store

    async def suspended_meanwhile() -> TrustStore:
        store = await trust_store()
        await world.client.post(f"/api/v1/seals/{seal['id']}/suspend", headers=world.approver)
        return store

    monkeypatch.setattr(world.services.publication, "trust_store", suspended_meanwhile)

    with pytest.raises(Conflict):
        await service.seal_ofd(ofd, seal["id"], [PLACE])
    monkeypatch.undo()
    assert await uses_of(world, seal) == []


async def test_output_that_does_not_pass_our_own_check_stays_inside(
    world: SealWorld, ofd: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal = await world.active_seal()

    async def no_trust() -> TrustStore:
        return TrustStore()

    monkeypatch.setattr(world.services.publication, "trust_store", no_trust)

    with pytest.raises(IntegrityError):
        await world.services.signing.seal_ofd(ofd, seal["id"], [PLACE])
    monkeypatch.undo()
    assert await uses_of(world, seal) == []


async def test_a_document_with_a_broken_signature_takes_no_seal(world: SealWorld, ofd: bytes) -> None:
    seal = await world.active_seal()
    sealed = OfdPackage.read(await world.services.signing.seal_ofd(ofd, seal["id"], [PLACE]))
    broken = sealed.with_files({"Doc_0/PublicRes.xml": b"<changed/>"}).to_bytes()

    with pytest.raises(InvalidInput, match="earlier signature"):
        await world.services.signing.seal_ofd(broken, seal["id"], [PLACE])


async def test_a_licence_sealed_before_revocation_stays_valid(world: SealWorld, ofd: bytes) -> None:
    seal = await world.active_seal()
    sealed = await world.services.signing.seal_ofd(ofd, seal["id"], [PLACE])
    world.clock.advance(hours=1)
    await world.client.post(f"/api/v1/seals/{seal['id']}/revoke", headers=world.approver)

    assert (await judged(world, sealed)).indication is Indication.PASSED


async def test_sealed_files_verify_without_a_server(world: SealWorld, ofd: bytes, tmp_path: Path) -> None:
    seal = await world.active_seal()
    sealed = await world.services.signing.seal_ofd(ofd, seal["id"], [PLACE])
    await world.services.authority.export_trust(tmp_path)

    assert validate_document(sealed, TrustStore.load(tmp_path), at=world.clock()).indication is Indication.PASSED


async def test_claims_checkpoints_and_receipts_are_signed_by_published_keys(world: SealWorld) -> None:
    sealer: Sealer = world.services.signing
    keys = {key.purpose: load_public_key(key.spki) for key in await sealer.public_keys()}

    signed = await sealer.sign_claims({1: "licence", 2: 7})
    checkpoint = await sealer.sign_checkpoint(b"log\n1\nroot\n")
    receipt = await sealer.sign_receipt({"iss": "x", "code": 0})

    assert verify_cose(signed.message, lambda kid: [keys["claims"]] if kid == signed.key_id else []) == {
        1: "licence",
        2: 7,
    }
    keys["checkpoint"].verify(checkpoint, b"log\n1\nroot\n")
    assert len(checkpoint) == 64
    header, payload = verify_jws(receipt, JwkSet.of([keys["receipt"].spki]), ["ES256"])
    assert (header["typ"], json.loads(payload)) == ("receipt+jwt", {"iss": "x", "code": 0})


async def test_the_api_seals_an_uploaded_file(world: SealWorld, ofd: bytes) -> None:
    seal = await world.active_seal()
    positions = json.dumps([{"page": 2, "x": 20, "y": 30, "width": 42, "height": 42}])

    for data, media_type in ((ofd, "application/ofd"), (minimal_pdf(pages=2), "application/pdf")):
        response = await seal_job(world, data, seal=seal["id"], positions=positions, purpose="回执")
        assert response.status_code == 200, response.text
        assert response.headers["content-type"] == media_type
        assert (await judged(world, response.content)).indication is Indication.PASSED
    assert {(use["purpose"], use["actor"]) for use in await uses_of(world, seal)} == {("回执", "user")}


async def test_without_places_the_seal_stands_at_the_end_and_rides_if_asked(world: SealWorld, ofd: bytes) -> None:
    seal = await world.active_seal()

    response = await seal_job(world, ofd, seal=seal["id"], riding="true")

    package = OfdPackage.read(response.content)
    (entry,) = load_document(package).signatures
    assert entry.file is not None
    stamps = load_signature_file(package, entry.file).stamps
    assert [(stamp.page_id, stamp.boundary, bool(stamp.clip)) for stamp in stamps] == [
        ("11", "143 230 42 42", False),
        ("10", "189 127.5 42 42", True),
        ("11", "168 127.5 42 42", True),
    ]


@pytest.mark.parametrize(
    ("data", "fields", "status"),
    [
        (b"neither", {"seal": "x"}, 400),
        (zipped(minimal_files()), {}, 400),
        (zipped(minimal_files()), {"seal": "unknown"}, 404),
        (zipped(minimal_files()), {"seal": "x", "positions": "[]"}, 400),
        (zipped(minimal_files()), {"seal": "x", "positions": '[{"page": 1}]'}, 400),
        (zipped(minimal_files()), {"seal": "x", "positions": '[{"page": 1e999, "x": 0, "y": 0}]'}, 400),
        (zipped(minimal_files()), {"seal": "x", "positions": "{"}, 400),
        (zipped(minimal_files()), {"seal": "x", "riding": "true"}, 400),
        (b"PK\x03\x04", {"seal": "x"}, 400),
        (b"%PDF-1.7", {"seal": "x"}, 400),
    ],
)
async def test_jobs_that_make_no_sense_are_refused(
    world: SealWorld, data: bytes, fields: dict[str, str], status: int
) -> None:
    seal = await world.active_seal()
    given = {name: seal["id"] if (name, value) == ("seal", "x") else value for name, value in fields.items()}

    response = await seal_job(world, data, **given)

    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"


async def test_a_place_off_the_page_is_refused(world: SealWorld, ofd: bytes) -> None:
    seal = await world.active_seal()
    positions = json.dumps([{"page": 9, "x": 0, "y": 0, "width": 42, "height": 42}])

    response = await seal_job(world, ofd, seal=seal["id"], positions=positions)

    assert (response.status_code, response.json()["detail"]) == (400, "The document has no page 9.")


async def test_seals_of_other_organisations_are_out_of_reach(world: SealWorld, ofd: bytes) -> None:
    seal = await world.active_seal()
    stranger = world.headers("stranger", "seal:use", organisation=OTHER_OWNER)

    response = await seal_job(world, ofd, stranger, seal=seal["id"])

    assert response.status_code == 403
    assert (await world.events())[-1] == ("seal.use", "refused")


async def test_uses_are_paged(world: SealWorld, ofd: bytes) -> None:
    seal = await world.active_seal()
    for _ in range(3):
        await world.services.signing.seal_ofd(ofd, seal["id"], [])
    newest, *older = await uses_of(world, seal)

    response = await world.client.get(
        f"/api/v1/seals/{seal['id']}/uses", params={"before": newest["id"]}, headers=world.user
    )

    assert response.json()["uses"] == older


@pytest.mark.parametrize("subject", ["somebody", "console"])
async def test_who_acts_for_no_organisation_uses_nobodys_seal(world: SealWorld, subject: str) -> None:
    seal = await world.active_seal()
    nobody = world.headers(subject, "seal:use", organisation=None)

    refused = await seal_job(world, minimal_pdf(), nobody, seal=seal["id"])

    assert refused.status_code == 403
    assert await uses_of(world, seal) == []
