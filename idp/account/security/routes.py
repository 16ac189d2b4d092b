"""The page on which a person sees and changes what they sign in with."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from idp.passkeys.service import PasskeyService
from idp.sessions.routes import Visitors
from idp.sessions.service import Session
from kernel.clock import Clock
from kernel.errors import Conflict, InvalidInput, RateLimited, XinyinError
from kernel.i18n import gettext
from kernel.web.csrf import check_csrf
from kernel.web.forms import RawForm, field_errors, read_form
from kernel.web.problems import status_of
from kernel.web.sign_in import signed_in
from kernel.web.templates import Pages

PATH = "/account/security"

Change = Callable[[Session, RawForm], Awaitable[None]]


@dataclass(frozen=True)
class SecurityParts:
    """Whom the page asks."""

    passkeys: PasskeyService
    visitors: Visitors
    clock: Clock


class SecurityPages:
    """What a person signs in with."""

    def __init__(self, parts: SecurityParts) -> None:
        self._parts = parts

    def routes(self) -> list[BaseRoute]:
        """The addresses."""
        return [
            Route(PATH, self.show, methods=["GET"]),
            Route(f"{PATH}/passkeys", self.add_passkey, methods=["POST"]),
            Route(f"{PATH}/passkeys/rename", self.rename_passkey, methods=["POST"]),
            Route(f"{PATH}/passkeys/remove", self.remove_passkey, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Everything there is."""
        return await self._page(request, await self._fresh(request))

    async def add_passkey(self, request: Request) -> Response:
        """Keep the passkey that the browser made."""

        async def change(session: Session, form: RawForm) -> None:
            answer, name = form.get("credential") or "", form.get("name") or ""
            await self._parts.passkeys.create(session.id, session.person.id, answer, name)

        return await self._change(request, change)

    async def rename_passkey(self, request: Request) -> Response:
        """Call a passkey something else."""

        async def change(session: Session, form: RawForm) -> None:
            await self._parts.passkeys.rename(session.person.id, form.one("passkey"), form.get("name") or "")

        return await self._change(request, change)

    async def remove_passkey(self, request: Request) -> Response:
        """Let a passkey open nothing any more."""

        async def change(session: Session, form: RawForm) -> None:
            await self._parts.passkeys.remove(session.person.id, form.one("passkey"))

        return await self._change(request, change)

    async def _fresh(self, request: Request) -> Session:
        return await self._parts.visitors.require_fresh(request, PATH, self._parts.clock())

    async def _change(self, request: Request, change: Change) -> Response:
        """Do it for somebody who signed in minutes ago, then show the page; or say on it what was wrong."""
        form = await read_form(request)
        await check_csrf(request, form)
        session = await self._fresh(request)
        try:
            await change(session, form)
        except (InvalidInput, Conflict, RateLimited) as refusal:
            return await self._page(request, session, refusal)
        return RedirectResponse(PATH, 303)

    async def _page(self, request: Request, session: Session, refusal: XinyinError | None = None) -> Response:
        passkeys = self._parts.passkeys
        options = await passkeys.offer_creation(session.id, session.person) if passkeys.is_possible else None
        await signed_in(request)
        pages: Pages = request.app.state.pages
        response = pages.render(
            request,
            "idp/security.html",
            status=status_of(refusal) if refusal else 200,
            errors=errors_of(refusal),
            person=session.person,
            passkeys=await passkeys.list(session.person.id),
            passkey_options=options,
        )
        response.headers["Cache-Control"] = "no-store"
        return response


def errors_of(refusal: XinyinError | None) -> dict[str, str]:
    """What was wrong, by field; without one under the empty name."""
    if refusal is None:
        return {}
    named = field_errors(refusal) if isinstance(refusal, InvalidInput) else {}
    return named or {"": gettext(refusal.message, **refusal.params)}
