"""`/saml/slo…`: logout as browsers and servers meet it."""

from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from idp.saml.logout.chain import NEXT_PATH, OUT_PATH, LogoutChain
from idp.saml.logout.messages import Outgoing
from idp.saml.logout.service import SamlLogout
from idp.saml.routes import no_store, post_on, receive, stopped
from idp.saml.wire.bindings import out_of_envelope
from idp.saml.wire.markup import MOST_BYTES, UnreadableMessage
from idp.sessions.routes import Visitors
from kernel.errors import Forbidden, Gone, InvalidInput
from kernel.web.forms import read_query
from kernel.web.problems import status_of
from kernel.web.templates import Pages

SOAP_TYPE = "text/xml"


class SamlLogoutPages:
    """The way out."""

    def __init__(self, service: SamlLogout, chain: LogoutChain, visitors: Visitors) -> None:
        self._service = service
        self._chain = chain
        self._visitors = visitors

    def routes(self) -> list[BaseRoute]:
        """Every address."""
        return [
            Route("/saml/slo", self.receive, methods=["GET", "POST"]),
            Route("/saml/slo/continue", self.go_on, methods=["GET"]),
            Route(NEXT_PATH, self.next, methods=["GET"]),
            Route(OUT_PATH, self.out, methods=["GET"]),
            Route("/saml/slo/soap", self.by_soap, methods=["POST"]),
        ]

    async def receive(self, request: Request) -> Response:
        """An application's request, or its answer to one of ours."""
        try:
            received = await receive(request, "SAMLRequest", "SAMLResponse")
            return no_store(RedirectResponse(await self._service.receive(received), 303))
        except (InvalidInput, Gone, Forbidden) as refusal:
            return stopped(request, refusal)

    async def go_on(self, request: Request) -> Response:
        """End what a kept request means."""
        session = await self._visitors.find(request)
        try:
            answer, is_here = await self._service.go_on(read_query(request).get("request") or "", session)
        except (InvalidInput, Gone, Forbidden) as refusal:
            return stopped(request, refusal)
        response = RedirectResponse(answer, 303) if isinstance(answer, str) else _bring(request, answer)
        if is_here:
            self._visitors.session_cookie.clear(response)
        return no_store(response)

    async def next(self, request: Request) -> Response:
        """On to the next application, or to the end."""
        try:
            return _bring(request, await self._chain.go_on(read_query(request).get("flow") or ""))
        except (InvalidInput, Gone) as refusal:
            return stopped(request, refusal)

    async def out(self, request: Request) -> Response:
        """The first step of a chain that began with a form of ours.

        A page and not a redirect: browsers hold the redirects behind a form against the form's `form-action`.
        """
        flow = read_query(request).get("flow") or ""
        pages: Pages = request.app.state.pages
        target = f"{NEXT_PATH}?{urlencode({'flow': flow})}"
        return no_store(pages.render(request, "idp/signed_out.html", frames=[], target=target))

    async def by_soap(self, request: Request) -> Response:
        """An application's server asks; there is no browser."""
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BYTES:
                return PlainTextResponse("too large", 413)
        try:
            answer = await self._service.by_soap(out_of_envelope(bytes(body)))
        except (UnreadableMessage, InvalidInput, Gone, Forbidden) as refusal:
            return PlainTextResponse("The message cannot be accepted.", status_of(refusal))
        return no_store(Response(answer, media_type=SOAP_TYPE))


def _bring(request: Request, outgoing: Outgoing) -> Response:
    if outgoing.message:
        found = post_on(request, outgoing.address, outgoing.kind, outgoing.message, outgoing.relay_state)
        return no_store(found)
    assert urlsplit(outgoing.address).scheme in {"", "https", "http"}
    return no_store(RedirectResponse(outgoing.address, 303))
