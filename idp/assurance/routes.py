"""`/account/realname`: on its own, or as a step of a sign-in whose application would like to be surer."""

from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from idp.assurance.service import AssuranceService
from idp.login.flow import LoginRequest
from idp.login.requests import browser_hash
from idp.login.service import LoginService
from idp.persons.person import HIGHEST_ONLINE_LEVEL
from idp.sessions.routes import Visitors
from idp.sessions.service import Session
from kernel.errors import Conflict, InvalidInput, RateLimited, Unavailable, XinyinError
from kernel.i18n import gettext
from kernel.web.csrf import check_csrf
from kernel.web.forms import field_errors, read_form, read_query
from kernel.web.problems import status_of
from kernel.web.security_headers import allow_in_policy
from kernel.web.sign_in import signed_in
from kernel.web.templates import Pages


@dataclass(frozen=True)
class _Typed:
    """What stands in the form."""

    name: str = ""
    id_number: str = ""


class RealNamePages:
    """Asks for name and ID number, and says what came of it."""

    def __init__(self, service: AssuranceService, visitors: Visitors, login: LoginService) -> None:
        self._service = service
        self._visitors = visitors
        self._login = login

    def routes(self) -> list[BaseRoute]:
        """The addresses."""
        return [
            Route("/account/realname", self.show, methods=["GET"]),
            Route("/account/realname", self.post, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """The form; those who were checked have nothing to fill in."""
        session = await self._visitors.require(request)
        login = await self._under_way(request, read_query(request).get("request"))
        await signed_in(request)
        if login is not None and session.person.assurance_level >= HIGHEST_ONLINE_LEVEL:
            return _go_on(login)
        return self._page(request, session, login, _Typed())

    async def post(self, request: Request) -> Response:
        """Check with the register, or leave it for another day."""
        session = await self._visitors.require(request)
        form = await read_form(request)
        await check_csrf(request, form)
        login = await self._under_way(request, form.get("request"))
        if login is not None and form.get("answer") == "later":
            return _go_on(await self._login.put_off_real_name(login))
        typed = _Typed(form.get("name") or "", form.get("id_number") or "")
        try:
            await self._service.check_real_name(session, typed.name, typed.id_number)
        except (InvalidInput, Conflict, RateLimited, Unavailable) as refusal:
            return self._page(request, session, login, typed, refusal)
        return _go_on(login) if login is not None else RedirectResponse("/account", 303)

    async def _under_way(self, request: Request, request_id: str | None) -> LoginRequest | None:
        """The sign-in that this is a step of. Raises `Gone` when it is over."""
        if not request_id:
            return None
        browser = browser_hash(self._visitors.browser_cookie.value(request))
        return await self._login.requests.load(request_id, browser)

    def _page(
        self,
        request: Request,
        session: Session,
        login: LoginRequest | None,
        typed: _Typed,
        refusal: XinyinError | None = None,
    ) -> Response:
        errors: dict[str, str] = {}
        if isinstance(refusal, InvalidInput):
            errors = field_errors(refusal)
        elif refusal is not None:
            errors = {"": gettext(refusal.message, **refusal.params)}
        if login is not None and login.leads_to:
            allow_in_policy(request, "form-action", login.leads_to)
        pages: Pages = request.app.state.pages
        response = pages.render(
            request,
            "idp/realname.html",
            status=status_of(refusal) if refusal else 200,
            errors=errors,
            typed=typed,
            request_id=login.id if login else None,
            client_name=login.client_name if login else "",
            is_checked=session.person.assurance_level >= HIGHEST_ONLINE_LEVEL,
        )
        response.headers["Cache-Control"] = "no-store"
        if isinstance(refusal, RateLimited):
            response.headers["Retry-After"] = str(refusal.retry_after_seconds)
        return response


def _go_on(login: LoginRequest) -> Response:
    return RedirectResponse("/login/continue?" + urlencode({"request": login.id}), 303)
