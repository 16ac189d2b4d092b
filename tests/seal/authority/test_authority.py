"""The built-in authority: made once, publishes what it issued and revoked."""

import asyncio
import subprocess
from datetime import timedelta
from pathlib import Path

from kernel.crypto.certificates import Certificate, verify_chain
from kernel.crypto.certification.lints import Candidate, lint
from kernel.crypto.revocation.crl import Crl
from seal.app import build_services
from seal.seals.records import find_seal
from seal.validation.trust import TrustStore
from tests.seal.world import SealWorld


async def certificates_of(world: SealWorld, seal_id: str) -> tuple[Certificate, Certificate]:
    async with world.database.reading() as session:
        row = await find_seal(session, seal_id)
    assert row is not None
    assert row.sm2_certificate is not None
    assert row.p256_certificate is not None
    return Certificate.load(row.sm2_certificate), Certificate.load(row.p256_certificate)


async def test_a_second_start_finds_the_same_authority(world: SealWorld) -> None:
    again = build_services(world.foundations)
    await again.start()

    assert again.authority.trust_anchors() == world.services.authority.trust_anchors()
    assert again.authority.certificate("seal-maker") == world.services.authority.certificate("seal-maker")


async def test_two_processes_that_start_together_agree(world: SealWorld, tmp_path: Path) -> None:
    first, second = build_services(world.foundations), build_services(world.foundations)

    await asyncio.gather(first.start(), second.start())

    assert first.authority.trust_anchors() == second.authority.trust_anchors()


async def test_certificates_of_seals_lead_to_the_roots_and_say_whose_they_are(world: SealWorld) -> None:
    seal = await world.active_seal()
    authority = world.services.authority

    for certificate in await certificates_of(world, seal["id"]):
        chain = verify_chain(
            certificate, authority.intermediates(), authority.trust_anchors(), world.clock(), usages=["non_repudiation"]
        )
        assert len(chain) == 3
        assert certificate.subject_value("CN") == seal["code"]
        assert certificate.subject_value("O") == seal["owner"]["name"]
        assert certificate.not_after <= chain[1].not_after


async def test_openssl_accepts_the_chain_of_the_pdf_signer(world: SealWorld, tmp_path: Path) -> None:
    seal = await world.active_seal()
    _sm2, leaf = await certificates_of(world, seal["id"])
    authority = world.services.authority
    for name, certificate in (
        ("root", authority.certificate("p256-root")),
        ("issuing", authority.certificate("p256-issuing")),
        ("leaf", leaf),
    ):
        (tmp_path / name).write_bytes(certificate.der)
        subprocess.run(
            ["openssl", "x509", "-inform", "DER", "-in", tmp_path / name, "-out", tmp_path / f"{name}.pem"], check=True
        )
    crl = await authority.crl("p256-issuing")
    (tmp_path / "crl").write_bytes(crl.der)
    subprocess.run(
        ["openssl", "crl", "-inform", "DER", "-in", tmp_path / "crl", "-out", tmp_path / "crl.pem"], check=True
    )

    judged = subprocess.run(
        [
            "openssl", "verify", "-crl_check", "-attime", str(int(world.clock().timestamp())), "-CAfile",
            tmp_path / "root.pem", "-untrusted", tmp_path / "issuing.pem", "-CRLfile", tmp_path / "crl.pem",
            tmp_path / "leaf.pem",
        ],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip

    assert judged.returncode == 0, judged.stderr


async def test_certificates_and_lists_are_published(world: SealWorld) -> None:
    for name in ("sm2-root", "sm2-issuing", "p256-root", "p256-issuing"):
        certificate = await world.client.get(f"/ca/{name}.cer")
        crl = await world.client.get(f"/ca/{name}.crl")

        loaded = Certificate.load(certificate.content)
        assert certificate.headers["content-type"] == "application/pkix-cert"
        assert crl.headers["content-type"] == "application/pkix-crl"
        Crl.load(crl.content).verify(loaded)
    assert (await world.client.get("/ca/nobody.cer")).status_code == 404
    assert (await world.client.get("/ca/seal-maker.crl")).status_code == 404


async def test_certificates_point_at_where_their_lists_are_published(world: SealWorld) -> None:
    seal = await world.active_seal()

    for certificate in await certificates_of(world, seal["id"]):
        (url,) = certificate.crl_urls
        crl = Crl.load((await world.client.get(url)).content)
        assert crl.issuer.matches(certificate.issuer)


async def test_revoking_a_seal_lists_its_certificates_at_once(any_world: SealWorld) -> None:
    world = any_world
    seal = await world.active_seal()
    before = Crl.load((await world.client.get("/ca/sm2-issuing.crl")).content)
    world.clock.advance(minutes=5)

    body = {"reason": "key-compromise"}
    await world.client.post(f"/api/v1/seals/{seal['id']}/revoke", json=body, headers=world.approver)

    for certificate, name in zip(await certificates_of(world, seal["id"]), ("sm2", "p256"), strict=True):
        crl = Crl.load((await world.client.get(f"/ca/{name}-issuing.crl")).content)
        assert crl.revoked_at(certificate.serial) == world.clock()
        assert crl.entries[certificate.serial].reason == 1
        assert (crl.number or 0) > (before.number or 0)


async def test_lists_are_renewed_daily(world: SealWorld) -> None:
    first = await world.services.authority.crl("sm2-issuing")
    world.clock.advance(days=2)

    second = await world.services.authority.crl("sm2-issuing")

    assert second.this_update - first.this_update == timedelta(days=2)
    assert (second.number or 0) == (first.number or 0) + 1


async def test_what_another_process_revoked_is_seen_a_second_later(world: SealWorld) -> None:
    other = build_services(world.foundations)
    await other.start()
    seal = await world.active_seal()
    await other.authority.crl("sm2-issuing")

    await world.client.post(f"/api/v1/seals/{seal['id']}/revoke", headers=world.approver)
    world.clock.advance(seconds=1)

    sm2, _p256 = await certificates_of(world, seal["id"])
    assert (await other.authority.crl("sm2-issuing")).revoked_at(sm2.serial) is not None


async def test_trust_is_exported_for_use_without_a_server(world: SealWorld, tmp_path: Path) -> None:
    await world.services.authority.export_trust(tmp_path / "trust")

    store = TrustStore.load(tmp_path / "trust")

    assert set(store.anchors) == set(world.services.authority.trust_anchors())
    assert set(store.intermediates) == set(world.services.authority.intermediates())
    assert len(store.crls) == 4


async def test_everything_that_was_issued_passes_the_lints(world: SealWorld) -> None:
    seal = await world.active_seal()
    authority = world.services.authority
    for family in ("sm2", "p256"):
        root, issuing = authority.certificate(f"{family}-root"), authority.certificate(f"{family}-issuing")
        assert lint(Candidate(root.der, "root", None)) == []
        assert lint(Candidate(issuing.der, "issuing", root)) == []
        assert lint(Candidate(authority.certificate(f"{family}-tsa").der, "tsa", issuing)) == []
        assert lint(Candidate(authority.certificate(f"{family}-ocsp").der, "ocsp", issuing)) == []
    sm2, p256 = await certificates_of(world, seal["id"])
    assert lint(Candidate(sm2.der, "signer", authority.certificate("sm2-issuing"))) == []
    assert lint(Candidate(p256.der, "signer", authority.certificate("p256-issuing"))) == []


async def test_an_issuing_authority_is_renewed_over_its_key_in_time_for_long_seals(world: SealWorld) -> None:
    seal = await world.active_seal()
    authority = world.services.authority
    before = authority.certificate("sm2-issuing")
    world.clock.advance(days=1801)
    await authority.bootstrap()
    after = authority.certificate("sm2-issuing")

    assert after.not_after > before.not_after
    assert (after.spki, after.subject) == (before.spki, before.subject)
    old, _p256 = await certificates_of(world, seal["id"])
    old.verify_issued_by(after)
    (await authority.crl("sm2-issuing")).verify(before)


async def test_rsa_is_made_when_it_is_first_wanted_and_found_by_other_processes(world: SealWorld) -> None:
    authority = world.services.authority
    assert "rsa" not in authority.families()
    end = world.clock() + timedelta(days=365)
    issued = await authority.issue_for_seal(
        "f" * 32, code="99000000000002", owner="示例市", period=(world.clock(), end), families=["p256", "rsa"]
    )

    other = build_services(world.foundations)
    await other.start()
    chain = verify_chain(
        issued.by_family["rsa"], other.authority.intermediates(), other.authority.trust_anchors(), world.clock()
    )
    assert {each.public_key().algorithm for each in chain} == {"RS256"}
    await other.stop()
