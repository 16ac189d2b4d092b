"""What the gateway is made of, how it is started, and what the main service mounts of it."""

import asyncio
from dataclasses import dataclass, field

import httpx
from fastapi import APIRouter
from starlette.routing import BaseRoute

from kernel.audit.chain import AuditTrail
from kernel.clock import Clock
from kernel.crypto.envelope import Envelope
from kernel.database.engine import Database
from kernel.ephemeral.store import EphemeralStore
from kernel.web.holders import userinfo_client
from kernel.web.relying_party.client import ClientRegistration, OidcClient
from kernel.web.templates import Pages
from sso_proxy.credentials.service import CredentialService, State
from sso_proxy.forward_auth import routes as forward_auth_routes
from sso_proxy.gateway.address import GatewayAddress
from sso_proxy.gateway.enrolment import Enrolment
from sso_proxy.gateway.forwarding import Forwarding, ForwardingParts
from sso_proxy.gateway.own_pages import OwnPages
from sso_proxy.gateway.routing import Gateway, GatewayParts
from sso_proxy.gateway.server import listen
from sso_proxy.replay.engine import UpstreamSignIn
from sso_proxy.replay.sessions import AppSessions
from sso_proxy.replay.single_flight import ReplayParts, ReplayService
from sso_proxy.sign_in.flow import GatewaySignIn, HasEnded
from sso_proxy.sites.service import SiteService

CALLBACK = "/.xinyin/callback"
SCOPES = ("openid", "profile")


@dataclass(frozen=True)
class GatewaySettings:
    """The main service's and the gateway's public addresses, and how the issuer knows the gateway."""

    public_url: str
    gateway_url: str
    client_id: str
    client_secret: str = field(repr=False)
    issuer: str = ""
    """Empty: the main service."""


@dataclass(frozen=True)
class Parts:
    """What the gateway is given. `issuer_transport` leads to the identity provider; None: over the network."""

    settings: GatewaySettings
    database: Database
    ephemeral: EphemeralStore
    envelope: Envelope = field(repr=False)
    audit: AuditTrail
    clock: Clock
    pages: Pages
    issuer_transport: httpx.AsyncBaseTransport | None = None
    has_ended: HasEnded | None = None
    """Of a session at the identity provider (`sid`): whether it has ended. None: nobody here can tell."""


@dataclass(frozen=True)
class ApplicationCard:
    """One application as a person sees it."""

    name: str
    url: str
    credentials_state: State


@dataclass(frozen=True)
class GatewayServices:
    """Found by pages and commands at `app.state.sso_proxy`."""

    address: GatewayAddress
    sites: SiteService
    credentials: CredentialService
    replay: ReplayService
    gateway: Gateway
    upstream: httpx.AsyncBaseTransport

    async def applications_for(self, subject: str) -> list[ApplicationCard]:
        """Every application with the state of this person's account there; "active" where none is needed."""
        states = await self.credentials.states_of(subject)
        return [
            ApplicationCard(
                name=site.name,
                url=f"{self.address.origin_of(site.slug)}/",
                credentials_state=states.get(site.slug, "none") if site.needs_credentials else "active",
            )
            for site in await self.sites.list()
        ]

    async def close(self) -> None:
        """Give back connections."""
        await self.upstream.aclose()


def build_services(parts: Parts) -> GatewayServices:
    """Wire the services; nothing is opened yet."""
    settings, clock, store = parts.settings, parts.clock, parts.ephemeral
    address = GatewayAddress(settings.gateway_url.rstrip("/"))
    upstream = httpx.AsyncHTTPTransport(retries=0)
    sites = SiteService(parts.database, parts.audit, clock)
    credentials = CredentialService(parts.database, parts.envelope, parts.audit, clock)
    sessions = AppSessions(store, parts.envelope, clock)
    engine = UpstreamSignIn(upstream, clock)
    replay = ReplayService(ReplayParts(parts.database, store, parts.audit, credentials, sessions, engine))
    own = OwnPages(parts.pages, settings.public_url)
    enrolment = Enrolment(own, credentials, replay)
    forwarding = Forwarding(ForwardingParts(own, enrolment, credentials, replay, sessions, store, clock))
    gateway = Gateway(
        GatewayParts(
            address=address,
            public_url=settings.public_url,
            sites=sites,
            sign_in=_sign_in(parts),
            forwarding=forwarding,
            enrolment=enrolment,
            own=own,
        )
    )
    return GatewayServices(address, sites, credentials, replay, gateway, upstream)


async def start_gateway(services: GatewayServices, host: str, port: int) -> asyncio.Server:
    """Listen on this address until the server is closed. Raises OSError when the port is taken."""
    return await listen(services.gateway.handle, host, port)


def page_routes(public_url: str) -> list[BaseRoute]:
    """What the main service mounts: the answers for other people's proxies. `public_url`: where people sign in."""
    return forward_auth_routes.routes(public_url)


def api_router() -> APIRouter:
    """The gateway has no API of its own; the console and the command line call its services."""
    return APIRouter()


def _sign_in(parts: Parts) -> GatewaySignIn:
    settings = parts.settings
    registration = ClientRegistration(
        issuer=settings.issuer or settings.public_url,
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        redirect_uri=f"{settings.gateway_url.rstrip('/')}{CALLBACK}",
        post_logout_redirect_uri=f"{settings.public_url}/",
        scopes=SCOPES,
    )
    client = OidcClient(registration, transport=parts.issuer_transport, clock=parts.clock)
    userinfo = userinfo_client(client.userinfo_endpoint, parts.issuer_transport)
    return GatewaySignIn(client, userinfo, parts.ephemeral, parts.envelope, parts.has_ended)
