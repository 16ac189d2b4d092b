"""`/account/security/password`, `…/app`, `…/recovery`: what a person knows, has on the phone, and keeps on paper."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from idp.account.security.routes import PATH, errors_of
from idp.factors.recovery import RecoveryCodes
from idp.factors.standing import SecondFactors
from idp.factors.totp import provisioning_uri
from idp.login.pictures import qr_svg
from idp.login.throttle import AttemptThrottle
from idp.persons.service import PersonService
from idp.sessions.routes import Visitors
from idp.sessions.service import Session
from idp.tokens.subject import find_subject
from kernel.audit.chain import Actor
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.errors import Conflict, FieldError, InvalidInput, RateLimited, XinyinError
from kernel.i18n import gettext
from kernel.web.csrf import check_csrf
from kernel.web.forms import RawForm, read_form
from kernel.web.problems import status_of
from kernel.web.sign_in import signed_in
from kernel.web.templates import Pages

NOT_RIGHT = "This is not your password."
NOT_ALIKE = "The two are not the same."
WRONG_CODE = "This code is not right, or was used before. Wait for the next one in your app and enter that."
NEEDED = "Your role needs a second factor. Add a passkey first."


@dataclass(frozen=True)
class SecretParts:
    """Whom the pages ask."""

    database: Database
    persons: PersonService
    factors: SecondFactors
    recovery: RecoveryCodes
    throttle: AttemptThrottle
    visitors: Visitors
    clock: Clock


class SecretPages:
    """Each step asks for a sign-in minutes old."""

    def __init__(self, parts: SecretParts) -> None:
        self._parts = parts

    def routes(self) -> list[BaseRoute]:
        """The addresses."""
        return [
            Route(f"{PATH}/password", self.show_password, methods=["GET"]),
            Route(f"{PATH}/password", self.change_password, methods=["POST"]),
            Route(f"{PATH}/app", self.show_app, methods=["GET"]),
            Route(f"{PATH}/app", self.add_app, methods=["POST"]),
            Route(f"{PATH}/app/remove", self.remove_app, methods=["POST"]),
            Route(f"{PATH}/recovery", self.show_recovery, methods=["GET"]),
            Route(f"{PATH}/recovery", self.make_recovery, methods=["POST"]),
        ]

    async def show_password(self, request: Request) -> Response:
        """The old one and the new one."""
        return await self._password_page(request, await self._fresh(request))

    async def change_password(self, request: Request) -> Response:
        """Every session ends, this one too; the next sign-in is by the new password."""
        session, form = await self._posted(request)
        try:
            await self._change_password(session, form)
        except (InvalidInput, RateLimited) as refusal:
            return await self._password_page(request, session, refusal)
        return RedirectResponse(f"/login?next={PATH}", 303)

    async def _change_password(self, session: Session, form: RawForm) -> None:
        persons, person = self._parts.persons, session.person
        await self._parts.throttle.count_code(person.id)
        if not await persons.is_password(person.id, form.get("old") or ""):
            raise InvalidInput(NOT_RIGHT, fields=[FieldError("old", NOT_RIGHT)])
        new = form.get("new") or ""
        if new != (form.get("again") or ""):
            raise InvalidInput(NOT_ALIKE, fields=[FieldError("again", NOT_ALIKE)])
        try:
            await persons.set_password(person.id, new, Actor("user", person.id))
        except InvalidInput as refusal:
            raise InvalidInput(
                refusal.message, fields=[FieldError("new", each.message, each.params) for each in refusal.fields]
            ) from refusal
        await self._parts.throttle.clear_code(person.id)

    async def show_app(self, request: Request) -> Response:
        """The picture to scan, or what there is."""
        return await self._app_page(request, await self._fresh(request))

    async def add_app(self, request: Request) -> Response:
        """The code that the app shows; then the app is asked for at every sign-in."""
        session, form = await self._posted(request)
        code = "".join((form.get("code") or "").split())
        try:
            await self._parts.throttle.count_code(session.person.id)
            if not await self._parts.factors.totp.confirm(session.id, session.person.id, code):
                raise InvalidInput(WRONG_CODE, fields=[FieldError("code", WRONG_CODE)])
        except (InvalidInput, RateLimited) as refusal:
            return await self._app_page(request, session, refusal)
        await self._parts.throttle.clear_code(session.person.id)
        return RedirectResponse(PATH, 303)

    async def remove_app(self, request: Request) -> Response:
        """No app any more; where a role needs a second factor, not without another one."""
        session, _form = await self._posted(request)
        person_id = session.person.id
        standing = await self._parts.factors.standing(person_id)
        async with self._parts.database.reading() as reading:
            subject = await find_subject(reading, person_id)
        if subject is not None and subject.needs_second_factor and not standing.passkeys:
            return await self._app_page(request, session, Conflict(NEEDED))
        await self._parts.factors.totp.forget(person_id, actor=Actor("user", person_id))
        return RedirectResponse(PATH, 303)

    async def show_recovery(self, request: Request) -> Response:
        """How many are left, and making new ones."""
        session = await self._fresh(request)
        return await self._page(request, "idp/recovery.html", None, await self._recovery_context(session, []))

    async def make_recovery(self, request: Request) -> Response:
        """Ten new ones, on this page and never again."""
        session, _form = await self._posted(request)
        codes = await self._parts.recovery.make(session.person.id)
        return await self._page(request, "idp/recovery.html", None, await self._recovery_context(session, codes))

    async def _recovery_context(self, session: Session, codes: list[str]) -> dict[str, Any]:
        return {"codes": codes, "left": await self._parts.recovery.left(session.person.id)}

    async def _posted(self, request: Request) -> tuple[Session, RawForm]:
        form = await read_form(request)
        await check_csrf(request, form)
        return await self._fresh(request), form

    async def _fresh(self, request: Request) -> Session:
        return await self._parts.visitors.require_fresh(request, PATH, self._parts.clock())

    async def _password_page(self, request: Request, session: Session, refusal: XinyinError | None = None) -> Response:
        has_password = await self._parts.persons.has_password(session.person.id)
        context = {"has_password": has_password, "username": session.person.username or ""}
        return await self._page(request, "idp/password.html", refusal, context)

    async def _app_page(self, request: Request, session: Session, refusal: XinyinError | None = None) -> Response:
        person, totp = session.person, self._parts.factors.totp
        context: dict[str, Any] = {"has_app": await totp.is_enrolled(person.id), "secret": "", "qr": ""}
        if not context["has_app"]:
            secret = await totp.propose(session.id, person.id)
            uri = provisioning_uri(secret, person.username or person.display_name)
            context |= {"secret": secret, "qr": qr_svg(uri, gettext("QR code for your app"))}
        return await self._page(request, "idp/app.html", refusal, context)

    async def _page(
        self, request: Request, template: str, refusal: XinyinError | None, context: dict[str, Any]
    ) -> Response:
        await signed_in(request)
        pages: Pages = request.app.state.pages
        status = status_of(refusal) if refusal else 200
        response = pages.render(request, template, status=status, errors=errors_of(refusal), **context)
        response.headers["Cache-Control"] = "no-store"
        return response
