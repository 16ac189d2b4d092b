"""Certificates for keys that are not here, for persons, and of outside authorities for keys that are."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kernel.audit.chain import Actor
from kernel.crypto.certificates import Certificate, verify_chain
from kernel.crypto.certification.lints import Candidate, lint
from kernel.crypto.certification.requests import CertificateRequest, make_request
from kernel.crypto.issuance import CertificateRequestProfile, issue_certificate
from kernel.crypto.private_keys import generate_key
from kernel.crypto.revocation.crl import Crl
from kernel.crypto.signatures import InvalidSignature, SigningAlgorithm
from kernel.errors import Conflict, InvalidInput, NotFound
from seal.authority.enrolment import Holder
from seal.documents.ofd.signing import OfdSealRequest, seal_ofd
from seal.seals.seal import Seal
from seal.structures.gbt38540 import load_seal, make_seal
from seal.validation.report import CheckResult, Indication, SubIndication
from seal.validation.service import validate_document
from tests.kernel.crypto.timestamps.stamps import openssl
from tests.seal.files import PLACE
from tests.seal.ofd_samples import minimal_ofd
from tests.seal.pdf_samples import minimal_pdf
from tests.seal.pki import Authority, contents
from tests.seal.pki import Holder as HeldKey
from tests.seal.world import SealWorld

ADMIN = Actor("user", "admin")


def person(world: SealWorld, **changes: object) -> Holder:
    values = {"kind": "person", "name": "林小满", "organisation": "示例市", "reference": "person-1"}
    return Holder(**(values | {"valid_to": world.clock() + timedelta(days=365)} | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("algorithm", ["SM2-SM3", "ES256", "RS256"])
async def test_a_persons_own_key_is_certified_under_our_profile(world: SealWorld, algorithm: SigningAlgorithm) -> None:
    request = make_request({"C": "US", "O": "Wishful", "CN": "President"}, generate_key(algorithm))

    issued = await world.services.enrolment.issue(request, person(world), ADMIN)

    certificate = issued.certificate
    assert (certificate.subject_value("CN"), certificate.subject_value("O")) == ("林小满", "示例市")
    assert certificate.key_usage == {"digital_signature", "non_repudiation"}
    assert lint(Candidate(certificate.der, "signer", issued.issuers[0])) == []
    assert verify_chain(certificate, issued.issuers, world.services.authority.trust_anchors(), world.clock())
    assert ("certificate.issue", "success") in await world.events()


async def test_wishes_in_the_request_are_not_copied(world: SealWorld, tmp_path: Path) -> None:
    openssl(
        tmp_path, "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem",
        "-subj", "/CN=root of all", "-addext", "basicConstraints=critical,CA:TRUE",
        "-addext", "keyUsage=critical,keyCertSign", "-out", "request.pem",
    )  # fmt: skip
    request = CertificateRequest.load((tmp_path / "request.pem").read_bytes())

    certificate = (await world.services.enrolment.issue(request, person(world), ADMIN)).certificate

    assert not certificate.is_ca
    assert not certificate.allows("key_cert_sign")


@pytest.mark.parametrize(
    "changes", [{}, {"kind": "seal", "name": "99000000000003", "organisation": "示例市"}], ids=["person", "seal"]
)
async def test_who_may_sign_documents_makes_no_seals(world: SealWorld, changes: dict[str, str]) -> None:
    """Makers stand under the same root; a seal that somebody made themselves would carry anybody's name."""
    key = generate_key("SM2-SM3")
    request = make_request({"CN": "x"}, key)
    certificate = (await world.services.enrolment.issue(request, person(world, **changes), ADMIN)).certificate
    now = world.clock().replace(microsecond=0)
    own = make_seal(contents((HeldKey(certificate, key),), now, now + timedelta(days=30)), key, certificate.der)
    sealed = seal_ofd(minimal_ofd(), OfdSealRequest(own, key, certificate.der, [PLACE], now))

    report = validate_document(sealed, await world.services.publication.trust_store(), at=world.clock())

    failed = [check for check in report.signatures[0].checks if check.result is CheckResult.FAILED]
    assert [check.name for check in failed] == ["Seal maker's certificate"]
    assert report.indication is Indication.FAILED


async def test_a_key_that_is_not_held_is_not_certified(world: SealWorld) -> None:
    mine, other = generate_key("ES256"), generate_key("ES256")
    stolen = make_request({"CN": "x"}, mine).der.replace(mine.public_spki, other.public_spki)
    with pytest.raises(InvalidSignature):
        await world.services.enrolment.issue(CertificateRequest.load(stolen), person(world), ADMIN)


async def test_a_key_belongs_to_one_holder(world: SealWorld) -> None:
    request = make_request({"CN": "x"}, generate_key("SM2-SM3"))
    await world.services.enrolment.issue(request, person(world), ADMIN)
    await world.services.enrolment.issue(request, person(world), ADMIN)
    with pytest.raises(Conflict):
        await world.services.enrolment.issue(request, person(world, reference="person-2"), ADMIN)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "名" * 65},
        {"organisation": "机" * 65},
        {"reference": "林小满"},
        {"kind": "seal", "name": "123"},
        {"name": "99000000000003"},
        {"kind": "seal", "name": "99000000000003", "organisation": ""},
    ],
)
async def test_wrong_wishes_are_named(world: SealWorld, changes: dict[str, str]) -> None:
    request = make_request({"CN": "x"}, generate_key("ES256"))
    with pytest.raises(InvalidInput) as refused:
        await world.services.enrolment.issue(request, person(world, **changes), ADMIN)
    assert refused.value.fields


async def test_periods_are_bounded(world: SealWorld) -> None:
    request = make_request({"CN": "x"}, generate_key("ES256"))
    for days in (-1, 2000):
        with pytest.raises(InvalidInput):
            wished = person(world, valid_to=world.clock() + timedelta(days=days))
            await world.services.enrolment.issue(request, wished, ADMIN)


async def test_certificates_are_listed_and_revoked_one_by_one(any_world: SealWorld) -> None:
    world = any_world
    enrolment = world.services.enrolment
    request = make_request({"CN": "x"}, generate_key("SM2-SM3"))
    certificate = (await enrolment.issue(request, person(world), ADMIN)).certificate
    serial = f"{certificate.serial:x}"
    assert serial in {row.serial for row in await enrolment.listed()}

    await enrolment.revoke(serial, "key-compromise", ADMIN)

    crl = Crl.load((await world.client.get("/ca/sm2-issuing.crl")).content)
    assert crl.entries[certificate.serial].reason == 1
    with pytest.raises(Conflict):
        await enrolment.revoke(serial, "key-compromise", ADMIN)
    with pytest.raises(InvalidInput):
        await enrolment.revoke(serial, "boredom", ADMIN)
    with pytest.raises(NotFound):
        await enrolment.revoke("abc", "cessation", ADMIN)


async def test_the_authoritys_own_certificates_are_not_revoked_by_number(world: SealWorld) -> None:
    own = world.services.authority.certificate("sm2-issuing")
    with pytest.raises(NotFound):
        await world.services.enrolment.revoke(f"{own.serial:x}", "cessation", ADMIN)


class Outside:
    """Another authority, which certifies what it is asked to."""

    def __init__(self, world: SealWorld, algorithm: SigningAlgorithm) -> None:
        self.authority = Authority.create(algorithm, "Outside")
        self.world = world

    def answer(self, request: CertificateRequest, days: int = 3000) -> list[Certificate]:
        profile = CertificateRequestProfile(
            subject={"C": "CN", "CN": request.subject.value("CN") or ""},
            public_spki=request.spki,
            not_before=self.world.clock() - timedelta(days=1),
            not_after=self.world.clock() + timedelta(days=days),
            key_usage=("digital_signature", "non_repudiation"),
        )
        issuing = self.authority.issuing
        leaf = issue_certificate(profile, issuing.certificate, issuing.key)
        return [self.authority.root.certificate, leaf, issuing.certificate]


async def sealed(world: SealWorld, seal_id: str, data: bytes, kind: str) -> bytes:
    answer = await world.client.post(
        "/api/v1/seal-jobs", files={"file": (f"x.{kind}", data)}, data={"seal": seal_id}, headers=world.user
    )
    assert answer.status_code == 201, answer.text
    return (await world.client.get(answer.json()["file"], headers=world.user)).content


@pytest.mark.parametrize("family", ["p256", "rsa"])
async def test_pdfs_are_signed_under_an_outside_authority_from_then_on(world: SealWorld, family: str) -> None:
    seal = await world.active_seal()
    outside = Outside(world, "ES256")  # whatever it signs with itself
    request = await world.services.outside_signers.request(seal["id"], family)  # type: ignore[arg-type]
    assert request.subject.value("CN") == seal["code"]

    leaf = await world.services.outside_signers.adopt(seal["id"], outside.answer(request), ADMIN)

    pdf = await sealed(world, seal["id"], minimal_pdf(), "pdf")
    report = validate_document(pdf, await world.services.publication.trust_store(), at=world.clock())
    assert report.indication == "TOTAL-PASSED"
    assert outside.authority.issuing.certificate.der in bytes.fromhex(hexadecimal_of(pdf))
    held: Seal = await world.services.register.get(seal["id"])
    assert held.p256_certificate == leaf.der
    assert ("certificate.import", "success") in await world.events()


def hexadecimal_of(pdf: bytes) -> str:
    start = pdf.rindex(b"/Contents <") + len(b"/Contents <")
    return pdf[start : pdf.index(b">", start)].decode()


async def test_an_sm2_certificate_from_outside_has_the_seal_made_anew(world: SealWorld) -> None:
    seal = await world.active_seal()
    before = (await world.services.register.get(seal["id"])).esl
    request = await world.services.outside_signers.request(seal["id"], "sm2")
    leaf = await world.services.outside_signers.adopt(seal["id"], Outside(world, "SM2-SM3").answer(request), ADMIN)

    after = (await world.services.register.get(seal["id"])).esl
    assert after != before
    assert load_seal(after or b"").contents.properties.certificates == (leaf.der,)
    ofd = await sealed(world, seal["id"], minimal_ofd(pages=1), "ofd")
    report = validate_document(ofd, await world.services.publication.trust_store(), at=world.clock())
    assert report.indication == "TOTAL-PASSED"


async def test_customers_of_an_outside_authority_make_no_seals(world: SealWorld) -> None:
    """Its root came with one signer's certificate; all its other customers stand below it too."""
    seal, outside = await world.active_seal(), Outside(world, "SM2-SM3")
    request = await world.services.outside_signers.request(seal["id"], "sm2")
    await world.services.outside_signers.adopt(seal["id"], outside.answer(request), ADMIN)
    now = world.clock().replace(microsecond=0)
    customer = outside.authority.issue("somebody", not_before=now, not_after=now + timedelta(days=30))
    own = contents((customer,), now, now + timedelta(days=30))
    forged = make_seal(own, customer.key, customer.certificate.der)
    wished = OfdSealRequest(forged, customer.key, customer.certificate.der, [PLACE], now)

    trust = replace(await world.services.publication.trust_store(), seal_status=None)  # its register is not asked
    report = validate_document(seal_ofd(minimal_ofd(), wished), trust, at=world.clock())

    assert report.sub_indication is SubIndication.NO_CERTIFICATE_CHAIN_FOUND
    results = {check.name: check.result for check in report.signatures[0].checks}
    assert results["Seal maker's certificate"] is CheckResult.INDETERMINATE
    assert results["Signer's certificate"] is CheckResult.PASSED


async def test_answers_that_do_not_fit_are_refused(world: SealWorld) -> None:
    seal = await world.active_seal()
    signers, outside = world.services.outside_signers, Outside(world, "ES256")
    request = await signers.request(seal["id"], "p256")
    root, leaf, issuing = outside.answer(request)
    other = make_request({"CN": "other"}, generate_key("ES256"))
    stranger = Outside(world, "ES256").authority
    for wrong in (
        [root, leaf],
        [leaf, issuing],
        [leaf],
        [],
        [stranger.root.certificate, leaf, issuing],
        outside.answer(other),
        outside.answer(request, days=30),
    ):
        with pytest.raises(InvalidInput):
            await signers.adopt(seal["id"], wrong, ADMIN)
    assert outside.authority.root.certificate not in world.services.authority.trust_anchors()


async def test_revoking_the_seal_leaves_the_outside_authority_its_own_lists(world: SealWorld) -> None:
    seal = await world.active_seal()
    request = await world.services.outside_signers.request(seal["id"], "p256")
    await world.services.outside_signers.adopt(seal["id"], Outside(world, "ES256").answer(request), ADMIN)
    answer = await world.client.post(f"/api/v1/seals/{seal['id']}/revoke", headers=world.approver)
    assert answer.status_code == 200
