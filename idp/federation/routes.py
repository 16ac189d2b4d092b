"""`/login/{provider}` and `/login/{provider}/callback`, and the page for a sign-in that did not work out."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from idp.federation.base import (
    AccountConflict,
    FederationError,
    ProviderRefused,
    SignInExpired,
    Surface,
    provider_name,
)
from idp.federation.pending import STATE_SECONDS
from idp.federation.service import Errand, FederationOutcome, FederationService
from kernel.errors import NotFound
from kernel.i18n import gettext
from kernel.web.csrf import check_csrf
from kernel.web.forms import RawForm, read_form, read_query
from kernel.web.problems import answer, status_of, wants_page

log = structlog.get_logger("xinyin.federation")

RETURN_STATE_PARAMETER = "request"
"""Query parameter of `/login/{provider}`: the login flow's own id of the sign-in under way."""
RETURN_STATE_LIMIT = 200
ACCOUNT_PAGE = "/account"


class CompleteLogin(Protocol):
    """The login flow takes over: begins the session and leads on to where the person was going.

    `request.state.federation_return_state` is what `/login/{provider}?request=…` was given.
    """

    async def __call__(self, request: Request, person_id: str, amr: tuple[str, ...], acr: str) -> Response:
        """Answer the browser. `amr` holds the provider's family; `acr` is what the provider's word is worth."""
        ...


@dataclass(frozen=True)
class Doors:
    """What lies outside federation.

    `freshly_signed_in` gives the person's id of a session whose sign-in is recent, and raises otherwise (a redirect
    to sign in again); without it, accounts cannot be linked from the account page.
    """

    complete_login: CompleteLogin
    freshly_signed_in: Callable[[Request], Awaitable[str]] | None = None
    secure: bool = False


def federation_routes(service: FederationService, doors: Doors) -> list[BaseRoute]:
    """The routes; providers that are not set up answer 404."""
    endpoints = _Endpoints(service, doors)
    linking = [
        Route("/account/link/{provider}", endpoints.link, methods=["POST"], name="federation-link"),
    ]
    return [
        Route("/login/{provider}", endpoints.start, name="federation-start"),
        Route("/login/{provider}/callback", endpoints.callback, name="federation-callback"),
        *(linking if doors.freshly_signed_in else []),
    ]


class _Endpoints:
    def __init__(self, service: FederationService, doors: Doors) -> None:
        self._service = service
        self._doors = doors
        self._cookie = "__Host-xinyin_federation" if doors.secure else "xinyin_federation"

    async def start(self, request: Request) -> Response:
        return_state = read_query(request).get(RETURN_STATE_PARAMETER) or ""
        return await self._depart(request, Errand(return_state[:RETURN_STATE_LIMIT]))

    async def link(self, request: Request) -> Response:
        assert self._doors.freshly_signed_in is not None
        await check_csrf(request, await read_form(request))
        return await self._depart(request, Errand(link_to=await self._doors.freshly_signed_in(request)))

    async def callback(self, request: Request) -> Response:
        family = self._family(request)
        try:
            params = _callback_params(read_query(request))
            outcome = await self._service.finish(family, params, request.cookies.get(self._cookie))
        except FederationError as failure:
            state = request.query_params.get("state", "")
            errand = await self._service.errand_of(family, state, request.cookies.get(self._cookie))
            return self._stopped(request, family, failure, errand)
        return await self._lead_on(request, outcome)

    async def _depart(self, request: Request, errand: Errand) -> Response:
        family = self._family(request)
        surface = Surface.of(request.headers.get("user-agent", ""))
        try:
            departure = await self._service.start(family, errand, surface, request.cookies.get(self._cookie))
        except FederationError as failure:
            return self._stopped(request, family, failure, errand)
        # 303: a POST (linking) must become a GET at the provider.
        response = RedirectResponse(departure.url, 303, headers={"Cache-Control": "no-store"})
        response.set_cookie(
            self._cookie,
            departure.binding,
            max_age=STATE_SECONDS,
            path="/",
            httponly=True,
            secure=self._doors.secure,
            samesite="lax",
        )
        return response

    async def _lead_on(self, request: Request, outcome: FederationOutcome) -> Response:
        if outcome.is_link:
            return RedirectResponse(ACCOUNT_PAGE, 303)
        request.state.federation_return_state = outcome.return_state
        return await self._doors.complete_login(request, outcome.person_id, outcome.amr, outcome.acr)

    def _family(self, request: Request) -> str:
        family: str = request.path_params["provider"]
        if family not in self._service.families:
            raise NotFound("Sign-in by this provider is not offered here.")
        return family

    def _stopped(self, request: Request, family: str, failure: FederationError, errand: Errand) -> Response:
        """A page that says what happened and how to go on with what the person was doing."""
        log.info("federation stopped", family=family, failure=type(failure).__name__, reason=failure.reason)
        if not wants_page(request):
            return answer(request, failure)
        response: Response = request.app.state.pages.render(
            request,
            "idp/federation_stopped.html",
            status=status_of(failure),
            title=_title(failure, family),
            text=gettext(failure.message, **failure.params),
            provider=provider_name(family),
            is_link=errand.link_to is not None,
            again=_resumed(f"/login/{family}", errand),
            otherwise=_resumed("/login", errand),
            # A conflict comes back unchanged however often one tries.
            may_retry=not isinstance(failure, AccountConflict),
        )
        response.headers["Cache-Control"] = "no-store"
        return response


def _resumed(path: str, errand: Errand) -> str:
    """An address of the sign-in that was under way, if one was."""
    query = urlencode({RETURN_STATE_PARAMETER: errand.return_state}) if errand.return_state else ""
    return f"{path}?{query}" if query else path


def _callback_params(query: RawForm) -> dict[str, str]:
    """The callback's parameters. Raises `SignInExpired` for a repeated one: no provider sends such."""
    if query.duplicates():
        raise SignInExpired(reason="callback repeats a parameter")
    return dict(query.pairs)


def _title(failure: FederationError, family: str) -> str:
    if isinstance(failure, ProviderRefused):
        return gettext("You are not signed in")
    if isinstance(failure, SignInExpired):
        return gettext("This sign-in is over")
    if isinstance(failure, AccountConflict):
        return gettext("This account belongs to somebody else here")
    return gettext("Sign-in with {provider} did not work", provider=provider_name(family))
