"""Revocation lists of outside authorities are fetched, believed for their signatures alone, and never go back."""

import ipaddress
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from kernel.audit.chain import Actor
from kernel.crypto.certificates import Certificate
from kernel.crypto.issuance import CertificateRequestProfile, issue_certificate
from kernel.outbound.fetch import GuardedFetcher
from kernel.outbound.policy import Address, OutboundPolicy
from seal.app import SealServices, build_services
from seal.validation.service import validate_document
from tests.seal.pdf_samples import minimal_pdf
from tests.seal.pki import Authority, Holder
from tests.seal.world import SealWorld

ADDRESS = "http://crl.ca.example/issuing.crl"
ADMIN = Actor("user", "admin")


class OutsideCa:
    """An authority elsewhere, whose list stands at `ADDRESS`."""

    def __init__(self, world: SealWorld) -> None:
        self.authority = Authority.create("ES256", "Outside")
        self.world = world
        self.served = self.authority.crl(at=world.clock())
        self.asked: list[httpx.Request] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return httpx.Response(200, content=self.served)

    def services(self, at: str = "93.184.216.34") -> SealServices:
        async def resolve(_host: str, _port: int) -> Sequence[Address]:
            return [ipaddress.ip_address(at)]

        policy = OutboundPolicy(signed_objects=True)
        fetcher = GuardedFetcher(policy, transport=httpx.MockTransport(self.answer), resolver=resolve)
        return build_services(replace(self.world.foundations, fetcher=fetcher))

    async def certify(self, services: SealServices, seal_id: str) -> Certificate:
        request = await services.outside_signers.request(seal_id, "p256")
        profile = CertificateRequestProfile(
            subject={"C": "CN", "CN": request.subject.value("CN") or ""},
            public_spki=request.spki,
            not_before=self.world.clock() - timedelta(days=1),
            not_after=self.world.clock() + timedelta(days=3000),
            key_usage=("digital_signature", "non_repudiation"),
            crl_urls=(ADDRESS,),
        )
        issuing = self.authority.issuing
        leaf = issue_certificate(profile, issuing.certificate, issuing.key)
        chain = [self.authority.root.certificate, leaf, issuing.certificate]
        return await services.outside_signers.adopt(seal_id, chain, ADMIN)


async def test_finding_a_revocation_by_an_outside_authority_is_known_within_the_hour(world: SealWorld) -> None:
    seal, outside = await world.active_seal(), OutsideCa(world)
    services = outside.services()
    await services.authority.bootstrap()
    leaf = await outside.certify(services, seal["id"])
    world.app.state.seal = services
    sealed = await world.client.post(
        "/api/v1/seal-jobs",
        files={"file": ("x.pdf", minimal_pdf())},
        data={"seal": seal["id"]},
        headers={**world.user, "Accept": "application/pdf"},
    )
    revoked_at = world.clock() - timedelta(minutes=1)
    held = Holder(leaf, outside.authority.issuing.key)
    outside.served = outside.authority.crl((held, revoked_at, 1), at=world.clock() + timedelta(hours=1))

    await services.outside_lists.fetch()
    world.clock.advance(hours=1)
    report = validate_document(sealed.content, await services.publication.trust_store(), at=world.clock())

    assert (report.indication, report.sub_indication) == ("TOTAL-FAILED", "REVOKED")
    assert outside.asked[0].url.host == "93.184.216.34"
    listed = await services.outside_lists.listed()
    assert [each.next_update for each in listed] == [services.outside_lists.current[0].next_update]


async def test_an_older_list_a_forged_one_and_nonsense_change_nothing(world: SealWorld) -> None:
    seal, outside = await world.active_seal(), OutsideCa(world)
    services = outside.services()
    await services.authority.bootstrap()
    await outside.certify(services, seal["id"])
    await services.outside_lists.fetch()
    await services.outside_lists.refresh()
    (kept,) = services.outside_lists.current

    for served in (
        outside.authority.crl(at=world.clock() - timedelta(days=1)),
        Authority.create("ES256", "Outside").crl(at=world.clock() + timedelta(days=1)),
        b"nonsense",
    ):
        outside.served = served
        await services.outside_lists.fetch()
        await services.outside_lists.refresh()
        assert services.outside_lists.current == (kept,)


@pytest.mark.parametrize("inside", ["127.0.0.1", "10.0.0.8", "169.254.169.254"])
async def test_a_certificate_cannot_have_us_call_our_own_network(world: SealWorld, inside: str) -> None:
    seal, outside = await world.active_seal(), OutsideCa(world)
    services = outside.services(at=inside)
    await services.authority.bootstrap()
    await outside.certify(services, seal["id"])

    await services.outside_lists.fetch()

    assert outside.asked == []
