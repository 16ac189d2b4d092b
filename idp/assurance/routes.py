"""`/account/realname`."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from idp.assurance.service import AssuranceService
from idp.sessions.routes import Visitors
from idp.sessions.service import Session
from kernel.errors import Conflict, InvalidInput, RateLimited, Unavailable, XinyinError
from kernel.i18n import gettext
from kernel.web.csrf import check_csrf
from kernel.web.forms import field_errors, read_form
from kernel.web.problems import status_of
from kernel.web.templates import Pages

CHECKED_LEVEL = 3


class RealNamePages:
    """Asks for name and ID number, and says what came of it."""

    def __init__(self, service: AssuranceService, visitors: Visitors) -> None:
        self._service = service
        self._visitors = visitors

    def routes(self) -> list[BaseRoute]:
        """The addresses."""
        return [
            Route("/account/realname", self.show, methods=["GET"]),
            Route("/account/realname", self.post, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """The form; those who were checked have nothing to fill in."""
        session = await self._visitors.require(request)
        return self._page(request, session, {})

    async def post(self, request: Request) -> Response:
        """Check with the register."""
        session = await self._visitors.require(request)
        form = await read_form(request)
        await check_csrf(request, form)
        name, id_number = form.get("name") or "", form.get("id_number") or ""
        try:
            await self._service.check_real_name(session, name, id_number)
        except (InvalidInput, Conflict, RateLimited, Unavailable) as refusal:
            typed = {"name": name, "id_number": id_number}
            return self._page(request, session, typed, refusal)
        return RedirectResponse("/account", 303)

    def _page(
        self, request: Request, session: Session, typed: dict[str, str], refusal: XinyinError | None = None
    ) -> Response:
        errors: dict[str, str] = {}
        if isinstance(refusal, InvalidInput):
            errors = field_errors(refusal)
        elif refusal is not None:
            errors = {"": gettext(refusal.message, **refusal.params)}
        pages: Pages = request.app.state.pages
        response = pages.render(
            request,
            "idp/realname.html",
            status=status_of(refusal) if refusal else 200,
            errors=errors,
            typed=typed,
            is_checked=session.person.assurance_level >= CHECKED_LEVEL,
        )
        response.headers["Cache-Control"] = "no-store"
        if isinstance(refusal, RateLimited):
            response.headers["Retry-After"] = str(refusal.retry_after_seconds)
        return response
