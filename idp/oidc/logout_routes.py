"""`/oauth2/logout`."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from idp.login.sign_out import SignOut
from idp.oauth2.errors import OAuthError
from idp.oauth2.parameters import Parameters
from idp.oauth2.rendering import read_request_parameters
from idp.oauth2.return_address import origin_of
from idp.oidc.logout import LogoutPlan, LogoutService
from idp.sessions.routes import Visitors
from kernel.i18n import gettext
from kernel.web.csrf import FIELD_NAME, check_csrf
from kernel.web.forms import read_form
from kernel.web.security_headers import allow_in_policy
from kernel.web.templates import Pages

KEPT = ("client_id", "post_logout_redirect_uri", "state", "id_token_hint")


class RelyingPartyLogout:
    """The end-session endpoint as a browser meets it."""

    def __init__(self, service: LogoutService, visitors: Visitors, sign_out: SignOut) -> None:
        self._service = service
        self._visitors = visitors
        self._sign_out = sign_out

    def routes(self) -> list[BaseRoute]:
        """The addresses (§2: GET and POST)."""
        return [Route("/oauth2/logout", self.logout, methods=["GET", "POST"])]

    async def logout(self, request: Request) -> Response:
        """Leave: at once when the application proves who was signed in there, after a question otherwise."""
        try:
            parameters = await read_request_parameters(request)
            has_answered = request.method == "POST" and FIELD_NAME in parameters.values
            if has_answered:
                await check_csrf(request, await read_form(request))
            session = await self._visitors.find(request)
            if request.method == "POST" and session is None and "id_token_hint" not in parameters.values:
                # A POST from another site brings no SameSite cookie; the GET that follows does.
                parameters.refuse_duplicates()
                return RedirectResponse(f"/oauth2/logout?{urlencode(parameters.values)}", 303)
            plan = await self._service.plan(parameters, session)
        except OAuthError as error:
            return self._stopped(request, error)
        if plan.must_ask and not has_answered:
            return self._ask(request, plan, parameters, session.person.display_name if session else "")
        return await self._leave(request, plan)

    def _ask(self, request: Request, plan: LogoutPlan, parameters: Parameters, name: str) -> Response:
        if plan.target is not None:
            allow_in_policy(request, "form-action", origin_of(plan.target))
        kept = {key: parameters.values[key] for key in KEPT if key in parameters.values}
        pages: Pages = request.app.state.pages
        return pages.render(request, "idp/logout.html", person_name=name, action="/oauth2/logout", kept=kept)

    async def _leave(self, request: Request, plan: LogoutPlan) -> Response:
        frames, target = [], plan.target
        if plan.session_id is not None:
            frames = await self._sign_out.front_channel(plan.session_id)
            target = await self._sign_out.way_out(plan.session_id, plan.target or "") or None
            await self._sign_out.end(plan.session_id, "asked by an application")
        response: Response = RedirectResponse(target or "/logout/done", 303)
        if frames:
            response = self._frames(request, frames, target)
        response.headers["Cache-Control"] = "no-store"
        self._visitors.session_cookie.clear(response)
        return response

    def _frames(self, request: Request, frames: list[str], target: str | None) -> Response:
        """Front-Channel Logout 1.0 §2: the browser loads each application's own sign-out."""
        allow_in_policy(request, "frame-src", *(origin_of(frame) for frame in frames))
        pages: Pages = request.app.state.pages
        return pages.render(request, "idp/signed_out.html", frames=frames, target=target)

    def _stopped(self, request: Request, error: OAuthError) -> Response:
        pages: Pages = request.app.state.pages
        text = gettext("The application asked to sign you out in a way we cannot accept. You are still signed in.")
        response = pages.render(request, "idp/authorize_stopped.html", status=error.status, text=text, error=error)
        response.headers["Cache-Control"] = "no-store"
        return response
