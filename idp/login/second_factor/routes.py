"""`/login/otp`, `/login/passkey`: the second factor, asked for or set up; and signing in by passkey alone."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from idp.factors.totp import provisioning_uri
from idp.login.flow import LoginRequest, Step
from idp.login.pictures import qr_svg
from idp.login.routes import LoginPages
from idp.login.service import LoginService
from idp.persons.service import PersonService
from kernel.errors import Conflict, Forbidden, InvalidInput, RateLimited, XinyinError
from kernel.i18n import gettext
from kernel.web.csrf import check_csrf
from kernel.web.forms import RawForm, read_form

OTP_STEPS = (Step.SECOND_FACTOR, Step.ENROL_SECOND_FACTOR)

Move = Callable[[LoginRequest, RawForm], Awaitable[LoginRequest]]


class FactorPages:
    """The pages of the second factor."""

    def __init__(self, pages: LoginPages, login: LoginService, persons: PersonService) -> None:
        self._pages = pages
        self._login = login
        self._persons = persons

    def routes(self) -> list[BaseRoute]:
        """The addresses. They go before `/login/{provider}`."""
        return [
            Route("/login/otp", self.show, methods=["GET"]),
            Route("/login/otp", self.post_code, methods=["POST"]),
            Route("/login/passkey", self.post_passkey, methods=["POST"]),
            Route("/login/passkey/second", self.post_second_passkey, methods=["POST"]),
            Route("/login/passkey/first", self.post_first_passkey, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """The second factor: asked for, or set up where a role needs one."""
        return await self._pages.at_step(request, OTP_STEPS, self._page)

    async def post_code(self, request: Request) -> Response:
        """The code of the second factor."""

        async def move(login: LoginRequest, form: RawForm) -> LoginRequest:
            code = form.get("code") or ""
            if await self._login.step_of(login) is Step.SECOND_FACTOR:
                return await self._login.check_code(login, code)
            return await self._login.enrol_factor(login, code)

        return await self._move(request, OTP_STEPS, move)

    async def post_second_passkey(self, request: Request) -> Response:
        """A passkey as the second factor."""

        async def move(login: LoginRequest, form: RawForm) -> LoginRequest:
            return await self._login.check_passkey(login, form.get("credential") or "")

        return await self._move(request, (Step.SECOND_FACTOR,), move)

    async def post_first_passkey(self, request: Request) -> Response:
        """The first passkey of somebody whose role needs a second factor."""

        async def move(login: LoginRequest, form: RawForm) -> LoginRequest:
            name = form.get("name") or gettext("My passkey")
            return await self._login.enrol_passkey(login, form.get("credential") or "", name)

        return await self._move(request, (Step.ENROL_SECOND_FACTOR,), move)

    async def post_passkey(self, request: Request) -> Response:
        """Signing in by passkey alone."""
        form = await read_form(request)
        await check_csrf(request, form)
        login = await self._pages.load_posted(request, form)
        if login.person_id is not None:
            return await self._pages.dispatch(request, login)
        try:
            login = await self._login.identify_by_passkey(login, form.get("credential") or "")
        except (InvalidInput, Forbidden) as refusal:
            return await self._pages.login_page(request, login, refusal=refusal)
        return await self._pages.dispatch(request, login)

    async def _move(self, request: Request, steps: tuple[Step, ...], move: Move) -> Response:
        """Do one step if the sign-in stands there; say on the same page what was wrong."""
        form = await read_form(request)
        await check_csrf(request, form)
        login = await self._pages.load_posted(request, form)
        if await self._login.step_of(login) not in steps:
            # Nobody sets up a factor in passing, least of all with a session that was found lying about.
            return await self._pages.dispatch(request, login)
        try:
            login = await move(login, form)
        except (InvalidInput, RateLimited, Conflict) as refusal:
            return await self._page(request, login, refusal)
        return await self._pages.dispatch(request, login)

    async def _page(self, request: Request, login: LoginRequest, refusal: XinyinError | None = None) -> Response:
        if await self._login.step_of(login) is Step.ENROL_SECOND_FACTOR:
            return await self._enrolment_page(request, login, refusal)
        person_id, factors = login.person_id or "", self._login.factors
        standing = await factors.standing(person_id)
        offers_passkey = standing.passkeys > 0 and factors.passkeys.is_possible
        context = {
            "secret": None,
            "has_app": standing.has_app,
            "has_codes": standing.recovery_codes > 0,
            "passkey_options": await factors.passkeys.offer_sign_in(login.id, person_id) if offers_passkey else None,
        }
        return self._pages.page(request, "idp/otp.html", login, refusal, context)

    async def _enrolment_page(self, request: Request, login: LoginRequest, refusal: XinyinError | None) -> Response:
        person_id, factors = login.person_id or "", self._login.factors
        secret = await factors.totp.propose(login.id, person_id)
        person = await self._persons.load(person_id)
        picture = qr_svg(
            provisioning_uri(secret, person.username or person.display_name), gettext("QR code for your app")
        )
        passkeys = factors.passkeys
        options = await passkeys.offer_creation(login.id, person) if passkeys.is_possible else None
        context = {"secret": secret, "qr": picture, "has_app": True, "has_codes": False, "passkey_options": options}
        return self._pages.page(request, "idp/otp.html", login, refusal, context)
