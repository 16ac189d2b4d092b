"""`/logout`: leaving, asked for by the person on our own pages."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from idp.login.sign_out import SignOut
from idp.sessions.routes import Visitors
from kernel.web.csrf import check_csrf
from kernel.web.forms import read_form
from kernel.web.templates import Pages


class LogoutPages:
    """Asks, ends the session, says so."""

    def __init__(self, visitors: Visitors, sign_out: SignOut) -> None:
        self._visitors = visitors
        self._sign_out = sign_out

    def routes(self) -> list[BaseRoute]:
        """The addresses."""
        return [
            Route("/logout", self.show, methods=["GET"]),
            Route("/logout", self.post, methods=["POST"]),
            Route("/logout/done", self.show_done, methods=["GET"]),
        ]

    async def show(self, request: Request) -> Response:
        """Ask first: a link alone must not sign anybody out."""
        session = await self._visitors.find(request)
        if session is None:
            return RedirectResponse("/logout/done", 303)
        pages: Pages = request.app.state.pages
        return pages.render(
            request, "idp/logout.html", person_name=session.person.display_name, action="/logout", kept={}
        )

    async def post(self, request: Request) -> Response:
        """End the session of this browser."""
        await check_csrf(request, await read_form(request))
        session = await self._visitors.find(request)
        target = "/logout/done"
        if session is not None:
            target = await self._sign_out.way_out(session.id, target)
            await self._sign_out.end(session.id, "asked by the person")
        response = RedirectResponse(target, 303)
        self._visitors.session_cookie.clear(response)
        return response

    async def show_done(self, request: Request) -> Response:
        """You are signed out."""
        pages: Pages = request.app.state.pages
        return pages.render(request, "idp/signed_out.html")
