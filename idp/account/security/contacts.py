"""`/account/security/contacts`: the phone number and the e-mail address that somebody is reached by."""

from dataclasses import dataclass
from typing import Literal

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from idp.account.security.routes import errors_of
from idp.contacts.address import Address, parse_address
from idp.contacts.codes import ContactCodes
from idp.contacts.service import ContactService
from idp.federation.service import FederationService
from idp.login.routes import network_of
from idp.passkeys.service import PasskeyService
from idp.persons.service import PersonService
from idp.sessions.routes import Visitors
from idp.sessions.service import Session
from kernel.clock import Clock
from kernel.errors import Conflict, FieldError, Gone, InvalidInput, RateLimited, Unavailable, XinyinError
from kernel.i18n import gettext
from kernel.messages.message import Channel
from kernel.web.csrf import check_csrf
from kernel.web.forms import RawForm, read_form
from kernel.web.problems import status_of
from kernel.web.sign_in import signed_in
from kernel.web.templates import Pages

PATH = "/account/security/contacts"
NOT_SENT_HERE = "Codes are not sent this way here. Use another address, or sign in another way."
ONLY_WAY = "This is your only way to sign in. Add another one first."


class WaysToSignIn:
    """Whether somebody can still sign in without their phone number and e-mail address."""

    def __init__(self, persons: PersonService, passkeys: PasskeyService, federation: FederationService | None) -> None:
        self._persons = persons
        self._passkeys = passkeys
        self._federation = federation

    async def has_another(self, person_id: str) -> bool:
        """By password, passkey, or a linked account."""
        if await self._persons.has_password(person_id) or await self._passkeys.count(person_id):
            return True
        return bool(self._federation and await self._federation.accounts.linked(person_id))


@dataclass(frozen=True)
class ContactParts:
    """Whom the pages ask."""

    contacts: ContactService
    codes: ContactCodes
    visitors: Visitors
    clock: Clock
    ways: WaysToSignIn


class ContactPages:
    """Adding, changing and removing; each step asks for a sign-in minutes old."""

    def __init__(self, parts: ContactParts) -> None:
        self._parts = parts

    def routes(self) -> list[BaseRoute]:
        """The addresses."""
        return [
            Route(PATH, self.show, methods=["GET"]),
            Route(PATH, self.send, methods=["POST"]),
            Route(f"{PATH}/check", self.check, methods=["POST"]),
            Route(f"{PATH}/remove", self.remove, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """What there is, masked, and adding one."""
        return await self._page(request, await self._fresh(request))

    async def send(self, request: Request) -> Response:
        """Send a code to the address that shall be kept."""
        session, form = await self._posted(request)
        typed = form.get("address") or ""
        try:
            address = parse_address(typed)
            if not self._parts.codes.sends(address.channel):
                raise InvalidInput(NOT_SENT_HERE, fields=[FieldError("address", NOT_SENT_HERE)])
            await self._parts.codes.send(_place(session), address, network_of(request))
        except (InvalidInput, RateLimited, Unavailable) as refusal:
            return await self._page(request, session, refusal, typed=typed)
        return RedirectResponse(f"{PATH}?step=code", 303)

    async def check(self, request: Request) -> Response:
        """Keep the address whose code is right."""
        session, form = await self._posted(request)
        try:
            address = await self._parts.codes.check(_place(session), form.get("code") or "")
            await self._parts.contacts.keep(session.person.id, address)
        except (InvalidInput, Conflict, Gone) as refusal:
            return await self._page(request, session, refusal)
        return RedirectResponse(f"{PATH}?done=kept", 303)

    async def remove(self, request: Request) -> Response:
        """Forget an address, unless nothing else would let its holder in."""
        session, form = await self._posted(request)
        person_id, channel = session.person.id, _channel(form)
        kept = (await self._parts.contacts.of(person_id)).keys() - {channel}
        try:
            if not kept and not await self._parts.ways.has_another(person_id):
                raise Conflict(ONLY_WAY)
            await self._parts.contacts.remove(person_id, channel)
        except Conflict as refusal:
            return await self._page(request, session, refusal)
        return RedirectResponse(f"{PATH}?done=removed", 303)

    async def _posted(self, request: Request) -> tuple[Session, RawForm]:
        form = await read_form(request)
        await check_csrf(request, form)
        return await self._fresh(request), form

    async def _fresh(self, request: Request) -> Session:
        return await self._parts.visitors.require_fresh(request, "/account/security", self._parts.clock())

    async def _page(
        self, request: Request, session: Session, refusal: XinyinError | None = None, *, typed: str = ""
    ) -> Response:
        await signed_in(request)
        codes, waiting = self._parts.codes, None
        if request.query_params.get("step") == "code" or request.url.path.endswith("/check"):
            waiting = await codes.waiting(_place(session))
        pages: Pages = request.app.state.pages
        response = pages.render(
            request,
            "idp/contacts.html",
            status=status_of(refusal) if refusal else 200,
            errors=errors_of(refusal),
            addresses=_shown(await self._parts.contacts.of(session.person.id)),
            waiting=waiting,
            typed=typed,
            by_phone=codes.sends("sms"),
            by_email=codes.sends("email"),
            done=request.query_params.get("done", ""),
        )
        response.headers["Cache-Control"] = "no-store"
        return response


def _shown(addresses: dict[Channel, Address]) -> list[tuple[str, str, str]]:
    names = {"sms": gettext("Phone"), "email": gettext("Email")}
    return [(channel, names[channel], address.masked) for channel, address in sorted(addresses.items(), reverse=True)]


def _channel(form: RawForm) -> Literal["email", "sms"]:
    return "email" if form.one("channel") == "email" else "sms"


def _place(session: Session) -> str:
    return f"contact:{session.id}"
