"""The one readable list of what is wired to what. Read this first, then `xinyin/app.py` for the routes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import idp.app
from idp.app import IdpServices
from idp.federation.wire import ProviderHttp
from idp.keys import TokenKeys
from idp.settings import IdpSettings
from kernel.clock import Clock, system_clock
from xinyin.foundation import Foundation, open_foundation
from xinyin.own_clients import ensure_registered, gateway_registration, pages_registration
from xinyin.providers import build_connectors
from xinyin.settings import Settings


@dataclass(frozen=True)
class House:
    """Every room, ready to be used by routes, commands and the demo."""

    foundation: Foundation
    idp: IdpServices

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.foundation.settings


@asynccontextmanager
async def open_house(settings: Settings, *, clock: Clock = system_clock) -> AsyncIterator[House]:
    """Build every room bottom up, open its doors, and close them in reverse."""
    provider_http = ProviderHttp()
    async with open_foundation(settings, clock=clock) as foundation:
        try:
            house = build_house(foundation, provider_http)
            await house.idp.start()
            await _register_own_clients(house)
            yield house
            await house.idp.stop()
        finally:
            await provider_http.close()


def build_house(foundation: Foundation, provider_http: ProviderHttp) -> House:
    """Plain constructors, nothing opened yet."""
    settings, clock = foundation.settings, foundation.clock
    identity = idp.app.build_services(
        idp.app.Foundations(
            settings=IdpSettings(issuer=settings.public_url, population_register_url=settings.population_register_url),
            database=foundation.database,
            ephemeral=foundation.ephemeral,
            audit=foundation.audit,
            envelope=foundation.envelope,
            keys=TokenKeys(foundation.keystore),
            clock=clock,
            connectors=build_connectors(settings, provider_http, clock),
        )
    )
    return House(foundation=foundation, idp=identity)


async def _register_own_clients(house: House) -> None:
    clients, foundation = house.idp.clients, house.foundation
    await ensure_registered(clients, pages_registration(house.settings), foundation.page_client_secret)
    await ensure_registered(clients, gateway_registration(house.settings), foundation.gateway_client_secret)
