"""`/device`: enter the code, see who asks, say yes or no; and a page with a QR code for devices to show."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from idp.consent.words import explain_scopes
from idp.login.pictures import qr_svg
from idp.oauth2.device.codes import read_user_code, shown_user_code
from idp.oauth2.device.service import DeviceAuthorization
from idp.sessions.routes import SignInFirst, Visitors
from idp.sessions.service import Session
from kernel.errors import Gone, InvalidInput, NotFound, RateLimited, XinyinError
from kernel.i18n import gettext
from kernel.web.csrf import check_csrf
from kernel.web.forms import field_errors, read_form, read_query
from kernel.web.problems import status_of
from kernel.web.templates import Pages

PATH = "/device"


class DevicePages:
    """The pages of a person who lets a device in."""

    def __init__(self, service: DeviceAuthorization, visitors: Visitors, issuer: str) -> None:
        self._service = service
        self._visitors = visitors
        self._issuer = issuer

    def routes(self) -> list[BaseRoute]:
        """The addresses."""
        pages: list[tuple[str, Callable[..., Any], str]] = [
            (PATH, self.show, "GET"),
            (PATH, self.look_up, "POST"),
            (f"{PATH}/answer", self.answer, "POST"),
            (f"{PATH}/done", self.show_done, "GET"),
            (f"{PATH}/code", self.show_code, "GET"),
        ]
        return [Route(path, page, methods=[method]) for path, page, method in pages]

    async def show(self, request: Request) -> Response:
        """Where to enter the code; `verification_uri_complete` fills it in (§3.3.1)."""
        user_code = read_user_code(read_query(request).get("user_code") or "")
        await self._session(request, user_code)
        return self._entry(request, shown_user_code(user_code) if user_code else "")

    async def look_up(self, request: Request) -> Response:
        """Name the application that asks, and ask the person."""
        form = await read_form(request)
        await check_csrf(request, form)
        typed = form.text("user_code")
        session = await self._session(request, read_user_code(typed))
        try:
            question = await self._service.find_question(typed, session)
        except (InvalidInput, RateLimited) as refusal:
            return self._entry(request, typed, refusal)
        context: dict[str, Any] = {
            "client_name": question.client.name,
            "lines": explain_scopes(question.scopes),
            "user_code": shown_user_code(question.request.user_code),
        }
        return _page(request, "idp/device_confirm.html", **context)

    async def answer(self, request: Request) -> Response:
        """Yes or no."""
        form = await read_form(request)
        await check_csrf(request, form)
        typed = form.text("user_code")
        session = await self._session(request, read_user_code(typed))
        is_allowed = form.one("answer") == "allow"
        try:
            question = await self._service.find_question(typed, session)
            await (self._service.allow if is_allowed else self._service.deny)(question, session)
        except (InvalidInput, RateLimited, Gone) as refusal:
            return self._entry(request, typed, refusal)
        return RedirectResponse(f"{PATH}/done?answer={'allowed' if is_allowed else 'denied'}", 303)

    async def show_done(self, request: Request) -> Response:
        """Go back to the device."""
        is_allowed = read_query(request).get("answer") == "allowed"
        return _page(request, "idp/device_done.html", is_allowed=is_allowed)

    async def show_code(self, request: Request) -> Response:
        """For the device's own screen: the code, large, and as a QR code. Says nothing about the code."""
        user_code = read_user_code(read_query(request).get("user_code") or "")
        if user_code is None:
            raise NotFound("There is no such page.")
        shown = shown_user_code(user_code)
        picture = qr_svg(f"{self._issuer}{PATH}?user_code={shown}", gettext("QR code for your phone"))
        address = f"{self._issuer}{PATH}"
        return _page(request, "idp/device_code.html", user_code=shown, qr=picture, address=address)

    async def _session(self, request: Request, user_code: str | None) -> Session:
        path = f"{PATH}?user_code={shown_user_code(user_code)}" if user_code else PATH
        session = await self._visitors.find(request)
        if session is None:
            raise SignInFirst(path)
        if await self._service.needs_second_factor(session):
            raise SignInFirst(path, again=True)
        return session

    def _entry(self, request: Request, typed: str, refusal: XinyinError | None = None) -> Response:
        errors: dict[str, str] = {}
        if isinstance(refusal, InvalidInput):
            errors = field_errors(refusal)
        elif refusal is not None:
            errors = {"": gettext(refusal.message, **refusal.params)}
        status = status_of(refusal) if refusal is not None else 200
        response = _page(request, "idp/device.html", status=status, user_code=typed, errors=errors)
        if isinstance(refusal, RateLimited):
            response.headers["Retry-After"] = str(refusal.retry_after_seconds)
        return response


def _page(request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
    pages: Pages = request.app.state.pages
    response = pages.render(request, template, status=status, **context)
    response.headers["Cache-Control"] = "no-store"
    return response
