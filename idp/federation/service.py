"""Sending people to a provider and taking them back."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from idp.federation.accounts import ExternalAccounts
from idp.federation.base import (
    AuthorizationStart,
    CallbackConnector,
    FederationError,
    ProviderUnavailable,
    SignInExpired,
    Surface,
)
from idp.federation.pending import STATE_PATTERN, PendingSignIn, PendingSignIns, digest
from kernel.errors import NotFound

ASSURANCE = "urn:xinyin:acr:l1"
"""A provider's word makes somebody known to us, and proves no name."""


@dataclass(frozen=True)
class Errand:
    """Why somebody goes to a provider: to sign in, or (`link_to`, a person's id) to link an account to theirs.

    `return_state` is the caller's own and comes back unread.
    """

    return_state: str = ""
    link_to: str | None = None


@dataclass(frozen=True)
class Departure:
    """Where to send the browser, and the value its cookie must hold when it comes back."""

    url: str
    binding: str


@dataclass(frozen=True)
class FederationOutcome:
    """What came of a sign-in or link. `is_new`: the person was entered just now."""

    family: str
    person_id: str
    return_state: str
    is_link: bool = False
    is_new: bool = False

    @property
    def amr(self) -> tuple[str, ...]:
        """The way of authentication, as `amr` names it."""
        return (self.family,)

    @property
    def acr(self) -> str:
        """How sure we are by this alone."""
        return ASSURANCE


class FederationService:
    """Start and finish, for every configured provider."""

    def __init__(
        self,
        pending: PendingSignIns,
        accounts: ExternalAccounts,
        connectors: Mapping[str, CallbackConnector],
        public_url: str,
    ) -> None:
        self.accounts = accounts
        self._pending = pending
        self._connectors = dict(connectors)
        self._public_url = public_url.rstrip("/")

    @property
    def families(self) -> tuple[str, ...]:
        """The configured providers, in the order in which buttons show them."""
        return tuple(self._connectors)

    def leads_to(self, family: str, surface: Surface) -> str:
        """The origin that a start goes to, for `form-action` of a page that posts there; empty where it cannot go."""
        try:
            url = self._connector(family).start(self._new_start(family, surface))
        except FederationError:
            return ""
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc}"

    async def start(
        self, family: str, errand: Errand, surface: Surface = Surface.DESKTOP, binding: str | None = None
    ) -> Departure:
        """Prepare a sign-in. `binding` is the cookie value the browser holds already, so that several can run at once.

        Raises `NotFound` for a provider that is not set up, and `FederationError`.
        """
        connector = self._connector(family)
        start = self._new_start(family, surface)
        url = connector.start(start)
        binding = binding if binding and STATE_PATTERN.fullmatch(binding) else secrets.token_hex(32)
        pending = PendingSignIn(
            family, start.redirect_uri, surface, digest(binding), errand.return_state, errand.link_to
        )
        await self._pending.put(start.state, pending)
        return Departure(url, binding)

    async def finish(self, family: str, params: Mapping[str, str], binding: str | None) -> FederationOutcome:
        """Take a callback. Raises `NotFound` and `FederationError`; the same callback again gives the same."""
        connector = self._connector(family)
        state = params.get("state", "")
        pending = await self._pending.load(state, family, binding)
        if not await self._pending.claim(state, params):
            return FederationOutcome(**await self._pending.await_result(family, state, params))
        try:
            outcome = await self._complete(connector, params, state, pending)
        except ProviderUnavailable:
            await self._pending.release(state)
            raise
        except FederationError as failure:
            await self._pending.keep_failure(state, failure)
            raise
        except BaseException:
            await self._pending.release(state)
            raise
        await self._pending.keep_result(state, asdict(outcome))
        return outcome

    async def errand_of(self, family: str, state: str, binding: str | None) -> Errand:
        """Why somebody went to the provider, for a page that leads on after a failure; an empty one where unknown."""
        try:
            pending = await self._pending.load(state, family, binding)
        except SignInExpired:
            return Errand()
        return Errand(pending.return_state, pending.link_to)

    async def _complete(
        self, connector: CallbackConnector, params: Mapping[str, str], state: str, pending: PendingSignIn
    ) -> FederationOutcome:
        start = AuthorizationStart(state, pending.redirect_uri, pending.surface)
        identity = await connector.finish(params, start)
        if pending.link_to is not None:
            await self.accounts.link(identity, pending.link_to)
            return FederationOutcome(pending.family, pending.link_to, pending.return_state, is_link=True)
        recognised = await self.accounts.recognise(identity)
        return FederationOutcome(pending.family, recognised.person_id, pending.return_state, is_new=recognised.is_new)

    def _new_start(self, family: str, surface: Surface) -> AuthorizationStart:
        return AuthorizationStart(secrets.token_hex(32), f"{self._public_url}/login/{family}/callback", surface)

    def _connector(self, family: str) -> CallbackConnector:
        try:
            return self._connectors[family]
        except KeyError:
            raise NotFound("Sign-in by this provider is not offered here.") from None
