"""`/cas/…`: pages for browsers, answers for applications' servers."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from idp.cas.answers import Answer, Failure, as_json, as_lines, as_xml
from idp.cas.applications import CasApplications
from idp.cas.sign_in import CONTINUE_PATH, CasSignIn, Entrance, EntryRequest, SignInNeeded
from idp.cas.tickets import Kind
from idp.cas.validation import CasValidation, ValidationRequest
from idp.login.requests import browser_hash
from idp.login.sign_out import SignOut
from idp.oauth2.return_address import with_query
from idp.sessions.routes import Visitors
from kernel.errors import Forbidden, Gone, InvalidInput
from kernel.i18n import gettext
from kernel.web.forms import RawForm, read_form, read_query
from kernel.web.problems import status_of
from kernel.web.security_headers import allow_in_policy
from kernel.web.templates import Pages

SERVICE_TICKETS: tuple[Kind, ...] = ("ST",)
ALL_TICKETS: tuple[Kind, ...] = ("ST", "PT")
OFF = frozenset({"", "false"})


class CasPages:
    """The protocol's addresses (CAS 3.0.3 §2)."""

    def __init__(
        self,
        sign_in: CasSignIn,
        validation: CasValidation,
        applications: CasApplications,
        visitors: Visitors,
        sign_out: SignOut,
    ) -> None:
        self._sign_in = sign_in
        self._validation = validation
        self._applications = applications
        self._visitors = visitors
        self._sign_out = sign_out

    def routes(self) -> list[BaseRoute]:
        """Every address; validation also takes POST, as some clients send it."""
        ask = ["GET", "POST"]
        return [
            Route("/cas/login", self.login, methods=ask),
            Route(CONTINUE_PATH, self.resume, methods=["GET"]),
            Route("/cas/logout", self.logout, methods=["GET"]),
            Route("/cas/validate", self.validate, methods=ask),
            Route("/cas/serviceValidate", self._validating(SERVICE_TICKETS, with_attributes=False), methods=ask),
            Route("/cas/proxyValidate", self._validating(ALL_TICKETS, with_attributes=False), methods=ask),
            Route("/cas/p3/serviceValidate", self._validating(SERVICE_TICKETS, with_attributes=True), methods=ask),
            Route("/cas/p3/proxyValidate", self._validating(ALL_TICKETS, with_attributes=True), methods=ask),
            Route("/cas/proxy", self.proxy, methods=["GET"]),
        ]

    async def login(self, request: Request) -> Response:
        """The way in (§2.1). Without a service, our own sign-in."""
        query = read_query(request) if request.method == "GET" else await read_form(request)
        service = query.get("service") or ""
        if not service:
            return _no_store(RedirectResponse("/login?next=%2Faccount", 303))
        entry = EntryRequest(
            service,
            renew=_is_on(query, "renew"),
            gateway=_is_on(query, "gateway"),
            method="POST" if (query.get("method") or "").upper() == "POST" else "GET",
        )
        session, browser = await self._visitors.find(request), self._browser(request)
        try:
            return self._respond(request, await self._sign_in.enter(entry, session, browser))
        except Forbidden as refusal:
            return self._stopped(request, refusal)

    async def resume(self, request: Request) -> Response:
        """The same request after the sign-in."""
        request_id = read_query(request).get("request") or ""
        session, browser = await self._visitors.find(request), self._browser(request)
        try:
            return self._respond(request, await self._sign_in.resume(request_id, session, browser))
        except (Gone, Forbidden) as refusal:
            return self._stopped(request, refusal)

    async def logout(self, request: Request) -> Response:
        """The way out (§2.3): the session ends, and the browser goes to `service` if it is registered.

        A link does it, as the protocol has it: other sites' pictures and frames bring no cookie of ours, so only a
        visit can sign somebody out.
        """
        query = read_query(request)
        session = await self._visitors.find(request)
        service = query.get("service") or query.get("url") or ""
        known = await self._applications.find(service) if service else None
        target = service if known else "/logout/done"
        if session is not None:
            target = await self._sign_out.way_out(session.id, target)
            await self._sign_out.end(session.id, "asked by an application")
        response = RedirectResponse(target, 303)
        self._visitors.session_cookie.clear(response)
        return _no_store(response)

    async def validate(self, request: Request) -> Response:
        """Version 1 (§2.4): two lines."""
        answer = await self._judge(request, SERVICE_TICKETS, with_attributes=False)
        return _no_store(PlainTextResponse(as_lines(answer)))

    async def proxy(self, request: Request) -> Response:
        """A proxy ticket for an application that acts for somebody (§2.7)."""
        try:
            query = read_query(request)
            answer = await self._validation.proxy(query.get("pgt") or "", query.get("targetService") or "")
            return _told(query, answer)
        except InvalidInput:
            return _told(RawForm(), Failure("INVALID_REQUEST", "The request cannot be read.", "proxyFailure"))

    def _validating(self, kinds: tuple[Kind, ...], *, with_attributes: bool) -> Callable[[Request], object]:
        async def validate(request: Request) -> Response:
            answer = await self._judge(request, kinds, with_attributes=with_attributes)
            return _told(request.state.cas_query, answer)

        return validate

    async def _judge(self, request: Request, kinds: tuple[Kind, ...], *, with_attributes: bool) -> Answer:
        request.state.cas_query = RawForm()
        try:
            query = read_query(request) if request.method == "GET" else await read_form(request)
            request.state.cas_query = query
            asked = ValidationRequest(
                service=query.get("service") or "",
                ticket=query.get("ticket") or "",
                kinds=kinds,
                renew=_is_on(query, "renew"),
                callback=query.get("pgtUrl") or "",
                with_attributes=with_attributes,
            )
        except InvalidInput:
            return Failure("INVALID_REQUEST", "The request cannot be read: is a parameter there twice?")
        return await self._validation.validate(asked)

    def _respond(self, request: Request, answer: Entrance | SignInNeeded) -> Response:
        if isinstance(answer, SignInNeeded):
            response: Response = RedirectResponse(f"/login/continue?request={answer.login.id}", 303)
        elif answer.ticket is None:
            response = RedirectResponse(answer.service, 303)
        elif answer.method == "POST":
            allow_in_policy(request, "form-action", answer.origin)
            pages: Pages = request.app.state.pages
            fields = {"ticket": answer.ticket}
            response = pages.render(request, "idp/form_post.html", action=answer.service, fields=fields)
        else:
            response = RedirectResponse(with_query(answer.service, {"ticket": answer.ticket}), 303)
        self._visitors.browser_cookie.remember(request, response)
        return _no_store(response)

    def _browser(self, request: Request) -> str:
        return browser_hash(self._visitors.browser_cookie.value(request))

    def _stopped(self, request: Request, refusal: Gone | Forbidden) -> Response:
        pages: Pages = request.app.state.pages
        text = gettext(refusal.message)
        status = status_of(refusal)
        return _no_store(pages.render(request, "idp/authorize_stopped.html", status=status, text=text, error=None))


def _told(query: RawForm, answer: Answer) -> Response:
    """In XML, or in JSON where it was asked for. What does not hold is an answer, so the status is 200 (§2.5)."""
    formats = query.all("format")
    if formats and formats[0].upper() == "JSON":
        return _no_store(JSONResponse(as_json(answer)))
    return _no_store(Response(as_xml(answer), media_type="application/xml"))


def _is_on(query: RawForm, name: str) -> bool:
    """Set to anything but "false" (§2.1.1: "if this parameter is set")."""
    return (query.get(name) or "").lower() not in OFF


def _no_store(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
