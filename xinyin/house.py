"""The one readable list of what is wired to what. Read this first, then `xinyin/app.py` for the routes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from importlib.metadata import version
from pathlib import Path

import admin.app
import idp.app
import licence_vault.app
import seal.app
import sso_proxy.app
import verify.app
from admin.app import AdminServices
from idp.app import IdpServices
from idp.federation.wire import ProviderHttp
from idp.keys import TokenKeys
from idp.settings import IdpSettings
from kernel.clock import Clock, system_clock
from kernel.errors import Conflict, Unavailable
from kernel.messages.message import Channel, MessageSender
from kernel.outbound.fetch import GuardedFetcher
from kernel.outbound.policy import OutboundPolicy
from kernel.web.templates import Pages
from licence_vault.app import VaultServices
from licence_vault.caller import Issuer
from licence_vault.layout.fonts import load_fonts
from licence_vault.lookup.access import SHARE
from seal.app import SealServices
from seal.seals.service import SealRegister
from seal.signing.workers.keystore import WorkerKeyStore
from seal.timestamp.settings import TimestampSettings
from sso_proxy.app import GatewayServices, start_gateway
from verify.app import VerifyServices
from verify.regions.service import Regions
from verify.signed_reports.basis import Software
from verify.trust_list.source import ServiceTrust
from verify.upload.judging.findings import Judges
from verify.upload.judging.here import JudgesHere
from verify.upload.judging.pool import JudgingLimits, JudgingPool
from verify.vault import VaultStandings
from xinyin.foundation import Foundation, derive_key, open_foundation
from xinyin.operations.circumstances import HouseCircumstances
from xinyin.own_clients import GATEWAY_CLIENT_ID, gateway_registration, pages_registration
from xinyin.pages import build_pages
from xinyin.providers import build_connectors
from xinyin.settings import Settings

DEBIAN_FONTS = Path("/usr/share/fonts/truetype/lxgw-wenkai")
THIS_MACHINE = ("127.0.0.0/8", "::1/128")
SEAL_FONT = "LXGWWenKai-Bold.ttf"


@dataclass(frozen=True)
class House:
    """Every room, ready to be used by routes, commands and the demo."""

    foundation: Foundation
    idp: IdpServices
    seal: SealServices
    licence_vault: VaultServices
    verify: VerifyServices
    sso_proxy: GatewayServices
    admin: AdminServices
    trust: ServiceTrust
    pages: Pages

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.foundation.settings

    @asynccontextmanager
    async def gateway_running(self) -> AsyncIterator[None]:
        """Have the gateway answer during the block. Raises `Unavailable` when its port is taken."""
        settings = self.settings
        try:
            server = await start_gateway(self.sso_proxy, settings.host, settings.gateway_port)
        except OSError as failure:
            raise Unavailable("Port {port} is taken. Choose another one.", port=settings.gateway_port) from failure
        try:
            yield
        finally:
            server.close()


@asynccontextmanager
async def open_house(settings: Settings, *, clock: Clock = system_clock) -> AsyncIterator[House]:
    """Build every room bottom up, open its doors, and close them in reverse."""
    provider_http = ProviderHttp()
    async with open_foundation(settings, clock=clock) as foundation:
        try:
            house = build_house(foundation, provider_http)
            try:
                await house.idp.start()
                await house.seal.start()
                await house.licence_vault.start()
                await _register_own_clients(house)
                yield house
                await house.sso_proxy.close()
                await house.licence_vault.stop()
                await house.seal.stop()
                await house.idp.stop()
            finally:
                await asyncio.to_thread(house.verify.judges.close)
        finally:
            await provider_http.close()


def build_house(foundation: Foundation, provider_http: ProviderHttp) -> House:
    """Plain constructors, nothing opened yet."""
    identity = _build_idp(foundation, provider_http)
    sealing = _build_seal(foundation)
    vault = _build_vault(foundation, sealing, identity)
    pages = build_pages(foundation)
    trust = ServiceTrust(
        sealing.publication,
        sealing.signing,
        issuer=foundation.settings.public_url,
        clock=foundation.clock,
        reports=sealing.reports,
    )
    regions = Regions(
        foundation.database, foundation.audit, foundation.clock, own_issuer=foundation.settings.public_url
    )
    console = admin.app.build_services(
        admin.app.Neighbours(identity, sealing, vault, regions),
        admin.app.AuditParts(foundation.database, foundation.audit, foundation.audit_key),
    )
    return House(
        foundation=foundation,
        idp=identity,
        seal=sealing,
        licence_vault=vault,
        verify=_build_verify(foundation, sealing, vault, trust, regions),
        sso_proxy=_build_gateway(foundation, pages, identity),
        admin=console,
        trust=trust,
        pages=pages,
    )


def _build_idp(foundation: Foundation, provider_http: ProviderHttp) -> IdpServices:
    settings, clock = foundation.settings, foundation.clock
    return idp.app.build_services(
        idp.app.Foundations(
            settings=_idp_settings(settings),
            database=foundation.database,
            ephemeral=foundation.ephemeral,
            audit=foundation.audit,
            envelope=foundation.envelope,
            keys=TokenKeys(foundation.keystore),
            clock=clock,
            connectors=build_connectors(settings, provider_http, clock),
            messages=foundation.messages,
        )
    )


def _idp_settings(settings: Settings) -> IdpSettings:
    """The provider's settings; in the demo, applications on this machine may be called back."""
    chosen = IdpSettings(issuer=settings.public_url, population_register_url=settings.population_register_url)
    if settings.mode == "demo" and not chosen.outbound_networks:
        return chosen.model_copy(update={"outbound_networks": THIS_MACHINE})
    return chosen


def _build_seal(foundation: Foundation) -> SealServices:
    fonts = Path(foundation.settings.font_directory or DEBIAN_FONTS)
    workers = foundation.sealing_workers
    return seal.app.build_services(
        seal.app.Foundations(
            keystore=WorkerKeyStore(workers) if workers else foundation.keystore,
            press=workers,
            fetcher=_signed_object_fetcher(foundation.settings),
            ca_requests_per_minute=foundation.settings.ca_requests_per_minute,
            database=foundation.database,
            audit=foundation.audit,
            clock=foundation.clock,
            ephemeral=foundation.ephemeral,
            blobs=foundation.seal_job_blobs,
            envelope=foundation.envelope,
            public_url=foundation.settings.public_url,
            font=fonts / SEAL_FONT,
            timestamps=_timestamp_settings(foundation.settings),
            maker_trust=foundation.settings.seal_maker_trust,
            job_files_kept=timedelta(days=foundation.settings.seal_job_days),
        )
    )


def _signed_object_fetcher(settings: Settings) -> GuardedFetcher:
    """For revocation lists: what they say is believed for their signature, so http will do."""
    policy = OutboundPolicy.of(_idp_settings(settings).outbound_networks)
    return GuardedFetcher(replace(policy, signed_objects=True), seconds=30)


def _timestamp_settings(settings: Settings) -> TimestampSettings:
    return TimestampSettings(
        url=settings.tsa_url,
        sm3_url=settings.tsa_sm3_url,
        username=settings.tsa_username,
        password=settings.tsa_password.get_secret_value(),
        anchors=settings.tsa_anchors,
        policy=settings.tsa_policy,
        timeout=timedelta(seconds=settings.tsa_timeout_seconds),
        hard_stop=timedelta(seconds=settings.tsa_hard_stop_seconds),
        requests_per_minute=settings.tsa_requests_per_minute,
    )


def _build_vault(foundation: Foundation, sealing: SealServices, identity: IdpServices) -> VaultServices:
    fonts = foundation.settings.font_directory
    return licence_vault.app.build_services(
        licence_vault.app.Foundations(
            database=foundation.database,
            ephemeral=foundation.ephemeral,
            blobs=foundation.blobs,
            envelope=foundation.envelope,
            audit=foundation.audit,
            clock=foundation.clock,
            sealer=sealing.signing,
            seal_of=_SealInUse(sealing.register),
            fonts=load_fonts(Path(fonts) if fonts else None),
            public_url=foundation.settings.public_url,
            agencies=_Agencies(identity),
            messages=foundation.messages,
            contacts=_Contacts(identity, foundation.messages),
        )
    )


def _build_verify(
    foundation: Foundation, sealing: SealServices, vault: VaultServices, trust: ServiceTrust, regions: Regions
) -> VerifyServices:
    standings = VaultStandings(
        vault.lookup, vault.presentations, foundation.clock, vault.ledger, vault.sharing, vault.catalogue
    )
    neighbours = verify.app.Neighbours(
        standings=standings,
        presentations=standings,
        trust=trust,
        receipts=sealing.signing,
        store=foundation.ephemeral,
        judges=_judges(foundation.settings.judging_workers),
        status_tokens=vault.statuses.tokens,
        reporting=_reporting(foundation, sealing, vault),
        regions=regions,
        figure_key=derive_key(foundation.csrf_key, "figure"),
    )
    return verify.app.build_services(neighbours, public_url=foundation.settings.public_url, clock=foundation.clock)


def _reporting(foundation: Foundation, sealing: SealServices, vault: VaultServices) -> verify.app.Reporting:
    fonts = foundation.settings.font_directory
    return verify.app.Reporting(
        sealer=sealing.reports,
        fonts=cache(lambda: load_fonts(Path(fonts) if fonts else None)),
        envelope=foundation.envelope,
        software=Software("Xinyin", version("xinyin")),
        circumstances=HouseCircumstances(vault, sealing),
        seconds=foundation.settings.report_minutes * 60,
    )


def _judges(processes: int) -> Judges:
    """Strangers' files are judged in processes of their own, unless the operator wants none."""
    return JudgingPool(JudgingLimits(judges=processes)) if processes else JudgesHere()


def _build_gateway(foundation: Foundation, pages: Pages, identity: IdpServices) -> GatewayServices:
    settings = foundation.settings
    return sso_proxy.app.build_services(
        sso_proxy.app.Parts(
            settings=sso_proxy.app.GatewaySettings(
                public_url=settings.public_url,
                gateway_url=settings.gateway_url,
                client_id=GATEWAY_CLIENT_ID,
                client_secret=foundation.gateway_client_secret,
            ),
            database=foundation.database,
            ephemeral=foundation.ephemeral,
            envelope=foundation.envelope,
            audit=foundation.audit,
            clock=foundation.clock,
            pages=pages,
            has_ended=identity.sessions.has_ended,
        )
    )


class _Agencies:
    """Who may ask for licences: agencies on the provider's list, and those with a program that may share."""

    def __init__(self, identity: IdpServices) -> None:
        self._identity = identity

    async def __call__(self) -> list[Issuer]:
        """By name."""
        known = {each.uscc: each.name for each in await self._identity.organisations.list() if each.kind == "agency"}
        for client in await self._identity.clients.list():
            if client.organisation is not None and SHARE in client.scopes:
                known.setdefault(client.organisation["uscc"], client.organisation["name"])
        return sorted((Issuer(uscc, name) for uscc, name in known.items()), key=lambda each: each.name)


class _Contacts:
    """Where a person can be reached by what is set up to send."""

    def __init__(self, identity: IdpServices, messages: MessageSender) -> None:
        self._persons = identity.persons
        self._messages = messages

    async def address(self, person: str, channel: Channel) -> str | None:
        """Their verified number or address."""
        if not self._messages.sends(channel):
            return None
        phone, email = await self._persons.contact(person)
        return email if channel == "email" else phone


class _SealInUse:
    """Finds the seal that an authority seals its licences with."""

    def __init__(self, register: SealRegister) -> None:
        self._register = register

    async def __call__(self, uscc: str) -> str:
        """The id of its newest seal in use. Raises `Conflict` when it has none."""
        for registered in await self._register.seals(owner_uscc=uscc):
            if registered.state == "active":
                return registered.id
        raise Conflict("Your authority has no seal in use. Apply for one, and have it approved, first.")


async def _register_own_clients(house: House) -> None:
    clients, foundation = house.idp.clients, house.foundation
    await clients.ensure(pages_registration(house.settings), foundation.page_client_secret)
    await clients.ensure(gateway_registration(house.settings), foundation.gateway_client_secret)
