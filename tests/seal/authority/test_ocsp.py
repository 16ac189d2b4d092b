"""`/ca/ocsp`: is a certificate good, as of now; OpenSSL asks and believes."""

import asyncio
from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from kernel.crypto.certificates import Certificate
from kernel.crypto.der import reader
from kernel.crypto.revocation.ocsp import CertificateId, OcspResponse
from kernel.crypto.revocation.ocsp_answers import OcspError, OcspRequest
from kernel.crypto.signatures import InvalidSignature
from kernel.errors import InvalidInput
from seal.app import build_services
from seal.seals.records import find_seal
from seal.validation.certificates import CertificateQuestion, judge_certificate
from seal.validation.report import CheckResult
from tests.kernel.crypto.timestamps.stamps import openssl
from tests.kernel.crypto.timestamps.test_tokens import pem
from tests.seal.openssl import verifies_sm2
from tests.seal.timestamp.http_authority import Answer, serving
from tests.seal.world import SealWorld

SHA256 = "2.16.840.1.101.3.4.2.1"
SM3 = "1.2.156.10197.1.401"


async def signer_of(world: SealWorld, seal_id: str, family: str) -> Certificate:
    async with world.database.reading() as session:
        row = await find_seal(session, seal_id)
    assert row is not None
    return Certificate.load((row.sm2_certificate if family == "sm2" else row.p256_certificate) or b"")


async def ask(world: SealWorld, request: OcspRequest | bytes) -> httpx.Response:
    body = request if isinstance(request, bytes) else request.encode()
    return await world.client.post("/ca/ocsp", content=body, headers={"Content-Type": "application/ocsp-request"})


def error_of(response: httpx.Response) -> int:
    assert response.status_code == 200
    return reader.integer(reader.read_element(response.content).children()[0])


@pytest.mark.parametrize("family", ["sm2", "p256"])
@pytest.mark.parametrize("hash_oid", ["1.3.14.3.2.26", SHA256, SM3])
async def test_a_certificate_in_use_is_good(world: SealWorld, family: str, hash_oid: str) -> None:
    seal = await world.active_seal()
    certificate, issuer = (
        await signer_of(world, seal["id"], family),
        world.services.authority.certificate(f"{family}-issuing"),
    )
    nonce = bytes(range(32))

    answer = await ask(world, OcspRequest((CertificateId.of(certificate.serial, issuer, hash_oid),), nonce))

    assert answer.headers["content-type"] == "application/ocsp-response"
    response = OcspResponse.load(answer.content)
    response.verify(issuer)
    status = response.status_of(certificate, issuer)
    assert status is not None
    assert (status.standing, response.nonce) == ("good", nonce)
    assert status.this_update == response.produced_at == world.clock()


@pytest.mark.parametrize("family", ["sm2", "p256"])
async def test_a_revocation_is_answered_at_once_with_its_reason(any_world: SealWorld, family: str) -> None:
    world = any_world
    seal = await world.active_seal()
    certificate, issuer = (
        await signer_of(world, seal["id"], family),
        world.services.authority.certificate(f"{family}-issuing"),
    )
    world.clock.advance(minutes=1)
    await world.client.post(
        f"/api/v1/seals/{seal['id']}/revoke", json={"reason": "key-compromise"}, headers=world.approver
    )

    response = OcspResponse.load(
        (await ask(world, OcspRequest((CertificateId.of(certificate.serial, issuer),)))).content
    )

    status = response.status_of(certificate, issuer)
    assert status is not None
    assert status.revocation is not None
    assert (status.standing, status.revocation.reason, status.revocation.revoked_at) == ("revoked", 1, world.clock())
    assert response.nonce is None

    trust = replace(await world.services.publication.trust_store(), crls=(), ocsp_responses=(response,))
    before, after = world.clock(), world.clock()
    question = CertificateQuestion(certificate.der, before, after, "chain", "revocation")
    assert [check.result for check in judge_certificate(question, trust)] == [CheckResult.PASSED, CheckResult.FAILED]


async def test_a_number_that_was_never_given_is_unknown(world: SealWorld) -> None:
    issuer = world.services.authority.certificate("p256-issuing")
    for serial in (1, -5, 1 << 158):
        response = OcspResponse.load((await ask(world, OcspRequest((CertificateId.of(serial, issuer),)))).content)
        assert [status.standing for status in response.statuses] == ["unknown"]


async def test_several_certificates_are_answered_together(world: SealWorld) -> None:
    first, second = (await world.active_seal())["id"], (await world.active_seal())["id"]
    issuer = world.services.authority.certificate("sm2-issuing")
    asked = [(await signer_of(world, seal, "sm2")).serial for seal in (first, second)] + [7]
    response = OcspResponse.load(
        (await ask(world, OcspRequest(tuple(CertificateId.of(each, issuer) for each in asked)))).content
    )
    assert [status.standing for status in response.statuses] == ["good", "good", "unknown"]


async def test_who_issues_nothing_here_is_not_spoken_for(world: SealWorld) -> None:
    root = world.services.authority.certificate("p256-root")
    assert error_of(await ask(world, OcspRequest((CertificateId.of(5, root),)))) == OcspError.UNAUTHORIZED


@pytest.mark.parametrize("nonce", [bytes(1), bytes(128)])
async def test_nonces_of_every_allowed_length_come_back(world: SealWorld, nonce: bytes) -> None:
    issuer = world.services.authority.certificate("p256-issuing")
    answer = await ask(world, OcspRequest((CertificateId.of(5, issuer),), nonce))
    assert OcspResponse.load(answer.content).nonce == nonce


@pytest.mark.parametrize("body", [b"", b"<html>", b"0" * 20_000])
async def test_what_is_no_request_is_malformed(world: SealWorld, body: bytes) -> None:
    assert error_of(await ask(world, body)) == OcspError.MALFORMED_REQUEST
    with pytest.raises(InvalidInput):
        OcspResponse.load((await ask(world, body)).content)


@pytest.mark.parametrize("nonce", [b"", bytes(129)])
async def test_nonces_of_a_forbidden_length_are_malformed(world: SealWorld, nonce: bytes) -> None:
    issuer = world.services.authority.certificate("p256-issuing")
    answer = await ask(world, OcspRequest((CertificateId.of(5, issuer),), nonce))
    assert error_of(answer) == OcspError.MALFORMED_REQUEST


async def test_the_get_form_takes_any_base64(world: SealWorld) -> None:
    issuer = world.services.authority.certificate("p256-issuing")
    for number in range(40):  # some have / and + in them
        text = b64encode(OcspRequest((CertificateId.of(number + 1, issuer),)).encode()).decode()
        for path in (quote(text, safe=""), text):
            answer = await world.client.get(f"/ca/ocsp/{path}")
            assert OcspResponse.load(answer.content).statuses[0].certificate.serial == number + 1
    assert "max-age" in answer.headers["cache-control"]
    assert error_of(await world.client.get("/ca/ocsp/!!!")) == OcspError.MALFORMED_REQUEST


async def test_certificates_point_at_the_responder(world: SealWorld) -> None:
    seal = await world.active_seal()
    certificate = await signer_of(world, seal["id"], "p256")
    assert b"https://zhengzhao.example.cn/ca/ocsp" in certificate.der


async def test_an_answer_signed_by_somebody_else_is_refused(world: SealWorld) -> None:
    issuer = world.services.authority.certificate("p256-issuing")
    response = OcspResponse.load((await ask(world, OcspRequest((CertificateId.of(5, issuer),)))).content)
    with pytest.raises(InvalidSignature):
        response.verify(world.services.authority.certificate("p256-root"))
    damaged = replace(response, tbs=response.tbs[:-1] + bytes([response.tbs[-1] ^ 1]))
    with pytest.raises(InvalidSignature):
        damaged.verify(issuer)
    not_delegated = replace(response, certificates=(world.services.authority.certificate("p256-tsa"),))
    with pytest.raises(InvalidSignature):
        not_delegated.verify(issuer)


async def test_responders_are_renewed_before_they_end(world: SealWorld) -> None:
    before = world.services.authority.certificate("sm2-ocsp")
    world.clock.advance(days=61)
    await world.services.authority.bootstrap()
    after = world.services.authority.certificate("sm2-ocsp")

    assert before.spki != after.spki
    assert before.not_after > world.clock()
    issuer = world.services.authority.certificate("sm2-issuing")
    OcspResponse.load((await ask(world, OcspRequest((CertificateId.of(5, issuer),)))).content).verify(issuer)


async def test_openssl_checks_the_sm2_signature(world: SealWorld, tmp_path: Path) -> None:
    issuer = world.services.authority.certificate("sm2-issuing")
    response = OcspResponse.load((await ask(world, OcspRequest((CertificateId.of(5, issuer),)))).content)
    spki = world.services.authority.certificate("sm2-ocsp").spki
    assert verifies_sm2(tmp_path, spki=spki, signature=response.signature, data=response.tbs)


@pytest.mark.parametrize("family", ["p256", "rsa"])
async def test_openssl_asks_and_believes(world: SealWorld, tmp_path: Path, family: str) -> None:
    authority = world.services.authority
    issued = await authority.issue_for_seal(
        "0" * 32,
        code="99000000000009",
        owner="示例市",
        period=(world.clock(), world.clock().replace(year=2028)),
        families=[family],
    )
    for name, certificate in (
        ("root", authority.certificate(f"{family}-root")),
        ("issuing", authority.certificate(f"{family}-issuing")),
        ("leaf", issued.by_family[family]),
    ):
        (tmp_path / f"{name}.pem").write_text(pem(certificate.der))
    (tmp_path / "anchors.pem").write_text((tmp_path / "root.pem").read_text() + (tmp_path / "issuing.pem").read_text())
    loop = asyncio.get_running_loop()

    def forward(request: bytes) -> Answer:
        sent = asyncio.run_coroutine_threadsafe(ask(world, request), loop).result(10)
        return sent.status_code, sent.content

    with serving(forward, kind="application/ocsp-response") as served:
        said = await asyncio.to_thread(
            openssl, tmp_path, "ocsp", "-issuer", "issuing.pem", "-cert", "leaf.pem", "-url", f"{served.url}/ca/ocsp",
            "-CAfile", "anchors.pem", "-attime", str(int(world.clock().timestamp())), "-validity_period", "999999999",
        )  # fmt: skip

    assert "Response verify OK" in said
    assert "leaf.pem: good" in said


async def test_finding_an_answer_without_a_nonce_is_signed_once_while_the_register_says_the_same(
    world: SealWorld,
) -> None:
    seal = await world.active_seal()
    certificate = await signer_of(world, seal["id"], "sm2")
    asked = OcspRequest((CertificateId.of(certificate.serial, world.services.authority.certificate("sm2-issuing")),))

    first = await ask(world, asked)
    world.clock.advance(minutes=1)
    again = await ask(world, asked)
    nonced = await ask(world, replace(asked, nonce=b"n" * 16))
    world.clock.advance(minutes=5)
    later = await ask(world, asked)
    await world.client.post(f"/api/v1/seals/{seal['id']}/revoke", headers=world.approver)
    revoked = await ask(world, asked)

    assert first.content == again.content
    assert nonced.content != first.content
    assert later.content != first.content
    assert OcspResponse.load(revoked.content).statuses[0].standing == "revoked"


async def test_finding_who_asks_the_authority_too_often_waits(world: SealWorld) -> None:
    world.app.state.seal = build_services(replace(world.foundations, ca_requests_per_minute=3))
    await world.app.state.seal.start()
    answers = [await world.client.get("/ca/sm2-issuing.crl") for _each in range(4)]
    asked = await world.client.get("/ca/ocsp/AAAA")

    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    assert asked.status_code == 429
    assert int(asked.headers["retry-after"]) >= 1
    await world.app.state.seal.stop()


async def test_a_list_that_is_known_is_not_sent_again(world: SealWorld) -> None:
    first = await world.client.get("/ca/sm2-issuing.crl")
    again = await world.client.get("/ca/sm2-issuing.crl", headers={"If-None-Match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")
