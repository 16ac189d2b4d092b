"""Seals made by another system are taken in when their maker is trusted, and used only when their key is ours."""

from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.crypto.issuance import CertificateRequestProfile, issue_certificate
from kernel.database.engine import Database
from kernel.errors import Conflict, InvalidInput
from seal.app import build_services
from seal.documents.positions import StampPosition
from seal.seals.outside.importing import judge_import
from seal.structures.gbt38540 import SealPicture, load_seal_signature, make_seal
from seal.validation.trust import TrustStore
from tests.seal.pdf_samples import minimal_pdf
from tests.seal.pki import NOW, SEAL_CODE, Authority, Holder, SealPki, contents
from tests.seal.world import OTHER_OWNER, OWNER, SealWorld, open_world

VECTORS = Path(__file__).parents[2] / "vectors/seal/ofdrw"


@pytest.fixture
async def office(tmp_path: Path, pki: SealPki) -> AsyncIterator[SealWorld]:
    """A seal service that believes the makers of the example PKI."""
    folder = tmp_path / "makers/anchors"
    folder.mkdir(parents=True)
    (folder / "root.cer").write_bytes(pki.sm2.root.certificate.der)
    (folder.parent / "intermediates").mkdir()
    (folder.parent / "intermediates/issuing.cer").write_bytes(pki.sm2.issuing.certificate.der)
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'seal.db'}")
    async for world in open_world(tmp_path, database):
        world.foundations = replace(world.foundations, maker_trust=folder.parent)
        world.services = build_services(world.foundations)
        await world.services.authority.bootstrap()
        world.client._transport.app.state.seal = world.services  # type: ignore[attr-defined]  # the app under test
        yield world
    await database.dispose()


async def brought(world: SealWorld, esl: bytes, /, **more: object) -> httpx.Response:
    body = {"esl": b64encode(esl).decode(), "owner": OWNER} | more
    return await world.client.post("/api/v1/seals/import", json=body, headers=world.applicant)


async def steps(world: SealWorld, seal: dict[str, Any], action: str) -> httpx.Response:
    return await world.client.post(f"/api/v1/seals/{seal['id']}/{action}", headers=world.approver)


def problems(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 400, answer.text
    return [f"{each['field']}: {each['detail']}" for each in answer.json()["errors"]]


async def test_a_seal_of_a_trusted_maker_is_known_here_but_not_usable(
    office: SealWorld, pki: SealPki, ofd: bytes
) -> None:
    answer = await brought(office, pki.seal)
    seal = answer.json()

    assert answer.status_code == 201, answer.text
    assert (seal["code"], seal["origin"], seal["state"], seal["size_mm"]) == (SEAL_CODE, "imported", "imported", 42)
    assert seal["notes"], "that nobody knows about revocation is worth a note"
    used = await office.client.post(
        "/api/v1/seal-jobs", data={"seal": seal["id"]}, files={"file": ofd}, headers=office.user
    )
    assert used.status_code == 409
    assert (await steps(office, seal, "approve")).status_code == 409
    assert (await office.client.get(f"/api/v1/seals/{seal['code']}/status")).status_code == 404
    picture = await office.client.get(seal["picture"], headers=office.user)
    assert picture.content.startswith(b"\x89PNG")


async def test_a_seal_whose_key_is_ours_is_used_after_somebody_else_approves(
    office: SealWorld, pki: SealPki, ofd: bytes
) -> None:
    key = office.foundations.keystore.generate("brought", "SM2-SM3")
    profile = CertificateRequestProfile(
        {"C": "CN", "CN": SEAL_CODE}, key.public_spki, NOW - timedelta(days=9), NOW + timedelta(days=99),
        key_usage=("digital_signature", "non_repudiation"),
    )  # fmt: skip
    certificate = issue_certificate(profile, pki.sm2.issuing.certificate, pki.sm2.issuing.key)
    esl = pki.make_seal(Holder(certificate, pki.signer.key))
    office.foundations.keystore.generate("another", "SM2-SM3")
    wrong, other = [await brought(office, esl, key_name=name) for name in ("nowhere", "another")]
    seal = (await brought(office, esl, key_name="brought")).json()

    assert problems(other) == ["key_name: The key another is not that of this seal."]
    assert problems(wrong) == ["key_name: There is no SM2 key called nowhere in the key store."]
    assert seal["state"] == "draft"
    own = await office.client.post(f"/api/v1/seals/{seal['id']}/approve", headers=office.applicant)
    assert own.status_code == 403
    assert (await steps(office, seal, "approve")).json()["state"] == "active"
    sealed = await office.services.signing.seal_ofd(ofd, seal["id"], [StampPosition(1, 20, 20, 42, 42)])
    assert len(sealed) > len(ofd)
    with pytest.raises(Conflict, match="OFD files only"):
        await office.services.signing.seal_pdf(minimal_pdf(), seal["id"], [StampPosition(1, 20, 20, 42, 42)])


@pytest.mark.parametrize("name", ["seal-0192-sm2", "ca-sm2-issuing", "service-claims-0009"])
async def test_a_seal_is_not_brought_for_a_key_of_the_house(office: SealWorld, pki: SealPki, name: str) -> None:
    """Whoever has a maker certify another's public key must not get to use that key."""
    keystore = office.foundations.keystore
    key = keystore.open(name) if keystore.exists(name) else keystore.generate(name, "SM2-SM3")
    profile = CertificateRequestProfile(
        {"C": "CN", "CN": SEAL_CODE}, key.public_spki, NOW - timedelta(days=9), NOW + timedelta(days=99),
        key_usage=("digital_signature", "non_repudiation"),
    )  # fmt: skip
    certificate = issue_certificate(profile, pki.sm2.issuing.certificate, pki.sm2.issuing.key)

    answer = await brought(office, pki.make_seal(Holder(certificate, pki.signer.key)), key_name=name)

    assert problems(answer) == [f"key_name: There is no SM2 key called {name} in the key store."]


async def waiting_seal(world: SealWorld, pki: SealPki, subject: dict[str, str], key_name: str) -> dict[str, Any]:
    """An imported seal with this subject in its signer's certificate; its key is here, so it waits for approval."""
    key = world.foundations.keystore.generate(key_name, "SM2-SM3")
    profile = CertificateRequestProfile(
        {"C": "CN"} | subject, key.public_spki, NOW - timedelta(days=9), NOW + timedelta(days=99),
        key_usage=("digital_signature", "non_repudiation"),
    )  # fmt: skip
    holder = Holder(issue_certificate(profile, pki.sm2.issuing.certificate, pki.sm2.issuing.key), pki.signer.key)
    own = replace(contents((holder,), NOW - timedelta(days=9), NOW + timedelta(days=99)), seal_code=key_name)
    named = replace(own, properties=replace(own.properties, name=subject.get("OU", OWNER["name"])))
    answer = await brought(world, make_seal(named, pki.maker.key, pki.maker.certificate.der), key_name=key_name)
    assert answer.status_code == 201, answer.text
    seal: dict[str, Any] = answer.json()
    return seal


@pytest.mark.parametrize(
    ("subject", "stated"),
    [
        ({"O": OWNER["name"], "CN": "x"}, None),
        ({"O": "某省", "OU": f"{OWNER['name']}财务专用章", "CN": "x"}, None),
        ({"O": "Another spelling", "CN": OWNER["uscc"]}, None),
        ({"O": "某县档案馆", "OU": "某县档案馆"}, "某县档案馆"),
        ({"O": OWNER["name"], "serialNumber": OTHER_OWNER["uscc"]}, f"{OWNER['name']} {OTHER_OWNER['uscc']}"),
        ({"O": f"{OWNER['name']}第二分局", "OU": f"{OWNER['name']}第二分局"}, f"{OWNER['name']}第二分局"),
    ],
)
async def test_finding_an_imported_seal_names_its_owner(
    office: SealWorld, pki: SealPki, subject: dict[str, str], stated: str | None
) -> None:
    assert (await waiting_seal(office, pki, subject, "brought"))["stated_owner"] == stated


async def test_finding_a_seal_of_somebody_else_is_put_to_use_by_an_explicit_word_alone(
    office: SealWorld, pki: SealPki
) -> None:
    seal = await waiting_seal(office, pki, {"O": "某县档案馆", "OU": "某县档案馆"}, "brought")
    address = f"/api/v1/seals/{seal['id']}/approve"

    silent = await office.client.post(address, headers=office.approver)
    confirmed = await office.client.post(address, json={"confirm_owner": True}, headers=office.approver)

    assert silent.status_code == 409
    assert "somebody else's" in silent.json()["detail"]
    assert (confirmed.status_code, confirmed.json()["state"]) == (200, "active")
    events = [each for each in await office.events() if each[0] == "seal.approve"]
    assert events == [("seal.approve", "refused"), ("seal.approve", "success")]
    life = (await office.client.get(f"/api/v1/seals/{seal['id']}/events", headers=office.user)).json()["events"]
    assert (life[-1]["action"], life[-1]["cause"]) == ("approve", "owner-differs")


async def test_finding_nobody_brings_a_seal_under_another_name_than_their_organisations(
    office: SealWorld, pki: SealPki
) -> None:
    answer = await brought(office, pki.seal, owner={"uscc": OWNER["uscc"], "name": "某县档案馆"})

    assert problems(answer) == ["owner.name: This is not the name of your organisation."]


async def test_the_key_may_be_brought_later(office: SealWorld, pki: SealPki) -> None:
    seal = (await brought(office, pki.seal)).json()
    office.foundations.keystore.generate("another", "SM2-SM3")

    answer = await office.client.post(
        f"/api/v1/seals/{seal['id']}/key", json={"key_name": "another"}, headers=office.applicant
    )

    assert problems(answer) == ["key_name: The key another is not that of this seal."]


async def test_a_code_is_taken_in_once(office: SealWorld, pki: SealPki) -> None:
    await brought(office, pki.seal)

    assert (await brought(office, pki.seal)).status_code == 409


async def test_what_is_forged_expired_or_from_nobody_is_refused_with_the_reason(
    office: SealWorld, pki: SealPki
) -> None:
    forged = bytearray(pki.seal)
    forged[-1] ^= 1
    past = pki.make_seal(pki.signer, valid_from=NOW - timedelta(days=90), valid_to=NOW - timedelta(days=1))
    stranger = SealPki(sm2=Authority.create("SM2-SM3", "Nobody"), p256=pki.p256)

    assert problems(await brought(office, bytes(forged))) == ["esl: The signature value does not hold."]
    assert "The seal is valid from" in problems(await brought(office, past))[0]
    assert any("not trusted here" in text for text in problems(await brought(office, stranger.seal)))
    assert "not an electronic seal" in problems(await brought(office, b"0\x03\x02\x01\x01"))[0]
    assert problems(await brought(office, b"")) == ["esl: The seal is a file of at most 1 MB."]
    assert problems(await brought(office, pki.seal, esl="?")) == ["esl: This is not base64."]
    assert problems(await brought(office, pki.seal, owner={"uscc": "1", "name": "x"}))[0].startswith("owner.uscc")


async def test_without_trusted_makers_none_is_taken_in(world: SealWorld, pki: SealPki) -> None:
    assert any("not trusted here" in text for text in problems(await brought(world, pki.seal)))


def makers(pki: SealPki) -> TrustStore:
    return TrustStore.of(pki.sm2.root.certificate.der, intermediates=(pki.sm2.issuing.certificate.der,))


def made(pki: SealPki, **changes: Any) -> bytes:
    usual = contents((pki.signer,), NOW - timedelta(days=1), NOW + timedelta(days=9))
    return make_seal(replace(usual, **changes), pki.maker.key, pki.maker.certificate.der)


def test_version_5_and_drawings_of_tax_seals_are_kept_as_they_came(pki: SealPki) -> None:
    tax = made(pki, version=5, picture=SealPicture("ofd", b"PK drawing", 30, 20))

    judged = judge_import(tax, None, makers(pki), NOW)

    assert (judged.seal.contents.version, judged.seal.contents.picture.format) == (5, "ofd")


@pytest.mark.parametrize("name", ["ses-v1.ofd", "ses-v4.ofd"])
def test_seals_made_by_another_program_are_taken_in(name: str) -> None:
    with ZipFile(VECTORS / name) as package:
        esl = load_seal_signature(package.read("Doc_0/Signs/Sign_0/SignedValue.dat")).seal.encoded
    trust = TrustStore.of((VECTORS / "root.cer").read_bytes(), intermediates=((VECTORS / "issuing.cer").read_bytes(),))

    assert judge_import(esl, None, trust, NOW).seal.contents.seal_code == SEAL_CODE


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"picture": SealPicture("PNG", b"\x89PNG" + bytes(12) + b"\xff" * 8, 42, 42)}, "pixels"),
        ({"picture": SealPicture("exe", b"MZ", 42, 42)}, "not known: exe"),
        ({"picture": SealPicture("PNG", b"\x89PNG" + bytes(20), 0, 42)}, "no size"),
        ({"seal_code": ""}, "empty or too long"),
    ],
)
def test_seals_that_could_not_be_shown_are_refused(pki: SealPki, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        judge_import(made(pki, **changes), None, makers(pki), NOW)

    assert any(says in fault.message.format(**fault.params) for fault in refused.value.fields)


def test_a_seal_with_several_signers_needs_to_be_told_which(pki: SealPki) -> None:
    two = pki.make_seal(pki.signer, pki.maker)
    with pytest.raises(InvalidInput) as refused:
        judge_import(two, None, makers(pki), NOW)

    assert refused.value.fields[0].field == "signer_certificate"
    assert judge_import(two, pki.maker.certificate.der, makers(pki), NOW).signer == pki.maker.certificate.der


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, 2000), noise=st.binary(min_size=1, max_size=8))
def test_whatever_is_changed_in_a_seal_it_is_refused_and_nothing_else_escapes(
    pki: SealPki, at: int, noise: bytes
) -> None:
    changed = bytearray(pki.seal)
    changed[at % len(changed) : at % len(changed) + len(noise)] = noise
    if bytes(changed) == pki.seal:
        return
    with pytest.raises(InvalidInput):
        judge_import(bytes(changed), None, makers(pki), NOW)
