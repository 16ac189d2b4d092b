"""`/oauth2/authorize`, and where a sign-in comes back to."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from idp.login.requests import browser_hash
from idp.oauth2.authorize.service import (
    CONTINUE_PATH,
    Answer,
    AuthorizationService,
    ClientAnswer,
    Visitor,
)
from idp.oauth2.errors import OAuthError
from idp.oauth2.rendering import read_request_parameters
from idp.oauth2.return_address import origin_of, with_fragment, with_query
from idp.sessions.routes import Visitors
from kernel.errors import Gone
from kernel.i18n import gettext
from kernel.web.forms import read_query
from kernel.web.problems import status_of
from kernel.web.security_headers import allow_in_policy
from kernel.web.templates import Pages

UI_LOCALES = ("zh-CN", "en")


class AuthorizePages:
    """The authorization endpoint as a browser meets it."""

    def __init__(self, service: AuthorizationService, visitors: Visitors) -> None:
        self._service = service
        self._visitors = visitors

    def routes(self) -> list[BaseRoute]:
        """The addresses."""
        return [
            Route("/oauth2/authorize", self.authorize, methods=["GET", "POST"]),
            Route(CONTINUE_PATH, self.resume, methods=["GET"]),
        ]

    async def authorize(self, request: Request) -> Response:
        """A new request (RFC 6749 §3.1: GET, and POST)."""
        try:
            parameters = await read_request_parameters(request)
            if request.method == "POST":
                # A POST from another site brings no SameSite cookie; the GET that follows does.
                parameters.refuse_duplicates()
                return _no_store(RedirectResponse(f"/oauth2/authorize?{urlencode(parameters.values)}", 303))
            answer = await self._service.begin(parameters, await self._visitor(request))
        except OAuthError as error:
            return self._shown(request, error)
        return self._respond(request, answer)

    async def resume(self, request: Request) -> Response:
        """The same request after the sign-in."""
        request_id = read_query(request).get("request") or ""
        try:
            answer = await self._service.resume(request_id, await self._visitor(request))
        except OAuthError as error:
            return self._shown(request, error)
        except Gone as over:
            return self._stopped(request, status_of(over), gettext(over.message), None)
        return self._respond(request, answer)

    async def _visitor(self, request: Request) -> Visitor:
        session = await self._visitors.find(request)
        return Visitor(session, browser_hash(self._visitors.browser_cookie.value(request)))

    def _respond(self, request: Request, answer: Answer) -> Response:
        if not isinstance(answer, ClientAnswer):
            query = urlencode({"request": answer.login.id} | _language(answer.ui_locales))
            response: Response = RedirectResponse(f"/login/continue?{query}", 303)
        elif answer.address.response_mode == "form_post":
            response = self._form_post(request, answer)
        elif answer.address.response_mode == "fragment":
            response = RedirectResponse(with_fragment(answer.address.redirect_uri, answer.parameters), 303)
        else:
            response = RedirectResponse(with_query(answer.address.redirect_uri, answer.parameters), 303)
        self._visitors.browser_cookie.remember(request, response)
        return _no_store(response)

    def _form_post(self, request: Request, answer: ClientAnswer) -> Response:
        """Form Post Response Mode 1.0 §2: a page that posts itself, and has a button where scripts do not run."""
        allow_in_policy(request, "form-action", origin_of(answer.address.redirect_uri))
        pages: Pages = request.app.state.pages
        return pages.render(request, "idp/form_post.html", action=answer.address.redirect_uri, fields=answer.parameters)

    def _shown(self, request: Request, error: OAuthError) -> Response:
        text = gettext("The application that sent you here made a mistake, so we stopped. Nothing was shared with it.")
        return self._stopped(request, error.status, text, error)

    def _stopped(self, request: Request, status: int, text: str, error: OAuthError | None) -> Response:
        pages: Pages = request.app.state.pages
        return _no_store(pages.render(request, "idp/authorize_stopped.html", status=status, text=text, error=error))


def _language(ui_locales: str | None) -> dict[str, str]:
    """The first of the wished-for languages that we speak (OpenID Connect Core §3.1.2.1 `ui_locales`)."""
    spoken = {tag.split("-")[0].lower(): tag for tag in reversed(UI_LOCALES)}
    for tag in (ui_locales or "").split():
        language = tag.partition("-")[0].lower()
        if language in spoken:
            return {"lang": spoken[language]}
    return {}


def _no_store(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
