"""`/saml/…`: metadata, and sign-in as browsers meet it."""

import asyncio
import base64
from urllib.parse import urlencode

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from idp.login.requests import browser_hash
from idp.oauth2.return_address import origin_of
from idp.saml.keys import SamlKeys
from idp.saml.own_metadata import document
from idp.saml.sign_in import CONTINUE_PATH, Answer, SamlSignIn, SignInNeeded
from idp.saml.wire.bindings import LONGEST_RELAY_STATE, Received, receive_post, receive_redirect
from idp.saml.wire.markup import UnreadableMessage
from idp.sessions.routes import Visitors
from kernel.clock import Clock
from kernel.errors import Forbidden, Gone, InvalidInput
from kernel.i18n import gettext
from kernel.web.forms import read_form, read_query
from kernel.web.problems import status_of
from kernel.web.security_headers import allow_in_policy
from kernel.web.templates import Pages

_log = structlog.get_logger()
METADATA_TYPE = "application/samlmetadata+xml"
ENTER_PATH = "/saml/enter"


class SamlPages:
    """Metadata, and the way in."""

    def __init__(self, sign_in: SamlSignIn, keys: SamlKeys, visitors: Visitors, clock: Clock, issuer: str) -> None:
        self._sign_in = sign_in
        self._keys = keys
        self._visitors = visitors
        self._clock = clock
        self._issuer = issuer

    def routes(self) -> list[BaseRoute]:
        """Every address."""
        return [
            Route("/saml/metadata", self.metadata, methods=["GET"]),
            Route("/saml/sso", self.sign_on, methods=["GET", "POST"]),
            Route("/saml/sso/{application_id}", self.from_here, methods=["GET"]),
            Route(ENTER_PATH, self.enter, methods=["GET"]),
            Route(CONTINUE_PATH, self.resume, methods=["GET"]),
        ]

    async def metadata(self, request: Request) -> Response:
        """Our own metadata, signed."""
        keys = await self._keys.published()
        body = await asyncio.to_thread(document, self._issuer, keys, self._clock())
        headers = {"Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*"}
        return Response(body, media_type=METADATA_TYPE, headers=headers)

    async def sign_on(self, request: Request) -> Response:
        """A request of an application, by Redirect or by POST.

        Kept first and answered behind a redirect: a form that comes from another site brings no cookie of ours.
        """
        try:
            received = await receive(request, "SAMLRequest")
            kept = await self._sign_in.receive(received)
        except (UnreadableMessage, InvalidInput, Gone, Forbidden) as refusal:
            return stopped(request, refusal)
        return no_store(RedirectResponse(f"{ENTER_PATH}?{urlencode({'request': kept})}", 303))

    async def from_here(self, request: Request) -> Response:
        """Into an application from our side, such as from a portal."""
        try:
            relay_state = read_query(request).get("RelayState")
            if relay_state is not None and len(relay_state.encode()) > LONGEST_RELAY_STATE:
                raise UnreadableMessage("a RelayState that is too long")
            kept = await self._sign_in.begin_here(request.path_params["application_id"], relay_state)
        except (InvalidInput, Forbidden) as refusal:
            return stopped(request, refusal)
        return no_store(RedirectResponse(f"{ENTER_PATH}?{urlencode({'request': kept})}", 303))

    async def enter(self, request: Request) -> Response:
        """Answer a kept request, or sign in first."""
        session, browser = await self._visitors.find(request), self._browser(request)
        try:
            kept = read_query(request).get("request") or ""
            return self._respond(request, await self._sign_in.go_on(kept, session, browser))
        except (InvalidInput, Gone, Forbidden) as refusal:
            return stopped(request, refusal)

    async def resume(self, request: Request) -> Response:
        """The same request after the sign-in."""
        session, browser = await self._visitors.find(request), self._browser(request)
        try:
            login_id = read_query(request).get("request") or ""
            return self._respond(request, await self._sign_in.resume(login_id, session, browser))
        except (InvalidInput, Gone, Forbidden) as refusal:
            return stopped(request, refusal)

    def _respond(self, request: Request, answer: Answer | SignInNeeded) -> Response:
        if isinstance(answer, SignInNeeded):
            response: Response = RedirectResponse(f"/login/continue?request={answer.login.id}", 303)
        else:
            response = post_on(request, answer.consumer, "SAMLResponse", answer.message, answer.relay_state)
        self._visitors.browser_cookie.remember(request, response)
        return no_store(response)

    def _browser(self, request: Request) -> str:
        return browser_hash(self._visitors.browser_cookie.value(request))


async def receive(request: Request, *kinds: str) -> Received:
    """The SAML message in a request, by whichever binding. Raises `InvalidInput`, `UnreadableMessage`."""
    if request.method == "GET":
        received = receive_redirect(request.scope.get("query_string", b""))
        if received.kind not in kinds:
            raise UnreadableMessage("not the message that belongs here")
        return received
    form = await read_form(request)
    found = [kind for kind in kinds if kind in form]
    if len(found) != 1:
        raise UnreadableMessage("not exactly one message")
    return receive_post(found[0], form.one(found[0]), form.get("RelayState"))


def post_on(request: Request, address: str, kind: str, message: bytes, relay_state: str | None) -> Response:
    """A page that posts a message to an application (Bindings §3.5)."""
    allow_in_policy(request, "form-action", origin_of(address))
    fields = {kind: base64.b64encode(message).decode()}
    if relay_state is not None:
        fields["RelayState"] = relay_state
    pages: Pages = request.app.state.pages
    return pages.render(request, "idp/form_post.html", action=address, fields=fields)


def stopped(request: Request, refusal: InvalidInput | Gone | Forbidden) -> Response:
    """Nobody is answered: the person is told, and the log says why."""
    _log.info("SAML message refused", kind=refusal.code, reason=refusal.reason)
    pages: Pages = request.app.state.pages
    text, status = gettext(refusal.message, **refusal.params), status_of(refusal)
    return no_store(pages.render(request, "idp/authorize_stopped.html", status=status, text=text, error=None))


def no_store(response: Response) -> Response:
    """Kept by nobody on the way."""
    response.headers["Cache-Control"] = "no-store"
    return response
