"""OAuth 2.1 and OpenID Connect put together: every part by name, and the list of their addresses."""

from dataclasses import dataclass
from typing import Any

from starlette.routing import BaseRoute

from idp.claims.service import PersonClaims
from idp.clients.keys import ClientKeys
from idp.clients.service import ClientService
from idp.consent.service import ConsentService
from idp.keys import TokenKeys
from idp.login.service import LoginService
from idp.oauth2.authorize.codes import CodeStore
from idp.oauth2.authorize.pushed import PushedRequests
from idp.oauth2.authorize.request_objects import RequestObjects
from idp.oauth2.authorize.routes import AuthorizePages
from idp.oauth2.authorize.service import AuthorizationParts, AuthorizationService
from idp.oauth2.authorize.sources import RequestSources
from idp.oauth2.binding import SenderBinding
from idp.oauth2.client_authentication.assertions import ClientAssertions
from idp.oauth2.client_authentication.service import ClientAuthenticator
from idp.oauth2.device import routes as device_routes
from idp.oauth2.device.codes import DeviceCodes
from idp.oauth2.device.pages import DevicePages
from idp.oauth2.device.service import DeviceAuthorization, DeviceParts
from idp.oauth2.endpoint_reader import EndpointReader
from idp.oauth2.grants.authorization_code import AuthorizationCodeGrant
from idp.oauth2.grants.base import GrantParts
from idp.oauth2.grants.client_credentials import ClientCredentialsGrant
from idp.oauth2.grants.device_code import DeviceCodeGrant
from idp.oauth2.grants.refresh_token import RefreshTokenGrant
from idp.oauth2.grants.token_exchange import TokenExchangeGrant
from idp.oauth2.introspection import routes as introspection_routes
from idp.oauth2.introspection.service import IntrospectionService
from idp.oauth2.par import routes as par_routes
from idp.oauth2.par.service import PushEndpoint
from idp.oauth2.registration import routes as registration_routes
from idp.oauth2.registration.service import RegistrationService
from idp.oauth2.revocation import routes as revocation_routes
from idp.oauth2.revocation.service import RevocationService
from idp.oauth2.token import routes as token_routes
from idp.oauth2.token.service import TokenEndpoint
from idp.oidc import discovery
from idp.oidc.routes import BearerDoor, discovery_routes, userinfo_routes
from idp.oidc.userinfo import UserinfoParts, UserinfoService
from idp.persons.protection import PersonalData
from idp.sessions.routes import Visitors
from idp.settings import IdpSettings
from idp.tokens.service import TokenService
from idp.tokens.subject_names import SubjectNames
from kernel.audit.chain import AuditTrail
from kernel.clock import Clock
from kernel.crypto.envelope import Envelope
from kernel.database.engine import Database
from kernel.ephemeral.store import EphemeralStore
from kernel.outbound.fetch import GuardedFetcher
from kernel.outbound.policy import OutboundPolicy
from kernel.web.possession.dpop import DpopGuard
from kernel.web.possession.front import CertificateFront


@dataclass(frozen=True)
class ProtocolParts:
    """The rooms that the protocols stand on."""

    settings: IdpSettings
    database: Database
    ephemeral: EphemeralStore
    audit: AuditTrail
    clock: Clock
    envelope: Envelope
    keys: TokenKeys
    clients: ClientService
    consents: ConsentService
    tokens: TokenService
    login: LoginService
    personal_data: PersonalData
    fetcher: GuardedFetcher
    registration: RegistrationService


def build_fetcher(settings: IdpSettings) -> GuardedFetcher:
    """What calls addresses that clients name."""
    return GuardedFetcher(OutboundPolicy.of(settings.outbound_networks))


def build_dpop_guard(settings: IdpSettings, ephemeral: EphemeralStore, clock: Clock, envelope: Envelope) -> DpopGuard:
    """What judges DPoP proofs; every process makes the same nonces."""

    def keyed_hash(text: str) -> str:
        return envelope.blind_index("dpop nonce", text)

    return DpopGuard(ephemeral, clock, keyed_hash, requires_nonce=settings.dpop_requires_nonce)


class Protocols:
    """The endpoints of OAuth 2.1 and OpenID Connect."""

    def __init__(self, parts: ProtocolParts) -> None:
        settings, clock, ephemeral = parts.settings, parts.clock, parts.ephemeral
        self._parts = parts
        self._front = CertificateFront(settings.client_certificate_header)
        self._reader = EndpointReader(settings.issuer, self._front)
        self._guard = build_dpop_guard(settings, ephemeral, clock, parts.envelope)
        self._binding = SenderBinding(self._guard)
        self._keys = ClientKeys(parts.fetcher, clock)
        assertions = ClientAssertions(self._keys, ephemeral, clock, settings.issuer)
        self._authenticator = ClientAuthenticator(parts.clients, self._keys, assertions)
        objects = RequestObjects(self._keys, parts.fetcher, clock, settings.issuer)
        self._sources = RequestSources(PushedRequests(ephemeral, settings.pushed_request_seconds), objects)
        self._codes = CodeStore(ephemeral, settings.authorization_code_seconds)
        self._device_codes = DeviceCodes(
            ephemeral, clock, seconds=settings.device_code_seconds, poll_seconds=settings.device_poll_seconds
        )
        self._names = SubjectNames(parts.envelope.blind_index)
        self._claims = PersonClaims(parts.personal_data)
        self._endpoint = self._build_token_endpoint()
        self._authorization = self._build_authorization()
        self._device = self._build_device()

    def routes(self, visitors: Visitors) -> list[BaseRoute]:
        """Every address."""
        parts, reader = self._parts, self._reader
        push = PushEndpoint(self._authenticator, self._binding, self._sources, self._authorization)
        introspection = IntrospectionService(self._authenticator, parts.tokens, parts.settings)
        return [
            *AuthorizePages(self._authorization, visitors).routes(),
            *token_routes.routes(self._endpoint, reader),
            *par_routes.routes(push, reader),
            *device_routes.routes(self._device, reader),
            *DevicePages(self._device, visitors, parts.settings.issuer).routes(),
            *introspection_routes.routes(introspection, reader),
            *revocation_routes.routes(RevocationService(self._authenticator, parts.tokens), reader),
            *registration_routes.routes(parts.registration),
            *userinfo_routes(self._build_userinfo(), BearerDoor(self._guard, reader)),
            *self._public_documents(),
        ]

    def _build_token_endpoint(self) -> TokenEndpoint:
        parts = self._parts
        grant_parts = GrantParts(
            parts.database, parts.audit, parts.clock, parts.tokens, self._claims, parts.settings.audience
        )
        grants = (
            AuthorizationCodeGrant(grant_parts, self._codes),
            RefreshTokenGrant(grant_parts),
            ClientCredentialsGrant(grant_parts),
            DeviceCodeGrant(grant_parts, self._device_codes),
            TokenExchangeGrant(grant_parts),
        )
        return TokenEndpoint(self._authenticator, self._binding, grants)

    def _build_authorization(self) -> AuthorizationService:
        parts = self._parts
        return AuthorizationService(
            AuthorizationParts(
                database=parts.database,
                ephemeral=parts.ephemeral,
                audit=parts.audit,
                clock=parts.clock,
                settings=parts.settings,
                keys=parts.keys,
                clients=parts.clients,
                codes=self._codes,
                consents=parts.consents,
                login=parts.login,
                tokens=parts.tokens,
                sources=self._sources,
                names=self._names,
            )
        )

    def _build_device(self) -> DeviceAuthorization:
        parts = self._parts
        return DeviceAuthorization(
            DeviceParts(
                database=parts.database,
                ephemeral=parts.ephemeral,
                audit=parts.audit,
                settings=parts.settings,
                clients=parts.clients,
                authenticator=self._authenticator,
                codes=self._device_codes,
                consents=parts.consents,
                tokens=parts.tokens,
                names=self._names,
                clock=parts.clock,
            )
        )

    def _build_userinfo(self) -> UserinfoService:
        parts = self._parts
        return UserinfoService(
            UserinfoParts(
                parts.database,
                parts.tokens,
                parts.clients,
                self._claims,
                parts.keys,
                parts.clock,
                parts.settings.issuer,
            )
        )

    def _public_documents(self) -> list[BaseRoute]:
        keys, settings = self._parts.keys, self._parts.settings

        async def metadata() -> dict[str, Any]:
            await keys.keep_fresh()
            abilities = discovery.Abilities(self._endpoint.grant_types, keys.algorithms, self._front.is_there)
            return discovery.document(settings, abilities)

        async def jwks() -> dict[str, Any]:
            await keys.keep_fresh()
            return keys.jwks()

        return discovery_routes(metadata, jwks)
